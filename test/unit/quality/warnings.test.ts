import { describe, expect, test } from 'vitest';
import { Measure } from '../../../src/quality/measure';
import { read } from '../../../src/quality/reading';
import { type CallCondition, type QualityWarningName, WarningBoard } from '../../../src/quality/warnings';
import { FakeStatistics, type Second, TALKING } from './reports';

/** Lets seconds pass in a call, and notes in which one what was said. */
function board() {
  const statistics = new FakeStatistics();
  const measure = new Measure();
  const said: string[] = [];
  const values: number[] = [];
  let second = 0;
  const warnings = new WarningBoard({
    raised: ({ name, value, threshold }) => {
      said.push(`${second}: ${name}`);
      values.push(value, threshold);
    },
    cleared: (name) => said.push(`${second}: ${name} over`),
  });
  const look = (condition: CallCondition) => {
    const at = { atMs: second * 1000, monotonicMs: second * 1000 };
    const measured = measure.next({ ...at, reading: read(statistics.report) }, !condition.isHeld);
    if (measured) warnings.judge(measured, condition);
  };
  look(TALKING);
  return {
    said,
    values,
    pass: (seconds: number, what: Second = {}, condition: Partial<CallCondition> = {}): void => {
      for (let passed = 0; passed < seconds; passed += 1) {
        second += 1;
        statistics.pass(what);
        look({ ...TALKING, ...condition });
      }
    },
  };
}

const BAD: Readonly<Record<QualityWarningName, { what: Second; at: number; over: number }>> = {
  highRtt: { what: { rttS: 0.5 }, at: 3, over: 5 },
  highJitter: { what: { jitterS: 0.04 }, at: 3, over: 5 },
  highLoss: { what: { received: 47, lost: 3 }, at: 3, over: 5 },
  lowMos: { what: { received: 40, lost: 10 }, at: 3, over: 5 },
  noPacketsReceived: { what: { received: 0 }, at: 4, over: 2 },
  noPacketsSent: { what: { sent: 0 }, at: 4, over: 2 },
  remoteSilent: { what: { outputPower: 0 }, at: 4, over: 2 },
  inputSilent: { what: { inputPower: 0 }, at: 4, over: 2 },
  hostCandidatesOnly: { what: { gathered: ['host', 'host'] }, at: 5, over: 1 },
  relayInUse: { what: { localType: 'relay' }, at: 1, over: 1 },
};
const GOOD: Second = { gathered: ['host', 'srflx'] };

describe.each(Object.entries(BAD))('%s', (name, { what, at, over }) => {
  const servers = { hasIceServers: true };
  const own = (said: readonly string[]) => said.filter((one) => one.includes(` ${name}`));

  test('is raised once in time, and cleared when it is over', () => {
    const { said, pass } = board();
    pass(3, GOOD, servers);
    pass(12, { ...GOOD, ...what }, servers);
    expect(own(said)).toEqual([`${3 + at}: ${name}`]);
    pass(12, GOOD, servers);
    const cleared = own(said)[1] ?? '';
    expect(own(said)).toHaveLength(2);
    expect(cleared).toMatch(new RegExp(`^\\d+: ${name} over$`));
    expect(Number.parseInt(cleared, 10) - 15).toBeLessThanOrEqual(over + 2);
    expect(Number.parseInt(cleared, 10) - 15).toBeGreaterThanOrEqual(over - 1);
  });

  test('is not raised by a good call, nor while the call is cut off', () => {
    const { said, pass } = board();
    pass(20, GOOD, servers);
    pass(20, { ...GOOD, ...what }, { ...servers, isReconnecting: true });
    expect(said).toEqual([]);
  });
});

describe('conditions', () => {
  test('the far end held or holding: nothing that depends on audio is raised, and what stands is cleared', () => {
    const { said, pass } = board();
    pass(10, { received: 0, sent: 0, inputPower: 0 });
    expect(said).toEqual(['4: noPacketsReceived', '4: noPacketsSent', '4: inputSilent']);
    said.length = 0;
    pass(20, { received: 0, sent: 0, inputPower: 0 }, { isHeld: true });
    expect(said).toEqual(['11: noPacketsReceived over', '11: noPacketsSent over', '11: inputSilent over']);
  });

  test('a muted microphone is silent on purpose: cleared on mute, looked at anew after', () => {
    const { said, pass } = board();
    pass(5, { inputPower: 0 });
    pass(10, { inputPower: 0 }, { isMuted: true });
    pass(3, { inputPower: 0 });
    expect(said).toEqual(['4: inputSilent', '6: inputSilent over']);
    pass(1, { inputPower: 0 });
    expect(said.at(-1)).toBe('19: inputSilent');
  });

  test('cut off: what stands stays, and counts go on after', () => {
    const { said, pass } = board();
    pass(5, { received: 0 });
    pass(30, { received: 0 }, { isReconnecting: true });
    expect(said).toEqual(['4: noPacketsReceived']);
    pass(2);
    expect(said.at(-1)).toBe('37: noPacketsReceived over');
  });

  test('without ICE servers nobody can expect more than host candidates', () => {
    const { said, pass } = board();
    pass(20, { gathered: ['host'] });
    expect(said).toEqual([]);
  });

  test.each(['192.0.2.7', '2001:db8::1'])(
    'with an own public address (%s) a STUN server has nothing to add',
    (address) => {
      const { said, pass } = board();
      pass(20, { gathered: ['host'], address }, { hasIceServers: true });
      expect(said).toEqual([]);
    },
  );

  test.each([
    '10.1.2.3',
    '172.16.0.1',
    '100.64.0.1',
    '192.168.0.9',
    '169.254.1.1',
    'fd00::1',
    'fe80::1',
    'x.local',
  ])('behind %s one has to answer', (address) => {
    const { said, pass } = board();
    pass(6, { gathered: ['host'], address }, { hasIceServers: true });
    expect(said).toEqual(['5: hostCandidatesOnly']);
  });

  test('a silent microphone that the browser does not measure is not guessed at', () => {
    const { said, pass } = board();
    pass(10, { inputPower: NaN });
    expect(said).toEqual([]);
  });
});

describe('hysteresis', () => {
  test('two bad samples of five raise nothing, however often', () => {
    const { said, pass } = board();
    for (let round = 0; round < 10; round += 1) {
      pass(1, { rttS: 0.6 });
      pass(2);
      pass(1, { rttS: 0.6 });
      pass(2);
    }
    expect(said).toEqual([]);
  });

  test('what hovers between the two thresholds is neither raised nor cleared', () => {
    const { said, pass } = board();
    pass(20, { rttS: 0.38 });
    expect(said).toEqual([]);
    pass(5, { rttS: 0.45 });
    pass(30, { rttS: 0.38 });
    expect(said).toEqual(['23: highRtt']);
    pass(4);
    pass(1, { rttS: 0.38 });
    pass(4);
    expect(said).toHaveLength(1);
    pass(1);
    expect(said.at(-1)).toContain('highRtt over');
  });

  test('one gap of 240 ms is no high loss', () => {
    const { said, pass } = board();
    pass(10);
    pass(1, { received: 38, lost: 12 });
    pass(20);
    expect(said).toEqual([]);
  });

  test.each([1, 3, 10])(
    'an outage of %i s, whose packets are all counted after it, is no high loss',
    (seconds) => {
      const { said, pass } = board();
      pass(10);
      pass(seconds, { received: 0 }, { isReconnecting: true });
      pass(1, { lost: 50 * seconds });
      pass(20);
      expect(said).toEqual([]);
    },
  );

  test('packets that come too late are a loss like any other', () => {
    const { said, values, pass } = board();
    pass(3, { late: 10, bursts: 0 });
    expect(said[0]).toBe('3: highLoss');
    expect(values.slice(0, 2)).toEqual([0.2, 0.04]);
  });

  test('packets that overtake each other all the time are no loss', () => {
    const { said, pass } = board();
    for (let round = 0; round < 20; round += 1) {
      pass(1, { received: 46, lost: 4, bursts: 0 });
      pass(1, { received: 54, lost: -4, bursts: 0 });
    }
    expect(said).toEqual([]);
  });

  test('1 % of loss is no high loss, even when the packets go missing in one second', () => {
    const { said, pass } = board();
    for (let round = 0; round < 10; round += 1) {
      pass(1, { received: 48, lost: 2 });
      pass(3);
    }
    expect(said).toEqual([]);
  });

  test('a warning says what gave rise to it', () => {
    const { values, pass } = board();
    pass(5, { rttS: 0.5 });
    expect(values).toEqual([500, 400]);
  });
});

test('the silence of A-law is a step of 8: found there, and not called silence elsewhere', () => {
  const step = (8 / 32768) ** 2;
  const alaw = board();
  alaw.pass(6, { outputPower: step, mimeType: 'audio/PCMA' });
  expect(alaw.said).toEqual(['4: remoteSilent']);
  const opus = board();
  opus.pass(6, { outputPower: step, mimeType: 'audio/opus' });
  expect(opus.said).toEqual([]);
});
