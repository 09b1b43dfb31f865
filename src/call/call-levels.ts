import { asVoiceError } from '../core/errors';
import { loadOnce } from '../core/load-once';
import type { CallMeters, CallMetersOptions, LevelEvent } from './call-meters';

const EVENTS: readonly LevelEvent[] = ['inputLevel', 'outputLevel', 'speakingWhileMuted'];

/** The levels of one call: loads what measures when somebody first listens, and tells it what has changed. */
export class CallLevels {
  readonly #options: CallMetersOptions;
  #meters: CallMeters | undefined;
  /** What was wanted when loading failed. */
  #inVain: readonly LevelEvent[] = [];
  readonly #load = loadOnce(() => this.#begin());
  #isDisposed = false;

  constructor(options: CallMetersOptions) {
    this.#options = options;
    options.audio.on('changed', () => {
      this.#meters?.update();
    });
  }

  /** Listeners came or went, or the call did: measures what is wanted now, and stops the rest. */
  update(): void {
    if (this.#isDisposed) return;
    if (this.#meters) this.#meters.update();
    else {
      const wanted = EVENTS.filter(this.#options.isWanted);
      // A listener that left, or one of anything else, is no reason to try again.
      this.#inVain = this.#inVain.filter((event) => wanted.includes(event));
      if (wanted.length > this.#inVain.length) this.#load().catch(() => undefined);
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#meters?.dispose();
  }

  async #begin(): Promise<void> {
    try {
      // Loaded only where it is used: most calls are not watched.
      const { CallMeters } = await import('./call-meters');
      if (this.#isDisposed) return;
      this.#meters = new CallMeters(this.#options);
      this.#meters.update();
    } catch (error) {
      this.#inVain = EVENTS.filter(this.#options.isWanted);
      if (!this.#isDisposed) this.#options.emit('error', asVoiceError(error, 'UNSUPPORTED'));
      throw error;
    }
  }
}
