import { random, stopTimer, type TimerHandle } from '../core/clock';
import { startSteadyTimer } from '../core/steady-timer';

// Not all agents of a server that is back in the same moment, and ever more rarely while it is down or unsteady.
const FIRST_CEILING_MS = 30_000;
const LAST_CEILING_MS = 300_000;

/** Says when to try the preferred server again while connected to another one. */
export class PreferredServer {
  readonly #attempt: () => void;
  #ceilingMs = FIRST_CEILING_MS;
  #timer: TimerHandle | undefined;

  constructor(attempt: () => void) {
    this.#attempt = attempt;
  }

  /** Connected to another one: tries after between half and all of 30 s, of 60 s the next time, up to 5 min. */
  away(): void {
    stopTimer(this.#timer);
    this.#timer = startSteadyTimer(((1 + random()) / 2) * this.#ceilingMs, this.#attempt);
    this.#ceilingMs = Math.min(2 * this.#ceilingMs, LAST_CEILING_MS);
  }

  /** Nothing to return to. */
  stop(): void {
    stopTimer(this.#timer);
  }
}
