import { voiceError } from '../core/errors';
import type { Logger } from '../core/logger';
import { browser } from './browser';

// The events that can activate a page (HTML, "User activation"), plus click, which is what older Safari looks at.
// One gesture may fire several: that only repeats a play() that already succeeded or fails again.
const GESTURES = ['pointerdown', 'pointerup', 'touchend', 'keydown', 'click'] as const;

// Capturing: a page that stops propagation in its own handlers must not keep the sound off.
const LISTENING = { capture: true, passive: true } as const;

/** RIFF/WAVE, 8-bit PCM: four samples of silence. */
const SILENCE = 'UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQQAAACAgICA';

/**
 * URL of a moment of silence, to be revoked. A blob, as tones are: a policy for media that lets those through need not
 * allow `data:` as well.
 */
export function silenceUrl(): string {
  const bytes = Uint8Array.from(atob(SILENCE), (char) => char.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' }));
}

/** Lets sound that the browser blocked start at the agent's next gesture. One per Device. */
export class AutoplayGate {
  readonly #logger: Logger;
  readonly #retries = new Set<() => void>();
  #document: Document | undefined;
  #disposed = false;

  constructor(options: { logger: Logger }) {
    this.#logger = options.logger;
  }

  /** Calls `retry` inside every gesture from now on, until it is withdrawn. */
  add(retry: () => void): void {
    if (this.#disposed || this.#retries.has(retry)) return;
    this.#retries.add(retry);
    if (this.#document || !browser.document) return;
    this.#logger.info('sound is blocked until the agent interacts with the page');
    this.#document = browser.document;
    for (const type of GESTURES) this.#document.addEventListener(type, this.#onGesture, LISTENING);
  }

  /** Withdraws what `add` was given: it plays, or is not wanted any more. */
  delete(retry: () => void): void {
    this.#retries.delete(retry);
    if (this.#retries.size === 0) this.#stopListening();
  }

  /**
   * Starts in this gesture what was blocked, and finds out whether the browser plays sound from now on.
   *
   * @throws VoiceSDKError `AUDIO_BLOCKED` when it does not
   */
  async unlock(): Promise<void> {
    this.#onGesture();
    if (!browser.Audio) return;
    const url = silenceUrl();
    const element = new browser.Audio(url);
    try {
      await element.play();
    } catch (error) {
      // Anything else (a policy for media, no decoder) says nothing about gestures.
      if (error instanceof Error && error.name === 'NotAllowedError')
        throw voiceError('AUDIO_BLOCKED', 'The browser wants this to be called in a gesture.', error);
    } finally {
      element.pause();
      element.removeAttribute('src');
      URL.revokeObjectURL(url);
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#retries.clear();
    this.#stopListening();
  }

  readonly #onGesture = (): void => {
    for (const retry of [...this.#retries]) retry();
  };

  #stopListening(): void {
    for (const type of GESTURES) this.#document?.removeEventListener(type, this.#onGesture, LISTENING);
    this.#document = undefined;
  }
}
