import { stopTimer } from '../core/clock';
import { TypedEmitter } from '../core/emitter';
import { voiceError } from '../core/errors';
import type { Logger } from '../core/logger';
import { VERSION } from '../core/version';
import { domainOf, toCallerUser, toTargetUri } from './address';
import { Binding } from './binding';
import { Codecs } from './codecs';
import { SipConnection } from './connection';
import { answerOptionsByDialog } from './dialog-options';
import {
  createRawUserAgent,
  type RawNewSession,
  type RawRegistrationFailure,
  type RawRequest,
  type RawSession,
  type RawTransaction,
  type RawUserAgent,
} from './jssip';
import { boundLifetimes, failureOf, grantedSeconds, type RegisterFailure } from './register-answer';
import type { OutboundCall } from './outbound-call';
import { Outbox } from './outbox';
import { PatientRestore } from './patient-restore';
import { ServerMove } from './server-move';
import { SipSession } from './session';
import { ignoreOddExpires } from './session-guards';
import type { SipAccount, SipSecret } from './sip-account';
import type { SipUserAgentEvents } from './user-agent-events';

// A proxy gives up on a ringing phone after timer C, more than three minutes (RFC 3261 section 16.6); until then
// it is for the caller or the queue to stop ringing, not for this phone.
const NO_ANSWER_TIMEOUT_SECONDS = 240;

// RFC 3261 section 21.4.17. One raise satisfies a registrar, a second one the registrar behind its proxy.
const STATUS_INTERVAL_TOO_BRIEF = 423;
const MOST_RAISES = 2;

// A little less than timer F (32 s, RFC 3261 section 17.1.2.2): when a REGISTER times out and nothing else came in
// meanwhile either, it is the connection that is dead.
const DEAD_AFTER_SILENCE_MS = 30_000;

/** A SIP user agent over WebSocket. Its connection comes back by itself; registering is asked of it. */
export class SipUserAgent extends TypedEmitter<SipUserAgentEvents> {
  /** STUN and TURN servers for sessions from now on. */
  iceServers: readonly RTCIceServer[];

  readonly #raw: RawUserAgent;
  readonly #account: SipAccount;
  readonly #logger: Logger;
  readonly #connection: SipConnection;
  readonly #move: ServerMove;
  readonly #sessions = new Map<string, SipSession>();
  readonly #outbox = new Outbox();
  #secret: SipSecret;
  #stopped = false;
  #isReleased = false;
  readonly #binding = new Binding();
  readonly #restoring: PatientRestore;
  #isRemoving = false;
  #tooBriefCount = 0;

  /** @throws VoiceSDKError `REGISTRATION_FAILED` when the account cannot be used. */
  constructor(account: SipAccount, logger: Logger) {
    super();
    this.#account = account;
    this.#logger = logger;
    this.#secret = account.secret;
    this.iceServers = account.iceServers;
    try {
      this.#connection = new SipConnection({
        book: logger.book,
        urls: account.wsUrls,
        uri: account.uri,
        isInCall: () => this.#sessions.size > 0,
        owesAnswer: () => [...this.#sessions.values()].some((session) => session.owesAnswer),
        onOverslept: () => {
          if (this.#binding.isDoubtful) this.emit('doubtful');
        },
      });
      this.#raw = createRawUserAgent({
        sockets: this.#connection,
        uri: account.uri,
        authorization_user: account.authorizationUsername,
        ...account.secret,
        ...(account.displayName === undefined ? {} : { display_name: account.displayName }),
        register: false,
        register_expires: account.registerExpiresSeconds,
        instance_id: account.instanceId,
        // RFC 4028 timers on our side end good calls when a proxy mishandles one refresh; the far end may still refresh.
        session_timers: false,
        no_answer_timeout: NO_ANSWER_TIMEOUT_SECONDS,
        user_agent: `2Chat Voice SDK ${VERSION}`,
      });
    } catch (error) {
      // Its message may quote the configuration.
      throw voiceError(
        'REGISTRATION_FAILED',
        'The SIP account cannot be used.',
        new Error((error as Error).name),
      );
    }
    this.#connection.attach(this.#raw.transport);
    this.#restoring = new PatientRestore(this.#connection, this.#restoreSessions.bind(this));
    this.#move = new ServerMove(this.#raw, this.#connection, () => !this.#isRemoving && !this.#stopped);
    this.#listen();
  }

  /** What peer connections of this account are made with. */
  get pcConfig(): RTCConfiguration {
    return { iceServers: [...this.iceServers], iceTransportPolicy: this.#account.iceTransportPolicy };
  }

  get isConnected(): boolean {
    return this.#raw.isConnected();
  }

  /** Connected, and the server has given its signs of life in time. */
  get isAlive(): boolean {
    return this.#connection.isAlive;
  }

  /** Whether the registrar confirmed a binding of ours that has not expired. */
  get isRegistered(): boolean {
    return !this.#stopped && this.#raw.isRegistered() && !this.#binding.hasExpired;
  }

  /** What is known of our binding. */
  get binding(): Readonly<Binding> {
    return this.#binding;
  }

  /** Address of record. */
  get uri(): string {
    return this.#account.uri;
  }

  /** Of the server that is or was connected to. */
  get url(): string {
    return this.#connection.url;
  }

  /** How many INVITE sessions are alive, or over without the far end knowing yet. */
  get liveSessions(): number {
    return this.#sessions.size + this.#outbox.size;
  }

  /** Skips the rest of the wait before the next connection attempt. */
  reconnectNow(): void {
    this.#connection.reconnectNow();
  }

  /** Asks the server for a sign of life now; a connection that stays silent is given up within 2 s. */
  probe(): void {
    this.#connection.probe();
  }

  /** Opens the WebSocket; `connected` or `connectFailed` follows. */
  start(): void {
    this.#connection.reconnectNow();
  }

  /** Sends a REGISTER; one that is under way is not repeated. */
  register(): void {
    this.#isRemoving = false;
    this.#raw.register();
  }

  /** Replaces the digest secret for requests from now on. */
  updateSecret(authorizationUsername: string, secret: SipSecret): void {
    this.#secret = secret;
    this.#raw.set('authorization_user', authorizationUsername);
    this.#restoreSecret();
  }

  /** Removes our binding; `unregistered` follows, unless there is none to remove (false). */
  unregister(): boolean {
    this.#connection.stay();
    const registrator = this.#raw._registrator;
    // JsSIP removes a binding only while it is sure of it. A REGISTER under way would bind us after all (removing
    // with a higher CSeq undoes it), and after a refused refresh the former binding still stands.
    if (registrator._registering || this.#binding.isHeld) registrator._registered = true;
    const isRemovable = this.#raw.isRegistered();
    this.#isRemoving = true;
    this.#binding.isHeld = false;
    if (this.isConnected) this.#restoreSessions();
    // Also without a binding: JsSIP would register by itself whenever the socket comes back.
    this.#raw.unregister();
    return isRemovable;
  }

  /**
   * Leaves our binding to the user agent that replaces it: it is neither renewed nor removed from here any more. Nor is
   * a REGISTER that is under way sent again when it is challenged.
   */
  release(): void {
    this.#isReleased = true;
    const registrator = this.#raw._registrator;
    stopTimer(registrator._registrationTimer ?? undefined);
    registrator._registering = registrator._registered = false;
    this.#binding.isHeld = false;
    if (!this.#stopped) this.unregister();
  }

  /** Takes this connection for lost, so that another one of several URLs is tried. */
  failOver(): void {
    this.#connection.giveUpIfSilentFor(0);
  }

  /**
   * Sends an INVITE as soon as the microphone is there and candidates are gathered.
   *
   * @throws VoiceSDKError `INVALID_ARGUMENT`, `MEDIA_FAILED`.
   */
  call(options: OutboundCall): SipSession {
    const domain = domainOf(this.#account.uri);
    const target = toTargetUri(options.to, domain);
    const fromUserName = options.from === undefined ? undefined : toCallerUser(options.from, domain);
    try {
      const raw = this.#raw.call(target, {
        // JsSIP only ever chains on it, so that a promise of a stream does as well as a stream.
        mediaStream: options.stream,
        mediaConstraints: { audio: true, video: false },
        pcConfig: this.pcConfig,
        extraHeaders: [...options.extraHeaders],
        ...(fromUserName === undefined ? {} : { fromUserName }),
        ...(options.displayName === undefined ? {} : { fromDisplayName: options.displayName }),
      });
      return this.#wrap(raw);
    } catch (error) {
      throw voiceError('MEDIA_FAILED', undefined, error);
    }
  }

  /** Takes in a session that was put together from outside. */
  adopt(build: (raw: RawUserAgent) => RawSession): SipSession {
    return this.#wrap(build(this.#raw));
  }

  /**
   * Ends every call and the registration, sending what the far ends must know at once, and closes the socket when
   * they have answered, after 2 s at the latest.
   */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#connection.stop();
    this.#restoring.stop();
    for (const session of [...this.#sessions.values()]) session.hangUp('destroyed');
    if (this.#raw.isConnected()) this.unregister();
    this.#outbox.close();
    this.#raw.stop();
    this.removeAllListeners();
  }

  /**
   * After the first challenge JsSIP forgets the password and keeps a hash for that one realm, so that a proxy of
   * another realm could not be answered any more.
   */
  #restoreSecret(): void {
    const secret = this.#secret;
    if ('password' in secret) {
      this.#raw.set('password', secret.password);
    } else {
      this.#raw.set('ha1', secret.ha1);
      this.#raw.set('realm', secret.realm);
    }
  }

  #restoreSessions(): void {
    this.#restoring.stop();
    const wasOwing = this.#outbox.size > 0;
    this.#outbox.flush();
    for (const session of this.#sessions.values()) session.onSocketRestored();
    if (wasOwing && this.liveSessions === 0) this.emit('idle');
  }

  #listen(): void {
    const raw = this.#raw;
    let isUp = false;
    raw.on('connecting', () => {
      this.emit('connecting', this.#connection.attempt);
    });
    raw.on('connected', () => {
      isUp = true;
      // JsSIP would register next, whoever waits for what.
      raw._dynConfiguration.register = false;
      this.emit('connected');
      if (this.#isRemoving) this.#restoreSessions();
      else if (this.liveSessions > 0) this.#restoring.start();
    });
    raw.on('disconnected', () => {
      if (!isUp) {
        this.emit('connectFailed');
        return;
      }
      isUp = false;
      this.#restoring.stop();
      for (const session of [...this.#sessions.values()]) session.onSocketLost();
      this.#outbox.refusals.clear();
      this.emit('disconnected');
    });
    raw.on('registered', () => {
      this.#restoreSessions();
      this.emit('registered');
    });
    raw.on('unregistered', (data: Partial<RawRegistrationFailure>) => {
      this.emit('unregistered', data.cause ? failureOf(data) : undefined);
    });
    raw.on('registrationFailed', (data: RawRegistrationFailure) => {
      if (data.response) this.#restoreSessions();
      this.emit('registerFailed', failureOf(data));
      if (!data.response) this.#connection.giveUpIfSilentFor(DEAD_AFTER_SILENCE_MS);
    });
    raw.on('newTransaction', ({ transaction }: { transaction: RawTransaction }) => {
      this.#restoreSecret();
      answerOptionsByDialog(this.#raw, transaction);
      const isOurs = transaction.type === 'nict';
      if (isOurs && transaction.request.method === 'REGISTER') this.#watchRegister(transaction);
      this.#sessions.get(transaction.request.call_id)?.watchTransaction(transaction);
    });
    raw.on('newRTCSession', ({ originator, session, request }: RawNewSession) => {
      const known = originator === 'remote' && this.#sessions.get(request.call_id);
      if (known) known.meetTwin(session, request);
      if (known || originator !== 'remote') return;
      const incoming = this.#wrap(session, request);
      const refusal = this.#outbox.refusals.get(incoming.callId);
      if (refusal === undefined) this.emit('incoming', incoming);
      else incoming.reject(refusal);
    });
  }

  /** JsSIP ignores a 2xx whose Contact is missing or not ours: it neither tells nor ever registers again. */
  #watchRegister(transaction: RawTransaction): void {
    const handlers = transaction.eventHandlers;
    this.#move.watch(transaction);
    const original = handlers.onReceiveResponse.bind(handlers);
    handlers.onReceiveResponse = (response) => {
      if (this.#isReleased || this.#move.endedBy(response)) return;
      if (response.status_code === STATUS_INTERVAL_TOO_BRIEF && this.#isTooBriefAgain()) {
        this.#abandonRegister(failureOf({ response }));
        return;
      }
      const isConfirmed = response.status_code >= 200 && response.status_code < 300 && !this.#isRemoving;
      if (isConfirmed) {
        this.#binding.confirmed();
        this.#tooBriefCount = 0;
      }
      boundLifetimes(response);
      const registrator = this.#raw._registrator;
      if (isConfirmed) this.#binding.lifetimeMs = 1000 * grantedSeconds(response, this.#raw);
      const wasRegistered = this.#raw.isRegistered();
      original(response);
      // Listeners may have removed the binding meanwhile.
      if (!isConfirmed || this.#isRemoving || this.#stopped) return;
      if (registrator._registering) return;
      if (registrator._registrationTimer === null)
        this.#abandonRegister({ reasonPhrase: 'the answer to REGISTER holds no Contact of ours' });
      // JsSIP tells of the first one only.
      else if (wasRegistered) this.emit('refreshed');
    };
  }

  /** JsSIP raises the interval and asks again at once, for as long as the server finds it too brief. */
  #isTooBriefAgain(): boolean {
    this.#tooBriefCount += 1;
    return this.#tooBriefCount > MOST_RAISES;
  }

  /** Brings JsSIP's registrator to rest where it would go on by itself, or wait for nothing. */
  #abandonRegister(failure: RegisterFailure): void {
    const registrator = this.#raw._registrator;
    registrator._registering = false;
    registrator._registered = false;
    this.#tooBriefCount = 0;
    this.emit('registerFailed', failure);
  }

  #wrap(raw: RawSession, request?: RawRequest): SipSession {
    if (request) ignoreOddExpires(raw, request);
    const session = new SipSession(raw, {
      logger: this.#logger,
      pcConfig: this.pcConfig,
      outbox: this.#outbox,
      codecs: new Codecs(this.#account.codecs ?? {}, this.#logger),
      ...(request ? { request } : {}),
    });
    const { callId } = session;
    this.#sessions.set(callId, session);
    this.#connection.callsChanged();
    session.once('ended', ({ reason, code }) => {
      this.#sessions.delete(callId);
      this.#connection.callsChanged();
      if (reason === 'rejected' && code && !this.isConnected) this.#outbox.refusals.set(callId, code);
      if (this.liveSessions === 0) this.emit('idle');
    });
    return session;
  }
}
