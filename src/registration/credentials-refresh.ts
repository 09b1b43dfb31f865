import type { HttpFailure } from '../auth/fetch-credentials';
import type { SipCredentials } from '../auth/sip-credentials';
import { Alarm } from '../core/alarm';
import { backoffDelayMs } from '../core/backoff';
import { nowMs, random, stopTimer, type TimerHandle } from '../core/clock';
import { withDeadline } from '../core/deadline';
import { asVoiceError, type VoiceSDKError } from '../core/errors';
import { startSteadyTimer } from '../core/steady-timer';

export interface CredentialsRefreshOptions {
  readonly obtain: (signal: AbortSignal) => Promise<SipCredentials>;
  readonly apply: (credentials: SipCredentials) => void;
  readonly onError: (error: VoiceSDKError) => void;
  /** The token is over, so that nothing can be fetched. */
  readonly onTokenOver?: () => void;
  /** The time at the backend, which `expires_at` is in. Default: the clock of this machine. */
  readonly now?: () => number;
}

// Early enough for a few retries before the old credentials stop working.
const LEAD_MS = 60_000;
// Where the clocks of backend and browser disagree, every new set of credentials looks expired: how long it really lives
// cannot be told then, and the backend is asked ever more rarely.
const SHORTEST_INTERVAL_MS = 10_000;
const LONGEST_BLIND_INTERVAL_MS = 300_000;
const RETRY = { firstMs: 2_000, capMs: 30_000 };
// A backend that refuses the token wants another one; perhaps it only had trouble with its key. At least half of it.
const REFUSED_RETRY_MS = 300_000;

/** Fetches new SIP credentials before the old ones stop working, or when told to. Owns the retry of that request. */
export class CredentialsRefresh {
  readonly #options: CredentialsRefreshOptions;
  readonly #now: () => number;
  readonly #alarm: Alarm;
  #expiresAtMs = 0;
  #request: AbortController | undefined;
  #retryTimer: TimerHandle | undefined;
  #failures = 0;
  /** How many sets in a row looked expired when they came. */
  #blindCount = 0;
  /** The backend has refused the token (401, 403), which was told. */
  #isRefused = false;
  /** There is another token, which nothing was fetched with so far. */
  #isOtherToken = false;
  #onFresh: (() => void)[] = [];

  constructor(options: CredentialsRefreshOptions) {
    this.#options = options;
    this.#now = options.now ?? nowMs;
    this.#alarm = new Alarm(() => {
      this.now();
    }, this.#now);
  }

  /** Whether what was armed last has stopped working, or will within `withinMs`; false where that cannot be told. */
  endsWithin(withinMs: number): boolean {
    return this.#blindCount === 0 && this.#expiresAtMs > 0 && this.#expiresAtMs - this.#now() <= withinMs;
  }

  /** Watches the lifetime of credentials that are in use. */
  arm(credentials: SipCredentials): void {
    this.#alarm.cancel();
    // Absent, and null from a backend that writes every field.
    if (typeof credentials.expires_at !== 'string') return;
    const expiresAtMs = Date.parse(credentials.expires_at);
    // Credentials that live no longer than the last ones are bound to the token; only a new token helps.
    if (expiresAtMs <= this.#expiresAtMs && !this.#isOtherToken) return;
    this.#expiresAtMs = expiresAtMs;
    const lifetimeMs = expiresAtMs - this.#now();
    if (lifetimeMs < SHORTEST_INTERVAL_MS) {
      const intervalMs = Math.min(SHORTEST_INTERVAL_MS * 2 ** this.#blindCount, LONGEST_BLIND_INTERVAL_MS);
      this.#blindCount += 1;
      this.#alarm.set(this.#now() + intervalMs);
      return;
    }
    this.#blindCount = 0;
    this.#alarm.set(
      Math.max(expiresAtMs - Math.min(LEAD_MS, lifetimeMs / 2), this.#now() + SHORTEST_INTERVAL_MS),
    );
  }

  /** Fetches now; a request under way is replaced, because the token may have changed since. */
  now(): void {
    this.#abandon();
    const request = new AbortController();
    this.#request = request;
    this.#options.obtain(request.signal).then(
      (credentials) => {
        if (request.signal.aborted) return;
        this.#request = undefined;
        this.#failures = 0;
        this.#isRefused = false;
        this.arm(credentials);
        this.#isOtherToken = false;
        this.#options.apply(credentials);
        for (const onFresh of this.#onFresh.splice(0)) onFresh();
      },
      (error: unknown) => {
        if (request.signal.aborted) return;
        this.#request = undefined;
        const failure = asVoiceError(error, 'CONFIG_FETCH_FAILED');
        // That the token ran out is reported by whoever watches it, and asking again cannot help.
        if (failure.code === 'TOKEN_EXPIRED') {
          this.#options.onTokenOver?.();
          return;
        }
        this.#failures += 1;
        const wasRefused = this.#isRefused;
        this.#isRefused = isRefusal(failure);
        // Before it is told of: whoever hears of it may stop this, or bring another token.
        this.#retryTimer = startSteadyTimer(
          this.#isRefused ? (REFUSED_RETRY_MS * (1 + random())) / 2 : backoffDelayMs(this.#failures, RETRY),
          () => {
            this.now();
          },
        );
        if (!(wasRefused && this.#isRefused)) this.#options.onError(failure);
      },
    );
  }

  /** Fetches now, with a token that has not been refused yet. */
  renew(): void {
    this.#isRefused = false;
    this.#isOtherToken = true;
    this.now();
  }

  /** Fetches unless that is under way; resolves with whether it worked within `deadlineMs`. */
  async within(deadlineMs: number): Promise<boolean> {
    const fresh = new Promise<boolean>((resolve) => {
      this.#onFresh.push(() => {
        resolve(true);
      });
    });
    if (!this.#request) this.now();
    return withDeadline(fresh, deadlineMs, () => new Error('timeout')).catch(() => false);
  }

  /** To be called when time may have passed unseen, or the network is back. */
  check(): void {
    this.#alarm.check();
    if (this.#failures > 0 && !this.#isRefused && !this.#request) this.now();
  }

  stop(): void {
    this.#abandon();
    this.#alarm.cancel();
    this.#expiresAtMs = 0;
    this.#failures = 0;
    this.#blindCount = 0;
    this.#isRefused = false;
    this.#isOtherToken = false;
    this.#onFresh = [];
  }

  #abandon(): void {
    this.#request?.abort();
    this.#request = undefined;
    stopTimer(this.#retryTimer);
  }
}

function isRefusal({ cause }: VoiceSDKError): boolean {
  const { httpStatus } = (cause ?? {}) as Partial<HttpFailure>;
  return httpStatus === 401 || httpStatus === 403;
}
