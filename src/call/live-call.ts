import { monotonicMs } from '../core/clock';
import { TypedEmitter } from '../core/emitter';
import { asVoiceError, voiceError } from '../core/errors';
import type { Logger } from '../core/logger';
import { SurfacedPromise } from '../core/surfaced-promise';
import { StateMachine } from '../core/transitions';
import type { LostDevice } from '../media/devices';
import type { RemoteAudio } from '../media/remote-audio';
import type { SipEnd } from '../sip/end-reason';
import type { SipSession } from '../sip/session';
import type { Call, CallEvents, DisconnectInfo, RawCallSession } from './call';
import { causeOf, describeEnd, quietEndCode } from './call-end';
import type { CallFeedback } from './call-feedback';
import { CallAudio } from './call-audio';
import { type CallTimings, SetupClock } from './call-timings';
import { CallQuality } from './call-quality';
import type { CallReport } from './call-report';
import { CallLevels } from './call-levels';
import { CALL_TRANSITIONS, type CallStatus, type CallTransition, isOver } from './call-state';
import { Continuity, type FreshIceServers } from './continuity';
import { Dtmf } from './dtmf';
import { Hold } from './hold';
import type { RemoteIdentity } from './remote-identity';

export interface LiveCallOptions {
  readonly session: SipSession;
  readonly audio: CallAudio;
  readonly remoteAudio: RemoteAudio;
  readonly remote: RemoteIdentity;
  readonly customHeaders: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** Where a copy of `level-worklet.js` is. */
  readonly levelWorkletUrl?: string | undefined;
  /** Asked before a new media path is made. */
  readonly freshIceServers?: FreshIceServers | undefined;
  /** Whether the ringtone may sound for this call. */
  readonly onAlerting: (isAlerting: boolean) => void;
  /** When it began, on the monotonic clock. Default: now. */
  readonly startedAtMs?: number | undefined;
  /** What is to be kept of the call when it is over, and when feedback comes later. */
  readonly onReport: (report: CallReport) => void;
  /** A digit is being sent. */
  readonly onDigit?: (digit: string) => void;
  /** Of a call that another page held before. */
  readonly restored?: RestoredCall;
}

/** What a call was before its page went away. */
export interface RestoredCall {
  readonly isMuted: boolean;
  readonly isOnHold: boolean;
  /** How long ago both sides were connected. */
  readonly acceptedForMs: number;
}

/** A {@link Call} over one SIP session. It joins the parts and holds the state; what they do is theirs. */
export class LiveCall extends TypedEmitter<CallEvents> implements Call {
  readonly direction: 'inbound' | 'outbound';
  readonly remoteIdentity?: string;
  readonly remoteDisplayName?: string;
  readonly customHeaders: Readonly<Record<string, string>>;

  readonly #session: SipSession;
  readonly #audio: CallAudio;
  readonly #levels: CallLevels;
  readonly #hold: Hold;
  readonly #dtmf: Dtmf;
  readonly #continuity: Continuity;
  readonly #setup: SetupClock;
  readonly #quality: CallQuality;
  readonly #logger: Logger;
  readonly #machine: StateMachine<CallStatus, CallTransition>;
  readonly #onAlerting: (isAlerting: boolean) => void;
  #accepting: Promise<void> | undefined;
  #acceptedAtMs: number | undefined;
  #isOnRemoteHold = false;
  #hasEarlyMedia = false;
  #endError: Error | undefined;

  constructor(options: LiveCallOptions) {
    super();
    const { session, audio, remote, restored } = options;
    this.direction = session.direction;
    this.remoteIdentity = remote.address;
    if (remote.displayName !== undefined) this.remoteDisplayName = remote.displayName;
    this.customHeaders = options.customHeaders;
    this.#session = session;
    this.#audio = audio;
    this.#setup = new SetupClock(options);
    this.#logger = options.logger;
    this.#onAlerting = options.onAlerting;
    this.#machine = new StateMachine(
      CALL_TRANSITIONS,
      this.direction === 'inbound' ? 'ringing' : 'pending',
      (status, event) => {
        this.#logger.debug(`${event} is not possible while ${status}`);
      },
    );
    this.#hold = new Hold({
      negotiate: (on) => session.setHold(on),
      isOnline: () => session.isOnline,
      online: () => session.online(),
      silence: (on) => {
        audio.setHeld(on);
      },
      onChange: (isOnHold) => {
        this.emit('hold', isOnHold);
      },
      isOnHold: restored?.isOnHold ?? false,
    });
    if (restored) {
      audio.setMuted(restored.isMuted);
      audio.setHeld(restored.isOnHold);
      this.#acceptedAtMs = monotonicMs() - restored.acceptedForMs;
    }
    this.#dtmf = new Dtmf({
      connection: () => session.peerConnection,
      sendInfoDigit: (digit, durationMs) => session.sendInfoDigit(digit, durationMs),
      onDigit: options.onDigit,
      signal: session.signal,
    });
    this.#continuity = new Continuity({
      session,
      expectsAudio: () => !this.#hold.isOnHold && !this.#isOnRemoteHold,
      freshIceServers: options.freshIceServers,
      logger: options.logger,
      onReconnecting: (cause) => {
        this.emit('reconnecting', { cause });
      },
      onReconnected: () => {
        this.emit('reconnected');
      },
      onError: (error) => {
        this.emit('error', error);
      },
    });
    this.#levels = new CallLevels({
      audio,
      workletUrl: options.levelWorkletUrl,
      isAccepted: () => this.getStatus() === 'accepted',
      isWanted: (event) => this.listenerCount(event) > 0,
      emit: (event, ...args) => {
        this.emit(event, ...(args as never));
      },
    });
    // After the levels: it listens, and they are told of whoever listens.
    this.#quality = new CallQuality({
      call: this,
      session,
      audio,
      workletUrl: options.levelWorkletUrl,
      areWarningsWanted: () => this.listenerCount('warning') > 0,
      logger: options.logger,
      onReport: options.onReport,
      onSample: (sample) => {
        this.emit('quality', sample);
      },
      onWarning: (warning) => {
        this.emit('warning', warning);
      },
      onWarningCleared: (name) => {
        this.emit('warningCleared', { name });
      },
    });
    this.#listen(options.remoteAudio);
  }

  get session(): RawCallSession {
    return this.#session.raw;
  }

  get timings(): CallTimings {
    return this.#setup.timings;
  }

  get callId(): string {
    return this.#session.callId;
  }

  getStatus(): CallStatus {
    return this.#machine.state;
  }

  isMuted(): boolean {
    return this.#audio.isMuted;
  }

  isOnHold(): boolean {
    return this.#hold.isOnHold;
  }

  isOnRemoteHold(): boolean {
    return this.#isOnRemoteHold;
  }

  accept(): Promise<void> {
    return this.#surfaced(async () => {
      if (this.direction !== 'inbound')
        throw voiceError('INVALID_STATE', 'Only an inbound call can be accepted.');
      if (this.getStatus() === 'accepted') return;
      if (this.getStatus() !== 'ringing') throw this.#wrongState('accepted');
      this.#setup.mark('acceptPressed');
      this.#accepting ??= this.#answer().finally(() => {
        this.#accepting = undefined;
      });
      await this.#accepting;
    });
  }

  reject(statusCode = 486): void {
    if (!Number.isInteger(statusCode) || statusCode < 400 || statusCode > 699) {
      throw voiceError('INVALID_ARGUMENT', 'A call is rejected with a SIP status from 400 to 699.');
    }
    if (isOver(this.getStatus())) return;
    if (this.direction !== 'inbound' || this.getStatus() !== 'ringing') throw this.#wrongState('rejected');
    this.#session.reject(statusCode);
  }

  disconnect(): Promise<void> {
    if (this.direction === 'inbound' && this.getStatus() === 'ringing') this.reject();
    else this.#session.hangUp();
    return Promise.resolve();
  }

  /** How long both sides have been connected, in milliseconds; undefined before. */
  get acceptedForMs(): number | undefined {
    return this.#acceptedAtMs === undefined ? undefined : Math.round(monotonicMs() - this.#acceptedAtMs);
  }

  /** The network of this machine may have changed: checks the media path, and replaces it when it is broken. */
  networkChanged(): void {
    this.#continuity.networkChanged();
    this.#audio.input.revive();
  }

  mute(on: boolean): void {
    assertBoolean(on, 'mute');
    if (!isOver(this.getStatus())) this.#audio.setMuted(on);
  }

  hold(on: boolean): Promise<void> {
    return this.#whenAccepted('put on hold', async () => {
      assertBoolean(on, 'hold');
      await this.#hold.request(on);
    });
  }

  sendDigits(digits: string): Promise<void> {
    return this.#whenAccepted('sent digits', () => this.#dtmf.send(digits));
  }

  setInputDevice(deviceId: string): Promise<void> {
    return this.#whenAlive(deviceId, () => this.#audio.input.choose(deviceId, 'call'));
  }

  setOutputDevice(deviceId: string): Promise<void> {
    return this.#whenAlive(deviceId, () => this.#audio.output.choose(deviceId, 'call'));
  }

  getReport(): CallReport {
    return this.#quality.report;
  }

  setFeedback(feedback: CallFeedback): void {
    this.#quality.setFeedback(feedback);
  }

  setVolume(volume: number): void {
    this.#audio.output.setVolume(volume);
  }

  getVolume(): number {
    return this.#audio.output.volume;
  }

  protected override onListenersChanged(): void {
    this.#levels.update();
  }

  async #answer(): Promise<void> {
    this.#onAlerting(false);
    try {
      const stream = await this.#audio.input.open();
      await this.#session.answer(stream);
    } catch (error) {
      this.#audio.input.close();
      if (this.getStatus() === 'ringing') this.#onAlerting(true);
      // The signal's reason says "ended"; why is more useful to whoever pressed the button.
      if (isOver(this.getStatus())) throw this.#endError ?? asVoiceError(error, 'CALL_CANCELED');
      throw asVoiceError(error, 'MEDIA_FAILED');
    }
  }

  #listen(remoteAudio: RemoteAudio): void {
    const session = this.#session;
    if (session.peerConnection) this.#audio.bind(session.peerConnection);
    session.on('peerConnection', (connection) => {
      this.#audio.bind(connection);
    });
    session.on('progress', ({ statusCode, hasEarlyMedia }) => {
      const isFirst = this.#machine.can('ring');
      const beginsMedia = hasEarlyMedia && !this.#hasEarlyMedia && this.getStatus() === 'ringing';
      if (this.direction !== 'outbound' || !(isFirst || beginsMedia)) return;
      this.#hasEarlyMedia = hasEarlyMedia;
      if (isFirst) this.#machine.send('ring');
      this.#logger.info('ringing', { statusCode });
      this.emit('ringing', { hasEarlyMedia });
    });
    session.on('confirmed', () => {
      if (!this.#machine.send('accept')) return;
      this.#acceptedAtMs ??= monotonicMs();
      this.#levels.update();
      this.#logger.info('accepted');
      this.emit('accepted');
    });
    session.on('remoteHold', (isHeld) => {
      this.#isOnRemoteHold = isHeld;
      this.emit('remoteHold', isHeld);
    });
    session.once('ended', (end) => {
      this.#onEnd(end);
    });
    this.#audio.on('mute', (isMuted) => {
      this.emit('mute', isMuted);
    });
    this.#audio.on('inputMuted', (isMuted) => {
      this.#logger.info(`the system ${isMuted ? 'mutes' : 'unmutes'} the microphone`);
      this.emit('inputMuted', isMuted);
    });
    for (const event of ['deviceLost', 'deviceRecovered'] as const)
      this.#audio.on(event, (detail: LostDevice) => {
        this.emit(event, detail);
      });
    this.#audio.on('error', (error) => {
      this.emit('error', error);
    });
    remoteAudio.on('blocked', () => {
      this.emit('audioBlocked');
      this.emit('error', voiceError('AUDIO_BLOCKED'));
    });
    remoteAudio.on('unblocked', () => {
      this.emit('audioUnblocked');
    });
    remoteAudio.on('failed', (error) => {
      this.emit('error', error);
    });
  }

  #onEnd(end: SipEnd): void {
    const durationMs = this.acceptedForMs ?? 0;
    const wasAccepted = this.#acceptedAtMs !== undefined;
    this.#endError = voiceError(end.errorCode ?? quietEndCode(end), describeEnd(end));
    this.#machine.send(end.errorCode !== undefined && !wasAccepted ? 'fail' : 'end');
    this.#onAlerting(false);
    this.#levels.dispose();
    this.#audio.dispose();
    this.#logger.info(`ended: ${end.reason}`, { initiator: end.initiator, code: end.code });
    if (end.errorCode !== undefined)
      this.emit('error', voiceError(end.errorCode, describeEnd(end), causeOf(end)));
    const info = {
      reason: end.reason,
      ...(end.code === undefined ? {} : { code: end.code }),
      cause: end.cause,
      initiator: end.initiator,
      durationMs,
    };
    const quality = this.#quality.finish(info);
    this.emit('disconnect', Object.freeze<DisconnectInfo>({ ...info, ...quality }));
  }

  #whenAccepted(what: string, action: () => Promise<void>): Promise<void> {
    return this.#surfaced(async () => {
      if (this.getStatus() !== 'accepted') throw this.#wrongState(what);
      await action();
    });
  }

  #whenAlive(deviceId: unknown, action: () => Promise<void>): Promise<void> {
    return this.#surfaced(async () => {
      if (typeof deviceId !== 'string') throw voiceError('INVALID_ARGUMENT', 'A device id is a string.');
      if (isOver(this.getStatus())) throw this.#wrongState('changed');
      await action();
    });
  }

  #surfaced(action: () => Promise<void>): Promise<void> {
    return SurfacedPromise.from(action(), (error) => {
      this.emit('error', asVoiceError(error, 'MEDIA_FAILED'));
    });
  }

  #wrongState(what: string): Error {
    return voiceError('INVALID_STATE', `A call that is ${this.getStatus()} cannot be ${what}.`);
  }
}

// In other SDKs mute() without an argument mutes; guessing wrong here would leave a microphone open.
function assertBoolean(on: unknown, method: string): void {
  if (typeof on !== 'boolean') throw voiceError('INVALID_ARGUMENT', `${method}() takes true or false.`);
}
