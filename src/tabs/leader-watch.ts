import { withDeadline } from '../core/deadline';
import { voiceError } from '../core/errors';

// The browser hands the lock on in milliseconds, and a leader answers as fast: whoever does not is frozen or hangs.
const LEADER_TIMEOUT_MS = 5_000;

/** Which tab leads, for those who wait to know. */
export class LeaderWatch {
  readonly #waiting = new Set<() => void>();
  readonly #signal: AbortSignal;
  #leaderId: string | undefined;
  #wasKnown = false;

  /** @param signal aborts, with the error to fail with, when nobody is to wait any longer. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
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
