import { withDeadline } from '../core/deadline';
import { asVoiceError, voiceError } from '../core/errors';

// The browser hands the lock on in milliseconds, and a leader answers as fast: whoever does not is frozen or hangs.
const LEADER_TIMEOUT_MS = 5_000;

// A leader that goes away in the middle, and the next one: a third has more than bad luck.
const MOST_TRIES = 3;

/** Which tab leads, for those who wait to know. */
export class LeaderWatch {
  readonly #waiting = new Set<() => void>();
  readonly #signal: AbortSignal;
  readonly #onNobody: () => void;
  #leaderId: string | undefined;
  #wasKnown = false;

  /**
   * @param signal aborts, with the error to fail with, when nobody is to wait any longer
   * @param onNobody no tab leads, and this one does not stand for it
   */
  constructor(signal: AbortSignal, onNobody: () => void) {
    this.#signal = signal;
    this.#onNobody = onNobody;
  }

  /** The tab that leads, be it this one. */
  get leaderId(): string | undefined {
    return this.#leaderId;
  }

  /** Whether a leader was ever known. */
  get wasKnown(): boolean {
    return this.#wasKnown;
  }

  /** A tab leads, or the one that did is gone. */
  set(leaderId: string | undefined): void {
    this.#leaderId = leaderId;
    if (leaderId === undefined) return;
    this.#wasKnown = true;
    for (const resolve of [...this.#waiting]) resolve();
    this.#waiting.clear();
  }

  /** Does something with the tab that leads, and once more with the next one where that is lost meanwhile. */
  async use(action: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      await this.known();
      try {
        await action();
        return;
      } catch (error) {
        if (tries === MOST_TRIES || !isTabLoss(error)) throw error;
      }
    }
  }

  /** For a tab that does not stand for election: says so when no other one leads within 5 s. */
  expect(): void {
    this.known().catch(() => {
      if (!this.#signal.aborted) this.#onNobody();
    });
  }

  /** Resolves when a tab leads. @throws VoiceSDKError `TAB_LOST` after 5 s; the signal's reason */
  async known(): Promise<void> {
    this.#signal.throwIfAborted();
    if (this.#leaderId !== undefined) return;
    let stopWaiting: () => void = () => undefined;
    const known = new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        reject(this.#signal.reason as Error);
      };
      this.#waiting.add(resolve);
      this.#signal.addEventListener('abort', onAbort);
      stopWaiting = () => {
        this.#waiting.delete(resolve);
        this.#signal.removeEventListener('abort', onAbort);
      };
    });
    await withDeadline(known, LEADER_TIMEOUT_MS, () => voiceError('TAB_LOST')).finally(stopWaiting);
  }
}

/** Whether the tab that was asked is gone, or does not answer. */
export function isTabLoss(error: unknown): boolean {
  return asVoiceError(error, 'MEDIA_FAILED').code === 'TAB_LOST';
}
