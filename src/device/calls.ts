import { TypedEmitter } from '../core/emitter';
import { withDeadline } from '../core/deadline';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { CallAudio } from '../call/call-audio';
import type { FreshIceServers } from '../call/continuity';
import { LiveCall, type RestoredCall } from '../call/live-call';
import { calleeOf, callerOf, type RemoteIdentity } from '../call/remote-identity';
import { AutoplayGate } from '../media/autoplay-gate';
import { Microphone } from '../media/microphone';
import { RemoteAudio } from '../media/remote-audio';
import { Ringtone } from '../media/ringtone';
import { customHeadersOf } from '../sip/headers';
import type { SipEnd } from '../sip/end-reason';
import type { SipSession } from '../sip/session';
import type { OutboundCall } from '../sip/outbound-call';
import type { SipUserAgent } from '../sip/user-agent';
import { DevicePreference } from './device-preference';
import type { CheckedOptions } from './options';

export type CallsEvents = {
  incoming: [call: LiveCall];
  /** A call of any direction begins. */
  created: [call: LiveCall, session: SipSession];
  error: [error: VoiceSDKError];
  audioBlocked: [];
  audioUnblocked: [];
};

// 486 Busy Here: this device is busy, others of the same agent may ring (RFC 3261 section 21.4.24).
const STATUS_BUSY = 486;
// RFC 3261 section 21.4.26.
const STATUS_NOT_ACCEPTABLE = 488;

// From the microphone to the INVITE: far above what an offer and 3 s of gathering take, so that only a browser that
// failed without a word is given up.
const OFFER_TIMEOUT_MS = 10_000;

/** The calls of one Device, and what they share: microphone, speaker and ringtone. */
export class Calls extends TypedEmitter<CallsEvents> {
  readonly #options: CheckedOptions;
  readonly #logger: Logger;
  readonly #autoplay: AutoplayGate;
  readonly #microphone: Microphone;
  readonly #ringtone: Ringtone;
  readonly #live = new Set<LiveCall>();
  readonly #alerting = new Set<LiveCall>();
  readonly #input: DevicePreference;
  readonly #output: DevicePreference;
  readonly #freshIceServers: FreshIceServers | undefined;

  /** @param freshIceServers asked before the media path of a call is replaced */
  constructor(options: CheckedOptions, logger: Logger, freshIceServers?: FreshIceServers) {
    super();
    this.#freshIceServers = freshIceServers;
    this.#options = options;
    this.#logger = logger.child('call');
    const mediaLogger = logger.child('media');
    this.#autoplay = new AutoplayGate({ logger: mediaLogger });
    this.#microphone = new Microphone({ logger: mediaLogger });
    this.#ringtone = new Ringtone({
      url: options.ringtoneUrl,
      outputDeviceId: options.outputDeviceId,
      logger: mediaLogger,
      autoplay: this.#autoplay,
    });
    const onStranded = (error: unknown) => {
      this.#logger.warn('not all could go back to the device before', error);
    };
    this.#input = new DevicePreference({
      deviceId: options.inputDeviceId,
      followers: () => [...this.#live].map(({ followInputDevice }) => followInputDevice),
      onStranded,
    });
    this.#output = new DevicePreference({
      deviceId: options.outputDeviceId,
      followers: () => [
        this.#ringtoneOutput,
        ...[...this.#live].map(({ followOutputDevice }) => followOutputDevice),
      ],
      onStranded,
    });
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
    const { call } = this.create(session, callerOf(request), customHeadersOf(request));
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
    const { call, audio } = this.create(session, calleeOf(session.raw.remote_identity.uri.toString()), {});
    const microphone = audio.open();
    provide(microphone);
    const sent = new Promise<void>((resolve, reject) => {
      session.once('sending', () => {
        // JsSIP writes to the socket right after this event; one that is gone fails the call in between.
        queueMicrotask(resolve);
      });
      session.once('ended', (end) => {
        reject(outboundFailure(end));
      });
    });
    try {
      await Promise.race([microphone, sent]);
      await withDeadline(sent, OFFER_TIMEOUT_MS, () =>
        voiceError('MEDIA_FAILED', 'The browser came to no offer.'),
      );
    } catch (error) {
      // Of what fails before the INVITE the SIP stack only writes a log line, and the session would live on.
      session.hangUp();
      throw asVoiceError(error, 'MICROPHONE_FAILED');
    }
    return call;
  }

  /** The network of this machine may have changed: each call checks its media path. */
  networkChanged(): void {
    for (const call of this.#live) call.networkChanged();
  }

  /** @throws VoiceSDKError `MICROPHONE_*` when a live call cannot follow; the former preference holds again then. */
  setInputDevice(deviceId: string): Promise<void> {
    return this.#input.change(deviceId);
  }

  /** @throws VoiceSDKError `UNSUPPORTED`, `OUTPUT_DEVICE_FAILED`; the former preference holds again then. */
  setOutputDevice(deviceId: string): Promise<void> {
    return this.#output.change(deviceId);
  }

  /** Makes a session one of this Device's calls. */
  create(
    session: SipSession,
    remote: RemoteIdentity,
    customHeaders: Readonly<Record<string, string>>,
    restored?: RestoredCall,
  ): { readonly call: LiveCall; readonly audio: CallAudio } {
    const remoteAudio = new RemoteAudio({ logger: this.#logger, autoplay: this.#autoplay });
    const audio = new CallAudio({
      microphone: this.#microphone,
      remoteAudio,
      inputDeviceId: this.#input.deviceId,
      signal: session.signal,
    });
    const call: LiveCall = new LiveCall({
      session,
      audio,
      remoteAudio,
      remote,
      customHeaders,
      logger: this.#logger,
      ...(restored ? { restored } : {}),
      freshIceServers: this.#freshIceServers,
      onAlerting: (isAlerting) => {
        this.#setAlerting(call, isAlerting);
      },
    });
    this.#live.add(call);
    session.once('ended', () => {
      this.#live.delete(call);
    });
    if (this.#output.deviceId !== undefined) {
      call.followOutputDevice(this.#output.deviceId).catch((error: unknown) => {
        this.#logger.warn('the call plays on the default output device', error);
      });
    }
    this.emit('created', call, session);
    return { call, audio };
  }

  /** Whether any call is not over, ringing included. */
  get isLive(): boolean {
    return this.#live.size > 0;
  }

  dispose(): void {
    this.#ringtone.dispose();
    this.#autoplay.dispose();
    this.removeAllListeners();
  }

  readonly #ringtoneOutput = (deviceId: string): Promise<void> => this.#ringtone.setOutputDevice(deviceId);

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
