/** The E-model of the SDK beside that of G.107 with all its terms, written apart from it. */
import { describe, expect, it } from 'vitest';
import { impairmentOf } from '../../../src/quality/codec-impairment';
import { mosOfRating, ratingOf } from '../../../src/quality/e-model';
import { delayImpairment, expectedMos, ro, simultaneous } from '../../quality/support/whole-e-model';

describe('G.107 whole', () => {
  it('comes to its own default: R 93.2', () => {
    expect(ro - simultaneous(0) - delayImpairment(0)).toBeCloseTo(93.2, 1);
  });

  it.each(['PCMU', 'opus'] as const)('gives what the SDK gives for %s, over delays and losses', (name) => {
    const codec = impairmentOf({ mimeType: `audio/${name}`, clockRateHz: 8000, channels: 1 });
    if (!codec) throw new Error('no figures');
    for (const delayMs of [0, 20, 60, 100, 150, 177, 250, 400, 800, 2000]) {
      for (const lossPercent of [0, 0.5, 1, 3, 5, 10, 20, 50, 100]) {
        const ours = mosOfRating(ratingOf({ delayMs, lossRatio: lossPercent / 100, burstRatio: 1, codec }));
        expect(Math.abs(ours - expectedMos(name, delayMs, lossPercent))).toBeLessThan(0.005);
      }
    }
  });
});
