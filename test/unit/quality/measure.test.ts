import { describe, expect, test } from 'vitest';
import { Measure, type Measurement } from '../../../src/quality/measure';
import { read } from '../../../src/quality/reading';
import { FakeStatistics, type Second } from './reports';

function follow(statistics = new FakeStatistics()) {
  const measure = new Measure();
  let second = 0;
  const look = (expectsAudio: boolean) => {
    second += 1;
    const at = { atMs: second * 1000, monotonicMs: second * 1000 };
    return measure.next({ ...at, reading: read(statistics.report) }, expectsAudio);
  };
  statistics.pass();
  expect(look(true)).toBeUndefined();
  return {
    statistics,
    measure,
    pass(seconds: Second = {}, expectsAudio = true): Measurement {
      statistics.pass(seconds);
      const measured = look(expectsAudio);
      if (!measured) throw new Error('no sample');
      return measured;
    },
    look,
  };
}

describe('a sample', () => {
  test('is what happened since the last look', () => {
    const { sample } = follow().pass({ received: 45, lost: 5, rttS: 0.08, jitterS: 0.01 });
    expect(sample).toMatchObject({
      ...{ lossRatio: 0.1, rttMs: 80, jitterMs: 10, jitterBufferMs: 40, concealmentRatio: 0.1 },
      ...{ inboundBitsPerSecond: 57_600, outboundBitsPerSecond: 64_000 },
    });
    // Mean square 0.01 is 10 log10(0.01).
    expect(sample.outputLevelDbfs).toBeCloseTo(-20, 6);
    expect(sample.inputLevelDbfs).toBeCloseTo(-20, 6);
    // 40 ms of network, 40 ms of buffer and a frame of 20 ms; Ie,eff = 95 * 10 / 35.1 = 27.07: R 63.6.
    expect(sample.mos).toBeCloseTo(1 + 0.035 * 63.6 + 63.6 * 3.6 * 36.4 * 7e-6, 2);
    expect(sample.grade).toBe('poor');
  });

  test('counts packets that came too late as lost to the ear, not to the network', () => {
    const inTime = follow().pass({ received: 50 }).sample;
    const late = follow().pass({ received: 50, late: 5, bursts: 0 }).sample;
    expect(late.lossRatio).toBe(0);
    expect(late.mos).toBeLessThan(inTime.mos ?? 0);
  });

  test('knows how bursty loss is, within what the E-model knows', () => {
    expect(follow().pass({ received: 45, lost: 5, bursts: 5 }).sample.burstRatio).toBe(1);
    // Bursts of 5 / 3, of which random loss of 10 % makes 1 / 0.9.
    expect(follow().pass({ received: 45, lost: 5, bursts: 3 }).sample.burstRatio).toBeCloseTo(1.5, 6);
    expect(follow().pass({ received: 40, lost: 10, bursts: 1 }).sample.burstRatio).toBe(2);
    expect(follow().pass({ received: 49, lost: 1, bursts: 1 }).sample.burstRatio).toBeNull();
  });

  test('has no score while the round trip is unknown, for a codec without figures, and while nothing comes', () => {
    const nothing = { mos: null, grade: null };
    expect(follow().pass({ rttS: undefined }).sample).toMatchObject({ ...nothing, rttMs: null });
    expect(follow().pass({ mimeType: 'audio/iLBC' }).sample).toMatchObject(nothing);
    expect(follow().pass({ received: 0 }).sample).toMatchObject({
      ...nothing,
      ...{ lossRatio: null, jitterMs: null, outputLevelDbfs: null, inboundBitsPerSecond: 0 },
    });
  });

  test('has no score while the call is held, whatever comes', () => {
    expect(follow().pass({}, false).sample).toMatchObject({ mos: null, grade: null });
  });

  test('of digital silence says -100 dBFS, not minus infinity', () => {
    const { sample } = follow().pass({ outputPower: 0, inputPower: 0 });
    expect([sample.outputLevelDbfs, sample.inputLevelDbfs]).toEqual([-100, -100]);
    expect(follow().pass({ outputPower: 1e-30 }).sample.outputLevelDbfs).toBe(-100);
  });
});

describe('counts that do not go on', () => {
  test('begin at zero again, and nothing is negative', () => {
    const call = follow();
    call.pass({ received: 50, lost: 3 });
    call.statistics.restart();
    const { sample, packetsReceived, packetsSent } = call.pass({ received: 30, lost: 0 });
    expect([packetsReceived, packetsSent]).toEqual([30, 50]);
    expect(sample.lossRatio).toBe(0);
    expect(sample.outputLevelDbfs).toBeCloseTo(-20, 6);
    const numbers = Object.values(sample).filter((value) => typeof value === 'number');
    expect(numbers.filter((value) => value < 0)).toEqual([sample.inputLevelDbfs, sample.outputLevelDbfs]);
  });

  test('of another connection are not compared with the former ones', () => {
    const call = follow();
    call.pass();
    call.measure.restart();
    expect(call.look(true)).toBeUndefined();
    expect(call.pass({ lost: 1 }).packetsLost).toBe(1);
  });

  test('of a stream with another SSRC count from its first packet', () => {
    const call = follow();
    call.statistics.ssrc = 2;
    call.statistics.restart();
    expect(call.pass({ received: 40, lost: 10 })).toMatchObject({ packetsReceived: 40, packetsLost: 10 });
  });

  test('a lost packet that arrives after all is no gain and no loss', () => {
    const call = follow();
    call.pass({ received: 45, lost: 5 });
    const { sample, packetsLost } = call.pass({ received: 52, lost: -2, bursts: 0 });
    expect(packetsLost).toBe(0);
    expect(sample.lossRatio).toBe(0);
  });

  test('two looks at the same moment divide by nothing', () => {
    const statistics = new FakeStatistics();
    const measure = new Measure();
    const look = { atMs: 1, monotonicMs: 1, reading: read(statistics.report) };
    measure.next(look, true);
    expect(measure.next(look, true)?.sample).toMatchObject({ inboundBitsPerSecond: null, mos: null });
  });
});

describe('packets that came too late', () => {
  test.each([5, 10, 25, 50])('%i of 50 sound like as many that were lost', (late) => {
    const asLate = follow().pass({ received: 50, late, bursts: late });
    const asLost = follow().pass({ received: 50 - late, lost: late });
    expect(asLate.unheardRatio).toBe(late / 50);
    if (late < 50) expect(asLate.unheardRatio).toBe(asLost.unheardRatio);
    expect(asLate.sample.lossRatio).toBe(0);
  });

  test('have the score of a loss: 45 of 50 heard at 100 ms', () => {
    // G.107: T = 20 + 40 + 20 = 80 ms, Id 2.273; Ie,eff = 95 * 10 / (10 + 25.1) = 27.066 (equation 7-29): R 64.016, B-4.
    expect(follow().pass({ received: 50, late: 5, bursts: 5 }).sample.mos).toBeCloseTo(3.3053, 3);
  });

  test('and were taken for lost before: they are missing once', () => {
    const call = follow();
    expect(call.pass({ received: 49, lost: 1 }).unheardRatio).toBe(0.02);
    const after = call.pass({ received: 51, lost: -1, late: 1, bursts: 0 });
    expect(after.unheardRatio).toBe(0);
    expect(after.packetsLost).toBe(0);
  });

  test('all of a second, or more than came in it: the share is 1, not NaN', () => {
    expect(follow().pass({ received: 3, late: 8, bursts: 1 }).unheardRatio).toBe(1);
    expect(follow().pass({ received: 3, late: 8, bursts: 1 }).sample.mos).toBeGreaterThanOrEqual(1);
  });
});

describe('packets out of order', () => {
  test('count as lost until they arrive, and are set off against the next ones', () => {
    const call = follow();
    const shown = Array.from({ length: 30 }, () => [
      call.pass({ received: 49, lost: 2, bursts: 0 }).packetsLost,
      call.pass({ received: 51, lost: -2, bursts: 0 }).packetsLost,
    ]);
    expect(shown.flat()).toEqual([2, ...Array<number>(59).fill(0)]);
  });

  test('set off no more than what they had been counted for, nor what is lost long after', () => {
    const call = follow();
    call.pass({ received: 48, lost: 2 });
    call.pass({ received: 52, lost: -2 });
    for (let second = 0; second < 6; second += 1) call.pass();
    expect(call.pass({ received: 45, lost: 5 }).packetsLost).toBe(5);
  });

  test('packets that come twice (a negative loss of its own) hide no loss', () => {
    const call = follow();
    for (let second = 0; second < 10; second += 1)
      expect(call.pass({ received: 55, lost: -5, bursts: 0 }).sample.lossRatio).toBe(0);
    expect(call.pass({ received: 40, lost: 10 }).sample.lossRatio).toBe(0.2);
  });

  test.each([20, 40, 80, 120, 200])(
    'delays spread over %i ms, nothing lost: hardly any loss is shown',
    (ms) => {
      const seconds = overtaking(ms);
      const call = follow();
      const measured = seconds.map((second) => call.pass(second));
      const shown = measured.reduce((sum, { packetsLost }) => sum + packetsLost, 0);
      // What is under way at the end of the first seconds, which nothing has yet been set off for.
      expect(shown).toBeLessThanOrEqual(ms / 20 + 1);
      expect(measured.at(-1)?.totals.lost).toBe(seconds.reduce((sum, { lost }) => sum + lost, 0));
      const worse = measured.slice(10).filter(({ sample }) => sample.grade !== 'excellent');
      expect(worse.length).toBeLessThanOrEqual(2);
    },
  );
});

/** What a receiver counts of a stream whose packets are each delayed by up to `spreadMs`: RFC 3550 appendix A.3. */
function overtaking(spreadMs: number): { received: number; lost: number; bursts: 0 }[] {
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const packets = Array.from({ length: 50 * 62 }, (_, sequence) => ({
    sequence,
    atMs: sequence * 20 + random() * spreadMs,
  })).sort((one, other) => one.atMs - other.atMs);
  let highest = -1;
  return Array.from({ length: 60 }, (_, second) => {
    const arrived = packets.filter(({ atMs }) => Math.floor(atMs / 1000) === second);
    const before = highest;
    highest = Math.max(highest, ...arrived.map(({ sequence }) => sequence));
    return { received: arrived.length, lost: highest - before - arrived.length, bursts: 0 };
  });
}

describe('a second without audio', () => {
  test('has no packet, though one is expected', () => {
    expect(follow().pass({ received: 0 }).isWithoutAudio).toBe(true);
    expect(follow().pass({ received: 1 }).isWithoutAudio).toBe(false);
    expect(follow().pass({ received: 0 }, false).isWithoutAudio).toBe(false);
  });

  test('is not one in which the far end has noise played', () => {
    expect(follow().pass({ received: 0, comfortNoise: true }).isWithoutAudio).toBe(false);
  });
});

test('totals are those of the browser, over streams that begin anew and over connections', () => {
  const call = follow();
  call.pass({ received: 40, lost: 10 });
  call.statistics.restart();
  call.pass({ received: 30, lost: 3 });
  call.statistics.ssrc = 2;
  call.statistics.restart();
  call.pass({ received: 20, lost: -1, sent: 40 });
  call.measure.restart();
  call.statistics.pass({ received: 50, lost: 300 });
  expect(call.look(true)).toBeUndefined();
  expect(call.pass().totals).toEqual({
    received: 50 + 40 + 30 + 20 + 50 + 50,
    lost: 10 + 3 - 1 + 300,
    sent: 290,
  });
  call.measure.reconnect();
  call.statistics.restart();
  call.statistics.pass({ received: 7, lost: 1, sent: 5 });
  expect(call.look(true)).toBeUndefined();
  expect(call.pass().totals).toEqual({ received: 240 + 7 + 50, lost: 312 + 1, sent: 290 + 5 + 50 });
});
