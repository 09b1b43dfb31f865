import { startTimer, stopTimer, type TimerHandle } from '../core/clock';

// Not from a standard: well below the three minutes that a proxy lets a phone ring (timer C, RFC 3261 section 16.6),
// and about as long as an agent believes in a call that nobody can hear of.
const WITHOUT_SERVER_MS = 60_000;

// Not from a standard: about as long as a queue lets one agent ring. The agent can still answer; what must not be is an
// agent who is busy with a caller who has long gone.
const UNSEEN_MS = 20_000;

/** How long a call that rings over a loss of the socket is believed in. */
export class RingingGrace {
  readonly #onOver: () => void;
  #timer: TimerHandle | undefined;

  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  /** Whether nothing says that the far end is still there. */
  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** The socket is gone. */
  lost(): void {
    this.#start(WITHOUT_SERVER_MS);
  }

  /** The far end can be asked whether it is still there. */
  asked(): void {
    this.#start(UNSEEN_MS);
  }

  /** It is there, or the call does not ring any more. */
  end(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
  }

  #start(ms: number): void {
    stopTimer(this.#timer);
    this.#timer = startTimer(ms, () => {
      this.#timer = undefined;
      this.#onOver();
    });
  }
}
