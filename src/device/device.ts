import { obtainCredentials, platformCredentials } from '../auth/fetch-credentials';
import type { FetchCredentials } from '../auth/sip-credentials';
import { type AccessToken, assertNotExpired, readToken, type TokenClaims } from '../auth/token';
import { TokenWatch } from '../auth/token-watch';
import type { Call } from '../call/call';
import { nowMs } from '../core/clock';
import { Disposer } from '../core/disposer';
import { TypedEmitter } from '../core/emitter';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import { Logger } from '../core/logger';
import { SurfacedPromise } from '../core/surfaced-promise';
import { normalizeDeviceId, SYSTEM_DEFAULT } from '../media/browser';
import { type AudioDevice, enumerateAudioDevices, isOutputSelectionSupported } from '../media/devices';
import { Registration } from '../registration/registration';
import { Wake } from '../registration/wake';
import { assertSingleLine } from '../sip/address';
import { checkExtraHeaders } from '../sip/headers';
import type { SipSession } from '../sip/session';
import { CallKeeper } from './call-keeper';
import { Calls } from './calls';
import type { DeviceEvents } from './device-events';
import { type CheckedOptions, checkOptions, type DeviceOptions } from './options';

/** What to call, and as whom. */
export interface ConnectOptions {
  /** Telephone number in any usual notation, user name, or SIP URI (RFC 3261 section 19.1) of the account's own domain. */
  readonly to: string;
  /**
   * Caller ID, the user part of From (RFC 3261 section 8.1.1.3): a number or user name that the account may use.
   * Default: the account itself.
   */
  readonly from?: string;
  /** Name shown to the far end, at most 128 characters on one line. Default: the one of the account. */
  readonly displayName?: string;
  /**
   * Raw SIP headers (`Name: value`) on this INVITE, after `defaultExtraHeaders`; at most 32 lines of 1024 characters.
   * Those that the SIP stack sets itself are refused. Default: none.
   */
  readonly extraHeaders?: readonly string[];
}

/** Not from a standard: what any phone can show, and far from what a proxy refuses. */
const LONGEST_DISPLAY_NAME = 128;

/**
 * One agent's phone. Opens nothing before `register()`; `destroy()` gives everything back.
 *
 * Methods that return a promise may be called without awaiting it: a failure that nobody handles arrives as an
 * `error` event and is never an unhandled rejection.
 */
export class Device extends TypedEmitter<DeviceEvents> {
  readonly #options: CheckedOptions;
  readonly #logger: Logger;
  readonly #disposer = new Disposer();
  readonly #fetchCredentials: FetchCredentials;
  readonly #tokenWatch: TokenWatch;
  readonly #registration: Registration;
  readonly #calls: Calls;
  readonly #keeper: CallKeeper;
  #jwt: string;
  #read: AccessToken | undefined;

  /**
   * @throws VoiceSDKError `INVALID_ARGUMENT` for an option that cannot be used. A bad token is reported by
   * `register()`, not here.
   */
  constructor(options: DeviceOptions) {
    super();
    this.#options = checkOptions(options);
    this.#jwt = options.token;
    this.#logger = new Logger(this.#options.logLevel);
    this.#fetchCredentials = this.#options.fetchCredentials ?? platformCredentials(this.#options.apiBaseUrl);
    this.#tokenWatch = new TokenWatch(this.#options.tokenExpiryLeadMs);
    const wake = new Wake();
    this.#calls = new Calls(this.#options, this.#logger);
    const keeper = this.#keepCalls();
    this.#keeper = keeper;
    this.#registration = new Registration({
      obtainCredentials: (signal) => this.#obtainCredentials(signal),
      iceServers: this.#options.iceServers,
      iceTransportPolicy: this.#options.iceTransportPolicy,
      // Read when the account is made, which waits for it.
      get instanceId() {
        return keeper.instanceId;
      },
      wake,
      logger: this.#logger.child('registration'),
    });
    this.#disposer.add(() => {
      wake.dispose();
    });
    this.#connectParts(wake);
  }

  /**
   * Fetches SIP credentials, opens the WebSocket and registers; resolves when the server confirms. Calling it at
   * once or when registered is the same registration.
   *
   * @throws TokenError `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_NO_EXPIRY`, `TOKEN_NOT_YET_VALID`; VoiceSDKError
   * `CONFIG_FETCH_FAILED`, `BROWSER_UNSUPPORTED`, `DESTROYED`, `INVALID_STATE` (`unregister()` was called
   * meanwhile); AuthError `AUTH_ERROR`; RegistrationError `REGISTRATION_FAILED`, `SIGNALING_UNREACHABLE`.
   */
  register(): Promise<void> {
    return this.#surfaced(async () => {
      this.#assertAlive();
      if (typeof WebSocket !== 'function' || typeof RTCPeerConnection !== 'function')
        throw voiceError('BROWSER_UNSUPPORTED');
      const token = this.#usableToken();
      if (!this.#tokenWatch.isWatching) this.#tokenWatch.watch(token);
      await this.#registration.register();
    });
  }

  /**
   * Calls a number or a user; resolves once the INVITE is sent. What becomes of it is for the Call's events.
   *
   * @throws VoiceSDKError `INVALID_ARGUMENT`, `DESTROYED`, `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`,
   * `MICROPHONE_BUSY`, `MICROPHONE_FAILED`, `BROWSER_UNSUPPORTED` (no microphone access, as on a page without HTTPS),
   * `MEDIA_FAILED`; RegistrationError `NOT_REGISTERED`, `SIGNALING_LOST`; TokenError `TOKEN_EXPIRED`, and before
   * `register()` those of a token that cannot be used.
   */
  connect(options: ConnectOptions): Promise<Call> {
    return this.#surfaced(async () => {
      this.#assertAlive();
      const { to, from, displayName, extraHeaders } = checkConnectOptions(options);
      assertNotExpired(this.#token(), nowMs());
      const { userAgent, state } = this.#registration;
      if (state === 'recovering') throw voiceError('SIGNALING_LOST');
      if (!userAgent || state !== 'registered') throw voiceError('NOT_REGISTERED');
      return this.#calls.place(userAgent, {
        to,
        ...(from === undefined ? {} : { from }),
        ...(displayName === undefined ? {} : { displayName }),
        extraHeaders: [...this.#options.defaultExtraHeaders, ...extraHeaders],
      });
    });
  }

  /**
   * Replaces the token in place: live calls and the registration go on, and credentials for the new token are
   * fetched in the background. Rejects, and changes nothing, when the token cannot be used.
   *
   * @throws TokenError `TOKEN_USER_MISMATCH`, `TOKEN_EXPIRED`, `TOKEN_INVALID`, `TOKEN_NO_EXPIRY`,
   * `TOKEN_NOT_YET_VALID`; VoiceSDKError `DESTROYED`
   */
  updateToken(jwt: string): Promise<void> {
    return this.#surfaced(async () => {
      this.#assertAlive();
      const token = readToken(jwt, nowMs());
      assertNotExpired(token, nowMs());
      const current = this.#readableToken();
      if (current && token.claims.user_uuid !== current.claims.user_uuid)
        throw voiceError('TOKEN_USER_MISMATCH');
      this.#jwt = jwt;
      if (this.#tokenWatch.isWatching) this.#tokenWatch.watch(token);
      this.#registration.renewCredentials();
      await Promise.resolve();
    });
  }

  /**
   * Removes the registration and closes the WebSocket, the latter when the last live call has ended. Without a
   * registration it does nothing. Never rejects: what the server did not confirm is an `error` event
   * (`UNREGISTER_ERROR`).
   */
  unregister(): Promise<void> {
    return this.#surfaced(async () => {
      if (this.#disposer.disposed) return;
      this.#tokenWatch.stop();
      await this.#registration.unregister();
    });
  }

  /**
   * Ends every call, removes the registration and gives everything back. What the servers must know leaves before
   * it returns, so that it works in `pagehide`; the SDK calls it there itself. Safe to call twice.
   */
  destroy(): void {
    if (this.#disposer.disposed) return;
    this.#disposer.dispose();
    this.#tokenWatch.stop();
    this.#registration.dispose();
    this.#keeper.dispose();
    this.#calls.dispose();
    this.removeAllListeners();
    this.#logger.info('destroyed');
  }

  /**
   * Microphones and speakers. Their labels are empty until the page was once allowed to use the microphone.
   *
   * @throws VoiceSDKError `BROWSER_UNSUPPORTED`, `MICROPHONE_DENIED` (page policy), `MICROPHONE_FAILED`
   */
  enumerateDevices(): Promise<AudioDevice[]> {
    return this.#surfaced(() => enumerateAudioDevices());
  }

  /**
   * Prefers a microphone; live calls follow unless they chose their own, and calls that begin from now on take it.
   * Opens nothing while there is no call. When one live call cannot follow, it rejects, the former preference holds
   * again and the calls that had followed go back to it.
   *
   * @param deviceId from `enumerateDevices()`; `''` or `'default'` is the system's default.
   * @throws VoiceSDKError `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`, `MICROPHONE_BUSY`, `MICROPHONE_FAILED`,
   * `BROWSER_UNSUPPORTED`, `INVALID_ARGUMENT`, `DESTROYED`
   */
  setInputDevice(deviceId: string): Promise<void> {
    return this.#surfaced(async () => {
      this.#assertAlive();
      assertDeviceId(deviceId);
      await this.#calls.setInputDevice(deviceId);
    });
  }

  /**
   * Prefers a speaker for calls and the ringtone, in the same way as `setInputDevice()` a microphone.
   *
   * @param deviceId from `enumerateDevices()`; `''` or `'default'` is the system's default.
   * @throws VoiceSDKError `UNSUPPORTED` (Safari has no W3C Audio Output Devices API), `OUTPUT_DEVICE_FAILED`,
   * `INVALID_ARGUMENT`, `DESTROYED`
   */
  setOutputDevice(deviceId: string): Promise<void> {
    return this.#surfaced(async () => {
      this.#assertAlive();
      assertDeviceId(deviceId);
      // Without a call there is nothing to try it on, and the agent should hear of it before one comes in.
      if (normalizeDeviceId(deviceId) !== SYSTEM_DEFAULT && !isOutputSelectionSupported())
        throw voiceError('UNSUPPORTED', 'This browser cannot choose the output device.');
      await this.#calls.setOutputDevice(deviceId);
    });
  }

  /** Whether calls can come in and go out right now. */
  isRegistered(): boolean {
    return this.#registration.isRegistered;
  }

  /**
   * The claims of the current token.
   *
   * @throws TokenError `TOKEN_INVALID`, `TOKEN_NO_EXPIRY`, `TOKEN_NOT_YET_VALID`
   */
  get identity(): TokenClaims {
    return this.#token().claims;
  }

  /** The agent's display name, where the token has one. @throws TokenError as for {@link Device.identity} */
  get label(): string | undefined {
    return this.identity.label;
  }

  /** When the current token expires. @throws TokenError as for {@link Device.identity} */
  get tokenExpiresAt(): Date {
    return this.#token().expiresAt;
  }

  #connectParts(wake: Wake): void {
    const registration = this.#registration;
    registration.on('registered', () => {
      this.emit('registered');
    });
    registration.on('unregistered', (detail) => {
      this.emit('unregistered', detail);
    });
    registration.on('reconnecting', (detail) => {
      this.emit('reconnecting', detail);
    });
    registration.on('reconnected', () => {
      this.emit('reconnected');
    });
    registration.on('error', (error) => {
      this.#report(error);
    });
    registration.on('incoming', (session) => {
      this.#onInvite(session);
    });
    this.#calls.on('incoming', (call) => {
      this.emit('incoming', call);
    });
    this.#calls.on('error', (error) => {
      this.#report(error);
    });
    this.#calls.on('audioBlocked', () => {
      this.emit('audioBlocked');
    });
    this.#calls.on('audioUnblocked', () => {
      this.emit('audioUnblocked');
    });
    this.#tokenWatch.on('willExpire', ({ expiresAt }) => {
      this.emit('tokenWillExpire', { expiresAt });
    });
    this.#tokenWatch.on('expired', () => {
      this.#report(voiceError('TOKEN_EXPIRED'));
    });
    wake.on('wake', () => {
      this.#tokenWatch.check();
    });
    wake.on('leave', () => {
      if (!this.#keeper.leave()) this.destroy();
    });
    if (this.#options.closeProtection)
      this.#disposer.listen(globalThis, 'beforeunload', (event) => {
        if (!this.#calls.isLive) return;
        event.preventDefault();
        // Chrome before 119 asks only when there is a value to return.
        Reflect.set(event, 'returnValue', true);
      });
  }

  #keepCalls(): CallKeeper {
    return new CallKeeper({
      isWanted: this.#options.recoverCalls,
      scope: () => `${this.#options.apiBaseUrl} ${this.identity.user_uuid}`,
      calls: this.#calls,
      logger: this.#logger.child('recovery'),
      onRecovered: (call) => {
        this.emit('recovered', call);
      },
      onLost: (lost) => {
        this.emit('callLost', lost);
      },
    });
  }

  #onInvite(session: SipSession): void {
    // An agent whose token ran out takes no new calls; 480 lets the caller's queue go on to the next agent.
    if (this.#token().expiresAt.getTime() <= nowMs()) session.reject(480);
    else this.#calls.receive(session);
  }

  async #obtainCredentials(signal: AbortSignal): ReturnType<FetchCredentials> {
    const token = this.#usableToken();
    await this.#keeper.prepare(this.#registration);
    return obtainCredentials(this.#fetchCredentials, token.jwt, signal);
  }

  #token(): AccessToken {
    const known = this.#read;
    // Compared only with what was read: a JavaScript caller may have passed undefined.
    if (known && known.jwt === this.#jwt) return known;
    const read = readToken(this.#jwt, nowMs());
    this.#read = read;
    return read;
  }

  /** Undefined while the Device has nothing but a token that cannot be read. */
  #readableToken(): AccessToken | undefined {
    try {
      return this.#token();
    } catch {
      return undefined;
    }
  }

  #usableToken(): AccessToken {
    const token = this.#token();
    assertNotExpired(token, nowMs());
    return token;
  }

  #assertAlive(): void {
    if (this.#disposer.disposed) throw voiceError('DESTROYED');
  }

  #report(error: VoiceSDKError): void {
    this.#logger.warn('error', error);
    this.emit('error', error);
  }

  #surfaced<T>(action: () => Promise<T>): Promise<T> {
    return SurfacedPromise.from(action(), (error) => {
      this.#report(asVoiceError(error, 'MEDIA_FAILED'));
    });
  }
}

function assertDeviceId(deviceId: unknown): void {
  if (typeof deviceId !== 'string') throw voiceError('INVALID_ARGUMENT', 'A device id is a string.');
}

function checkConnectOptions(
  options: ConnectOptions,
): Required<Pick<ConnectOptions, 'to' | 'extraHeaders'>> & ConnectOptions {
  const given = options as ConnectOptions | null | undefined;
  if (typeof given !== 'object' || given === null)
    throw voiceError('INVALID_ARGUMENT', 'connect() takes an object with to.');
  if (given.displayName !== undefined) {
    if (typeof given.displayName !== 'string' || given.displayName.length > LONGEST_DISPLAY_NAME)
      throw voiceError(
        'INVALID_ARGUMENT',
        `displayName is not a string of at most ${LONGEST_DISPLAY_NAME} characters.`,
      );
    assertSingleLine(given.displayName, 'displayName');
  }
  return { ...given, extraHeaders: checkExtraHeaders(given.extraHeaders, 'extraHeaders') };
}
