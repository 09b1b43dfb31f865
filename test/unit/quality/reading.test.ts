import { describe, expect, test } from 'vitest';
import { Measure } from '../../../src/quality/measure';
import { read } from '../../../src/quality/reading';
import { recorded, type Stats } from './reports';

/** The sample between two recorded reports. */
function sampleOf([first, second]: readonly [Stats[], Stats[]]) {
  const measure = new Measure();
  measure.next({ atMs: 0, monotonicMs: 0, reading: read(first) }, true);
  const measured = measure.next({ atMs: 1000, monotonicMs: 1000, reading: read(second) }, true);
  if (!measured) throw new Error('no sample');
  return measured;
}

function callOf(browser: 'chromium' | 'firefox', mimeType: string) {
  const call = recorded(browser).calls.find((one) => one.mimeType === mimeType);
  if (!call) throw new Error(`no recorded call with ${mimeType}`);
  return call;
}

describe.each(['chromium', 'firefox'] as const)('a recorded report of %s', (browser) => {
  test('is of a browser that is named, and without addresses', () => {
    const all = recorded(browser);
    expect(all.browser).toMatch(browser === 'chromium' ? /^Chromium \d+/ : /^Firefox \d+/);
    const addresses = JSON.stringify(all).match(/\d+\.\d+\.\d+\.\d+(?!\d)/g) ?? [];
    expect(
      addresses.filter((address) => !address.startsWith('192.0.2.') && !all.browser.includes(address)),
    ).toEqual([]);
    expect(JSON.stringify(all)).not.toMatch(/([0-9A-F]{2}:){8}/);
  });

  test.each([
    ['audio/PCMU', { mimeType: 'audio/PCMU', clockRateHz: 8000, channels: 1 }],
    ['audio/opus', { mimeType: 'audio/opus', clockRateHz: 48_000, channels: 2 }],
    ['audio/G722', { mimeType: 'audio/G722', clockRateHz: 8000, channels: 1 }],
  ])('%s: every figure is read', (mimeType, codec) => {
    const { sample, packetsReceived, packetsSent } = sampleOf(callOf(browser, mimeType).reports);
    expect(sample.codec).toMatchObject(codec);
    expect(packetsReceived).toBeGreaterThan(40);
    expect(packetsSent).toBeGreaterThan(40);
    expect(sample.lossRatio).toBe(0);
    expect(sample.rttMs).toBeGreaterThanOrEqual(0);
    expect(sample.rttMs).toBeLessThan(100);
    expect(sample.jitterMs).toBeLessThan(50);
    expect(sample.jitterBufferMs).toBeGreaterThan(0);
    expect(sample.inboundBitsPerSecond).toBeGreaterThan(20_000);
    expect(sample.outboundBitsPerSecond).toBeGreaterThan(20_000);
    expect(sample.outputLevelDbfs).toBeGreaterThan(-30);
    expect(sample.outputLevelDbfs).toBeLessThan(0);
    expect(sample.concealmentRatio).toBeGreaterThanOrEqual(0);
    expect(sample.mos).toBeGreaterThan(3.6);
    expect(sample.mos).toBeLessThan(4.5);
    expect(sample.grade).toMatch(/^(excellent|good|fair)$/);
    expect(Object.values(sample).some((value) => Number.isNaN(value))).toBe(false);
  });

  // Computed apart from the SDK, from the figures of the recorded reports and the formulas with all their terms: delay T =
  // half the round trip + jitter buffer + coding; Id of G.107 clause 7.4; R = Ro - Is - Id = 93.355 - Id for PCMU (G.107
  // equation 7-1 with the defaults of table 2), 100 - Id - 13 / 1.29 for G.722 (G.107.1, Ie,WB of G.113 Appendix IV),
  // 100 - Id - 16.146 / 1.48 for Opus at 32 kbit/s (G.107.2); MOS of R by G.107 Annex B, equation B-4.
  const scores = {
    chromium: {
      // 0.595 + 89.00 + 20 = 109.59 ms: Id 2.885, R 90.470.
      'audio/PCMU': 4.3504,
      // 0.839 + 149.20 + 26.5 = 176.54 ms: Id 5.244, R 83.847.
      'audio/opus': 4.1607,
      // 1.068 + 51.37 + 21.5 = 73.94 ms: Id 2.142, R 87.780.
      'audio/G722': 4.2809,
    },
    firefox: {
      // 1.259 + 45.19 + 20 = 66.45 ms: Id 1.977, R 91.378.
      'audio/PCMU': 4.3713,
      // 5.188 + 35.00 + 26.5 = 66.69 ms: Id 1.982, R 87.109.
      'audio/opus': 4.2619,
      // 1.282 + 34.51 + 21.5 = 57.29 ms: Id 1.769, R 88.153.
      'audio/G722': 4.2912,
    },
  };
  test.each(Object.entries(scores[browser]))('%s: the score is %f', (mimeType, mos) => {
    expect(sampleOf(callOf(browser, mimeType).reports).sample.mos).toBeCloseTo(mos, 3);
  });

  test('the pair in use is found, without its addresses', () => {
    const { sample } = sampleOf(callOf(browser, 'audio/opus').reports);
    expect(sample.candidatePair).toMatchObject({ localType: 'host', protocol: 'udp' });
    expect(JSON.stringify(sample)).not.toContain('192.0.2');
  });
});

describe('what browsers do differently', () => {
  test('Chromium nominates several pairs and says at the transport which one is in use', () => {
    const report = callOf('chromium', 'audio/opus').reports[1];
    const nominated = report.filter(({ type, nominated: is }) => type === 'candidate-pair' && is === true);
    const transport = report.find(({ type }) => type === 'transport');
    expect(transport?.['selectedCandidatePairId']).toBeDefined();
    // Unlike the first of them, the one in use sends.
    const selected = nominated.find(({ id }) => id === transport?.['selectedCandidatePairId']);
    expect(selected?.['packetsSent']).toBeGreaterThan(400);
    expect(read(report).path.candidatePair).toMatchObject({ localType: 'host', remoteType: 'host' });
  });

  test('Firefox measures no level of the microphone: it is null', () => {
    expect(sampleOf(callOf('firefox', 'audio/PCMU').reports).sample.inputLevelDbfs).toBeNull();
    const { inputLevelDbfs } = sampleOf(callOf('chromium', 'audio/PCMU').reports).sample;
    expect(inputLevelDbfs).toBeGreaterThan(-12);
    expect(inputLevelDbfs).toBeLessThan(0);
  });

  test.each<[{ rtcpS?: number; iceS?: number }, number | undefined]>([
    // RTCP was measured over the way as it was, before it became long.
    [{ rtcpS: 0.04, iceS: 0.8 }, 0.8],
    // ICE only gets as far as a server in the middle.
    [{ rtcpS: 0.3, iceS: 0.02 }, 0.3],
    [{ rtcpS: 0.3 }, 0.3],
    [{ iceS: 0.02 }, 0.02],
    [{}, undefined],
  ])('the round trip is the longer one of RTCP and ICE: %o', ({ rtcpS, iceS }, rttS) => {
    const report: Stats[] = [
      { id: 'T', type: 'transport', selectedCandidatePairId: 'C' },
      { id: 'C', type: 'candidate-pair', currentRoundTripTime: iceS },
      { id: 'R', type: 'remote-inbound-rtp', kind: 'audio', roundTripTime: rtcpS },
    ];
    expect(read(report).rttS).toBe(rttS);
  });

  test('a connection that is closed reports one entry: nothing is known, and nothing is NaN', () => {
    const closed: Stats[] = [{ id: 'P', type: 'peer-connection' }];
    const { sample, packetsReceived } = sampleOf([closed, closed]);
    expect(packetsReceived).toBe(0);
    expect(sample).toMatchObject({
      ...{ mos: null, grade: null, rttMs: null, jitterMs: null, lossRatio: null, codec: null },
      ...{ inputLevelDbfs: null, outputLevelDbfs: null, candidatePair: null, concealmentRatio: null },
    });
  });

  test('entries that are not what they should be are not read as numbers', () => {
    const odd: Stats[] = [
      {
        id: 7,
        type: 'inbound-rtp',
        kind: 'audio',
        codecId: 'c',
        packetsReceived: 'many',
        jitter: NaN,
        packetsLost: Infinity,
      },
      { id: 'c', type: 'codec', mimeType: 3 },
      { type: 'candidate-pair', nominated: true },
      { type: 'media-source', kind: 'audio', totalAudioEnergy: null },
      {},
    ];
    const { sample } = sampleOf([odd, odd]);
    expect(Object.values(sample).some((value) => Number.isNaN(value))).toBe(false);
    expect(sample.mos).toBeNull();
    expect(sample.codec).toBeNull();
  });

  test('while nothing has arrived the codec is that of what is sent', () => {
    const sent: Stats[] = [
      { id: 'o', type: 'outbound-rtp', kind: 'audio', codecId: 'c' },
      { id: 'c', type: 'codec', mimeType: 'audio/PCMA', clockRate: 8000 },
    ];
    expect(sampleOf([sent, sent]).sample.codec?.mimeType).toBe('audio/PCMA');
  });

  test('a counter that falls while packets come counts nothing', () => {
    const heard = (packetsReceived: number, bytesReceived: number): Stats[] => [
      { id: 'i', type: 'inbound-rtp', kind: 'audio', packetsReceived, bytesReceived },
    ];
    expect(sampleOf([heard(10, 1000), heard(60, 900)]).sample.inboundBitsPerSecond).toBe(0);
  });
});
