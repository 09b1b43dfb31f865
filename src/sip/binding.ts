import { monotonicMs, nowMs } from '../core/clock';

// A clock that is put right little by little drifts less than that.
const JUMP_MS = 5_000;

/** What is known of our binding at the registrar (RFC 3261 section 10). */
export class Binding {
  /** The registrar holds it, as far as we know. */
  isHeld = false;
  /** For how long the registrar granted it when it last confirmed it. */
  lifetimeMs = 0;
  #confirmedAtMs = -Infinity;
  #confirmedAtWallMs = -Infinity;

  /** The registrar has confirmed it. */
  confirmed(): void {
    this.isHeld = true;
    this.#confirmedAtMs = monotonicMs();
    this.#confirmedAtWallMs = nowMs();
  }

  /** Whether it has expired, by a clock that nobody puts forward or back; that of some systems stands still in a sleep. */
  get hasExpired(): boolean {
    return this.#ageMs >= this.lifetimeMs;
  }

  /** How long ago it was confirmed, a sleep of the machine included; too long where the clock was put forward. */
  get sinceConfirmedMs(): number {
    return Math.max(this.#ageMs, nowMs() - this.#confirmedAtWallMs);
  }

  /** Since then the machine has slept, or its clock was put forward. */
  get isDoubtful(): boolean {
    return this.sinceConfirmedMs - this.#ageMs > JUMP_MS;
  }

  get #ageMs(): number {
    return monotonicMs() - this.#confirmedAtMs;
  }
}
