import { stopTimer, type TimerHandle } from '../core/clock';
import { startSteadyTimer } from '../core/steady-timer';

// Not from a standard: seldom enough to cost nothing, often enough to be missed within seconds.
const BEAT_MS = 5_000;
// Two beats; whoever has missed both asks, and a tab that lives answers in milliseconds.
const DOUBT_MS = 10_000;
const ANSWER_MS = 2_000;

/** Calls `beat` every 5 s, also in a hidden tab, from now on until the returned function is called. */
export function startHeartbeat(beat: () => void): () => void {
  let timer: TimerHandle;
  const next = () => {
    timer = startSteadyTimer(BEAT_MS, () => {
      next();
      beat();
    });
  };
  next();
  return () => {
    stopTimer(timer);
  };
}

/**
 * Notices that another tab has stopped saying that it lives. After 10 s without a sign that tab is asked, and what
 * comes within 2 s counts: this very tab may have slept, or the other be of a version that only answers.
 */
export class SilenceWatch {
  readonly #ask: () => void;
  readonly #onSilent: () => void;
  #timer: TimerHandle | undefined;

  constructor(options: { readonly ask: () => void; readonly onSilent: () => void }) {
    this.#ask = options.ask;
    this.#onSilent = options.onSilent;
  }

  /** The other tab lives; it is watched from now on. */
  heard(): void {
    stopTimer(this.#timer);
    this.#timer = startSteadyTimer(DOUBT_MS, () => {
      this.#timer = startSteadyTimer(ANSWER_MS, () => {
        this.#timer = undefined;
        this.#onSilent();
      });
      this.#ask();
    });
  }

  /** There is no other tab to watch. */
  stop(): void {
    stopTimer(this.#timer);
    this.#timer = undefined;
  }
}
