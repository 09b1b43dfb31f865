import { startTimer, stopTimer } from '../core/clock';
import { untilAborted, withDeadline } from '../core/deadline';
import { asVoiceError, voiceError } from '../core/errors';
import type { AudioDevice } from '../media/devices';
import type { AllInputProcessing } from '../media/input-processing';
import type { Microphone } from '../media/microphone';
import type { MicrophoneLease } from '../media/microphone-lease';
import type { ProcessorList } from '../media/processors/processor-list';
import { TrackProcessing } from '../media/processors/track-processing';
import { CallDevice, type CallDeviceOptions, type DeviceChooser } from './call-device';

export interface CallInputOptions extends CallDeviceOptions {
  readonly microphone: Microphone;
  /** Those of the Device, for both directions. */
  readonly processors: ProcessorList;
  /** The Device's preference; taken when it is there, else the default. */
  readonly inputDeviceId: string;
  /** The ids of what may be used in place of a microphone that is gone, best first. */
  readonly substitutes?: (() => readonly string[]) | undefined;
  /** What the browser's entry for the default stands for; any other device is itself. */
  readonly hardwareOf?: ((device: AudioDevice) => AudioDevice) | undefined;
}

// A permission prompt may stay open for as long as a person thinks about it, but not for ever.
const MICROPHONE_TIMEOUT_MS = 60_000;
// Not from a standard: without a prompt a microphone opens within that. What waits longer, while the far end hears
// nothing and another microphone could be had, waits for a person.
const PROMPT_AFTER_MS = 1_000;

/** The microphone's way through the processors to the far end, whatever becomes of either. */
export class CallInput {
  readonly device: CallDevice;
  readonly options: CallInputOptions;
  /** When microphones stopped lately. */
  stoppedAtMs: readonly number[] = [];
  readonly #sent: TrackProcessing;
  #lease: MicrophoneLease | undefined;
  #connection: RTCPeerConnection | undefined;
  #isMuted = false;
  /** The system's mute has been answered with a new capture, which did not help. */
  #isMuteAccepted = false;
  /** The microphone has stopped, and what is to replace it waits for its turn. */
  #isStranded = false;
  /** Lets go of the microphone that is being opened, where it takes a person. */
  #hurry: (() => void) | undefined;

  constructor(options: CallInputOptions) {
    this.options = options;
    this.device = new CallDevice('audioinput', options.inputDeviceId, options);
    this.#sent = new TrackProcessing({
      processors: options.processors,
      direction: 'input',
      // WebRTC section 5.2: on a connection that is closed meanwhile it never settles.
      use: (track) => untilAborted(this.#sender?.replaceTrack(track), options.signal),
      onUsed: () => {
        options.tell('changed');
      },
    });
  }

  /** The open microphone, before any processor. */
  get lease(): MicrophoneLease | undefined {
    return this.#lease;
  }

  /**
   * What the far end is sent: the microphone's track, or what the processors made of it. Disabled while the call is muted
   * or held.
   */
  get track(): MediaStreamTrack | undefined {
    return this.#sent.track ?? this.#lease?.track;
  }

  /** Whether that is what processors made of it. */
  get isProcessed(): boolean {
    return this.#sent.isProcessed;
  }

  /** Whether the open microphone captures nothing any more, and no other could be had. */
  get isGone(): boolean {
    return this.#lease?.track.readyState === 'ended';
  }

  /** Whether the microphone, and each one that comes, is heard. */
  setHeard(on: boolean): void {
    this.#sent.setEnabled(on);
    this.#apply();
  }

  /** Opens the microphone that was chosen. @throws VoiceSDKError `MICROPHONE_*`, or the signal's reason. */
  open(): Promise<MediaStream> {
    return this.device.run(async () => {
      const lease = this.#lease ?? (await this.#begin());
      const { track = lease.track } = this;
      return track === lease.track ? lease.stream : new MediaStream([track]);
    });
  }

  /** Gives the microphone back, as when answering failed: the call may be accepted again. */
  close(): void {
    this.#sent.clear();
    this.#lease?.release();
    this.#lease = undefined;
    this.options.tell('changed');
    this.#noteMuted(false);
  }

  bind(connection: RTCPeerConnection): void {
    this.#connection = connection;
    // The processors may have changed between the microphone's opening and its way onto this connection.
    connection.addEventListener('signalingstatechange', () => {
      const sender = this.#sender;
      const { track } = this.#sent;
      if (track && sender && sender.track !== track) sender.replaceTrack(track).catch(() => undefined);
    });
  }

  /** @throws VoiceSDKError `MICROPHONE_*`; the microphone in use goes on. */
  choose(deviceId: string, chooser: DeviceChooser): Promise<void> {
    return this.device.choose(deviceId, chooser, async (wanted) => {
      if (this.#lease) await this.replace(wanted);
    });
  }

  /** Has the microphone processed otherwise, captured anew where the browser does not change what runs. */
  setProcessing(processing: AllInputProcessing): Promise<void> {
    return this.device.follow(async () => {
      if (!this.#lease || (await this.#lease.applyProcessing(processing))) return;
      await this.replace(this.device.id, true);
    });
  }

  /** Captures anew, once, where the system has muted the microphone and may have forgotten to unmute it. */
  revive(): void {
    this.device
      .run(async () => {
        if (!this.#lease?.track.muted || this.isGone || this.#isMuteAccepted) return;
        this.#isMuteAccepted = true;
        await this.replace(this.device.id, true);
      })
      // As good as before.
      .catch(() => undefined);
  }

  dispose(): void {
    this.close();
    this.#sent.dispose();
    this.#connection = undefined;
  }

  async #begin(): Promise<MicrophoneLease> {
    const lease = await this.#acquire(this.device.id, { fallbackToDefault: this.device.own === undefined });
    this.#adopt(lease);
    this.#noteMuted(lease.track.muted);
    await untilAborted(this.#sent.set(lease.track), this.options.signal);
    return lease;
  }

  async #acquire(
    deviceId: string,
    how: { readonly fallbackToDefault?: boolean; readonly isFresh?: boolean; readonly withinMs?: number },
  ): Promise<MicrophoneLease> {
    const waiting = new AbortController();
    const { signal } = this.options;
    const onEnd = () => {
      waiting.abort(signal.reason);
    };
    if (signal.aborted) onEnd();
    signal.addEventListener('abort', onEnd);
    const limit = (withinMs: number, why: string) => {
      const timer = startTimer(withinMs, () => {
        waiting.abort(voiceError('MICROPHONE_FAILED', why));
      });
      waiting.signal.addEventListener('abort', () => {
        stopTimer(timer);
      });
    };
    this.#hurry = () => {
      limit(PROMPT_AFTER_MS, 'The microphone in use stopped during the prompt.');
    };
    if (this.#isStranded) this.#hurry();
    if (how.withinMs !== undefined) limit(how.withinMs, 'The microphone did not open in time.');
    try {
      const lease = await withDeadline(
        this.options.microphone.open({ deviceId, ...how, signal: waiting.signal }),
        MICROPHONE_TIMEOUT_MS,
        () => voiceError('MICROPHONE_FAILED', 'The permission prompt was not answered.'),
      );
      // The grant and the end of the call may fall into the same turn.
      if (signal.aborted) lease.release();
      signal.throwIfAborted();
      return lease;
    } finally {
      this.#hurry = undefined;
      signal.removeEventListener('abort', onEnd);
      waiting.abort();
    }
  }

  #adopt(lease: MicrophoneLease): void {
    this.#lease = lease;
    // Before the track is sent anywhere: the far end must not hear one packet of a muted agent.
    this.#apply();
    lease.on('systemMute', (isMuted) => {
      if (this.#lease === lease) this.#noteMuted(isMuted);
    });
    lease.once('ended', () => {
      this.#onVanished(lease);
    });
  }

  /**
   * The device was unplugged, or stopped: go on with it once more or with another one rather than in silence. Decided
   * in its turn only: a change that was asked for before may have put another microphone in its place, or put this one
   * back.
   */
  #onVanished(lease: MicrophoneLease): void {
    const { signal, tell } = this.options;
    this.#isStranded = true;
    this.#hurry?.();
    this.device
      .run(async () => {
        this.#isStranded = false;
        if (this.#lease !== lease) return;
        // Here already where devices are watched.
        const { takeAnother } = await import('./device-loss');
        await takeAnother(this, lease.device);
      })
      .catch((error: unknown) => {
        if (!signal.aborted) tell('error', asVoiceError(error, 'MICROPHONE_FAILED'));
      });
  }

  /** Another capture in the place of this one, to be called in turn. The one before goes on where it throws. */
  async replace(deviceId: string, isFresh = false, withinMs?: number): Promise<MicrophoneLease> {
    const lease = await this.#acquire(deviceId, { isFresh, ...(withinMs === undefined ? {} : { withinMs }) });
    const old = this.#lease;
    this.#adopt(lease);
    try {
      await untilAborted(this.#sent.set(lease.track), this.options.signal);
    } catch (error) {
      lease.release();
      if (this.options.signal.aborted) old?.release();
      else this.#lease = old;
      this.options.tell('changed');
      throw error;
    } finally {
      this.#noteMuted(this.#lease?.track.muted ?? false);
    }
    old?.release();
    return lease;
  }

  get #sender(): RTCRtpSender | undefined {
    return this.#connection?.getSenders().find(({ track }) => track?.kind === 'audio');
  }

  #noteMuted(isMuted: boolean): void {
    if (!isMuted) this.#isMuteAccepted = false;
    if (this.#isMuted === isMuted) return;
    this.#isMuted = isMuted;
    this.options.tell('inputMuted', isMuted);
  }

  #apply(): void {
    if (this.#lease) this.#lease.track.enabled = this.#sent.isEnabled;
    this.options.tell('changed');
  }
}
