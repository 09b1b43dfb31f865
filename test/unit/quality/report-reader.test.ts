import { describe, expect, test } from 'vitest';
import { read, type Reading } from '../../../src/quality/reading';
import { ReportReader } from '../../../src/quality/report-reader';
import { recorded } from './reports';

type Entry = Record<string, unknown>;

/** A report that knows which of its entries have been read. */
class Report extends Map<string, Entry> {
  readonly read = new Set<string>();

  constructor(entries: Iterable<Entry>) {
    super([...entries].map((entry) => [String(entry['id']), entry]));
  }

  override get(id: string): Entry | undefined {
    this.read.add(id);
    return super.get(id);
  }

  override forEach(visit: (entry: Entry, id: string, map: Map<string, Entry>) => void): void {
    super.forEach((entry, id, map) => {
      this.read.add(id);
      visit(entry, id, map);
    });
  }

  get isReadWhole(): boolean {
    return this.read.size === this.size;
  }
}

function look(browser: 'chromium' | 'firefox', at: 0 | 1): Entry[] {
  const call = recorded(browser).calls.find(({ mimeType }) => mimeType === 'audio/opus');
  return (call?.reports[at] ?? []).map((entry) => ({ ...entry }));
}

const codecOf = ({ inbound, path }: Reading) => path.codecs.get(inbound[0]?.codecId);

/** A reader that has seen the first report, and the second one with a change. */
function second(browser: 'chromium' | 'firefox', change: (entries: Entry[]) => Entry[] = (same) => same) {
  const reader = new ReportReader();
  reader.read(new Report(look(browser, 0)));
  const report = new Report(change(look(browser, 1)));
  const reading = reader.read(report);
  return { reader, report, reading, expected: read(new Report(report.values())) };
}

const changed = (type: string, more: Entry) => (entries: Entry[]) =>
  entries.map((entry) => (entry['type'] === type ? { ...entry, ...more } : entry));

describe.each(['chromium', 'firefox'] as const)('reports of %s', (browser) => {
  test('one after another: the same comes out, with less read', () => {
    const { report, reading, expected } = second(browser);
    expect(reading).toEqual(expected);
    expect(reading.rttS).toBeGreaterThan(0);
    expect(reading.inbound[0]?.counters['packetsReceived']).toBeGreaterThan(100);
    expect(report.read.size).toBeLessThan(report.size);
  });

  test('a stream that comes in the place of another is seen', () => {
    const { reading, expected } = second(
      browser,
      changed('inbound-rtp', { id: 'another', packetsReceived: 7 }),
    );
    expect(reading).toEqual(expected);
    expect(reading.inbound[0]?.counters['packetsReceived']).toBe(7);
  });

  test('another codec is seen', () => {
    const { reading, expected } = second(browser, (entries) => [
      ...changed('inbound-rtp', { codecId: 'G' })(entries).filter(({ type }) => type !== 'peer-connection'),
      { id: 'G', type: 'codec', mimeType: 'audio/G722', clockRate: 8000 },
    ]);
    expect(reading).toEqual(expected);
    expect(codecOf(reading)?.mimeType).toBe('audio/G722');
  });

  test('whatever has changed, the thirtieth look after a whole one is whole', () => {
    const { reader } = second(browser);
    const looks = Array.from({ length: 60 }, () => {
      const report = new Report(look(browser, 1));
      reader.read(report);
      return report.isReadWhole;
    });
    expect(looks.flatMap((isWhole, at) => (isWhole ? [at] : []))).toEqual([28, 58]);
  });

  test('a connection that is closed has one entry left', () => {
    const { reading } = second(browser, () => [{ id: 'P', type: 'peer-connection' }]);
    expect(reading).toMatchObject({
      inbound: [],
      outbound: [],
      path: { candidatePair: null, codecs: new Map() },
    });
  });
});

test('another candidate pair in use is seen, though nothing is added', () => {
  const relay = { candidateType: 'relay', relayProtocol: 'tls' };
  const { reading, expected } = second('chromium', (entries) => {
    const inUse = entries.find(({ type }) => type === 'transport')?.['selectedCandidatePairId'];
    const other = entries.find(({ type, id }) => type === 'candidate-pair' && id !== inUse);
    return entries.map((entry) => {
      if (entry['type'] === 'transport') return { ...entry, selectedCandidatePairId: other?.['id'] };
      return entry['id'] === other?.['localCandidateId'] ? { ...entry, ...relay } : entry;
    });
  });
  expect(reading).toEqual(expected);
  expect(reading.path.candidatePair).toMatchObject({ localType: 'relay', relayProtocol: 'tls' });
});

test.each(['chromium', 'firefox'] as const)(
  'a stream that begins as something else goes is read (%s)',
  (browser) => {
    const reader = new ReportReader();
    const isStream = ({ type }: Entry) => type === 'inbound-rtp';
    const isCandidate = ({ type }: Entry) => type === 'remote-candidate';
    const silent = look(browser, 0).filter((entry) => !isStream(entry));
    reader.read(new Report(silent));
    const other = look(browser, 1).find(isCandidate);
    const heard = look(browser, 1).filter((entry) => entry['id'] !== other?.['id']);
    expect(heard).toHaveLength(silent.length);
    expect(reader.read(new Report(heard)).inbound).toHaveLength(1);
  },
);

test('where there is no transport, the pairs themselves say which one is in use', () => {
  const bare = (entries: Entry[]) => entries.filter(({ type }) => type !== 'transport');
  const reader = new ReportReader();
  reader.read(new Report(bare(look('firefox', 0))));
  const slower = changed('candidate-pair', { currentRoundTripTime: 2 });
  const report = new Report(slower(bare(look('firefox', 1))));
  expect(reader.read(report).rttS).toBe(2);
  expect(report.isReadWhole).toBe(false);
});

test('Firefox says at the pairs themselves as well which one is in use', () => {
  const { reading, expected } = second('firefox', (entries) => {
    const pairs = entries.filter(({ type }) => type === 'candidate-pair');
    const other = pairs.find(({ selected }) => selected !== true);
    expect(other).toBeDefined();
    return entries.map((entry) =>
      entry['type'] === 'candidate-pair' ? { ...entry, selected: entry === other } : entry,
    );
  });
  expect(reading).toEqual(expected);
});

test('a pair that is nominated in the place of another is seen where nothing else says which one is in use', () => {
  const relay = { candidateType: 'relay', relayProtocol: 'udp' };
  const silent = (entries: Entry[]) =>
    entries.filter(({ type }) => type !== 'transport').map((entry) => ({ ...entry, selected: undefined }));
  const nominate = (entries: Entry[], at: number) => {
    const pairs = entries.filter(({ type }) => type === 'candidate-pair');
    return entries.map((entry) => {
      if (entry['type'] === 'candidate-pair') return { ...entry, nominated: entry === pairs[at] };
      return entry['id'] === pairs[1]?.['localCandidateId'] ? { ...entry, ...relay } : entry;
    });
  };
  const reader = new ReportReader();
  reader.read(new Report(nominate(silent(look('firefox', 0)), 0)));
  const { path } = reader.read(new Report(nominate(silent(look('firefox', 1)), 1)));
  expect(path.candidatePair).toMatchObject({ localType: 'relay' });
});

test('what is known of the way is not made anew while it is the same', () => {
  const reader = new ReportReader();
  const { path } = reader.read(new Report(look('chromium', 0)));
  expect(reader.read(new Report(look('chromium', 1))).path).toBe(path);
});

test('another kind of candidate on the same pair is seen', () => {
  const { reading } = second('chromium', (entries) => {
    const inUse = entries.find(({ type }) => type === 'transport')?.['selectedCandidatePairId'];
    const other = entries.find(({ type, id }) => type === 'candidate-pair' && id !== inUse);
    return entries.map((entry) => {
      if (entry['id'] === inUse) return { ...entry, localCandidateId: other?.['localCandidateId'] };
      return entry['id'] === other?.['localCandidateId'] ? { ...entry, candidateType: 'relay' } : entry;
    });
  });
  expect(reading.path.candidatePair?.localType).toBe('relay');
});

test('a candidate that is only added is seen', () => {
  const { reading, expected } = second('chromium', (entries) => [
    ...entries,
    { id: 'late', type: 'local-candidate', candidateType: 'srflx' },
  ]);
  expect(reading).toEqual(expected);
  expect(reading.path.localTypes).toContain('srflx');
});

test('where the selected one is said at the pairs alone, another one is seen', () => {
  const bare = (entries: Entry[], at: number) => {
    const pairs = entries.filter(({ type }) => type === 'candidate-pair');
    return entries
      .filter(({ type }) => type !== 'transport')
      .map((entry) =>
        entry['type'] === 'candidate-pair' ? { ...entry, selected: entry === pairs[at] } : entry,
      );
  };
  const reader = new ReportReader();
  reader.read(new Report(bare(look('firefox', 0), 0)));
  const entries = bare(look('firefox', 1), 1).map((entry) =>
    entry['type'] === 'local-candidate' ? { ...entry, candidateType: `${String(entry['id'])} of it` } : entry,
  );
  const pair = entries.find(({ selected }) => selected === true);
  expect(reader.read(new Report(entries)).path.candidatePair?.localType).toBe(
    `${String(pair?.['localCandidateId'])} of it`,
  );
});

test('of several transports the first says which pair is in use', () => {
  const more = (entries: Entry[]) => [
    ...entries,
    { id: 'second', type: 'transport', selectedCandidatePairId: 'nobody' },
  ];
  const reader = new ReportReader();
  reader.read(new Report(more(look('chromium', 0))));
  const report = new Report(more(look('chromium', 1)));
  expect(reader.read(report).rttS).toBe(read(new Report(look('chromium', 1))).rttS);
  expect(report.isReadWhole).toBe(false);
});

test('a transport that names no pair leaves it to the pairs', () => {
  const dangling = changed('transport', { selectedCandidatePairId: 'gone' });
  const reader = new ReportReader();
  reader.read(new Report(dangling(look('chromium', 0))));
  const slower = changed('candidate-pair', { currentRoundTripTime: 2 });
  expect(reader.read(new Report(slower(dangling(look('chromium', 1))))).rttS).toBe(2);
});
