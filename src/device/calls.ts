import { TypedEmitter } from '../core/emitter';
import { monotonicMs } from '../core/clock';
import { withDeadline } from '../core/deadline';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { CallAudio } from '../call/call-audio';
import type { FreshIceServers } from '../call/continuity';
import { LiveCall, type RestoredCall } from '../call/live-call';
import { calleeOf, callerOf, type RemoteIdentity } from '../call/remote-identity';
import { AutoplayGate } from '../media/autoplay-gate';
import { RemoteAudio } from '../media/remote-audio';
import { Ringtone } from '../media/ringtone';
import { customHeadersOf } from '../sip/headers';
import type { SipEnd } from '../sip/end-reason';
import { offersAudio } from '../sip/sdp';
import type { SipSession } from '../sip/session';
import type { OutboundCall } from '../sip/outbound-call';
import type { SipUserAgent } from '../sip/user-agent';
import { AudioSettings } from './audio-settings';
import { CallHistory } from './call-history';
import { CallSounds } from './call-sounds';
import type { CheckedOptions } from './options';

export type CallsEvents = {
  incoming: [call: LiveCall];
  /** A call of any direction begins. */
  created: [call: LiveCall, session: SipSession];
  /** The ringtone is to sound, here or where {@link CallSounds.overrideRinging} has it, or no longer. */
  ringing: [isRinging: boolean];
  error: [error: VoiceSDKError];
  audioBlocked: [isRingtone: boolean];
  audioUnblocked: [isRingtone: boolean];
};

// 486 Busy Here: this device is busy, others of the same agent may ring (RFC 3261 section 21.4.24).
const STATUS_BUSY = 486;
// RFC 3261 section 21.4.26.
const STATUS_NOT_ACCEPTABLE = 488;

// From the microphone to the INVITE: far above what an offer and 3 s of gathering take, so that only a browser that
// failed without a word is given up.
const OFFER_TIMEOUT_MS = 10_000;

/** The calls of one Device, and what they share: microphone, speaker and sounds. */
export class Calls extends TypedEmitter<CallsEvents> {
  /** The last calls that are over. */
  readonly history = new CallHistory();
  /** What the agent hears beside the calls. */
  readonly sounds: CallSounds;
  readonly #options: CheckedOptions;
  readonly #logger: Logger;
  /** What waits for a gesture. */
  readonly autoplay: AutoplayGate;
  readonly #ringtone: Ringtone;
  readonly #live = new Set<LiveCall>();
  readonly #sessions = new Set<SipSession>();
  readonly settings: AudioSettings;
  readonly #freshIceServers: FreshIceServers | undefined;

  /** @param freshIceServers asked before the media path of a call is replaced */
  constructor(options: CheckedOptions, logger: Logger, freshIceServers?: FreshIceServers) {
    super();
    this.#freshIceServers = freshIceServers;
    this.#options = options;
    this.#logger = logger.child('call');
    const mediaLogger = logger.child('media');
    this.autoplay = new AutoplayGate({ logger: mediaLogger });
    this.#ringtone = new Ringtone({
      url: options.ringtoneUrl,
      outputDeviceIds:
        options.ringtoneDeviceIds.length > 0 ? options.ringtoneDeviceIds : [options.outputDeviceId ?? ''],
      logger: mediaLogger,
      autoplay: this.autoplay,
    });
    this.settings = new AudioSettings(options, this.#ringtone, mediaLogger);
    const onBlocked = (isRingtone: boolean) => {
      this.emit('audioBlocked', isRingtone);
      this.emit(
        'error',
        voiceError(
          'AUDIO_BLOCKED',
          'The browser blocked the sounds of calls until the user interacts with the page.',
        ),
      );
    };
    this.#ringtone.on('blocked', () => {
      onBlocked(true);
    });
    this.#ringtone.on('unblocked', () => {
      this.emit('audioUnblocked', true);
    });
    this.#ringtone.on('failed', (error) => {
      this.emit('error', error);
    });
    this.sounds = new CallSounds({
      settings: options.sounds,
      ringtoneUrl: options.ringtoneUrl,
      ringtone: this.#ringtone,
      outputDeviceId: () => this.settings.output.value.inForce,
      autoplay: this.autoplay,
      logger: mediaLogger,
      onRinging: (isRinging) => {
        this.emit('ringing', isRinging);
      },
      onBlocked: () => {
        onBlocked(false);
      },
      onUnblocked: () => {
        this.emit('audioUnblocked', false);
      },
    });
    for (const event of ['settled', 'substituted'] as const)
      this.settings.on(event, () => {
        this.sounds.followOutput();
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
    if (!offersAudio(request.body)) {
      this.#logger.info('a call without audio was refused');
      session.reject(STATUS_NOT_ACCEPTABLE);
      return;
    }
    const { call } = this.create(session, callerOf(request), customHeadersOf(request));
    this.sounds.setAlerting(call, true);
    this.emit('incoming', call);
  }

  /** Places a call; resolves when the INVITE is sent. @throws VoiceSDKError see `Device.connect` */
  async place(userAgent: SipUserAgent, options: Omit<OutboundCall, 'stream'>): Promise<LiveCall> {
    const startedAtMs = monotonicMs();
    // The session exists before its microphone: setting up the peer connection need not wait for the prompt.
    let provide: (stream: Promise<MediaStream>) => void = () => undefined;
    const stream = new Promise<MediaStream>((resolve) => {
      provide = resolve;
    });
    const session = userAgent.call({ ...options, stream });
    const callee = calleeOf(session.raw.remote_identity.uri.toString());
    const { call, audio } = this.create(session, callee, {}, undefined, startedAtMs);
    const microphone = audio.input.open();
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

  /** Makes a session one of this Device's calls. */
  create(
    session: SipSession,
    remote: RemoteIdentity,
    customHeaders: Readonly<Record<string, string>>,
    restored?: RestoredCall,
    startedAtMs?: number,
  ): { readonly call: LiveCall; readonly audio: CallAudio } {
    const remoteAudio = new RemoteAudio({ logger: this.#logger, autoplay: this.autoplay });
    const audio = new CallAudio({
      microphone: this.settings.microphone,
      remoteAudio,
      processors: this.settings.processors,
      inputDeviceId: this.settings.input.value.inForce,
      signal: session.signal,
      onChosen: this.settings.noteChosen,
      substitutes: this.settings.substitutes,
      hardwareOf: (device) => this.settings.hardwareOf(device),
    });
    this.settings.add(audio, session.signal);
    const call: LiveCall = new LiveCall({
      session,
      audio,
      remoteAudio,
      remote,
      customHeaders,
      logger: this.#logger,
      levelWorkletUrl: this.#options.levelWorkletUrl,
      freshIceServers: this.#freshIceServers,
      onReport: (report) => {
        this.history.add({ report, persons: [remote.address, remote.displayName] });
      },
      ...(restored ? { restored } : {}),
      startedAtMs,
      onAlerting: (isAlerting) => {
        this.sounds.setAlerting(call, isAlerting);
      },
      onDigit: (digit) => {
        this.sounds.playDigit(digit);
      },
    });
    this.#live.add(call);
    this.#sessions.add(session);
    session.once('ended', () => {
      this.#live.delete(call);
      this.#sessions.delete(session);
    });
    const output = this.settings.output.value.inForce;
    audio.output.choose(output, 'device').catch((error: unknown) => {
      this.#logger.warn('the call plays on the default output device', error);
    });
    this.sounds.add(call, session);
    this.emit('created', call, session);
    return { call, audio };
  }

  /** Whether any call is not over, ringing included. */
  get isLive(): boolean {
    return this.#live.size > 0;
  }

  /** The calls that are not over. */
  get live(): ReadonlySet<LiveCall> {
    return this.#live;
  }

  /** Ends every call (`destroyed`): BYE, CANCEL or a refusal leaves before this returns. */
  endAll(): void {
    for (const session of [...this.#sessions]) session.hangUp('destroyed');
  }

  dispose(): void {
    this.sounds.dispose();
    this.#ringtone.dispose();
    this.autoplay.dispose();
    this.removeAllListeners();
  }
}

function outboundFailure(end: SipEnd): VoiceSDKError {
  if (end.reason === 'destroyed') return voiceError('DESTROYED');
  return voiceError(end.errorCode ?? 'MEDIA_FAILED', undefined, new Error(end.cause));
}
