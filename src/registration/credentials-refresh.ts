import type { SipCredentials } from '../auth/sip-credentials';
import { Alarm } from '../core/alarm';
import { backoffDelayMs } from '../core/backoff';
import { nowMs, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { withDeadline } from '../core/deadline';
import { asVoiceError, type VoiceSDKError } from '../core/errors';

export interface CredentialsRefreshOptions {
  readonly obtain: (signal: AbortSignal) => Promise<SipCredentials>;
  readonly apply: (credentials: SipCredentials) => void;
  readonly onError: (error: VoiceSDKError) => void;
  /** The time at the backend, which `expires_at` is in. Default: the clock of this machine. */
  readonly now?: () => number;
}

// Early enough for a few retries before the old credentials stop working.
const LEAD_MS = 60_000;
// Where the clocks of backend and browser disagree, every new set of credentials looks expired.
const SHORTEST_INTERVAL_MS = 10_000;
const RETRY = { firstMs: 2_000, capMs: 30_000 };

/** Fetches new SIP credentials before the old ones stop working, or when told to. Owns the retry of that request. */
export class CredentialsRefresh {
  readonly #options: CredentialsRefreshOptions;
  readonly #now: () => number;
  readonly #alarm: Alarm;
  #expiresAtMs = 0;
  #request: AbortController | undefined;
  #retryTimer: TimerHandle | undefined;
  #failures = 0;
  #onFresh: (() => void)[] = [];

  constructor(options: CredentialsRefreshOptions) {
    this.#options = options;
    this.#now = options.now ?? nowMs;
    this.#alarm = new Alarm(() => {
      this.now();
    }, this.#now);
  }

  /** Whether what was armed last has stopped working, or will within `withinMs`. */
  endsWithin(withinMs: number): boolean {
    return this.#expiresAtMs > 0 && this.#expiresAtMs - this.#now() <= withinMs;
  }

  /** Watches the lifetime of credentials that are in use. */
  arm(credentials: SipCredentials): void {
    this.#alarm.cancel();
    // Absent, and null from a backend that writes every field.
    if (typeof credentials.expires_at !== 'string') return;
    const expiresAtMs = Date.parse(credentials.expires_at);
    // Credentials that live no longer than the last ones are bound to the token; only a new token helps.
    if (expiresAtMs <= this.#expiresAtMs) return;
    this.#expiresAtMs = expiresAtMs;
    const lifetimeMs = expiresAtMs - this.#now();
    const leadMs = Math.min(LEAD_MS, Math.max(lifetimeMs, 0) / 2);
    this.#alarm.set(Math.max(expiresAtMs - leadMs, this.#now() + SHORTEST_INTERVAL_MS));
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
        this.arm(credentials);
        this.#options.apply(credentials);
        for (const onFresh of this.#onFresh.splice(0)) onFresh();
      },
      (error: unknown) => {
        if (request.signal.aborted) return;
        this.#request = undefined;
        const failure = asVoiceError(error, 'CONFIG_FETCH_FAILED');
        // That the token ran out is reported by whoever watches it, and asking again cannot help.
        if (failure.code === 'TOKEN_EXPIRED') return;
        this.#failures += 1;
        this.#options.onError(failure);
        this.#retryTimer = startTimer(backoffDelayMs(this.#failures, RETRY), () => {
          this.now();
        });
      },
    );
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
    if (this.#failures > 0 && !this.#request) this.now();
  }

  stop(): void {
    this.#abandon();
    this.#alarm.cancel();
    this.#expiresAtMs = 0;
    this.#failures = 0;
    this.#onFresh = [];
  }

  #abandon(): void {
    this.#request?.abort();
    this.#request = undefined;
    stopTimer(this.#retryTimer);
  }
}
