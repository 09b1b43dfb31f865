import { startTimer, stopTimer, type TimerHandle } from '../core/clock';

// Not from a standard: USB and Bluetooth devices are listed up to some seconds before they can be opened. 10 s in all.
const DELAYS_MS = [500, 1_000, 2_500, 6_000];

/** Owns the retry of moves to devices that are listed and cannot be opened yet: one for all that are to move. */
export class MoveRetries {
  readonly #retry: () => void;
  #timer: TimerHandle | undefined;
  #tries = 0;

  constructor(retry: () => void) {
    this.#retry = retry;
  }

  /** Something could not move. Returns whether it is tried again. */
  failed(): boolean {
    if (this.#timer !== undefined) return true;
    const delayMs = DELAYS_MS[this.#tries];
    if (delayMs === undefined) return false;
    this.#tries += 1;
    this.#timer = startTimer(delayMs, () => {
      this.#timer = undefined;
      this.#retry();
    });
    return true;
  }

  /** Devices have come or gone: everything is tried now, and as often again. */
  reset(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
    this.#tries = 0;
  }
}
