import { monotonicMs, nowMs } from '../core/clock';
import { type AccessToken, MOST_CLOCK_SKEW_MS } from './token';

// A Date header has whole seconds, and an answer may be a few under way.
const NOISE_MS = 5_000;

/**
 * The time at the backend, which is what `exp` and `expires_at` mean, by the clock of this machine and what is known
 * of its error. Measured where the credentials say when they were issued; else the clock counts as right until a
 * token proves otherwise: none is issued in the future, and one that was just handed over is not over yet.
 */
export class ServerClock {
  #offsetMs = 0;
  /** What tokens have proved of it: at least this. */
  #floorMs = -Infinity;
  #isMeasured = false;
  #leadMs = nowMs() - monotonicMs();

  /** Milliseconds since the Unix epoch, by the clock of the backend. */
  now(): number {
    // Time that this clock is set back by did not pass at the backend. Forwards is a sleep of the machine as well.
    const leadMs = nowMs() - monotonicMs();
    if (leadMs < this.#leadMs - NOISE_MS) {
      this.#offsetMs += this.#leadMs - leadMs;
      this.#floorMs += this.#leadMs - leadMs;
    }
    this.#leadMs = leadMs;
    return nowMs() + this.#offsetMs;
  }

  /** To be told of each token when the application hands it over. */
  meet({ claims: { iat }, expiresAt }: AccessToken): void {
    if (this.#isMeasured || typeof iat !== 'number') return;
    const issuedAtMs = iat * 1000;
    const offsetMs = issuedAtMs - nowMs();
    if (Math.abs(offsetMs) > MOST_CLOCK_SKEW_MS) return;
    this.#floorMs = Math.max(this.#floorMs, offsetMs);
    const expiresAtMs = expiresAt.getTime();
    const seemsOver = expiresAtMs > issuedAtMs && expiresAtMs <= this.now();
    if (seemsOver || this.#floorMs > this.#offsetMs) this.#offsetMs = this.#floorMs;
  }

  /** To be told when credentials end (ISO 8601) that the backend just made; anything else is ignored. */
  meetCredentials(expiresAt: unknown): void {
    const expiresAtMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : NaN;
    // They are not over yet, which the earliest time that tokens leave possible may explain.
    const isExplained = expiresAtMs > nowMs() + this.#floorMs;
    if (!this.#isMeasured && Number.isFinite(this.#floorMs) && expiresAtMs <= this.now() && isExplained)
      this.#offsetMs = this.#floorMs;
  }

  /** The backend does not believe a token that only our assumption kept alive. */
  doubt(): void {
    if (!this.#isMeasured) this.#offsetMs = Math.max(this.#offsetMs, 0);
  }

  /** To be told at once when the backend says what time it is (ISO 8601); anything else is ignored. */
  measure(issuedAt: unknown): void {
    const offsetMs = typeof issuedAt === 'string' ? Date.parse(issuedAt) - nowMs() : NaN;
    if (Number.isNaN(offsetMs)) return;
    this.#isMeasured = true;
    this.#offsetMs = Math.abs(offsetMs) < NOISE_MS ? 0 : offsetMs;
  }
}
