import { describe, expect, test } from 'vitest';
import { impairmentOf } from '../../../src/quality/codec-impairment';
import { mosOfRating, ratingOf } from '../../../src/quality/e-model';
import { gradeOf } from '../../../src/quality/grade';
import type { UsedCodec } from '../../../src/quality/sample';

function codecOf(mimeType: string, fmtp?: string): UsedCodec {
  return { mimeType, clockRateHz: 8000, channels: 1, ...(fmtp === undefined ? {} : { fmtp }) };
}

function figuresOf(mimeType: string, fmtp?: string) {
  const codec = impairmentOf(codecOf(mimeType, fmtp));
  if (!codec) throw new Error(`${mimeType} has no figures`);
  return codec;
}

const PCMU = figuresOf('audio/PCMU');
const perfect = { delayMs: 0, lossRatio: 0, burstRatio: 1, codec: PCMU };

describe('delay', () => {
  // All by hand from the formulas of G.107 clause 7.4 with its default values (TELR 65 dB, WEPL 110 dB).
  test('none: R 93.2, the figure that G.107 itself gives for all defaults', () => {
    // Ro - Is = 94.7688 - 1.4136 = 93.3552. Rle = 10.5 * 117 * 1 = 1228.5, so Idle = 0.149. Idte = 0, Idd = 0.
    expect(ratingOf(perfect)).toBeCloseTo(93.206, 3);
    expect(ratingOf(perfect)).toBeCloseTo(93.2, 1);
  });

  test.each([
    // TERV = 65 - 40 log10(11 / 1.6667) = 32.2, Re = 80 + 2.5 * 18.2 = 125.5, Idte = 1.96; Idle = 0.73; Idd = 0.
    [100, 2.692],
    // TERV = 65 - 40 log10(16 / 2) = 28.9, Re = 117.2, Idte = 2.81; Idle = 0.84; X = 0.585, Idd = 0.16.
    [150, 3.816],
    // X = log2(4) = 2: Idd = 25 * (65^(1/6) - 3 * (1 + (2/3)^6)^(1/6) + 2) = 24.07; Idte = 5.81; Idle = 1.23.
    [400, 31.108],
  ])('%i ms cost %f', (delayMs, impairment) => {
    expect(ratingOf({ ...perfect, delayMs })).toBeCloseTo(93.3552 - impairment, 2);
  });

  test('never helps: the score falls over the whole range, also beyond a second', () => {
    const scores = Array.from({ length: 300 }, (_, step) =>
      mosOfRating(ratingOf({ ...perfect, delayMs: step * 20 })),
    );
    scores.forEach((score, step) => {
      if (step > 0) expect(score).toBeLessThanOrEqual(scores[step - 1] ?? 0);
    });
  });
});

describe('loss', () => {
  test.each([
    // Ie,eff = 95 * Ppl / (Ppl + 25.1), G.107 equation 7-29 with BurstR 1.
    ['audio/PCMU', 0.01, 3.64],
    ['audio/PCMA', 0.04, 13.06],
    ['audio/PCMU', 0.05, 15.78],
    ['audio/PCMU', 0.2, 42.13],
  ])('%s at %f costs %f', (mimeType, lossRatio, impairment) => {
    const rating = ratingOf({ ...perfect, lossRatio, codec: figuresOf(mimeType) });
    expect(rating).toBeCloseTo(93.206 - impairment, 1);
  });

  test('G.722 on the wideband scale: 13 without, 13 + 82 * 5 / 9.3 = 57.1 at 5 %, both over 1.29', () => {
    const codec = figuresOf('audio/G722');
    expect(ratingOf({ ...perfect, codec })).toBeCloseTo(100 - 0.149 - 13 / 1.29, 2);
    expect(ratingOf({ ...perfect, codec, lossRatio: 0.05 })).toBeCloseTo(100 - 0.149 - 57.09 / 1.29, 1);
  });

  test('Opus on the fullband scale: between its 31 and 40 kbit/s, 16.15, and 132 at worst', () => {
    const codec = figuresOf('audio/opus');
    expect(codec.impairment).toBeCloseTo(16.83 - 6.16 / 9, 2);
    // 16.15 + 115.85 * 5 / (5 + 10.37) = 53.84.
    expect(ratingOf({ ...perfect, codec, lossRatio: 0.05 })).toBeCloseTo(100 - 0.149 - 53.84 / 1.48, 1);
  });

  test('in bursts of twice the random length costs more: 95 * 5 / (2.5 + 25.1) = 17.2', () => {
    expect(ratingOf({ ...perfect, lossRatio: 0.05, burstRatio: 2 })).toBeCloseTo(93.206 - 17.21, 1);
  });
});

describe('the score', () => {
  test.each([
    // G.107 table B.1.
    [90, 4.34],
    [80, 4.03],
    [70, 3.6],
    [60, 3.1],
    [50, 2.58],
  ])('R %i is %f', (rating, mos) => {
    // The table has two digits.
    expect(Math.abs(mosOfRating(rating) - mos)).toBeLessThan(0.0061);
  });

  test('stays within 1 and 4.5 whatever comes in', () => {
    expect(mosOfRating(0)).toBe(1);
    expect(mosOfRating(3)).toBe(1);
    expect(mosOfRating(100)).toBe(4.5);
    const worst = ratingOf({ delayMs: 232_735, lossRatio: 1, burstRatio: 2, codec: figuresOf('audio/opus') });
    expect(mosOfRating(worst)).toBe(1);
  });

  test('has a grade', () => {
    expect([4.41, 4.2, 4.1, 4.03, 3.7, 3.6, 3.3, 3.1, 3, 1].map(gradeOf)).toEqual([
      ...['excellent', 'excellent', 'good', 'good', 'fair', 'fair', 'poor', 'poor', 'bad', 'bad'],
    ]);
  });
});

describe('the figures of a codec', () => {
  test('of Opus follow maxaveragebitrate, within what was measured', () => {
    const at = (rate: number) => figuresOf('audio/opus', `minptime=10;maxaveragebitrate=${rate}`).impairment;
    expect(at(14_000)).toBe(38.06);
    expect(at(25_000)).toBe(20.21);
    expect(at(510_000)).toBe(10.67);
    expect(figuresOf('audio/opus', 'x-maxaveragebitrate=14000')).toEqual(figuresOf('audio/opus'));
  });

  test('of Opus are those of the bandwidth that its encoder has at that rate', () => {
    const at = (rate: number) => figuresOf('audio/opus', `maxaveragebitrate=${rate}`);
    expect(at(6_000)).toMatchObject({ band: 'narrow', impairment: 23, lossRobustness: 24.56 });
    expect(at(8_500)).toMatchObject({ band: 'narrow', lossRobustness: expect.closeTo(19.585, 3) as number });
    expect(at(10_000)).toMatchObject({ band: 'wide', impairment: 28.41 });
    expect(at(12_500).impairment).toBeCloseTo((23.3 + 19.96) / 2, 6);
    expect(at(13_500)).toMatchObject({ band: 'full', impairment: 38.06 });
    // Of a narrowband codec on the scale of G.107, of a wideband one on that of G.107.1.
    expect(ratingOf({ ...perfect, codec: at(6_000) })).toBeCloseTo(93.2062 - 23, 2);
    expect(ratingOf({ ...perfect, codec: at(13_000) })).toBeCloseTo(99.851 - 19.96 / 1.29, 2);
    // 72 * 5 / (5 + 24.56) = 12.18.
    expect(ratingOf({ ...perfect, lossRatio: 0.05, codec: at(6_000) })).toBeCloseTo(70.206 - 12.18, 1);
  });

  test('do not exist for codecs that nobody has measured', () => {
    expect(impairmentOf(codecOf('audio/iLBC'))).toBeUndefined();
    expect(impairmentOf(codecOf('audio/telephone-event'))).toBeUndefined();
    expect(impairmentOf(codecOf(''))).toBeUndefined();
  });
});
