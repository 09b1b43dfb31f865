import type { SipCredentials } from '../auth/sip-credentials';
import { TypedEmitter } from '../core/emitter';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { StateMachine } from '../core/transitions';
import type { RegisterFailure } from '../sip/register-answer';
import type { SipUserAgent } from '../sip/user-agent';
import { Attempts } from './attempts';
import { Comeback } from './comeback';
import { CredentialsRefresh } from './credentials-refresh';
import { firstRegistration, isServerTrouble, removeBinding } from './first-registration';
import { freshenIceServers } from './ice-credentials';
import { RegisterTimers } from './register-timers';
import {
  describe,
  NO_TOKEN,
  type RegistrationEvents,
  type RegistrationOptions,
  untilRecovered,
  WITHDRAWN,
} from './registration-events';
import {
  REGISTRATION_TRANSITIONS,
  type RegistrationEvent,
  type RegistrationState,
} from './registration-state';
import { Relocation } from './relocation';
import { UserAgents } from './user-agents';

// After a wake-up the binding may have expired unseen and the connection may be dead. Not at each change of tabs.
const RECHECK_AFTER_MS = 30_000;

// 480 Temporarily Unavailable (RFC 3261 section 21.4.18).
const STATUS_UNAVAILABLE = 480;

/**
 * Keeps one agent reachable: credentials, user agent, REGISTER, and coming back after a loss.
 * Owns the retry of REGISTER; the user agent brings the socket back, which this hurries on wake-up.
 */
export class Registration extends TypedEmitter<RegistrationEvents> {
  readonly #options: RegistrationOptions;
  readonly #logger: Logger;
  readonly #machine: StateMachine<RegistrationState, RegistrationEvent>;
  readonly #refresh: CredentialsRefresh;
  readonly #agents: UserAgents;
  readonly #relocation: Relocation;
  readonly #timers = new RegisterTimers(this.#registerAgain.bind(this), () => this.userAgent?.url);
  readonly #comeback: Comeback;
  #attempt: { readonly promise: Promise<void>; readonly abort: AbortController } | undefined;
  #removal: Promise<void> | undefined;
  /** Aborts on disposal. */
  readonly #lifetime = new AbortController();
  /** How often unregister() was called: the last wish counts. */
  #withdrawals = 0;
  #tokenChanged = false;
  readonly #attempts = new Attempts((attempt) => {
    this.emit('reconnecting', { attempt });
  });
  /** How many further servers were tried since the loss. */
  #failovers = 0;
  #triedFreshCredentials = false;
  /** Those at hand were refused. */
  #awaitsCredentials = false;

  constructor(options: RegistrationOptions) {
    super();
    this.#options = options;
    this.#logger = options.logger;
    this.#machine = new StateMachine(REGISTRATION_TRANSITIONS, 'unregistered', (state, event) => {
      this.#logger.debug(`${event} is not possible while ${state}`);
    });
    const onError = (error: VoiceSDKError) => {
      this.emit('error', error);
    };
    this.#comeback = new Comeback({ register: () => this.register(), onError });
    this.#refresh = new CredentialsRefresh({
      obtain: options.obtainCredentials,
      now: options.serverNow,
      apply: (credentials) => {
        this.#applyCredentials(credentials);
      },
      onError,
      onTokenOver: () => {
        if (this.#awaitsCredentials) this.#giveUp(voiceError('AUTH_ERROR', NO_TOKEN), true);
      },
    });
    this.#agents = new UserAgents(options, this.#logger, (userAgent) => {
      this.#listen(userAgent);
    });
    this.#relocation = new Relocation({
      agents: this.#agents,
      isRegistered: () => this.isRegistered,
      onMoved: () => {
        this.#onConfirmed();
      },
      onError: (error) => {
        if (error.code === 'AUTH_ERROR' && this.#awaitsCredentials) this.#giveUp(error);
        else onError(error);
      },
    });
    options.wake.on('wake', () => {
      this.#onWake();
    });
  }

  get state(): RegistrationState {
    return this.#machine.state;
  }

  /** Whether the server confirmed our binding, which has not expired, over a connection that works. */
  get isRegistered(): boolean {
    const { current } = this.#agents;
    return this.state === 'registered' && current?.isRegistered === true && current.isAlive;
  }

  /** The user agent to place calls with, while there is one. */
  get userAgent(): SipUserAgent | undefined {
    return this.#agents.current;
  }

  /**
   * STUN and TURN servers for an ICE restart: fetches others when the credentials of those at hand end within a minute
   * or have ended, and waits for them 1.5 s at most.
   */
  async freshIceServers(): Promise<readonly RTCIceServer[]> {
    const atHand = () => this.userAgent?.iceServers ?? [];
    if (!this.#options.iceServers && this.#isUp)
      await freshenIceServers(atHand(), this.#refresh, this.#options.serverNow());
    return atHand();
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
        this.#onWake();
        return untilRecovered(this, this.#lifetime.signal);
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
    if (this.#isUp) this.#refresh.renew();
    // The credentials under way belong to the former token; fetching again now would only delay the registration.
    else if (this.state === 'registering') this.#tokenChanged = true;
    else this.#comeback.begin();
  }

  /**
   * Stops being reachable. Live calls go on; the socket closes when the last of them has ended. `isHurried` waits for
   * nobody's answer: for a page that is about to be frozen.
   */
  async unregister(isHurried = false): Promise<void> {
    this.#withdrawals += 1;
    this.#comeback.cancel();
    if (this.state === 'unregistering') return this.#removal;
    if (!this.#machine.send('unregister')) return;
    this.#attempt?.abort.abort(voiceError('INVALID_STATE', WITHDRAWN));
    this.#rest();
    this.#removal = this.#remove(isHurried);
    await this.#removal;
  }

  /**
   * As `unregister(true)`, for another page that registers as the same instance: a registrar takes both for one binding
   * (RFC 5626 section 6), so that an un-REGISTER from here that is challenged late would remove the other's.
   */
  handOver(): void {
    if (this.state !== 'unregistering') this.userAgent?.release();
    void this.unregister(true);
  }

  /**
   * Ends everything at once: BYE, CANCEL and un-REGISTER leave before this returns. The latter not where another page
   * takes over (`isSucceeded`).
   */
  dispose(isSucceeded = false): void {
    if (!this.#machine.send('dispose')) return;
    if (isSucceeded) this.userAgent?.release();
    this.#attempt?.abort.abort(voiceError('DESTROYED'));
    this.#lifetime.abort(voiceError('DESTROYED'));
    this.#rest();
    this.#agents.dispose();
    this.removeAllListeners();
  }

  get #isUp(): boolean {
    return this.state === 'registered' || this.state === 'recovering';
  }

  async #registerFirst(signal: AbortSignal): Promise<void> {
    const agents = this.#agents;
    try {
      const credentials = await this.#options.obtainCredentials(signal);
      signal.throwIfAborted();
      if (agents.serves(credentials)) agents.update(credentials);
      else agents.use(agents.create(credentials), credentials);
      if (agents.current) await firstRegistration(agents.current, credentials.ws_urls.length, signal);
      signal.throwIfAborted();
      this.#refresh.arm(credentials);
      this.#onConfirmed();
      if (this.#tokenChanged) this.#refresh.renew();
    } catch (error) {
      // When aborted, whoever aborted also decides what becomes of the user agent.
      signal.throwIfAborted();
      agents.dropUnlessCalling();
      this.#machine.send('failed');
      throw asVoiceError(error, 'REGISTRATION_FAILED');
    } finally {
      // A later attempt may have taken the place of an aborted one.
      if (this.#attempt?.abort.signal === signal) this.#attempt = undefined;
    }
  }

  #listen(userAgent: SipUserAgent): void {
    const onConfirmed = () => {
      if (this.#isUp) this.#onConfirmed();
    };
    userAgent.on('registered', onConfirmed);
    userAgent.on('refreshed', onConfirmed);
    userAgent.on('connecting', () => {
      if (this.state === 'recovering') this.#attempts.begun();
    });
    userAgent.on('connected', () => {
      if (this.state !== 'recovering') return;
      if (!this.#timers.wait()) this.#register();
    });
    userAgent.on('disconnected', () => {
      this.#onDisconnected();
    });
    userAgent.on('doubtful', () => {
      if (this.state === 'registered' && !this.#timers.isHeldOff) this.#register();
    });
    userAgent.on('registerFailed', (failure) => {
      if (this.#isUp) this.#onRefreshFailed(failure);
    });
    userAgent.on('incoming', (session) => {
      // It crossed our un-REGISTER, or came while an older call keeps the connection open.
      const isWithdrawn = this.state === 'unregistered' || this.state === 'unregistering';
      if (isWithdrawn) session.reject(STATUS_UNAVAILABLE);
      else this.emit('incoming', session);
    });
    userAgent.on('idle', () => {
      if (this.state === 'unregistered') this.#agents.drop();
      else this.#relocation.proceed();
    });
  }

  #onDisconnected(): void {
    this.#timers.stop();
    this.#onLost();
    this.#relocation.proceed();
  }

  #onLost(): void {
    if (!this.#machine.can('lost')) return;
    this.#machine.send('lost');
    this.#failovers = 0;
    this.#logger.info('the registration is lost');
    this.#attempts.lost();
  }

  /** A REGISTER was confirmed: the first one, the first one after a loss, or a refresh. */
  #onConfirmed(): void {
    const { state } = this;
    this.#awaitsCredentials = false;
    this.#triedFreshCredentials = false;
    this.#timers.confirmed(this.userAgent?.binding.lifetimeMs ?? 0);
    if (state === 'registered') return;
    this.#machine.send('confirmed');
    this.#logger.info(state === 'recovering' ? 'registered again' : 'registered');
    this.emit(state === 'recovering' ? 'reconnected' : 'registered');
  }

  /** With credentials that were refused it would only be refused again. */
  #register(): void {
    if (!this.#awaitsCredentials && this.userAgent?.isConnected) this.userAgent.register();
  }

  #registerAgain(): void {
    if (this.userAgent?.isConnected && this.state === 'recovering') this.#attempts.begun();
    this.#register();
  }

  #onRefreshFailed(failure: RegisterFailure): void {
    const userAgent = this.userAgent;
    const wasRegistered = this.state === 'registered';
    if (wasRegistered) this.#onLost();
    // Whoever heard of it may have thought better of it.
    if (!this.#isUp) return;
    // Without a status the socket went away, and its loss is reported on its own.
    if (failure.statusCode === undefined && userAgent?.isConnected !== true) return;
    const isRefused = [401, 403, 407].includes(failure.statusCode ?? 0);
    if (isRefused && this.#awaitsCredentials) return;
    if (isRefused && this.#triedFreshCredentials) {
      this.#giveUp(voiceError('AUTH_ERROR', `The SIP server answered ${describe(failure)}.`, failure));
      return;
    }
    if (wasRegistered)
      this.emit('error', voiceError('REGISTER_ERROR', `REGISTER failed: ${describe(failure)}.`, failure));
    if (isRefused) {
      // Credentials that worked before may have been replaced meanwhile; using fresh ones registers again.
      this.#triedFreshCredentials = true;
      this.#awaitsCredentials = true;
      this.#refresh.now();
      return;
    }
    this.#timers.retryAfter(failure);
    // Each further server once. A call that is live keeps the one that it runs over.
    if (!isServerTrouble(failure) || userAgent?.liveSessions !== 0) return;
    this.#failovers += 1;
    if (this.#failovers < this.#agents.urlCount) userAgent.failOver();
  }

  #giveUp(error: VoiceSDKError, isTokenOver = false): void {
    this.#rest();
    if (isTokenOver) this.#comeback.wait();
    this.#machine.send('failed');
    this.emit('error', error);
    const { cause } = error;
    this.emit('unregistered', { reason: cause ? describe(cause as RegisterFailure) : error.message });
    this.#agents.dropUnlessCalling();
  }

  #applyCredentials(credentials: SipCredentials): void {
    this.#agents.update(credentials);
    if (!this.#agents.serves(credentials)) {
      this.#relocation.to(credentials);
      return;
    }
    this.#relocation.stop();
    this.#awaitsCredentials = false;
    // The binding may live only as long as the credentials that it was made with.
    if (!this.#timers.isHeldOff) this.#register();
  }

  async #remove(isHurried: boolean): Promise<void> {
    const { userAgent } = this;
    try {
      if (!isHurried && userAgent?.isConnected) await removeBinding(userAgent, this.#lifetime.signal);
    } catch (error) {
      this.emit('error', asVoiceError(error, 'UNREGISTER_ERROR'));
    }
    if (!this.#machine.send('removed')) return;
    this.#agents.dropUnlessCalling();
    this.#logger.info('unregistered');
    this.emit('unregistered', { reason: 'requested' });
  }

  #onWake(): void {
    const { userAgent } = this;
    if (!userAgent || !this.#isUp) return;
    this.#refresh.check();
    if (!userAgent.isConnected) {
      userAgent.reconnectNow();
      return;
    }
    userAgent.probe();
    if (this.state === 'registered') {
      // It expired during a sleep.
      const { sinceConfirmedMs, lifetimeMs } = userAgent.binding;
      if (sinceConfirmedMs >= lifetimeMs) {
        this.#onLost();
        if (!this.#machine.can('confirmed')) return;
        this.#attempts.begun();
      } else if (sinceConfirmedMs < RECHECK_AFTER_MS) return;
    }
    if (!this.#timers.isHeldOff) this.#register();
  }

  /** Nothing is done by itself any more. */
  #rest(): void {
    this.#timers.stop();
    this.#refresh.stop();
    this.#relocation.stop();
    this.#comeback.cancel();
    this.#awaitsCredentials = false;
    this.#triedFreshCredentials = false;
  }
}
