import { withDeadline } from '../../core/deadline';
import type { Logger } from '../../core/logger';
import { AudioPlayer } from '../audio-player';
import type { AutoplayGate } from '../autoplay-gate';
import { normalizeDeviceId } from '../browser';

// Not from a standard: a ringing that begins on the wrong output is better than one that an agent misses.
const OUTPUT_WAIT_MS = 300;

export interface SoundContext {
  readonly autoplay: AutoplayGate;
  readonly logger: Logger;
  /** A looped sound waits for a gesture; said once until it runs or is stopped. */
  readonly onBlocked: () => void;
  readonly onUnblocked: () => void;
}

export interface SoundSource {
  /** For the log. */
  readonly name: string;
  readonly isLooped: boolean;
  /** Played first, where there is one. */
  readonly url: string | undefined;
  /** The URL of the tone that stands in for one that cannot be played, made at its first use. */
  readonly toneUrl: () => string;
}

/** One sound of a call's progress: looped while it is started, or once. */
export class Sound {
  readonly #source: SoundSource;
  readonly #context: SoundContext;
  readonly #player: AudioPlayer;
  #isStarted = false;
  #isStandIn: boolean;
  #outputDeviceId = '';

  constructor(source: SoundSource, context: SoundContext) {
    this.#source = source;
    this.#context = context;
    this.#isStandIn = source.url === undefined;
    this.#player = new AudioPlayer({
      autoplay: context.autoplay,
      prepare: (element) => {
        element.loop = source.isLooped;
        element.src = source.url ?? source.toneUrl();
      },
      onBlocked: () => {
        this.#onBlocked();
      },
      onUnblocked: context.onUnblocked,
      onFailed: (error) => {
        this.#onFailed(error);
      },
    });
  }

  /** From the beginning. Nothing happens while a looped one plays. */
  start(): void {
    if (this.#isStarted && this.#source.isLooped) return;
    this.#isStarted = true;
    this.#guarded(() => {
      const { element } = this.#player;
      if (element.currentTime > 0) element.currentTime = 0;
      // Absent where the browser cannot choose.
      const { sinkId = '' } = element as Partial<HTMLAudioElement>;
      if (normalizeDeviceId(this.#outputDeviceId) === sinkId) this.#player.play();
      else void this.#playOnItsOutput();
    });
  }

  /** Silent at once. */
  stop(): void {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#player.stop();
  }

  /** The output of what plays and of what comes; one that cannot be used leaves the sound where it is. */
  setOutputDevice(deviceId: string): void {
    this.#outputDeviceId = deviceId;
    if (this.#isStarted) void this.#takeOutput();
  }

  dispose(): void {
    this.#isStarted = false;
    this.#player.dispose();
  }

  /** On the right output from its first moment, unless that takes too long: it goes there from the other one then. */
  async #playOnItsOutput(): Promise<void> {
    await withDeadline(this.#takeOutput(), OUTPUT_WAIT_MS, () => new Error('no answer')).catch(
      () => undefined,
    );
    if (this.#isStarted) this.#player.play();
  }

  #takeOutput(): Promise<void> {
    return this.#player.setOutputDevice(this.#outputDeviceId).catch((error: unknown) => {
      this.#context.logger.warn(`the ${this.#source.name} sound stays on its output device`, error);
    });
  }

  #onBlocked(): void {
    if (this.#source.isLooped) {
      this.#context.onBlocked();
      return;
    }
    // At the next gesture it would be news of long ago.
    this.#context.logger.info(`the browser blocked the ${this.#source.name} sound`);
    this.stop();
  }

  #onFailed(error: unknown): void {
    const { name, toneUrl } = this.#source;
    this.#context.logger.warn(`the ${name} sound cannot be played`, error);
    if (this.#isStandIn) {
      this.#isStarted = false;
      return;
    }
    this.#isStandIn = true;
    this.#guarded(() => {
      this.#player.element.src = toneUrl();
      if (this.#isStarted) this.#player.play();
    });
  }

  /** No sound is worth a call. */
  #guarded(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#isStarted = false;
      this.#context.logger.warn(`the ${this.#source.name} sound cannot be played`, error);
    }
  }
}
