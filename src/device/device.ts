import { platformCredentials } from '../auth/fetch-credentials';
import type { TokenClaims } from '../auth/token';
import { TokenKeeper } from '../auth/token-keeper';
import type { SipCredentials } from '../auth/sip-credentials';
import type { Call } from '../call/call';
import { randomUuid } from '../core/clock';
import { Disposer } from '../core/disposer';
import { TypedEmitter } from '../core/emitter';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import { Logger } from '../core/logger';
import { SurfacedPromise } from '../core/surfaced-promise';
import { normalizeDeviceId, SYSTEM_DEFAULT } from '../media/browser';
import { type AudioDevice, enumerateAudioDevices, isOutputSelectionSupported } from '../media/devices';
import { Registration } from '../registration/registration';
import { Wake } from '../registration/wake';
import type { SipSession } from '../sip/session';
import { WakefulLock } from '../tabs/wakeful-lock';
import { CallKeeper } from './call-keeper';
import { Calls } from './calls';
import { checkConnectOptions, type ConnectOptions, type PlacedCall } from './connect-options';
import type { DeviceEvents } from './device-events';
import type { LineEvent } from './line';
import { type CheckedOptions, checkOptions, type DeviceOptions } from './options';
import type { SharedPhone } from './shared-phone';

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
  readonly #token: TokenKeeper;
  readonly #wakefulLock = new WakefulLock();
  readonly #registration: Registration;
  readonly #calls: Calls;
  readonly #instance = { id: randomUuid() };
  readonly #keeper: CallKeeper;
  /** With `multiTab`, from `register()` on: the phone of all tabs. */
  #shared: SharedPhone | undefined;
  #sharing: Promise<void> | undefined;
  /** With `multiTab`, where this browser cannot share. */
  #isAlone = false;

  /**
   * @throws VoiceSDKError `INVALID_ARGUMENT` for an option that cannot be used. A bad token is reported by
   * `register()`, not here.
   */
  constructor(options: DeviceOptions) {
    super();
    this.#options = checkOptions(options);
    this.#logger = new Logger(this.#options.logLevel);
    this.#token = new TokenKeeper(
      options.token,
      this.#options.tokenExpiryLeadMs,
      this.#options.fetchCredentials ?? platformCredentials(this.#options.apiBaseUrl),
    );
    const wake = new Wake();
    const instance = this.#instance;
    this.#registration = new Registration({
      obtainCredentials: (signal) => this.#obtainCredentials(signal),
      serverNow: () => this.#token.clock.now(),
      iceServers: this.#options.iceServers,
      iceTransportPolicy: this.#options.iceTransportPolicy,
      // Read when the account is made, which waits for it.
      get instanceId() {
        return instance.id;
      },
      wake,
      logger: this.#logger.child('registration'),
    });
    this.#calls = new Calls(this.#options, this.#logger, () => this.#registration.freshIceServers());
    this.#keeper = this.#keepCalls();
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
   * meanwhile), `TAB_LOST` (with `multiTab`: the tab that leads does not answer); AuthError `AUTH_ERROR`; RegistrationError `REGISTRATION_FAILED`, `SIGNALING_UNREACHABLE`.
   */
  register(): Promise<void> {
    return this.#surfaced(async () => {
      this.#assertAlive();
      if (typeof WebSocket !== 'function' || typeof RTCPeerConnection !== 'function')
        throw voiceError('BROWSER_UNSUPPORTED');
      const token = this.#token.usable();
      if (!this.#token.watch.isWatching) this.#token.watch.watch(token);
      if (this.#options.multiTab) await (this.#sharing ??= this.#share(token.claims.user_uuid));
      await (this.#shared ?? this.#registration).register();
    });
  }

  /**
   * Calls a number or a user; resolves once the INVITE is sent. What becomes of it is for the Call's events.
   *
   * @throws VoiceSDKError `INVALID_ARGUMENT`, `DESTROYED`, `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`,
   * `MICROPHONE_BUSY`, `MICROPHONE_FAILED`, `BROWSER_UNSUPPORTED` (no microphone access, as on a page without HTTPS),
   * `MEDIA_FAILED`, `TAB_LOST`; RegistrationError `NOT_REGISTERED`, `SIGNALING_LOST`; TokenError `TOKEN_EXPIRED`, and before
   * `register()` those of a token that cannot be used.
   */
  connect(options: ConnectOptions): Promise<Call> {
    return this.#surfaced(async () => {
      this.#assertAlive();
      const checked = checkConnectOptions(options, this.#options.defaultExtraHeaders);
      this.#token.usable();
      return this.#shared ? this.#shared.place(checked) : this.#place(checked);
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
      this.#token.replace(jwt);
      this.#registration.renewCredentials();
      this.#shared?.onTokenRenewed();
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
      if (this.#sharing) await this.#sharing;
      // Another tab may register this one again.
      if (!this.#shared) this.#token.watch.stop();
      await (this.#shared ?? this.#registration).unregister();
    });
  }

  /**
   * Ends every call, removes the registration and gives everything back. What the servers must know leaves before
   * it returns, so that it works in `pagehide`; the SDK calls it there itself. Safe to call twice.
   */
  destroy(): void {
    if (this.#disposer.disposed) return;
    this.#disposer.dispose();
    this.#token.watch.stop();
    this.#registration.dispose();
    this.#wakefulLock.release();
    this.#keeper.dispose();
    this.#calls.dispose();
    this.#shared?.dispose();
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
      await (this.#shared ?? this.#calls).setInputDevice(deviceId);
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
      await (this.#shared ?? this.#calls).setOutputDevice(deviceId);
    });
  }

  /** Whether calls can come in and go out right now. */
  isRegistered(): boolean {
    return (this.#shared ?? this.#registration).isRegistered;
  }

  /**
   * Whether this tab holds the registration and the audio. Always true without `multiTab`; with it false before
   * `register()`, and while another tab leads.
   */
  isLeader(): boolean {
    return this.#shared?.isLeader ?? (!this.#options.multiTab || this.#isAlone);
  }

  /**
   * The claims of the current token.
   *
   * @throws TokenError `TOKEN_INVALID`, `TOKEN_NO_EXPIRY`, `TOKEN_NOT_YET_VALID`
   */
  get identity(): TokenClaims {
    return this.#token.current.claims;
  }

  /** The agent's display name, where the token has one. @throws TokenError as for {@link Device.identity} */
  get label(): string | undefined {
    return this.identity.label;
  }

  /** When the current token expires. @throws TokenError as for {@link Device.identity} */
  get tokenExpiresAt(): Date {
    return this.#token.current.expiresAt;
  }

  #connectParts(wake: Wake): void {
    const registration = this.#registration;
    registration.on('registered', () => {
      this.#wakefulLock.acquire();
      this.#onLine('registered');
    });
    registration.on('unregistered', (detail) => {
      this.#wakefulLock.release();
      this.#onLine('unregistered', detail);
    });
    registration.on('reconnecting', (detail) => {
      this.#onLine('reconnecting', detail);
    });
    registration.on('reconnected', () => {
      this.#onLine('reconnected');
    });
    registration.on('error', (error) => {
      this.#report(error);
    });
    registration.on('incoming', (session) => {
      this.#onInvite(session);
    });
    this.#calls.on('incoming', (call) => {
      this.#onLine('incoming', call);
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
    this.#token.watch.on('willExpire', ({ expiresAt }) => {
      this.emit('tokenWillExpire', { expiresAt });
    });
    this.#token.watch.on('expired', () => {
      this.#report(voiceError('TOKEN_EXPIRED'));
      this.#shared?.onTokenExpired();
    });
    wake.on('wake', () => {
      this.#token.watch.check();
      this.#calls.networkChanged();
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
      isShared: this.#options.multiTab,
      instance: this.#instance,
      scope: () => `${this.#options.apiBaseUrl} ${this.identity.user_uuid}`,
      calls: this.#calls,
      logger: this.#logger.child('recovery'),
      onRecovered: (call) => {
        this.#onLine('recovered', call);
      },
      onLost: (lost) => {
        this.emit('callLost', lost);
      },
    });
  }

  #onLine(...event: LineEvent): void {
    if (this.#shared) this.#shared.onLocal(...event);
    else this.emit(event[0], ...(event.slice(1) as never));
  }

  async #obtainCredentials(signal: AbortSignal): Promise<SipCredentials> {
    this.#token.usable();
    await this.#keeper.prepare(this.#registration);
    return this.#token.obtainCredentials(signal);
  }

  async #share(userUuid: string): Promise<void> {
    try {
      // Loaded only where it is used: most pages have one tab.
      const { shareTabs } = await import('./shared-phone');
      this.#assertAlive();
      this.#shared = shareTabs(`${this.#options.apiBaseUrl}/${userUuid}`, {
        registration: this.#registration,
        calls: this.#calls,
        instance: this.#instance,
        logger: this.#logger.child('tabs'),
        place: async (options) => this.#place(checkConnectOptions(options)),
        emit: (event, ...args: readonly unknown[]) => {
          this.emit(event, ...(args as never));
        },
        onTakeOver: () => undefined,
      });
    } catch (error) {
      this.#assertAlive();
      this.#isAlone = true;
      this.#report(asVoiceError(error, 'UNSUPPORTED'));
    }
  }

  async #place(options: PlacedCall): Promise<Call> {
    const { userAgent, state } = this.#registration;
    if (state === 'recovering') throw voiceError('SIGNALING_LOST');
    if (!userAgent || state !== 'registered') throw voiceError('NOT_REGISTERED');
    return this.#calls.place(userAgent, options);
  }

  #onInvite(session: SipSession): void {
    // An agent whose token ran out takes no new calls; 480 lets the caller's queue go on to the next agent.
    if (this.#token.isExpired) session.reject(480);
    else this.#calls.receive(session);
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
