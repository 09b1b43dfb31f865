import { withDeadline } from '../core/deadline';
import { voiceError } from '../core/errors';
import { SerialQueue } from '../core/serial-queue';
import type { AutoplayGate } from './autoplay-gate';
import { browser, normalizeDeviceId, SYSTEM_DEFAULT } from './browser';

// Not from a standard: a bound far above what opening an output takes, so that one that hangs does not stop the next.
const OUTPUT_DEVICE_TIMEOUT_MS = 10_000;

export interface AudioPlayerOptions {
  readonly autoplay: AutoplayGate;
  /** Gives a new element its source and properties. */
  readonly prepare: (element: HTMLAudioElement) => void;
  /** The browser wants a gesture first; said once until the sound runs or is stopped. */
  readonly onBlocked: () => void;
  /** Sound that was blocked runs now. */
  readonly onUnblocked: () => void;
  /** The source cannot be played; playing has stopped. */
  readonly onFailed: (error: unknown) => void;
}

/** Owns one audio element (made at its first use, never in the page): playing, blocked playback, output device. */
export class AudioPlayer {
  readonly #options: AudioPlayerOptions;
  readonly #outputs = new SerialQueue();
  #element: HTMLAudioElement | undefined;
  #wanted = false;
  #blocked = false;
  #failed = false;
  #disposed = false;
  /** Number of the latest attempt: what earlier ones report is not news any more. */
  #attempts = 0;

  constructor(options: AudioPlayerOptions) {
    this.#options = options;
  }

  /** The element, made on first use. Throws BROWSER_UNSUPPORTED where there are none. */
  get element(): HTMLAudioElement {
    if (this.#element) return this.#element;
    if (!browser.Audio) throw voiceError('BROWSER_UNSUPPORTED', 'There is no audio playback here.');
    this.#element = new browser.Audio();
    this.#options.prepare(this.#element);
    this.#element.addEventListener('error', this.#onElementError);
    return this.#element;
  }

  /** Starts playing, now or as soon as the browser allows it. Harmless while it plays. */
  play(): void {
    if (this.#disposed) return;
    const { element } = this;
    // An element that failed stays failed until it loads again.
    if (this.#failed) element.load();
    this.#failed = false;
    this.#wanted = true;
    this.#attempt();
  }

  /** Stops at once, also while play() has not been answered. */
  stop(): void {
    this.#wanted = false;
    this.#blocked = false;
    this.#attempts += 1;
    this.#options.autoplay.delete(this.#attempt);
    this.#element?.pause();
  }

  /** Changes run one after another, so the last call wins. When one fails, the device before it stays in use. */
  setOutputDevice(deviceId: string): Promise<void> {
    const sinkId = normalizeDeviceId(deviceId);
    return this.#outputs.run(async () => {
      if (this.#disposed || (sinkId === SYSTEM_DEFAULT && (this.#element?.sinkId ?? '') === SYSTEM_DEFAULT))
        return;
      const { element } = this;
      if (!('setSinkId' in element)) {
        throw voiceError('UNSUPPORTED', 'This browser cannot choose the output device.');
      }
      try {
        await withDeadline(element.setSinkId(sinkId), OUTPUT_DEVICE_TIMEOUT_MS, () => new Error('no answer'));
      } catch (error) {
        throw voiceError('OUTPUT_DEVICE_FAILED', undefined, error);
      }
    });
  }

  dispose(): void {
    this.stop();
    this.#disposed = true;
    const element = this.#element;
    this.#element = undefined;
    if (!element) return;
    element.removeEventListener('error', this.#onElementError);
    element.srcObject = null;
    if (!element.hasAttribute('src')) return;
    // HTML, "Best practices for authors using media elements": this is what frees the file and its decoder.
    element.removeAttribute('src');
    element.load();
  }

  readonly #attempt = (): void => {
    const attempt = ++this.#attempts;
    this.element.play().then(
      () => {
        if (attempt === this.#attempts) this.#onPlaying();
      },
      (error: unknown) => {
        if (attempt === this.#attempts) this.#onRefused(error);
      },
    );
  };

  #onPlaying(): void {
    this.#options.autoplay.delete(this.#attempt);
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#options.onUnblocked();
  }

  #onRefused(error: unknown): void {
    const name = error instanceof Error ? error.name : '';
    // pause() and a new source both end a pending play() this way.
    if (name === 'AbortError') return;
    if (name !== 'NotAllowedError') {
      this.#fail(error);
      return;
    }
    this.#options.autoplay.add(this.#attempt);
    if (this.#blocked) return;
    this.#blocked = true;
    this.#options.onBlocked();
  }

  readonly #onElementError = (): void => {
    if (this.#wanted) this.#fail(this.#element?.error);
  };

  #fail(error: unknown): void {
    this.stop();
    this.#failed = true;
    this.#options.onFailed(error);
  }
}
