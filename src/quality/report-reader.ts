/** Reads one report after another of the same connection. */
import { read, type Reading } from './reading';

interface Stats {
  readonly id?: unknown;
  readonly type?: unknown;
  readonly codecId?: unknown;
  readonly selectedCandidatePairId?: unknown;
}

/** These count from look to look. What the others say changes with the way and with the description only. */
const COUNTING: readonly unknown[] = [
  'inbound-rtp',
  'outbound-rtp',
  'remote-inbound-rtp',
  'media-source',
  'transport',
];
/** What no sign tells of, a candidate that takes the place of another one, say, is seen after this many looks. */
const LOOKS_FROM_WHOLE = 30;

/**
 * Browsers make an object of each entry that is read, which costs more than all that is done with it, and two thirds of
 * the entries are about candidates. So only what counts is read each time, and all of it where something shows
 * that the rest has changed too.
 */
export class ReportReader {
  readonly #entries = new Map<string, Stats>();
  #counting: readonly string[] = [];
  #looksLeft = 0;

  read(report: RTCStatsReport): Reading {
    // A stream may begin in the second in which something else goes, and must not be missed.
    const isHeard = this.#counting.some((id) => this.#entries.get(id)?.type === 'inbound-rtp');
    if (this.#looksLeft > 0 && isHeard && this.#readCounting(report)) this.#looksLeft -= 1;
    else this.#readWhole(report);
    return read(this.#entries);
  }

  #readWhole(report: RTCStatsReport): void {
    this.#entries.clear();
    // By the transport's word; where the browser has none, the pairs themselves say which one is selected.
    let selected: unknown;
    report.forEach((stats: Stats) => {
      this.#entries.set(String(stats.id), stats);
      if (typeof stats.selectedCandidatePairId === 'string') selected ??= stats.selectedCandidatePairId;
    });
    const counts = ([id, { type }]: [string, Stats]) =>
      type === 'candidate-pair' ? selected === undefined || id === selected : COUNTING.includes(type);
    this.#counting = [...this.#entries].filter(counts).map(([id]) => id);
    this.#looksLeft = LOOKS_FROM_WHOLE - 1;
  }

  /** False where the rest cannot be as it was. */
  #readCounting(report: RTCStatsReport): boolean {
    if (report.size !== this.#entries.size) return false;
    for (const id of this.#counting) {
      const before = this.#entries.get(id);
      const stats = report.get(id) as Stats | undefined;
      if (stats?.type !== before?.type || stats?.codecId !== before?.codecId) return false;
      if (!stats || stats.selectedCandidatePairId !== before?.selectedCandidatePairId) return false;
      this.#entries.set(id, stats);
    }
    return true;
  }
}
