import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mosOf } from '../../../src/quality/mos';
import type { QualitySample } from '../../../src/quality/sample';
import { QualitySampler } from '../../../src/quality/sampler';

describe('mosOf', () => {
  // R = 93.2 - 0.024 * 20 = 92.72 with a perfect network: MOS 4.40 by G.107 formula B-4.
  test('a perfect network scores what G.107 gives for its R', () => {
    expect(mosOf({ rttMs: 0, jitterMs: 0, lossRatio: 0 })).toBeCloseTo(4.4, 2);
  });

  test('falls with each of delay, jitter and loss, and stays within 1 and 4.5', () => {
    const good = { rttMs: 50, jitterMs: 5, lossRatio: 0 };
    const scores = [
      good,
      { ...good, rttMs: 800 },
      { ...good, jitterMs: 100 },
      { ...good, lossRatio: 0.1 },
    ].map(mosOf);
    for (const worse of scores.slice(1)) expect(worse).toBeLessThan(scores[0] ?? 0);
    expect(mosOf({ rttMs: 60_000, jitterMs: 5000, lossRatio: 1 })).toBe(1);
  });

  test('5 % loss alone costs 95 * 5 / 30.1 = 15.8 of R: MOS 3.92', () => {
    expect(mosOf({ rttMs: 0, jitterMs: 0, lossRatio: 0.05 })).toBeCloseTo(3.92, 1);
  });
});

describe('QualitySampler', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function connectionWith(reports: readonly Record<string, unknown>[][]): {
    connection: RTCPeerConnection;
    reads: () => number;
  } {
    let reads = 0;
    const getStats = () => {
      const stats = reports[Math.min(reads, reports.length - 1)] ?? [];
      reads += 1;
      return Promise.resolve(new Map(stats.map((one, index) => [String(index), one])));
    };
    return { connection: { getStats } as unknown as RTCPeerConnection, reads: () => reads };
  }

  const inbound = (packetsReceived: number, packetsLost: number, bytesReceived: number) => ({
    type: 'inbound-rtp',
    kind: 'audio',
    packetsReceived,
    packetsLost,
    bytesReceived,
    jitter: 0.01,
  });
  const remote = { type: 'remote-inbound-rtp', kind: 'audio', roundTripTime: 0.08 };

  test('says what happened between two readings', async () => {
    const samples: QualitySample[] = [];
    const { connection } = connectionWith([
      [inbound(100, 0, 8000), remote],
      [inbound(145, 5, 16000), remote],
    ]);
    const sampler = new QualitySampler({
      connection,
      isWanted: () => true,
      onSample: (sample) => samples.push(sample),
    });
    await vi.advanceTimersByTimeAsync(2000);
    sampler.stop();
    expect(samples).toHaveLength(1);
    expect(samples[0]).toMatchObject({
      lossRatio: 0.1,
      jitterMs: 10,
      rttMs: 80,
      inboundBitsPerSecond: 64_000,
    });
    expect(samples[0]?.mos).toBeCloseTo(mosOf({ rttMs: 80, jitterMs: 10, lossRatio: 0.1 }), 6);
  });

  test('knows nothing while nothing arrives: null, never NaN', async () => {
    const samples: QualitySample[] = [];
    const { connection } = connectionWith([[]]);
    const sampler = new QualitySampler({
      connection,
      isWanted: () => true,
      onSample: (sample) => samples.push(sample),
    });
    await vi.advanceTimersByTimeAsync(3000);
    sampler.stop();
    expect(samples).toHaveLength(2);
    for (const sample of samples) {
      expect(sample).toMatchObject({ mos: null, lossRatio: null, jitterMs: null, rttMs: null });
      expect(Object.values(sample).some((value) => Number.isNaN(value))).toBe(false);
    }
  });

  test('reads no statistics while nobody wants them, and none after stop()', async () => {
    let isWanted = false;
    const { connection, reads } = connectionWith([[inbound(1, 0, 1), remote]]);
    const sampler = new QualitySampler({ connection, isWanted: () => isWanted, onSample: () => undefined });
    await vi.advanceTimersByTimeAsync(5000);
    expect(reads()).toBe(0);
    isWanted = true;
    await vi.advanceTimersByTimeAsync(2000);
    expect(reads()).toBe(2);
    sampler.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(reads()).toBe(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('stops by itself when the connection cannot be read any more', async () => {
    const connection = {
      getStats: () => Promise.reject(new Error('closed')),
    } as unknown as RTCPeerConnection;
    new QualitySampler({ connection, isWanted: () => true, onSample: () => undefined });
    await vi.advanceTimersByTimeAsync(5000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
