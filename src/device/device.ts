import { platformCredentials } from '../auth/fetch-credentials';
import type { TokenClaims } from '../auth/token';
import { TokenKeeper } from '../auth/token-keeper';
import type { SipCredentials } from '../auth/sip-credentials';
import type { Call } from '../call/call';
import type { LiveCall } from '../call/live-call';
import { randomUuid } from '../core/clock';
import { Disposer } from '../core/disposer';
import { TypedEmitter } from '../core/emitter';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import type { LogWriter } from '../core/log-book';
import { checkWriter, Logger } from '../core/logger';
import { SurfacedPromise } from '../core/surfaced-promise';
import { normalizeDeviceId, SYSTEM_DEFAULT } from '../media/browser';
import { type AudioDevice, enumerateAudioDevices, isOutputSelectionSupported } from '../media/devices';
import { Registration } from '../registration/registration';
import { Wake } from '../registration/wake';
import { WakefulLock } from '../tabs/wakeful-lock';
import { CallKeeper } from './call-keeper';
import { Calls } from './calls';
import { askBeforeLeaving } from './close-protection';
import { checkConnectOptions, type ConnectOptions, type PlacedCall } from './connect-options';
import type { DeviceAudio } from './device-audio';
import type { DeviceEvents } from './device-events';
import type { Diagnostics } from './diagnostics';
import type { DiagnosedDevice } from './export-diagnostics';
import type { LineEvent } from './line';
import { LiveDeviceAudio } from './live-device-audio';
import { loadDiagnostics } from './load-diagnostics';
import { type CheckedOptions, checkOptions, type DeviceOptions } from './options';
import { Preflight } from './preflight/preflight';
import type { PreflightOptions } from './preflight/report';
import type { SharedPhone } from './shared-phone';
import { Sharing } from './sharing';
import { connectParts } from './wiring';

/**
 * One agent's phone. Opens nothing before `register()`; `destroy()` gives everything back.
 *
 * Methods that return a promise may be called without awaiting it: a failure that nobody handles arrives as an
 * `error` event and is never an unhandled rejection.
 */
export class Device extends TypedEmitter<DeviceEvents> {
  /** Microphones, speakers and sounds: what changes among them, and how they are set. */
  readonly audio: DeviceAudio;
  readonly #audio: LiveDeviceAudio;

  readonly #options: CheckedOptions;
  readonly #logger: Logger;
  readonly #disposer = new Disposer();
  readonly #token: TokenKeeper;
  readonly #wakefulLock = new WakefulLock();
  readonly #registration: Registration;
  readonly #calls: Calls;
  readonly #instance = { id: randomUuid() };
  readonly #keeper: CallKeeper;
  readonly #sharing: Sharing;

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
      codecs: this.#options.codecs,
      // Read when the account is made, which waits for it.
      get instanceId() {
        return instance.id;
      },
      wake,
      logger: this.#logger.child('registration'),
    });
    this.#calls = new Calls(this.#options, this.#logger, () => this.#registration.freshIceServers());
    this.#keeper = this.#keepCalls();
    this.#sharing = this.#shareTabs();
    this.audio = this.#audio = new LiveDeviceAudio({
      settings: this.#calls.settings,
      sounds: this.#calls.sounds,
      shared: () => this.#shared,
      isRemembered: this.#options.rememberDevices,
      levelWorkletUrl: this.#options.levelWorkletUrl,
      logger: this.#logger.child('media'),
      onError: this.#report,
    });
    this.#connectParts(wake);
  }

  /** Finds out whether this agent can take calls here; begins at once. @throws VoiceSDKError `INVALID_ARGUMENT` */
  static preflight(options: PreflightOptions): Preflight {
    return new Preflight(options);
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
      const remembering = this.#audio.begin(`${this.#options.apiBaseUrl} ${token.claims.user_uuid}`);
      if (this.#options.multiTab) await this.#sharing.join(token.claims.user_uuid);
      if (remembering) await remembering;
      this.#assertAlive();
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
      // Not a turn later where there is nothing to wait for: what is asked next comes after.
      if (this.#sharing.joining) await this.#sharing.joining;
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
    this.#registration.dispose(this.#shared?.hasSuccessor);
    this.#wakefulLock.release();
    this.#keeper.dispose();
    this.#calls.dispose();
    this.#shared?.dispose();
    this.#audio.dispose();
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
      await this.#audio.choose('setInputDevice', deviceId);
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
      // Without a call there is nothing to try it on, and the agent should hear of it before one comes in.
      if (normalizeDeviceId(deviceId) !== SYSTEM_DEFAULT && !isOutputSelectionSupported())
        throw voiceError('UNSUPPORTED', 'This browser cannot choose the output device.');
      await this.#audio.choose('setOutputDevice', deviceId);
    });
  }

  /**
   * What support needs to say why this phone did what it did, in a call too: the log, SIP messages, call reports and the
   * environment, without credentials, numbers, persons and IP addresses; see {@link Diagnostics}. It goes nowhere by itself.
   * Also after `destroy()`. @throws VoiceSDKError `UNSUPPORTED` when the part that does it cannot be loaded, or fails
   */
  exportDiagnostics(): Promise<Diagnostics> {
    return this.#surfaced(async () => (await loadDiagnostics()).diagnosePhone(this.#diagnosed));
  }

  /**
   * Sends the lines of `logLevel` to a log of yours in place of the console; undefined gives them back to it.
   *
   * @throws VoiceSDKError `INVALID_ARGUMENT` for an object that lacks one of `error`, `warn`, `info`, `debug`
   */
  setLogger(writer: LogWriter | undefined): void {
    this.#logger.book.writer = checkWriter(writer);
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
    return this.#sharing.isLeader;
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

  get #diagnosed(): DiagnosedDevice {
    return {
      book: this.#logger.book,
      options: this.#options,
      token: this.#token,
      registration: this.#registration,
      calls: this.#calls,
      sharing: this.#sharing,
    };
  }

  #connectParts(wake: Wake): void {
    connectParts({
      registration: this.#registration,
      calls: this.#calls,
      token: this.#token,
      wake,
      wakefulLock: this.#wakefulLock,
      onLine: this.#onLine,
      onTokenExpired: () => this.#shared?.giveWay(voiceError('TOKEN_EXPIRED').message),
      onLeave: () => {
        if (!this.#keeper.leave()) this.destroy();
      },
      onError: this.#report,
      emit: (event, ...args) => {
        this.emit(event, ...(args as never));
      },
    });
    this.#disposer.add(wake.dispose.bind(wake));
    if (this.#options.closeProtection) this.#disposer.add(askBeforeLeaving(() => this.#calls.isLive));
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
      onSettled: () => this.#shared?.onRecoverySettled(),
    });
  }

  get #shared(): SharedPhone | undefined {
    return this.#sharing.phone;
  }

  #shareTabs(): Sharing {
    return new Sharing({
      isWanted: this.#options.multiTab,
      apiBaseUrl: this.#options.apiBaseUrl,
      local: {
        registration: this.#registration,
        calls: this.#calls,
        instance: this.#instance,
        logger: this.#logger.child('tabs'),
        exportDiagnostics: async () => (await loadDiagnostics()).diagnoseTab(this.#diagnosed),
        place: async (options) => this.#place(checkConnectOptions(options)),
        recoversCalls: this.#options.recoverCalls,
        prepareToLead: this.#keeper.preload.bind(this.#keeper),
        emit: (event, ...args: readonly unknown[]) => {
          this.emit(event, ...(args as never));
        },
      },
      isDestroyed: () => this.#disposer.disposed,
      onUnsupported: this.#report,
    });
  }

  readonly #onLine = (...event: LineEvent): void => {
    if (this.#shared) this.#shared.onLocal(...event);
    else this.emit(event[0], ...(event.slice(1) as never));
  };

  async #obtainCredentials(signal: AbortSignal): Promise<SipCredentials> {
    this.#token.usable();
    await this.#keeper.prepare(this.#registration);
    return this.#token.obtainCredentials(signal);
  }

  async #place(options: PlacedCall): Promise<LiveCall> {
    const { userAgent, state } = this.#registration;
    if (state === 'recovering') throw voiceError('SIGNALING_LOST');
    if (!userAgent || state !== 'registered') throw voiceError('NOT_REGISTERED');
    return this.#calls.place(userAgent, options);
  }

  #assertAlive(): void {
    if (this.#disposer.disposed) throw voiceError('DESTROYED');
  }

  readonly #report = (error: VoiceSDKError): void => {
    this.#logger.warn('error', error);
    this.emit('error', error);
  };

  #surfaced<T>(action: () => Promise<T>): Promise<T> {
    return SurfacedPromise.from(action(), (error) => {
      this.#report(asVoiceError(error, 'MEDIA_FAILED'));
    });
  }
}
