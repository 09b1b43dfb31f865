import { describe, expect, test } from 'vitest';
import { Measure } from '../../../src/quality/measure';
import { read } from '../../../src/quality/reading';
import { QualityRecord } from '../../../src/quality/report';
import { FakeStatistics, type Second } from './reports';

function record() {
  const statistics = new FakeStatistics();
  const measure = new Measure();
  const kept = new QualityRecord();
  let second = 0;
  const look = (expectsAudio = true) => {
    const at = { atMs: second * 1000, monotonicMs: second * 1000 };
    const measured = measure.next({ ...at, reading: read(statistics.report) }, expectsAudio);
    if (measured) kept.add(measured);
  };
  look();
  return {
    kept,
    measure,
    statistics,
    pass: (seconds: number, what: Second = {}, expectsAudio = true): void => {
      for (let passed = 0; passed < seconds; passed += 1) {
        second += 1;
        statistics.pass(what);
        look(expectsAudio);
      }
    },
  };
}

describe('a report', () => {
  test('before the first sample says that nothing is known', () => {
    expect(new QualityRecord().report).toEqual({
      ...{ codec: null, quality: null, mosHistory: null },
      ...{ lastSamples: [], warnings: [], candidatePairs: [] },
    });
  });

  test('has lowest, mean and highest of each figure, and what was never known is null', () => {
    const { kept, pass } = record();
    pass(1, { rttS: 0.02 });
    pass(1, { rttS: 0.04 });
    pass(1, { rttS: 0.09, received: 45, lost: 5 });
    const { quality } = kept.report;
    expect(quality?.rttMs).toEqual({ min: 20, average: 50, max: 90 });
    expect(quality?.lossRatio).toEqual({ min: 0, average: 0.0333, max: 0.1 });
    expect(quality).toMatchObject({ samples: 3, packetsReceived: 145, packetsLost: 5, packetsSent: 150 });
    expect(quality?.mos?.min).toBeLessThan(quality?.mos?.average ?? 0);
    expect(quality?.grade).toBe('fair');
    const silent = record();
    silent.pass(2, { received: 0 });
    expect(silent.kept.report.quality).toMatchObject({ mos: null, grade: null, lossRatio: null });
  });

  test('begins with the first sample, and says when each was taken whatever is done to its date', () => {
    const { statistics } = record();
    const measure = new Measure();
    const kept = new QualityRecord();
    for (const atMs of [0, 1000, 2000, 3000]) {
      statistics.pass();
      const measured = measure.next({ atMs, monotonicMs: atMs, reading: read(statistics.report) }, true);
      if (!measured) continue;
      kept.add(measured);
      measured.sample.at.setTime(NaN);
    }
    expect(kept.report.mosHistory?.startedAt).toBe('1970-01-01T00:00:01.000Z');
    expect(kept.report.lastSamples.map(({ at }) => at)).toEqual([
      '1970-01-01T00:00:01.000Z',
      '1970-01-01T00:00:02.000Z',
      '1970-01-01T00:00:03.000Z',
    ]);
  });

  describe('of a call that was dead for a while', () => {
    // The best of G.711 with 40 ms of network, 40 ms of buffer and a frame: see the scores of real browsers.
    const GOOD_MOS = 4.36;

    test.each([0, 1500])('is not that of a good one (%i packets lost)', (lost) => {
      const { kept, pass } = record();
      pass(20);
      pass(30, { received: 0 });
      pass(1, { lost });
      pass(20);
      expect(kept.summary).toMatchObject({ secondsWithoutAudio: 30, grade: 'bad', packetsLost: lost });
      expect(kept.summary?.mos?.min).toBe(1);
      const heard = lost > 0 ? 40 : 41;
      expect(kept.summary?.mos?.average).toBeCloseTo((heard * GOOD_MOS + (71 - heard)) / 71, 1);
      expect(kept.summary?.lossRatio?.average).toBeCloseTo(lost / (41 * 50 + lost), 4);
    });

    test('to its end, and in turns', () => {
      const ended = record();
      ended.pass(20);
      ended.pass(30, { received: 0 });
      expect(ended.kept.summary).toMatchObject({ secondsWithoutAudio: 30, grade: 'bad' });
      const inTurns = record();
      for (let turn = 0; turn < 10; turn += 1) {
        inTurns.pass(3);
        inTurns.pass(3, { received: 0 });
      }
      expect(inTurns.kept.summary).toMatchObject({ secondsWithoutAudio: 30, grade: 'bad' });
    });

    test('says so over a change of the connection', () => {
      const { kept, pass, measure, statistics } = record();
      pass(10);
      pass(5, { received: 0 });
      measure.reconnect();
      statistics.restart();
      pass(6, { received: 0 });
      pass(5);
      // The first look at the other connection is compared with nothing.
      expect(kept.summary).toMatchObject({ secondsWithoutAudio: 10, packetsReceived: 750 });
    });

    test('draws it in the course of the score', () => {
      const { kept, pass } = record();
      pass(2);
      pass(2, { received: 0 });
      expect(kept.report.mosHistory?.values).toEqual([
        expect.closeTo(GOOD_MOS, 1),
        expect.closeTo(GOOD_MOS, 1),
        1,
        1,
      ]);
      expect(kept.report.lastSamples.map(({ mos }) => mos === null)).toEqual([false, false, true, true]);
    });
  });

  test('counts no second without audio that nobody owed', () => {
    const held = record();
    held.pass(5);
    held.pass(20, { received: 0 }, false);
    held.pass(5);
    expect(held.kept.summary).toMatchObject({ secondsWithoutAudio: 0, grade: 'excellent' });
    const silent = record();
    silent.pass(5);
    silent.pass(20, { received: 0, comfortNoise: true });
    silent.pass(5);
    expect(silent.kept.summary).toMatchObject({ secondsWithoutAudio: 0, grade: 'excellent' });
  });

  test('grants the audio 4 s to set out, and no more', () => {
    const late = record();
    late.pass(4, { received: 0 });
    expect(late.kept.summary).toMatchObject({ secondsWithoutAudio: 0, grade: null, mos: null });
    late.pass(10);
    expect(late.kept.summary).toMatchObject({ secondsWithoutAudio: 0, grade: 'excellent' });
    const never = record();
    never.pass(34, { received: 0 });
    expect(never.kept.summary).toMatchObject({
      ...{ secondsWithoutAudio: 30, grade: 'bad', mos: { min: 1, average: 1, max: 1 } },
      ...{ lossRatio: null, packetsReceived: 0 },
    });
  });

  test('counts no packet as lost that came late or twice', () => {
    const { kept, pass } = record();
    pass(1, { received: 45, lost: 5 });
    pass(1, { received: 55, lost: -5, bursts: 0 });
    pass(1, { received: 60, lost: -10, bursts: 0 });
    expect(kept.summary).toMatchObject({ packetsLost: 0, lossRatio: { min: 0, average: 0, max: 0.1 } });
  });

  test('tells warnings from when to when, and the ways that the audio took', () => {
    const { kept, pass } = record();
    const warning = { name: 'highRtt', value: 500, threshold: 400 } as const;
    pass(1);
    kept.raise(warning, new Date(1000));
    kept.clear('highRtt', new Date(5000));
    kept.raise({ ...warning, value: 900 }, new Date(9000));
    pass(1, { localType: 'relay' });
    pass(2, { localType: 'relay' });
    pass(1);
    expect(kept.report.warnings).toEqual([
      { ...warning, raisedAt: '1970-01-01T00:00:01.000Z', clearedAt: '1970-01-01T00:00:05.000Z' },
      { ...warning, value: 900, raisedAt: '1970-01-01T00:00:09.000Z' },
    ]);
    expect(kept.summary?.warnings).toEqual(['highRtt']);
    expect(kept.report.candidatePairs.map(({ localType, since }) => [localType, since])).toEqual([
      ['host', '1970-01-01T00:00:01.000Z'],
      ['relay', '1970-01-01T00:00:02.000Z'],
      ['host', '1970-01-01T00:00:05.000Z'],
    ]);
  });

  test('is plain data: what JSON keeps is the same', () => {
    const { kept, pass } = record();
    pass(5);
    kept.raise({ name: 'lowMos', value: 2, threshold: 3.6 }, new Date(0));
    expect(JSON.parse(JSON.stringify(kept.report))).toEqual(kept.report);
  });

  test('is the same size after eight hours', { timeout: 60_000 }, () => {
    const { kept, pass } = record();
    const hour = 3600;
    for (let minute = 0; minute < 8 * 60; minute += 1) {
      pass(55);
      pass(5, { received: 40, lost: 10, localType: minute % 2 === 0 ? 'relay' : 'host' });
      kept.raise({ name: 'highLoss', value: 0.2, threshold: 0.04 }, new Date(0));
      kept.clear('highLoss', new Date(0));
    }
    const { mosHistory, lastSamples, warnings, candidatePairs, quality } = kept.report;
    expect(quality?.samples).toBe(8 * hour);
    expect(quality?.warnings).toEqual(['highLoss']);
    expect([lastSamples.length, warnings.length, candidatePairs.length]).toEqual([60, 100, 20]);
    expect(mosHistory?.intervalSamples).toBe(128);
    expect(mosHistory?.values.length).toBe((8 * hour) / 128);
    // 55 of 60 seconds at 4.36, five at 2.6.
    for (const value of mosHistory?.values ?? []) expect(value).toBeCloseTo(quality?.mos?.average ?? 0, 0);
    expect(JSON.stringify(kept.report).length).toBeLessThan(60_000);
  });
});
