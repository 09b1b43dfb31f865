import { TypedEmitter } from '../core/emitter';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import { SerialQueue } from '../core/serial-queue';
import type { Microphone } from '../media/microphone';
import type { MicrophoneLease } from '../media/microphone-lease';
import type { RemoteAudio } from '../media/remote-audio';
import { untilAborted, withDeadline } from '../core/deadline';

export type CallAudioEvents = {
  mute: [isMuted: boolean];
  /** The system, or a switch on the headset, silences the microphone (true) or no longer does. */
  inputMuted: [isMuted: boolean];
  error: [error: VoiceSDKError];
};

export interface CallAudioOptions {
  readonly microphone: Microphone;
  readonly remoteAudio: RemoteAudio;
  /** The Device's preference; taken when it is there, else the default. */
  readonly inputDeviceId: string | undefined;
  /** Aborts when the call ends. */
  readonly signal: AbortSignal;
}

// A permission prompt may stay open for as long as a person thinks about it, but not for ever.
const MICROPHONE_TIMEOUT_MS = 60_000;

/**
 * The audio of one call: the microphone's way to the far end and the far end's to the speaker. The one place that
 * decides whether the microphone is heard, so that no change of device, hold or renegotiation can undo a mute.
 */
export class CallAudio extends TypedEmitter<CallAudioEvents> {
  readonly #options: CallAudioOptions;
  readonly #changes = new SerialQueue();
  readonly #outputs = new SerialQueue();
  #inputDeviceId: string | undefined;
  #isOwnInput = false;
  #isOwnOutput = false;
  #lease: MicrophoneLease | undefined;
  #connection: RTCPeerConnection | undefined;
  #isMuted = false;
  #isInputMuted = false;
  #isHeld = false;
  #disposed = false;

  constructor(options: CallAudioOptions) {
    super();
    this.#options = options;
    this.#inputDeviceId = options.inputDeviceId;
  }

  get isMuted(): boolean {
    return this.#isMuted;
  }

  /** Opens the microphone that was chosen. @throws VoiceSDKError `MICROPHONE_*`, or the signal's reason. */
  async open(): Promise<MediaStream> {
    return this.#changes.run(async () => {
      if (this.#lease) return this.#lease.stream;
      const lease = await this.#acquire(this.#inputDeviceId, !this.#isOwnInput);
      this.#adopt(lease);
      this.#noteInputMuted(lease.track.muted);
      return lease.stream;
    });
  }

  /** Gives the microphone back, as when answering failed: the call may be accepted again. */
  close(): void {
    this.#lease?.release();
    this.#lease = undefined;
    this.#noteInputMuted(false);
  }

  /** Connects both directions to a peer connection. */
  bind(connection: RTCPeerConnection): void {
    this.#connection = connection;
    connection.addEventListener('track', ({ track, streams }) => {
      if (track.kind === 'audio' && !this.#disposed)
        this.#options.remoteAudio.attach(streams[0] ?? new MediaStream([track]));
    });
  }

  setMuted(on: boolean): void {
    if (this.#isMuted === on) return;
    this.#isMuted = on;
    this.#apply();
    this.emit('mute', on);
  }

  /** Whether this side holds the call: a held far end must not hear the agent. */
  setHeld(on: boolean): void {
    this.#isHeld = on;
    this.#apply();
  }

  /** @throws VoiceSDKError `MICROPHONE_*`; the microphone in use goes on. */
  setInputDevice(deviceId: string, choice: 'call' | 'device'): Promise<void> {
    return this.#changes.run(async () => {
      if (choice === 'device' && this.#isOwnInput) return;
      if (this.#lease) await this.#replace(deviceId);
      this.#inputDeviceId = deviceId;
      if (choice === 'call') this.#isOwnInput = true;
    });
  }

  /** @throws VoiceSDKError `UNSUPPORTED`, `OUTPUT_DEVICE_FAILED` */
  setOutputDevice(deviceId: string, choice: 'call' | 'device'): Promise<void> {
    return this.#outputs.run(async () => {
      if (choice === 'device' && this.#isOwnOutput) return;
      await this.#options.remoteAudio.setOutputDevice(deviceId);
      if (choice === 'call') this.#isOwnOutput = true;
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    // First: that nothing is captured any more is no news of a call that is over.
    this.removeAllListeners();
    this.close();
    this.#connection = undefined;
    this.#options.remoteAudio.dispose();
  }

  async #acquire(deviceId: string | undefined, fallbackToDefault: boolean): Promise<MicrophoneLease> {
    const waiting = new AbortController();
    const { signal } = this.#options;
    const onEnd = () => {
      waiting.abort(signal.reason);
    };
    if (signal.aborted) onEnd();
    signal.addEventListener('abort', onEnd);
    try {
      const lease = await withDeadline(
        this.#options.microphone.open({
          ...(deviceId === undefined ? {} : { deviceId }),
          fallbackToDefault,
          signal: waiting.signal,
        }),
        MICROPHONE_TIMEOUT_MS,
        () => voiceError('MICROPHONE_FAILED', 'The permission prompt was not answered.'),
      );
      // The grant and the end of the call may fall into the same turn.
      if (signal.aborted) lease.release();
      signal.throwIfAborted();
      return lease;
    } finally {
      signal.removeEventListener('abort', onEnd);
      waiting.abort();
    }
  }

  #adopt(lease: MicrophoneLease): void {
    this.#lease = lease;
    // Before the track is sent anywhere: the far end must not hear one packet of a muted agent.
    this.#apply();
    lease.on('systemMute', (isMuted) => {
      if (this.#lease === lease) this.#noteInputMuted(isMuted);
    });
    lease.once('ended', () => {
      this.#onVanished(lease);
    });
  }

  /**
   * The device was unplugged: go on with the default one rather than in silence. Decided in its turn only: a change
   * that was asked for before may have put another microphone in its place, or put this one back.
   */
  #onVanished(lease: MicrophoneLease): void {
    this.#changes
      .run(async () => {
        if (this.#lease === lease) await this.#replace('');
      })
      .catch((error: unknown) => {
        if (!this.#options.signal.aborted) this.emit('error', asVoiceError(error, 'MICROPHONE_FAILED'));
      });
  }

  async #replace(deviceId: string): Promise<void> {
    const lease = await this.#acquire(deviceId, false);
    const old = this.#lease;
    this.#adopt(lease);
    try {
      const sender = this.#connection
        ?.getSenders()
        .find(({ track }) => track === old?.track || track?.kind === 'audio');
      // WebRTC section 5.2: on a connection that is closed meanwhile it never settles.
      await untilAborted(sender?.replaceTrack(lease.track), this.#options.signal);
    } catch (error) {
      lease.release();
      if (this.#options.signal.aborted) old?.release();
      else this.#lease = old;
      throw error;
    } finally {
      this.#noteInputMuted(this.#lease?.track.muted ?? false);
    }
    old?.release();
  }

  #noteInputMuted(isMuted: boolean): void {
    if (this.#isInputMuted === isMuted) return;
    this.#isInputMuted = isMuted;
    this.emit('inputMuted', isMuted);
  }

  #apply(): void {
    if (this.#lease) this.#lease.track.enabled = !this.#isMuted && !this.#isHeld;
  }
}
