import { backoffDelayMs } from '../core/backoff';
import { monotonicMs, random, stopTimer, type TimerHandle } from '../core/clock';
import { startSteadyTimer } from '../core/steady-timer';
import type { RegisterFailure } from '../sip/register-answer';

// A REGISTER that fails while the socket is up is retried soon, then ever more rarely, as RFC 5626 section 4.5 asks.
const RETRY = { firstMs: 2_000, capMs: 30_000 };
// A server may ask for hours (Retry-After); an agent who is back at the desk cannot wait that long.
const LONGEST_RETRY_AFTER_S = 300;
// A server names the same moment to everybody.
const RETRY_AFTER_SPREAD = 0.1;

/** When REGISTER is due: again after a failure, and in good time before the binding expires. */
export class RegisterTimers {
  readonly #register: () => void;
  #timer: TimerHandle | undefined;
  #failures = 0;
  readonly #server: () => string | undefined;
  /** By the URL of the server that asked for it: it holds however often that is connected to. */
  readonly #heldUntilMs = new Map<string | undefined, number>();

  /** @param server the URL of the present connection */
  constructor(register: () => void, server: () => string | undefined) {
    this.#register = register;
    this.#server = server;
  }

  /** Whether the server asked not to be asked yet (RFC 3261 section 20.33). */
  get isHeldOff(): boolean {
    return this.#heldForMs > 0;
  }

  get #heldForMs(): number {
    return (this.#heldUntilMs.get(this.#server()) ?? 0) - monotonicMs();
  }

  /** Arms REGISTER for when the server that is connected to may be asked again; false when that is now. */
  wait(): boolean {
    const leftMs = this.#heldForMs;
    if (leftMs <= 0) return false;
    this.stop();
    this.#timer = startSteadyTimer(leftMs * (1 + random() * RETRY_AFTER_SPREAD), this.#register);
    return true;
  }

  /** Arms the retry after a REGISTER that failed. */
  retryAfter({ retryAfterSeconds = 0 }: RegisterFailure): void {
    this.stop();
    this.#failures += 1;
    const askedMs = Math.min(retryAfterSeconds, LONGEST_RETRY_AFTER_S) * 1000;
    const delayMs = Math.max(
      backoffDelayMs(this.#failures, RETRY),
      askedMs * (1 + random() * RETRY_AFTER_SPREAD),
    );
    if (askedMs > 0) this.#heldUntilMs.set(this.#server(), monotonicMs() + askedMs);
    this.#timer = startSteadyTimer(delayMs, this.#register);
  }

  /**
   * After a REGISTER that succeeded: arms the renewal of the binding at half to three quarters of its life. JsSIP's own
   * timer stays behind it, but a page in the background may get to run timers once a minute only.
   */
  confirmed(lifetimeMs: number): void {
    this.stop();
    this.#failures = 0;
    this.#heldUntilMs.delete(this.#server());
    this.#timer = startSteadyTimer(lifetimeMs * (0.5 + random() / 4), this.#register);
  }

  /** What was to be done over this connection is done anew over the next one, when its server may be asked. */
  stop(): void {
    stopTimer(this.#timer);
  }
}
