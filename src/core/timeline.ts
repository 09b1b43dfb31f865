import { monotonicMs } from './clock';

// An agent takes a hundred calls a shift; the newest are what somebody looks at.
const MOST_SUBJECTS = 20;

const subjects = new Set<Timeline>();

/**
 * Marks of one subject in the performance timeline of the page (W3C User Timing), where its tools and its monitoring
 * find them. Those of the newest 20 subjects are kept. A browser that refuses them loses nothing else.
 */
export class Timeline {
  readonly #prefix: string;
  readonly #names = new Set<string>();
  #isOver = false;

  /** @param prefix in front of each name */
  constructor(prefix: string) {
    this.#prefix = prefix;
    subjects.add(this);
    const [oldest] = subjects;
    if (subjects.size > MOST_SUBJECTS) oldest?.clear();
  }

  /** @param atMs on the monotonic clock */
  mark(name: string, atMs = monotonicMs()): void {
    this.#write(name, (full) => performance.mark(full, { startTime: atMs }));
  }

  /** @param fromMs on the monotonic clock; it ends now */
  measure(name: string, fromMs: number): void {
    this.#write(name, (full) => performance.measure(full, { start: fromMs, end: monotonicMs() }));
  }

  /** Takes all of them out again; later ones are not written. */
  clear(): void {
    this.#isOver = true;
    subjects.delete(this);
    for (const name of this.#names) {
      performance.clearMarks(name);
      performance.clearMeasures(name);
    }
    this.#names.clear();
  }

  #write(name: string, write: (full: string) => unknown): void {
    if (this.#isOver) return;
    const full = this.#prefix + name;
    try {
      write(full);
      this.#names.add(full);
    } catch {
      // Engines before level 3 of the specification take no start time.
    }
  }
}
