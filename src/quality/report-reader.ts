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
const LOOKS_FROM_WHOLE = 10;

/**
 * Browsers make an object of each entry that is read, which costs more than all that is done with it, and two thirds of
 * the entries are about candidates. So only what counts is read each time, and all of it where something shows
 * that the rest has changed too.
 */
export class ReportReader {
  #last = new Map<string, Stats>();
  #looksLeft = 0;

  read(report: RTCStatsReport): Reading {
    const entries = this.#looksLeft > 0 ? this.#readCounting(report) : undefined;
    if (entries) {
      this.#looksLeft -= 1;
      return read(entries);
    }
    this.#last = new Map();
    report.forEach((stats: Stats) => {
      this.#last.set(String(stats.id), stats);
    });
    this.#looksLeft = LOOKS_FROM_WHOLE - 1;
    return read(this.#last);
  }

  /** Undefined where the rest cannot be as it was. */
  #readCounting(report: RTCStatsReport): Map<string, Stats> | undefined {
    const last = this.#last;
    if (report.size !== last.size) return undefined;
    const selected = this.#selectedPair;
    const entries = new Map<string, Stats>();
    for (const [id, before] of last) {
      const isPair = before.type === 'candidate-pair';
      const isCounting = isPair ? selected === undefined || id === selected : COUNTING.includes(before.type);
      const stats = isCounting ? (report.get(id) as Stats | undefined) : before;
      if (stats === undefined || stats.type !== before.type) return undefined;
      if (stats.codecId !== before.codecId) return undefined;
      if (stats.selectedCandidatePairId !== before.selectedCandidatePairId) return undefined;
      entries.set(id, stats);
    }
    return entries;
  }

  /** By the transport's word; undefined where the browser has none, and the pairs themselves say it. */
  get #selectedPair(): string | undefined {
    for (const { selectedCandidatePairId: id } of this.#last.values()) if (typeof id === 'string') return id;
    return undefined;
  }
}
