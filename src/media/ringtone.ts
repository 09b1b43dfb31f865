import { TypedEmitter } from '../core/emitter';
import { voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { AudioPlayer } from './audio-player';
import type { AutoplayGate } from './autoplay-gate';

export type RingtoneEvents = {
  /** The browser does not ring before the agent interacts with the page; it is tried again then. */
  blocked: [];
  /** What was blocked is heard now. Not emitted when the ringing was stopped first. */
  unblocked: [];
  /** The file cannot be loaded or played (AUDIO_FAILED). The next start() tries again. */
  failed: [error: VoiceSDKError];
};

/** Loops a sound while it is started. Without a URL it does nothing at all. */
export class Ringtone extends TypedEmitter<RingtoneEvents> {
  readonly #player: AudioPlayer | undefined;
  readonly #logger: Logger;
  /** The output to begin with, until that one or another is in use. */
  #firstOutputDeviceId: string | undefined;
  #element: HTMLAudioElement | undefined;
  #started = false;
  #disposed = false;

  /** Opens nothing; `outputDeviceId` is taken at the first ring, and one that cannot be used rings on the default. */
  constructor(options: {
    url?: string | undefined;
    outputDeviceId?: string | undefined;
    logger: Logger;
    autoplay: AutoplayGate;
  }) {
    super();
    const { url } = options;
    this.#logger = options.logger;
    this.#firstOutputDeviceId = options.outputDeviceId;
    if (url === undefined || url === '') return;
    this.#player = new AudioPlayer({
      autoplay: options.autoplay,
      prepare: (element) => {
        this.#element = element;
        element.loop = true;
        element.src = url;
      },
      onBlocked: () => {
        this.emit('blocked');
      },
      onUnblocked: () => {
        this.emit('unblocked');
      },
      onFailed: (error) => {
        this.#fail(error);
      },
    });
  }

  /** Rings until stop(). Nothing happens when it rings already. */
  start(): void {
    if (this.#started || this.#disposed) return;
    this.#started = true;
    try {
      this.#player?.play();
      this.#takeFirstOutput();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Silent at once; the next start() rings from the beginning. */
  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    this.#player?.stop();
    if (this.#element) this.#element.currentTime = 0;
  }

  /**
   * Rings on the device `deviceId`; `''` and `default` are the system default. The last call wins.
   *
   * @throws UNSUPPORTED, OUTPUT_DEVICE_FAILED; never without a URL
   */
  async setOutputDevice(deviceId: string): Promise<void> {
    const first = this.#firstOutputDeviceId;
    this.#firstOutputDeviceId = undefined;
    try {
      await this.#player?.setOutputDevice(deviceId);
    } catch (error) {
      this.#firstOutputDeviceId ??= first;
      throw error;
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#started = false;
    this.#player?.dispose();
    this.#element = undefined;
    this.removeAllListeners();
  }

  #takeFirstOutput(): void {
    if (this.#firstOutputDeviceId === undefined) return;
    this.setOutputDevice(this.#firstOutputDeviceId).catch((error: unknown) => {
      this.#logger.warn('the ringtone plays on the default output device', error);
    });
  }

  #fail(error: unknown): void {
    this.#started = false;
    this.emit('failed', voiceError('AUDIO_FAILED', undefined, error));
  }
}
