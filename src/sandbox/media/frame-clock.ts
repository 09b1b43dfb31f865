/**
 * A 20 ms beat that keeps to the clock: a timer that fires late is followed by a short one, and frames that
 * were missed are made up for, so that the rate of audio is right however busy the process is.
 */
export const frameMs = 20;
/** After a longer stall the missed frames are dropped: a burst would only overflow the jitter buffer. */
const maxCatchUpFrames = 5;

export class FrameClock {
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = 0;
  readonly #listeners = new Set<() => void>();

  /** Calls `onFrame` every 20 ms until the returned function is called. */
  subscribe(onFrame: () => void): () => void {
    this.#listeners.add(onFrame);
    if (this.#timer === undefined) {
      this.#dueAtMs = performance.now() + frameMs;
      this.#schedule();
    }
    return () => {
      this.#listeners.delete(onFrame);
      if (this.#listeners.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #schedule(): void {
    this.#timer = setTimeout(
      () => {
        this.#beat();
      },
      Math.max(0, this.#dueAtMs - performance.now()),
    );
  }

  #beat(): void {
    const lateFrames = Math.floor((performance.now() - this.#dueAtMs) / frameMs) + 1;
    const frames = Math.min(Math.max(1, lateFrames), maxCatchUpFrames);
    this.#dueAtMs += Math.max(frames, lateFrames) * frameMs;
    for (let frame = 0; frame < frames; frame += 1) for (const listener of [...this.#listeners]) listener();
    if (this.#listeners.size > 0) this.#schedule();
  }
}
