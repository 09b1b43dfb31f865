import { TypedEmitter } from '../core/emitter';
import type { Logger } from '../core/logger';
import { AudioPlayer } from './audio-player';
import type { AutoplayGate } from './autoplay-gate';

export type RemoteAudioEvents = {
  /** The browser does not play the far end before the agent interacts with the page; it is tried again then. */
  blocked: [];
  /** What was blocked is heard now. */
  unblocked: [];
};

/** Plays what the far end says. One per call. */
export class RemoteAudio extends TypedEmitter<RemoteAudioEvents> {
  readonly #player: AudioPlayer;
  #stream: MediaStream | undefined;
  #disposed = false;

  constructor(options: { logger: Logger; autoplay: AutoplayGate }) {
    super();
    this.#player = new AudioPlayer({
      autoplay: options.autoplay,
      // A stream whose tracks all ended pauses the element; with autoplay the next track starts it again.
      prepare: (element) => {
        element.autoplay = true;
      },
      onBlocked: () => {
        this.emit('blocked');
      },
      onUnblocked: () => {
        this.emit('unblocked');
      },
      onFailed: (error) => {
        options.logger.warn('the remote audio cannot be played', error);
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
    this.#player.dispose();
    this.removeAllListeners();
  }
}
