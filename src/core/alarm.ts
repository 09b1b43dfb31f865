import { nowMs, stopTimer, type TimerHandle } from './clock';
import { startSteadyTimer } from './steady-timer';

// A suspended machine stops the clock that timers run on, and a delay over 2^31-1 ms (24.8 days) fires at once.
// Looking at the wall clock at least this often bounds how late an alarm can be after a wake-up nobody told us of.
const LONGEST_STEP_MS = 30_000;

/** Calls back once when the wall clock reaches a moment, also after a sleep of the machine and in a hidden tab. */
export class Alarm {
  readonly #callback: () => void;
  readonly #now: () => number;
  #dueAtMs: number | undefined;
  #timer: TimerHandle | undefined;

  /** @param now the clock to go by; default: the one of this machine. It may be corrected at any time. */
  constructor(callback: () => void, now: () => number = nowMs) {
    this.#callback = callback;
    this.#now = now;
  }

  /** Arms the alarm for `dueAtMs` (Unix epoch), replacing an earlier one. A moment in the past fires on the next turn. */
  set(dueAtMs: number): void {
    this.cancel();
    this.#dueAtMs = dueAtMs;
    this.#step(0);
  }

  /** Looks at the wall clock now: to be called when something says that time may have passed unseen. */
  check(): void {
    if (this.#dueAtMs === undefined) return;
    if (this.#now() >= this.#dueAtMs) this.#fire();
    else this.#step(0);
  }

  cancel(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
    this.#dueAtMs = undefined;
  }

  #step(atLeastMs: number): void {
    if (this.#dueAtMs === undefined) return;
    stopTimer(this.#timer);
    const delayMs = Math.min(Math.max(this.#dueAtMs - this.#now(), atLeastMs), LONGEST_STEP_MS);
    this.#timer = startSteadyTimer(delayMs, () => {
      if (this.#dueAtMs === undefined) return;
      if (this.#now() >= this.#dueAtMs) this.#fire();
      // A timer may fire a millisecond early; never spin on it.
      else this.#step(1);
    });
  }

  #fire(): void {
    this.cancel();
    this.#callback();
  }
}
