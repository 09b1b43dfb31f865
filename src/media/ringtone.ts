import { TypedEmitter } from '../core/emitter';
import { voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { AudioPlayers } from './audio-players';
import { type AutoplayGate, silenceUrl } from './autoplay-gate';

export type RingtoneEvents = {
  /** The browser does not ring before the agent interacts with the page; it is tried again then. */
  blocked: [];
  /** What was blocked is heard now. Not emitted when the ringing was stopped first. */
  unblocked: [];
  /** The file cannot be loaded or played, or not within 2 s (AUDIO_FAILED). The next start() tries again. */
  failed: [error: VoiceSDKError];
};

/** Loops a sound while it is started. Without a URL it does nothing at all. */
export class Ringtone extends TypedEmitter<RingtoneEvents> {
  readonly #players: AudioPlayers;
  readonly #logger: Logger;
  #url: string | undefined;
  /** The outputs to begin with, until those or others are in use. */
  #firstOutputDeviceIds: readonly string[] | undefined;
  #started = false;
  #disposed = false;

  /** Opens nothing; `outputDeviceIds` are taken at the first ring, and what cannot be used rings on the default. */
  constructor(options: {
    url?: string | undefined;
    outputDeviceIds?: readonly string[] | undefined;
    logger: Logger;
    autoplay: AutoplayGate;
  }) {
    super();
    this.#url = options.url;
    this.#logger = options.logger;
    this.#firstOutputDeviceIds = options.outputDeviceIds;
    this.#players = new AudioPlayers({
      autoplay: options.autoplay,
      prepare: (element) => {
        element.loop = true;
        if (this.#url) element.src = this.#url;
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

  /** Another sound from now on, also while it rings. */
  setUrl(url: string | undefined): void {
    if (url === this.#url || this.#disposed) return;
    const wasStarted = this.#started;
    this.stop();
    this.#url = url;
    if (url) for (const element of this.#players.made) element.src = url;
    if (wasStarted) this.start();
  }

  /** Loads the file now, so that it is there when it is to ring. */
  load(): void {
    if (this.#url) this.#make();
  }

  /** Rings until stop(). Nothing happens when it rings already. */
  start(): void {
    if (this.#started || this.#disposed || !this.#url) return;
    this.#started = true;
    try {
      this.#players.play();
      this.#takeFirstOutputs();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Silent at once; the next start() rings from the beginning. */
  stop(): void {
    if (!this.#started) return;
    this.#started = false;
    this.#players.stop();
    for (const element of this.#players.made) element.currentTime = 0;
  }

  /**
   * In a gesture: lets it ring later without one, also with a URL that it is given later. Safari remembers that for each
   * element, others for the page.
   */
  prime(): void {
    if (this.#started) return;
    for (const element of this.#make()) {
      const silence = this.#url ? undefined : silenceUrl();
      if (silence) element.src = silence;
      this.#primeElement(element, silence);
    }
  }

  /**
   * Rings on these devices at once; none, `''` and `default` are the system default. The last call wins. `isLenient`:
   * one that cannot be used is left out, and with all of them the default rings.
   *
   * @throws UNSUPPORTED, OUTPUT_DEVICE_FAILED; never without a URL
   */
  async setOutputDevices(deviceIds: readonly string[], isLenient = false): Promise<void> {
    if (!this.#url) {
      this.#firstOutputDeviceIds = deviceIds;
      return;
    }
    const first = this.#firstOutputDeviceIds;
    this.#firstOutputDeviceIds = undefined;
    try {
      const areAllThere = await this.#players.setOutputDevices(deviceIds, isLenient);
      if (!areAllThere) this.#firstOutputDeviceIds ??= first;
    } catch (error) {
      this.#firstOutputDeviceIds ??= first;
      throw error;
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#started = false;
    this.#players.dispose();
    this.removeAllListeners();
  }

  #make(): HTMLAudioElement[] {
    if (this.#disposed) return [];
    try {
      return this.#players.elements;
    } catch (error) {
      this.#logger.debug('there is nothing to ring with', error);
      return [];
    }
  }

  #primeElement(element: HTMLAudioElement, silence: string | undefined): void {
    element.muted = true;
    element
      .play()
      .catch(() => undefined)
      .finally(() => {
        element.muted = false;
        if (silence) URL.revokeObjectURL(silence);
        if (this.#started) return;
        element.pause();
        element.currentTime = 0;
      });
  }

  #takeFirstOutputs(): void {
    if (this.#firstOutputDeviceIds === undefined) return;
    this.setOutputDevices(this.#firstOutputDeviceIds, true).catch((error: unknown) => {
      this.#logger.warn('the ringtone plays on the default output device', error);
    });
  }

  #fail(error: unknown): void {
    this.#started = false;
    this.emit('failed', voiceError('AUDIO_FAILED', undefined, error));
  }
}
