import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Logger } from '../../../src/core/logger';
import { QualityMonitor } from '../../../src/quality/monitor';
import type { QualitySample } from '../../../src/quality/sample';
import { FakeStatistics, TALKING } from './reports';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Chromium's word for a call through a TURN server, as far as it takes to warn of that. */
const RELAYED = new Map<string, unknown>(
  [
    {
      id: 'pair',
      type: 'candidate-pair',
      nominated: true,
      localCandidateId: 'own',
      remoteCandidateId: 'other',
    },
    { id: 'own', type: 'local-candidate', candidateType: 'relay' },
    { id: 'other', type: 'remote-candidate', candidateType: 'host' },
  ].map((entry) => [entry.id, entry]),
);

interface FakeConnection {
  readonly connection: RTCPeerConnection;
  readonly statistics: FakeStatistics;
  readonly reads: () => number;
}

/** A connection whose statistics are a second further at each look. */
function fakeConnection(getStats?: () => Promise<unknown>): FakeConnection {
  const statistics = new FakeStatistics();
  let reads = 0;
  const connection = {
    getConfiguration: () => ({}),
    getStats: () => {
      reads += 1;
      statistics.pass();
      return getStats ? getStats() : Promise.resolve(statistics.report);
    },
  };
  return { connection: connection as unknown as RTCPeerConnection, statistics, reads: () => reads };
}

function monitor(onSample?: (sample: QualitySample) => void) {
  const samples: QualitySample[] = [];
  const said: string[] = [];
  const condition = { ...TALKING };
  const logger = new Logger('silent');
  const watching = new QualityMonitor({
    condition: () => condition,
    logger,
    onSample: (sample) => {
      samples.push(sample);
      onSample?.(sample);
    },
    onWarning: ({ name }) => said.push(name),
    onWarningCleared: (name) => said.push(`${name} over`),
  });
  const warned = vi.spyOn(logger, 'warn');
  return { watching, samples, said, condition, warned };
}

describe('a monitor', () => {
  test('looks at once and then each second', async () => {
    const { watching, samples } = monitor();
    const { connection, reads } = fakeConnection();
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(0);
    expect(reads()).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(reads()).toBe(11);
    expect(samples).toHaveLength(10);
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(1000);
    expect(reads()).toBe(12);
    watching.stop();
  });

  test('stops with nothing left, and keeps what it knows', async () => {
    const { watching, samples } = monitor();
    const { connection, reads } = fakeConnection();
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(3000);
    watching.stop();
    watching.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([reads(), samples.length, vi.getTimerCount()]).toEqual([4, 3, 0]);
    expect(watching.summary?.samples).toBe(3);
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(2000);
    expect(reads()).toBe(4);
  });

  test('stopped in the middle of a look, or by the listener of a sample, says nothing more', async () => {
    let finish: (report: unknown) => void = () => undefined;
    const slow = monitor();
    const { connection } = fakeConnection(() => new Promise((resolve) => (finish = resolve)));
    slow.watching.watch(connection);
    slow.watching.stop();
    finish(new Map());
    await vi.advanceTimersByTimeAsync(5000);
    expect([slow.samples.length, vi.getTimerCount()]).toEqual([0, 0]);

    const hanging = monitor(() => {
      hanging.watching.stop();
    });
    const relayed = fakeConnection();
    hanging.watching.watch(relayed.connection);
    await vi.advanceTimersByTimeAsync(5000);
    expect([hanging.samples.length, hanging.said, vi.getTimerCount()]).toEqual([1, [], 0]);
  });

  test('stopped by the listener of a sample that is bad as well, does not warn of it', async () => {
    const hanging = monitor(() => {
      hanging.watching.stop();
    });
    const { connection } = fakeConnection(() => Promise.resolve(RELAYED));
    hanging.watching.watch(connection);
    await vi.advanceTimersByTimeAsync(5000);
    expect([hanging.samples.length, hanging.said]).toEqual([1, []]);
    const going = monitor();
    going.watching.watch(connection);
    await vi.advanceTimersByTimeAsync(1000);
    expect(going.said).toEqual(['relayInUse']);
    going.watching.stop();
  });

  test.each([
    [[], []],
    [[{ urls: 'stun:stun.example.com' }], ['hostCandidatesOnly']],
  ])(
    'expects more than host candidates only where there are servers to ask (%j)',
    async (iceServers, warnings) => {
      const own = { id: 'own', type: 'local-candidate', candidateType: 'host', address: '10.0.0.7' };
      const { watching, said } = monitor();
      const { connection } = fakeConnection(() => Promise.resolve(new Map([[own.id, own]])));
      connection.getConfiguration = () => ({ iceServers });
      watching.watch(connection);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(said.filter((name) => name === 'hostCandidatesOnly')).toEqual(warnings);
      watching.stop();
    },
  );

  test('warns, and says when, whatever a listener does to the date of a sample', async () => {
    const { watching, said } = monitor(({ at }) => at.setTime(NaN));
    const { connection } = fakeConnection(() => Promise.resolve(RELAYED));
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(said).toEqual(['relayInUse']);
    expect(watching.report.warnings[0]?.raisedAt).toMatch(/^20\d\d-/);
    watching.stop();
  });

  test('asks for the servers of the connection as they are', async () => {
    const own = { id: 'own', type: 'local-candidate', candidateType: 'host', address: '10.0.0.7' };
    const { watching, said } = monitor();
    const { connection } = fakeConnection(() => Promise.resolve(new Map([[own.id, own]])));
    let iceServers: RTCIceServer[] = [];
    connection.getConfiguration = () => ({ iceServers });
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(said).not.toContain('hostCandidatesOnly');
    iceServers = [{ urls: 'stun:stun.example.com' }];
    await vi.advanceTimersByTimeAsync(5_000);
    expect(said).toContain('hostCandidatesOnly');
    iceServers = [];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(said).toContain('hostCandidatesOnly over');
    watching.stop();
  });

  test.each([
    [900, 29],
    [1_100, 26],
    [1_500, 18],
    [2_900, 9],
  ])(
    'that is answered after %i ms looks again as soon as it may, and never twice at once',
    async (ms, least) => {
      const { watching, samples, said, warned } = monitor();
      const statistics = new FakeStatistics();
      let open = 0;
      let mostOpen = 0;
      const { connection } = fakeConnection(async () => {
        open += 1;
        mostOpen = Math.max(mostOpen, open);
        statistics.pass();
        const { report } = statistics;
        await new Promise((resolve) => setTimeout(resolve, ms));
        open -= 1;
        return report;
      });
      watching.watch(connection);
      await vi.advanceTimersByTimeAsync(30_000);
      expect(samples.length).toBeGreaterThanOrEqual(least);
      expect([mostOpen, said, warned.mock.calls.length]).toEqual([1, [], 0]);
      watching.stop();
      await vi.advanceTimersByTimeAsync(ms);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test('that is given another connection in mid-look reads that one at once, and takes no answer of the former', async () => {
    const { watching, samples, warned } = monitor();
    let answer: (report: unknown) => void = () => undefined;
    let refuse: (error: Error) => void = () => undefined;
    const slow = () =>
      new Promise((resolve, reject) => {
        answer = resolve;
        refuse = reject;
      });
    const [former, other, next] = [fakeConnection(slow), fakeConnection(slow), fakeConnection()];
    watching.watch(former.connection);
    const answerOfFormer = answer;
    watching.watch(other.connection);
    expect(other.reads()).toBe(1);
    const refuseOther = refuse;
    watching.watch(next.connection);
    answerOfFormer(former.statistics.report);
    refuseOther(new Error('closed'));
    await vi.advanceTimersByTimeAsync(500);
    expect([next.reads(), samples.length, warned.mock.calls.length]).toEqual([1, 0, 0]);
    await vi.advanceTimersByTimeAsync(1000);
    expect([next.reads(), samples.length]).toEqual([2, 1]);
    watching.stop();
  });

  test('stopped by the writer of the log does not look again', async () => {
    const { watching, warned } = monitor();
    warned.mockImplementation(() => {
      watching.stop();
    });
    const { connection, reads } = fakeConnection(() => new Promise(() => undefined));
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(20_000);
    expect([reads(), vi.getTimerCount()]).toEqual([1, 0]);
  });

  test('owes nothing for the second in which a hold ends', async () => {
    const { watching, condition } = monitor();
    const statistics = new FakeStatistics();
    let received = 50;
    const { connection } = fakeConnection(() => {
      statistics.pass({ received });
      return Promise.resolve(statistics.report);
    });
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(5000);
    condition.isHeld = true;
    received = 0;
    await vi.advanceTimersByTimeAsync(5000);
    condition.isHeld = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(watching.summary?.secondsWithoutAudio).toBe(0);
    expect(watching.summary?.mos?.min).toBeGreaterThan(4);
    await vi.advanceTimersByTimeAsync(1000);
    expect(watching.summary?.secondsWithoutAudio).toBe(1);
    watching.stop();
  });

  test('goes on where a look fails', async () => {
    const { watching, samples } = monitor();
    const statistics = new FakeStatistics();
    let isBroken = true;
    const { connection } = fakeConnection(() => {
      statistics.pass();
      return isBroken ? Promise.reject(new Error('not now')) : Promise.resolve(statistics.report);
    });
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(3000);
    isBroken = false;
    await vi.advanceTimersByTimeAsync(3000);
    watching.stop();
    expect(samples).toHaveLength(2);
  });

  test('goes on where a look is never answered, and says so once', async () => {
    const { watching, samples, said, warned } = monitor();
    const statistics = new FakeStatistics();
    let isHanging = false;
    const { connection, reads } = fakeConnection(() => {
      statistics.pass(reads() > 5 && reads() < 20 ? { received: 0 } : {});
      return isHanging ? new Promise(() => undefined) : Promise.resolve(statistics.report);
    });
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(9_500);
    expect(said).toEqual(['noPacketsReceived']);
    isHanging = true;
    await vi.advanceTimersByTimeAsync(9_000);
    expect(warned).toHaveBeenCalledTimes(1);
    const before = samples.length;
    isHanging = false;
    await vi.advanceTimersByTimeAsync(20_000);
    expect(samples.length - before).toBeGreaterThan(15);
    expect(said).toEqual(['noPacketsReceived', 'noPacketsReceived over']);
    isHanging = true;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(warned).toHaveBeenCalledTimes(2);
    watching.stop();
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(warned).toHaveBeenCalledTimes(2);
  });

  test('an answer that comes after its time is not used', async () => {
    const { watching, samples } = monitor();
    const answers: ((report: unknown) => void)[] = [];
    const statistics = new FakeStatistics();
    let isSlow = true;
    const { connection } = fakeConnection(() => {
      statistics.pass();
      const { report } = statistics;
      return isSlow ? new Promise((resolve) => answers.push(resolve)) : Promise.resolve(report);
    });
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(3_500);
    isSlow = false;
    for (const answer of answers) answer(statistics.report);
    await vi.advanceTimersByTimeAsync(0);
    expect(samples).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(samples.length).toBeGreaterThan(2);
    watching.stop();
  });

  test('begins anew when the call is whole again: what the outage lost is in the totals alone', async () => {
    const { watching, samples, condition } = monitor();
    const statistics = new FakeStatistics();
    let second = {};
    const { connection } = fakeConnection(() => {
      statistics.pass(second);
      second = {};
      return Promise.resolve(statistics.report);
    });
    watching.watch(connection);
    await vi.advanceTimersByTimeAsync(5_000);
    condition.isReconnecting = true;
    await vi.advanceTimersByTimeAsync(1_000);
    condition.isReconnecting = false;
    second = { lost: 300 };
    await vi.advanceTimersByTimeAsync(5_000);
    watching.stop();
    expect(samples.map(({ lossRatio }) => lossRatio)).toEqual(samples.map(() => 0));
    expect(watching.summary).toMatchObject({ packetsLost: 300, lossRatio: { max: 0, average: 0.3333 } });
  });

  test('follows another connection, whose counts begin anew', async () => {
    const { watching, samples } = monitor();
    const former = fakeConnection();
    const next = fakeConnection();
    watching.watch(former.connection);
    await vi.advanceTimersByTimeAsync(3000);
    watching.watch(next.connection);
    await vi.advanceTimersByTimeAsync(3000);
    expect([former.reads(), next.reads(), samples.length]).toEqual([4, 4, 6]);
    for (const { lossRatio, inboundBitsPerSecond } of samples) {
      expect(lossRatio).toBe(0);
      expect(inboundBitsPerSecond).toBeCloseTo(64_000, -3);
    }
    expect(watching.report.quality?.packetsReceived).toBe(400);
    watching.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('says what is wrong within 5 s of the beginning, and when it is over', async () => {
    const { watching, said, condition } = monitor();
    const silent = new Map<string, unknown>();
    watching.watch(fakeConnection(() => Promise.resolve(silent)).connection);
    await vi.advanceTimersByTimeAsync(4900);
    expect(said).toEqual(['noPacketsReceived', 'noPacketsSent']);
    condition.isHeld = true;
    await vi.advanceTimersByTimeAsync(1000);
    expect(said.slice(2)).toEqual(['noPacketsReceived over', 'noPacketsSent over']);
    watching.stop();
    expect(watching.report.warnings.map(({ clearedAt }) => clearedAt !== undefined)).toEqual([true, true]);
  });
});
