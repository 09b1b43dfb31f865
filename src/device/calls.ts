import { TypedEmitter } from '../core/emitter';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { CallAudio } from '../call/call-audio';
import { LiveCall } from '../call/live-call';
import { calleeOf, callerOf, type RemoteIdentity } from '../call/remote-identity';
import { AutoplayGate } from '../media/autoplay-gate';
import { Microphone } from '../media/microphone';
import { RemoteAudio } from '../media/remote-audio';
import { Ringtone } from '../media/ringtone';
import { customHeadersOf } from '../sip/headers';
import type { SipEnd } from '../sip/end-reason';
import type { SipSession } from '../sip/session';
import type { OutboundCall, SipUserAgent } from '../sip/user-agent';
import type { CheckedOptions } from './options';

export type CallsEvents = {
  incoming: [call: LiveCall];
  error: [error: VoiceSDKError];
  audioBlocked: [];
  audioUnblocked: [];
};

// 486 Busy Here: this device is busy, others of the same agent may ring (RFC 3261 section 21.4.24).
const STATUS_BUSY = 486;
// RFC 3261 section 21.4.26.
const STATUS_NOT_ACCEPTABLE = 488;

/** The calls of one Device, and what they share: microphone, speaker and ringtone. */
export class Calls extends TypedEmitter<CallsEvents> {
  readonly #options: CheckedOptions;
  readonly #logger: Logger;
  readonly #autoplay: AutoplayGate;
  readonly #microphone: Microphone;
  readonly #ringtone: Ringtone;
  readonly #live = new Set<LiveCall>();
  readonly #alerting = new Set<LiveCall>();
  #inputDeviceId: string | undefined;
  #outputDeviceId: string | undefined;

  constructor(options: CheckedOptions, logger: Logger) {
    super();
    this.#options = options;
    this.#logger = logger.child('call');
    const mediaLogger = logger.child('media');
    this.#autoplay = new AutoplayGate({ logger: mediaLogger });
    this.#microphone = new Microphone({ logger: mediaLogger });
    this.#ringtone = new Ringtone({
      url: options.ringtoneUrl,
      logger: mediaLogger,
      autoplay: this.#autoplay,
    });
    this.#inputDeviceId = options.inputDeviceId;
    this.#outputDeviceId = options.outputDeviceId;
    this.#ringtone.on('blocked', () => {
      this.emit('audioBlocked');
      this.emit(
        'error',
        voiceError(
          'AUDIO_BLOCKED',
          'The browser blocked the ringtone until the user interacts with the page.',
        ),
      );
    });
    this.#ringtone.on('unblocked', () => {
      this.emit('audioUnblocked');
    });
    this.#ringtone.on('failed', (error) => {
      this.emit('error', error);
    });
    if (options.outputDeviceId !== undefined) {
      this.#ringtone.setOutputDevice(options.outputDeviceId).catch((error: unknown) => {
        this.#logger.warn('the ringtone plays on the default output device', error);
      });
    }
  }

  /** Takes an INVITE that has just arrived: rings, or refuses it while another call is live. */
  receive(session: SipSession): void {
    const { request } = session;
    if (!request) return;
    if (this.#live.size > 0 && !this.#options.allowIncomingWhileBusy) {
      this.#logger.info('a further call was refused: busy');
      session.reject(STATUS_BUSY);
      return;
    }
    if (!session.offersAudio) {
      this.#logger.info('a call without audio was refused');
      session.reject(STATUS_NOT_ACCEPTABLE);
      return;
    }
    const { call } = this.#create(session, callerOf(request), customHeadersOf(request));
    this.#setAlerting(call, true);
    this.emit('incoming', call);
  }

  /** Places a call; resolves when the INVITE is sent. @throws VoiceSDKError see `Device.connect` */
  async place(userAgent: SipUserAgent, options: Omit<OutboundCall, 'stream'>): Promise<LiveCall> {
    // The session exists before its microphone: setting up the peer connection need not wait for the prompt.
    let provide: (stream: Promise<MediaStream>) => void = () => undefined;
    const stream = new Promise<MediaStream>((resolve) => {
      provide = resolve;
    });
    const session = userAgent.call({ ...options, stream });
    const { call, audio } = this.#create(session, calleeOf(session.raw.remote_identity.uri.toString()), {});
    const microphone = audio.open();
    provide(microphone);
    await new Promise<void>((resolve, reject) => {
      session.once('sending', () => {
        // JsSIP writes to the socket right after this event; one that is gone fails the call in between.
        queueMicrotask(resolve);
      });
      session.once('ended', (end) => {
        reject(outboundFailure(end));
      });
      // The SIP stack would only log a microphone that fails.
      microphone.catch((error: unknown) => {
        reject(asVoiceError(error, 'MICROPHONE_FAILED'));
        session.hangUp();
      });
    });
    return call;
  }

  /** @throws VoiceSDKError `MICROPHONE_*` when a live call cannot follow; the preference is unchanged then. */
  async setInputDevice(deviceId: string): Promise<void> {
    await Promise.all([...this.#live].map((call) => call.followInputDevice(deviceId)));
    this.#inputDeviceId = deviceId;
  }

  /** @throws VoiceSDKError `UNSUPPORTED`, `OUTPUT_DEVICE_FAILED`; the preference is unchanged then. */
  async setOutputDevice(deviceId: string): Promise<void> {
    await Promise.all([
      this.#ringtone.setOutputDevice(deviceId),
      ...[...this.#live].map((call) => call.followOutputDevice(deviceId)),
    ]);
    this.#outputDeviceId = deviceId;
  }

  dispose(): void {
    this.#ringtone.dispose();
    this.#autoplay.dispose();
    this.removeAllListeners();
  }

  #create(
    session: SipSession,
    remote: RemoteIdentity,
    customHeaders: Readonly<Record<string, string>>,
  ): { readonly call: LiveCall; readonly audio: CallAudio } {
    const remoteAudio = new RemoteAudio({ logger: this.#logger, autoplay: this.#autoplay });
    const audio = new CallAudio({
      microphone: this.#microphone,
      remoteAudio,
      inputDeviceId: this.#inputDeviceId,
      signal: session.signal,
    });
    const call: LiveCall = new LiveCall({
      session,
      audio,
      remoteAudio,
      remote,
      customHeaders,
      logger: this.#logger,
      onAlerting: (isAlerting) => {
        this.#setAlerting(call, isAlerting);
      },
    });
    this.#live.add(call);
    session.once('ended', () => {
      this.#live.delete(call);
    });
    if (this.#outputDeviceId !== undefined) {
      call.followOutputDevice(this.#outputDeviceId).catch((error: unknown) => {
        this.#logger.warn('the call plays on the default output device', error);
      });
    }
    return { call, audio };
  }

  #setAlerting(call: LiveCall, isAlerting: boolean): void {
    if (isAlerting) this.#alerting.add(call);
    else this.#alerting.delete(call);
    if (this.#alerting.size > 0) this.#ringtone.start();
    else this.#ringtone.stop();
  }
}

function outboundFailure(end: SipEnd): VoiceSDKError {
  if (end.reason === 'destroyed') return voiceError('DESTROYED');
  return voiceError(end.errorCode ?? 'MEDIA_FAILED', undefined, new Error(end.cause));
}
