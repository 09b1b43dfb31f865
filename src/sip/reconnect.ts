import { monotonicMs, random, stopTimer, type TimerHandle } from '../core/clock';
import { startSteadyTimer } from '../core/steady-timer';

// The first attempt comes at once, as far as a person can tell, but not those of 1,000 agents in the same instant.
const FIRST_SPREAD_MS = 250;
// Waits grow with the outage: up to twice as long as it has lasted (exponential), evenly drawn (full jitter). After an
// outage of 1 s, 1,000 agents are back within 2.5 s, 590 of them in the busiest second (with 1.5 s: 1.9 s and 890); after
// one of 10 s within 20 s, at under half the peak of fixed steps.
const SHORTEST_CEILING_MS = 2_500;
const GROWTH = 2;
// A server that drops every connection at once (another phone takes our place, say) is not met several times a second.
const STEADY_AFTER_MS = 10_000;
const RELAPSE_FIRST_MS = 1_500;
const RELAPSE_CAP_MS = 6_000;
// After an outage of any length everybody is back within 30 s: so long to connect, and 5 s to register in the crowd.
const CAP_IDLE_MS = 25_000;
/** While a call lives, every second without signalling is one in which it cannot be held, transferred or ended. */
const CAP_IN_CALL_MS = 4_000;

export interface ReconnectOptions {
  /** How many servers there are: those not tried yet in this outage are not waited for. */
  readonly serverCount: number;
  readonly isInCall: () => boolean;
  readonly connect: () => void;
}

/** The one loop that brings the connection of a user agent back; JsSIP's own is switched off. */
export class ReconnectLoop {
  readonly #options: ReconnectOptions;
  #attempts = 0;
  /** Losses in close succession. */
  #relapses = 0;
  #lostAtMs: number | undefined;
  #timer: TimerHandle | undefined;

  constructor(options: ReconnectOptions) {
    this.#options = options;
  }

  /** How many connection attempts this outage has seen, the current one included. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Tries at once, instead of at the end of the current wait. */
  now(): void {
    stopTimer(this.#timer);
    this.#attempts += 1;
    this.#options.connect();
  }

  /** An open connection was lost: an outage begins. */
  lost(): void {
    const now = monotonicMs();
    const isRelapse = this.#lostAtMs !== undefined && now - this.#lostAtMs < STEADY_AFTER_MS;
    this.#relapses = isRelapse ? this.#relapses + 1 : 0;
    this.#attempts = 0;
    this.#lostAtMs = now;
    const relapseMs = Math.min(RELAPSE_CAP_MS, this.#capMs, RELAPSE_FIRST_MS * 2 ** (this.#relapses - 1));
    // Never in the same turn: whoever listens sees the loss first.
    this.#wait(Math.max(1, random() * (isRelapse ? relapseMs : FIRST_SPREAD_MS)));
  }

  /** An attempt has failed. */
  failed(): void {
    const { serverCount } = this.#options;
    // Nobody has been connected yet, and a person waits.
    const spreadMs = this.#lostAtMs === undefined ? 0 : FIRST_SPREAD_MS;
    this.#wait(random() * (this.#attempts % serverCount === 0 ? this.#ceilingMs : spreadMs));
  }

  /** Connected, or not wanted any more. */
  stop(): void {
    stopTimer(this.#timer);
  }

  get #capMs(): number {
    return this.#options.isInCall() ? CAP_IN_CALL_MS : CAP_IDLE_MS;
  }

  get #ceilingMs(): number {
    const outageMs = monotonicMs() - (this.#lostAtMs ??= monotonicMs());
    return Math.min(this.#capMs, Math.max(SHORTEST_CEILING_MS, GROWTH * outageMs));
  }

  #wait(delayMs: number): void {
    stopTimer(this.#timer);
    this.#timer = startSteadyTimer(delayMs, () => {
      this.now();
    });
  }
}
