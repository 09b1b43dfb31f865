import type { SipCredentials } from '../auth/sip-credentials';
import { backoffDelayMs } from '../core/backoff';
import { stopTimer, type TimerHandle } from '../core/clock';
import { asVoiceError, type VoiceSDKError } from '../core/errors';
import { startSteadyTimer } from '../core/steady-timer';
import { firstRegistration } from './first-registration';
import type { UserAgents } from './user-agents';

export interface RelocationOptions {
  readonly agents: UserAgents;
  readonly isRegistered: () => boolean;
  readonly onMoved: () => void;
  /** After each attempt that failed. */
  readonly onError: (error: VoiceSDKError) => void;
}

const RETRY = { firstMs: 10_000, capMs: 120_000 };

/**
 * Moves a registration to another account or to other servers: the former user agent is left only when the new one is
 * registered. Owns the retry of that. A live call is waited for, because its far end reaches it by the former binding;
 * not when that is lost anyway.
 */
export class Relocation {
  readonly #options: RelocationOptions;
  #target: SipCredentials | undefined;
  #attempt: AbortController | undefined;
  #timer: TimerHandle | undefined;
  #failures = 0;

  constructor(options: RelocationOptions) {
    this.#options = options;
  }

  /** Moves there as soon as may be, and no more to where it was to go before. */
  to(target: SipCredentials): void {
    this.stop();
    this.#target = target;
    this.proceed();
  }

  /** To be called when a call has ended or the connection is lost: what was waited for may have come. */
  proceed(): void {
    const { agents, isRegistered, onMoved, onError } = this.#options;
    const target = this.#target;
    if (!target || this.#attempt) return;
    if (isRegistered() && agents.current?.liveSessions !== 0) return;
    stopTimer(this.#timer);
    const attempt = new AbortController();
    this.#attempt = attempt;
    const next = agents.create(target);
    firstRegistration(next, target.ws_urls.length, attempt.signal).then(
      () => {
        if (attempt.signal.aborted) {
          next.stop();
          return;
        }
        this.stop();
        agents.use(next, target);
        onMoved();
      },
      (error: unknown) => {
        next.stop();
        if (attempt.signal.aborted) return;
        const failure = asVoiceError(error, 'REGISTRATION_FAILED');
        this.#attempt = undefined;
        this.#failures += 1;
        // Asked again with what it has refused, a server may well shut us out.
        if (failure.code === 'AUTH_ERROR') this.stop();
        else
          this.#timer = startSteadyTimer(backoffDelayMs(this.#failures, RETRY), () => {
            this.proceed();
          });
        onError(failure);
      },
    );
  }

  stop(): void {
    stopTimer(this.#timer);
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#target = undefined;
    this.#failures = 0;
  }
}
