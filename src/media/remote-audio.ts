import { TypedEmitter } from '../core/emitter';
import { voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { AudioPlayer } from './audio-player';
import type { AutoplayGate } from './autoplay-gate';

export type RemoteAudioEvents = {
  /** The browser does not play the far end before the agent interacts with the page; it is tried again then. */
  blocked: [];
  /** What was blocked is heard now. */
  unblocked: [];
  /** The browser plays; whether the far end sends anything is another matter. */
  playing: [];
  /** The browser has stopped playing and cannot be brought to go on (AUDIO_FAILED); another output is tried once more. */
  failed: [error: VoiceSDKError];
};

/** Plays what the far end says. One per call. */
export class RemoteAudio extends TypedEmitter<RemoteAudioEvents> {
  readonly #player: AudioPlayer;
  #stream: MediaStream | undefined;
  #element: HTMLAudioElement | undefined;
  #volume = 1;
  #disposed = false;

  constructor(options: { logger: Logger; autoplay: AutoplayGate }) {
    super();
    this.#player = new AudioPlayer({
      autoplay: options.autoplay,
      // A stream whose tracks all ended pauses the element; with autoplay the next track starts it again.
      prepare: (element) => {
        element.autoplay = true;
        element.volume = this.#volume;
        this.#element = element;
      },
      onBlocked: () => {
        this.emit('blocked');
      },
      onUnblocked: () => {
        this.emit('unblocked');
      },
      onPlaying: () => {
        this.emit('playing');
      },
      onFailed: (error) => {
        options.logger.warn('the remote audio cannot be played', error);
        this.emit(
          'failed',
          voiceError('AUDIO_FAILED', 'The browser does not play the far end any more.', error),
        );
      },
    });
  }

  /**
   * Plays `stream` in place of an earlier one; to be called again after each re-INVITE. Tracks that come and go
   * within the stream are followed. Throws BROWSER_UNSUPPORTED where there is no audio playback.
   */
  attach(stream: MediaStream): void {
    if (this.#disposed) return;
    // Setting even the same object again would restart playback, with a gap.
    if (stream !== this.#stream) this.#player.element.srcObject = stream;
    this.#stream = stream;
    this.#player.play();
  }

  /** From 0 (silent) to 1 (as it comes). */
  get volume(): number {
    return this.#volume;
  }

  setVolume(volume: number): void {
    this.#volume = volume;
    // Read-only in Safari on iOS: there the hardware keys are the only volume.
    if (this.#element) this.#element.volume = volume;
  }

  /**
   * Plays on the device `deviceId`; `''` and `default` are the system default. The last call wins.
   *
   * @throws UNSUPPORTED, OUTPUT_DEVICE_FAILED
   */
  setOutputDevice(deviceId: string): Promise<void> {
    return this.#player.setOutputDevice(deviceId);
  }

  dispose(): void {
    this.#disposed = true;
    this.#stream = undefined;
    this.#element = undefined;
    this.#player.dispose();
    this.removeAllListeners();
  }
}

/** @throws VoiceSDKError `INVALID_ARGUMENT` */
export function checkVolume(volume: unknown): void {
  if (typeof volume !== 'number' || !(volume >= 0 && volume <= 1))
    throw voiceError('INVALID_ARGUMENT', 'A volume is a number from 0 to 1.');
}
