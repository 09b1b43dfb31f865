import { monotonicMs, startTimer, stopTimer, type TimerHandle } from '../core/clock';

/** Not from a standard: an output that is lost is mostly followed by another one at once, a Bluetooth one within seconds. */
const DELAYS_MS = [0, 250, 1_000, 4_000];
/** What broke after it ran for this long breaks for another reason. */
const STEADY_MS = 10_000;

export interface PlaybackRepairOptions {
  /** Begins to play; `isAnew`: only starting it has not helped, so its source is to be loaded anew. */
  readonly start: (isAnew: boolean) => void;
  /** It breaks again and again. */
  readonly giveUp: (error: unknown) => void;
}

/** The one loop that starts sound again when the browser stopped it: a few times, at growing intervals. */
export class PlaybackRepair {
  readonly #options: PlaybackRepairOptions;
  #repairs = 0;
  #startedAtMs = -Infinity;
  #timer: TimerHandle | undefined;

  constructor(options: PlaybackRepairOptions) {
    this.#options = options;
  }

  /** It has stopped, because of `error`. One after another: what is broken while a start is due is no news. */
  begin(error: unknown): void {
    if (this.#timer !== undefined) return;
    if (monotonicMs() - this.#startedAtMs > STEADY_MS) this.#repairs = 0;
    const delayMs = DELAYS_MS[this.#repairs];
    if (delayMs === undefined) {
      this.#options.giveUp(error);
      return;
    }
    this.#repairs += 1;
    if (delayMs === 0) this.#start();
    else
      this.#timer = startTimer(delayMs, () => {
        this.#timer = undefined;
        this.#start();
      });
  }

  /** Somebody else starts it. */
  cancel(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
  }

  /** What is played, or where, is another matter from now on. */
  reset(): void {
    this.cancel();
    this.#repairs = 0;
    this.#startedAtMs = -Infinity;
  }

  #start(): void {
    this.#startedAtMs = monotonicMs();
    this.#options.start(this.#repairs > 1);
  }
}
