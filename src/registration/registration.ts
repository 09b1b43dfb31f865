import type { SipCredentials } from '../auth/sip-credentials';
import { backoffDelayMs } from '../core/backoff';
import { withDeadline } from '../core/deadline';
import { startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { TypedEmitter } from '../core/emitter';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { StateMachine } from '../core/transitions';
import type { SipSession } from '../sip/session';
import type { RegisterFailure } from '../sip/register-answer';
import { SipUserAgent } from '../sip/user-agent';
import { accountOf, secretOf } from './account';
import { CredentialsRefresh } from './credentials-refresh';
import { eventPromise } from './event-promise';
import { firstRegistration, RECOVERY_TIMEOUT_MS, removeBinding } from './first-registration';
import {
  REGISTRATION_TRANSITIONS,
  type RegistrationEvent,
  type RegistrationState,
} from './registration-state';
import type { Wake } from './wake';

export type RegistrationEvents = {
  registered: [];
  unregistered: [detail: { readonly reason?: string }];
  reconnecting: [detail: { readonly attempt: number }];
  reconnected: [];
  error: [error: VoiceSDKError];
  /** Inside the arrival of the INVITE. */
  incoming: [session: SipSession];
};

export interface RegistrationOptions {
  /** Exchanges the current token; rejects with a VoiceSDKError. */
  readonly obtainCredentials: (signal: AbortSignal) => Promise<SipCredentials>;
  /** Replaces the ICE servers of the credentials. */
  readonly iceServers: readonly RTCIceServer[] | undefined;
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly instanceId: string;
  readonly wake: Wake;
  readonly logger: Logger;
}

// A REGISTER that fails while the socket is up is retried soon, then ever more rarely, as RFC 5626 section 4.5 asks.
const REGISTER_RETRY = { firstMs: 2_000, capMs: 30_000 };
// A server may ask for hours (Retry-After); an agent who is back at the desk cannot wait that long.
const LONGEST_RETRY_AFTER_S = 300;
// After a wake-up the binding may have expired unseen and the connection may be dead. Not at each change of tabs.
const RECHECK_AFTER_MS = 30_000;

// 480 Temporarily Unavailable (RFC 3261 section 21.4.18).
const STATUS_UNAVAILABLE = 480;

const WITHDRAWN = 'unregister() was called meanwhile.';

/**
 * Keeps one agent reachable: credentials, user agent, REGISTER, and coming back after a loss.
 * Owns the retry of REGISTER; the user agent brings the socket back, which this hurries on wake-up.
 */
export class Registration extends TypedEmitter<RegistrationEvents> {
  readonly #options: RegistrationOptions;
  readonly #logger: Logger;
  readonly #machine: StateMachine<RegistrationState, RegistrationEvent>;
  readonly #refresh: CredentialsRefresh;
  #userAgent: SipUserAgent | undefined;
  /** User agents of former accounts that still carry calls. */
  readonly #retired = new Set<SipUserAgent>();
  #attempt: { readonly promise: Promise<void>; readonly abort: AbortController } | undefined;
  #removal: Promise<void> | undefined;
  /** Aborts on disposal. */
  readonly #lifetime = new AbortController();
  /** How often unregister() was called: the last wish counts. */
  #withdrawals = 0;
  #tokenChanged = false;
  #retries = 0;
  #triedFreshCredentials = false;
  #retryTimer: TimerHandle | undefined;

  constructor(options: RegistrationOptions) {
    super();
    this.#options = options;
    this.#logger = options.logger;
    this.#machine = new StateMachine(REGISTRATION_TRANSITIONS, 'unregistered', (state, event) => {
      this.#logger.debug(`${event} is not possible while ${state}`);
    });
    this.#refresh = new CredentialsRefresh({
      obtain: options.obtainCredentials,
      apply: (credentials) => {
        this.#applyCredentials(credentials);
      },
      onError: (error) => {
        this.emit('error', error);
      },
    });
    options.wake.on('wake', () => {
      this.#onWake();
    });
  }

  get state(): RegistrationState {
    return this.#machine.state;
  }

  get isRegistered(): boolean {
    return this.#machine.state === 'registered' && this.#userAgent?.isRegistered === true;
  }

  /** The user agent to place calls with, while there is one. */
  get userAgent(): SipUserAgent | undefined {
    return this.#userAgent;
  }

  /** Becomes reachable. Calls at once, or when registered already, share one registration. */
  async register(): Promise<void> {
    const withdrawals = this.#withdrawals;
    if (this.state === 'unregistering') await this.#removal;
    if (withdrawals !== this.#withdrawals) throw voiceError('INVALID_STATE', WITHDRAWN);
    switch (this.state) {
      case 'registered':
        return;
      case 'registering':
        return this.#attempt?.promise;
      case 'recovering':
        return this.#untilRecovered();
      case 'disposed':
        throw voiceError('DESTROYED');
      default: {
        const abort = new AbortController();
        this.#machine.send('register');
        this.#tokenChanged = false;
        this.#attempt = { promise: this.#registerFirst(abort.signal), abort };
        return this.#attempt.promise;
      }
    }
  }

  /** Fetches credentials for a new token and uses them from now on. */
  renewCredentials(): void {
    if (this.state === 'registered' || this.state === 'recovering') this.#refresh.now();
    // The credentials under way belong to the former token; fetching again now would only delay the registration.
    else if (this.state === 'registering') this.#tokenChanged = true;
  }

  /** Stops being reachable. Live calls go on; the socket closes when the last of them has ended. */
  async unregister(): Promise<void> {
    this.#withdrawals += 1;
    if (this.state === 'unregistering') return this.#removal;
    if (!this.#machine.send('unregister')) return;
    this.#attempt?.abort.abort(voiceError('INVALID_STATE', WITHDRAWN));
    this.#stopRetrying();
    this.#refresh.stop();
    this.#removal = this.#remove();
    await this.#removal;
  }

  /** Ends everything at once: BYE, CANCEL and un-REGISTER leave before this returns. */
  dispose(): void {
    if (!this.#machine.send('dispose')) return;
    this.#attempt?.abort.abort(voiceError('DESTROYED'));
    this.#lifetime.abort(voiceError('DESTROYED'));
    this.#stopRetrying();
    this.#refresh.stop();
    for (const userAgent of this.#retired) userAgent.stop();
    this.#drop();
    this.removeAllListeners();
  }

  async #registerFirst(signal: AbortSignal): Promise<void> {
    try {
      const credentials = await this.#options.obtainCredentials(signal);
      signal.throwIfAborted();
      const userAgent = this.#adopt(credentials);
      await firstRegistration(userAgent, credentials.ws_urls.length, signal);
      signal.throwIfAborted();
      this.#refresh.arm(credentials);
      this.#machine.send('confirmed');
      if (this.#tokenChanged) this.#refresh.now();
      this.#logger.info('registered');
      this.emit('registered');
    } catch (error) {
      // When aborted, whoever aborted also decides what becomes of the user agent.
      signal.throwIfAborted();
      this.#dropUnlessCalling();
      this.#machine.send('failed');
      throw asVoiceError(error, 'REGISTRATION_FAILED');
    } finally {
      // A later attempt may have taken the place of an aborted one.
      if (this.#attempt?.abort.signal === signal) this.#attempt = undefined;
    }
  }

  /** The user agent for these credentials: the one that still carries calls, when it is the same account. */
  #adopt(credentials: SipCredentials): SipUserAgent {
    if (this.#userAgent?.uri === credentials.sip_uri) {
      this.#applySecrets(this.#userAgent, credentials);
      return this.#userAgent;
    }
    if (this.#userAgent) this.#retire(this.#userAgent);
    const userAgent = new SipUserAgent(accountOf(credentials, this.#options), this.#logger);
    this.#userAgent = userAgent;
    userAgent.on('registered', () => {
      if (this.state === 'recovering') this.#onRecovered();
    });
    userAgent.on('connecting', () => {
      if (this.state === 'recovering') this.#announceAttempt();
    });
    userAgent.on('connected', () => {
      if (this.state === 'recovering') userAgent.register();
    });
    userAgent.on('disconnected', () => {
      this.#onDisconnected();
    });
    userAgent.on('registerFailed', (failure) => {
      if (this.state === 'registered' || this.state === 'recovering') this.#onRefreshFailed(failure);
    });
    userAgent.on('incoming', (session) => {
      // It crossed our un-REGISTER, or came while an older call keeps the connection open.
      const isWithdrawn = this.state === 'unregistered' || this.state === 'unregistering';
      if (isWithdrawn) session.reject(STATUS_UNAVAILABLE);
      else this.emit('incoming', session);
    });
    userAgent.on('idle', () => {
      if (this.state === 'unregistered') this.#drop();
    });
    return userAgent;
  }

  #drop(): void {
    this.#userAgent?.stop();
    this.#userAgent = undefined;
  }

  /** A live call needs its user agent; it is dropped when that call has ended. */
  #dropUnlessCalling(): void {
    if (this.#userAgent?.liveSessions === 0) this.#drop();
    else this.#userAgent?.unregister();
  }

  /** Another account takes over; what still talks over the former one may finish. */
  #retire(userAgent: SipUserAgent): void {
    userAgent.removeAllListeners();
    if (userAgent.liveSessions === 0) {
      userAgent.stop();
      return;
    }
    // Its binding is removed already: a user agent is only ever kept unregistered.
    this.#retired.add(userAgent);
    userAgent.once('idle', () => {
      this.#retired.delete(userAgent);
      userAgent.stop();
    });
  }

  #onDisconnected(): void {
    // Whatever was to be retried over that connection is done again once there is another one.
    stopTimer(this.#retryTimer);
    this.#onLost();
  }

  #onLost(): void {
    if (!this.#machine.can('lost')) return;
    this.#machine.send('lost');
    this.#retries = 0;
    this.#logger.info('the connection to the server is lost');
  }

  #onRecovered(): void {
    this.#stopRetrying();
    this.#machine.send('confirmed');
    this.#logger.info('registered again');
    this.emit('reconnected');
  }

  #announceAttempt(): void {
    this.#retries += 1;
    this.emit('reconnecting', { attempt: this.#retries });
  }

  #onRefreshFailed(failure: RegisterFailure): void {
    const wasRegistered = this.state === 'registered';
    if (wasRegistered) this.#onLost();
    // Without a status the socket went away, and its loss is reported on its own.
    if (failure.statusCode === undefined && this.#userAgent?.isConnected !== true) return;
    const isRefused = [401, 403, 407].includes(failure.statusCode ?? 0);
    if (isRefused && this.#triedFreshCredentials) {
      this.#giveUp(failure);
      return;
    }
    if (wasRegistered)
      this.emit('error', voiceError('REGISTER_ERROR', `REGISTER failed: ${describe(failure)}.`, failure));
    if (isRefused) {
      // Credentials that worked before may have been replaced meanwhile; using fresh ones registers again.
      this.#triedFreshCredentials = true;
      this.#refresh.now();
      return;
    }
    stopTimer(this.#retryTimer);
    const retryAfterMs = Math.min(failure.retryAfterSeconds ?? 0, LONGEST_RETRY_AFTER_S) * 1000;
    const delayMs = Math.max(backoffDelayMs(this.#retries + 1, REGISTER_RETRY), retryAfterMs);
    this.#retryTimer = startTimer(delayMs, () => {
      if (!this.#userAgent?.isConnected) return;
      this.#announceAttempt();
      this.#userAgent.register();
    });
  }

  #giveUp(failure: RegisterFailure): void {
    this.#stopRetrying();
    this.#refresh.stop();
    this.#machine.send('failed');
    this.emit('error', voiceError('AUTH_ERROR', `The SIP server answered ${describe(failure)}.`, failure));
    this.emit('unregistered', { reason: describe(failure) });
    this.#dropUnlessCalling();
  }

  #applyCredentials(credentials: SipCredentials): void {
    const userAgent = this.#userAgent;
    if (!userAgent) return;
    if (userAgent.uri === credentials.sip_uri) this.#applySecrets(userAgent, credentials);
    else
      this.emit(
        'error',
        voiceError('CONFIG_FETCH_FAILED', 'The new credentials are for another SIP account.'),
      );
    // The binding may live only as long as the credentials that it was made with.
    if (userAgent.isConnected) userAgent.register();
  }

  #applySecrets(userAgent: SipUserAgent, credentials: SipCredentials): void {
    userAgent.updateSecret(credentials.authorization_username, secretOf(credentials));
    userAgent.iceServers = this.#options.iceServers ?? credentials.ice_servers ?? [];
  }

  async #remove(): Promise<void> {
    const userAgent = this.#userAgent;
    try {
      if (userAgent?.isConnected) await removeBinding(userAgent, this.#lifetime.signal);
    } catch (error) {
      this.emit('error', asVoiceError(error, 'UNREGISTER_ERROR'));
    }
    if (!this.#machine.send('removed')) return;
    this.#dropUnlessCalling();
    this.#logger.info('unregistered');
    this.emit('unregistered', { reason: 'requested' });
  }

  #untilRecovered(): Promise<void> {
    let refusal: VoiceSDKError | undefined;
    const recovered = eventPromise(this.#lifetime.signal, (resolve, reject) => {
      const onError = (error: VoiceSDKError) => {
        if (error.code === 'AUTH_ERROR') refusal = error;
      };
      const onUnregistered = () => {
        reject(refusal ?? voiceError('INVALID_STATE', WITHDRAWN));
      };
      this.on('reconnected', resolve).on('error', onError).on('unregistered', onUnregistered);
      return () => this.off('reconnected', resolve).off('error', onError).off('unregistered', onUnregistered);
    });
    this.#onWake();
    return withDeadline(recovered, RECOVERY_TIMEOUT_MS, () =>
      voiceError('SIGNALING_UNREACHABLE', 'Still not registered again; the SDK goes on trying.'),
    );
  }

  #onWake(): void {
    this.#refresh.check();
    if (this.state === 'registered' && this.#userAgent && this.#userAgent.sinceRefreshMs > RECHECK_AFTER_MS)
      this.#userAgent.register();
    if (this.state !== 'recovering') return;
    if (this.#userAgent?.isConnected) this.#userAgent.register();
    else this.#userAgent?.reconnectNow();
  }

  #stopRetrying(): void {
    this.#triedFreshCredentials = false;
    stopTimer(this.#retryTimer);
    this.#retryTimer = undefined;
    this.#retries = 0;
  }
}

function describe({ statusCode, reasonPhrase }: RegisterFailure): string {
  return statusCode === undefined ? reasonPhrase : `${statusCode} ${reasonPhrase}`;
}
