import { startTimer, stopTimer, type TimerHandle } from '../core/clock';
import { withDeadline } from '../core/deadline';
import { voiceError } from '../core/errors';
import { SerialQueue } from '../core/serial-queue';
import type { AutoplayGate } from './autoplay-gate';
import { browser, normalizeDeviceId, SYSTEM_DEFAULT } from './browser';
import { PlaybackRepair } from './playback-repair';

// Not from a standard: a bound far above what opening an output takes, so that one that hangs does not stop the next.
const OUTPUT_DEVICE_TIMEOUT_MS = 10_000;
// Not from a standard: a file that takes longer to begin is one that a caller would not wait for.
const FILE_START_MS = 2_000;

export interface AudioPlayerOptions {
  readonly autoplay: AutoplayGate;
  /** Gives a new element its source and properties. */
  readonly prepare: (element: HTMLAudioElement) => void;
  /** The browser wants a gesture first; said once until the sound runs or is stopped. */
  readonly onBlocked: () => void;
  /** Sound that was blocked runs now. */
  readonly onUnblocked: () => void;
  /** Each time that the browser has begun to play. */
  readonly onPlaying?: () => void;
  /** The source cannot be played, or not any more; playing has stopped. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Owns one audio element (made at its first use, never in the page): playing, blocked playback, output device. Sound that
 * the browser stops by itself (an output that failed, a headset that was pulled out) is started again.
 */
export class AudioPlayer {
  readonly #options: AudioPlayerOptions;
  readonly #outputs = new SerialQueue();
  #element: HTMLAudioElement | undefined;
  #wanted = false;
  #blocked = false;
  #failed = false;
  /** What was wanted until it failed still is: another output may bring it back. */
  #missed = false;
  /** It was heard since play(). */
  #heard = false;
  #disposed = false;
  #startDeadline: TimerHandle | undefined;
  /** Number of the latest attempt: what earlier ones report is not news any more. */
  #attempts = 0;
  readonly #repair = new PlaybackRepair({
    start: (isAnew) => {
      if (isAnew || this.element.error) this.element.load();
      this.#attempt();
    },
    giveUp: (error) => {
      this.#fail(error);
    },
  });

  constructor(options: AudioPlayerOptions) {
    this.#options = options;
  }

  /** The element, where it was made. */
  get made(): HTMLAudioElement | undefined {
    return this.#element;
  }

  /** The element, made on first use. Throws BROWSER_UNSUPPORTED where there are none. */
  get element(): HTMLAudioElement {
    if (this.#element) return this.#element;
    if (!browser.Audio) throw voiceError('BROWSER_UNSUPPORTED', 'There is no audio playback here.');
    this.#element = new browser.Audio();
    this.#options.prepare(this.#element);
    this.#element.addEventListener('error', this.#onElementError);
    this.#element.addEventListener('pause', this.#onElementPause);
    return this.#element;
  }

  /** Starts playing, now or as soon as the browser allows it. Harmless while it plays. */
  play(): void {
    if (this.#disposed) return;
    const { element } = this;
    // An element that failed stays failed until it loads again.
    if (this.#failed || element.error) element.load();
    this.#failed = false;
    this.#missed = false;
    this.#wanted = true;
    this.#repair.cancel();
    this.#attempt();
  }

  /** Stops at once, also while play() has not been answered. */
  stop(): void {
    this.#wanted = false;
    this.#missed = false;
    this.#heard = false;
    this.#blocked = false;
    this.#repair.reset();
    this.#endStartDeadline();
    this.#attempts += 1;
    this.#options.autoplay.delete(this.#attempt);
    this.#element?.pause();
  }

  /**
   * Changes run one after another, so the last call wins. When one fails, the device before it stays in use. On the new
   * one plays what is wanted, also where it had failed.
   */
  setOutputDevice(deviceId: string): Promise<void> {
    const sinkId = normalizeDeviceId(deviceId);
    return this.#outputs.run(async () => {
      if (this.#disposed) return;
      if (sinkId !== SYSTEM_DEFAULT || (this.#element?.sinkId ?? '') !== SYSTEM_DEFAULT)
        await this.#setSink(sinkId);
      this.#repair.reset();
      if ((this.#wanted || this.#missed) && !this.#isOver) this.play();
    });
  }

  dispose(): void {
    this.stop();
    this.#disposed = true;
    const element = this.#element;
    this.#element = undefined;
    if (!element) return;
    element.removeEventListener('error', this.#onElementError);
    element.removeEventListener('pause', this.#onElementPause);
    element.srcObject = null;
    if (!element.hasAttribute('src')) return;
    // HTML, "Best practices for authors using media elements": this is what frees the file and its decoder.
    element.removeAttribute('src');
    element.load();
  }

  async #setSink(sinkId: string): Promise<void> {
    const { element } = this;
    if (!('setSinkId' in element)) {
      throw voiceError('UNSUPPORTED', 'This browser cannot choose the output device.');
    }
    try {
      await withDeadline(element.setSinkId(sinkId), OUTPUT_DEVICE_TIMEOUT_MS, () => new Error('no answer'));
    } catch (error) {
      throw voiceError('OUTPUT_DEVICE_FAILED', undefined, error);
    }
  }

  readonly #attempt = (): void => {
    const attempt = ++this.#attempts;
    this.#beginStartDeadline();
    this.element.play().then(
      () => {
        if (attempt === this.#attempts) this.#onPlaying();
      },
      (error: unknown) => {
        if (attempt === this.#attempts) this.#onRefused(error);
      },
    );
  };

  #onPlaying(): void {
    this.#heard = true;
    this.#endStartDeadline();
    this.#options.autoplay.delete(this.#attempt);
    this.#options.onPlaying?.();
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#options.onUnblocked();
  }

  #onRefused(error: unknown): void {
    const name = error instanceof Error ? error.name : '';
    // pause() and a new source both end a pending play() this way.
    if (name === 'AbortError') return;
    this.#endStartDeadline();
    if (name !== 'NotAllowedError') {
      this.#onBroken(error);
      return;
    }
    this.#options.autoplay.add(this.#attempt);
    if (this.#blocked) return;
    this.#blocked = true;
    this.#options.onBlocked();
  }

  readonly #onElementError = (): void => {
    const error = this.#element?.error;
    // Without one it has been loaded anew meanwhile.
    if (this.#wanted && error) this.#onBroken(error);
  };

  readonly #onElementPause = (): void => {
    // One of this class's own has been undone by then, or nothing is wanted.
    if (this.#wanted && !this.#blocked && this.#element?.paused && !this.#isOver)
      this.#repair.begin(new Error('The browser paused it.'));
  };

  /** A file that was never heard is at fault itself; a stream, or what was heard, is as good as before. */
  #onBroken(error: unknown): void {
    if (this.#heard || this.#element?.srcObject) this.#repair.begin(error);
    else this.#fail(error);
  }

  /** Whether it was played to its end: a file, or a stream without a live track, which goes on with the next one. */
  get #isOver(): boolean {
    const stream = this.#element?.srcObject as MediaStream | null | undefined;
    return this.#element?.ended === true || stream?.active === false;
  }

  /** Only what comes over the network as a file can stall: the far end may be silent for as long as it likes. */
  #beginStartDeadline(): void {
    if (this.#heard || !this.element.src || /^(blob|data):/.test(this.element.src)) return;
    this.#startDeadline ??= startTimer(FILE_START_MS, () => {
      this.#fail(new Error(`It did not begin within ${FILE_START_MS} ms.`));
    });
  }

  #endStartDeadline(): void {
    stopTimer(this.#startDeadline);
    this.#startDeadline = undefined;
  }

  #fail(error: unknown): void {
    this.stop();
    this.#failed = true;
    this.#missed = true;
    this.#options.onFailed(error);
  }
}
