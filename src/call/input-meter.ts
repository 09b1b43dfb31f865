import type { Logger } from '../core/logger';
import { measureLevel } from '../media/meters/measure-level';
import type { CallAudio } from './call-audio';

export interface InputMeterOptions {
  readonly audio: CallAudio;
  /** Where a copy of `level-worklet.js` is. */
  readonly workletUrl: string | undefined;
  readonly logger: Logger;
}

/**
 * How loud the microphone of a call is, where the statistics do not say: in Firefox, and before processors, of which noise
 * suppression makes digital silence of a quiet room.
 */
export class InputMeter {
  readonly #options: InputMeterOptions;
  #track: MediaStreamTrack | undefined;
  #stop: (() => void) | undefined;
  #loudestDbfs: number | null = null;
  #isBroken = false;

  constructor(options: InputMeterOptions) {
    this.#options = options;
  }

  /** The loudest tenth of a second since it was last asked for; null where nothing was measured. */
  take(): number | null {
    const loudestDbfs = this.#loudestDbfs;
    this.#loudestDbfs = null;
    return loudestDbfs;
  }

  /** Measures the microphone of now, or nothing. */
  update(isWanted: boolean): void {
    const track = isWanted && !this.#isBroken ? this.#options.audio.input.lease?.track : undefined;
    if (track === this.#track) return;
    const stop = this.#stop;
    this.#track = track;
    this.#loudestDbfs = null;
    // Before the other one is stopped: the last meter of the page takes the audio context with it.
    this.#stop = track && this.#measure(track);
    stop?.();
  }

  #measure(track: MediaStreamTrack): () => void {
    return measureLevel(
      track,
      ({ levelDbfs }) => {
        this.#loudestDbfs = Math.max(levelDbfs, this.#loudestDbfs ?? levelDbfs);
      },
      {
        workletUrl: this.#options.workletUrl,
        onError: (error) => {
          // What cannot be measured now cannot be a second later.
          this.#isBroken = true;
          this.update(false);
          this.#options.logger.info('a silent microphone cannot be told', error);
        },
      },
    );
  }
}
