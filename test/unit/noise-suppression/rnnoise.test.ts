import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { Rnnoise } from '../../../src/noise-suppression/rnnoise';
import { noisySpeech, STRETCH_MS } from '../../support/noisy-speech';

const file = createRequire(import.meta.url).resolve('@sapphi-red/web-noise-suppressor/rnnoise_simd.wasm');
const rnnoise = new WebAssembly.Module(readFileSync(file));

function suppress(input: Float32Array, blockSamples = 128): Float32Array {
  const stream = new Rnnoise(rnnoise, blockSamples);
  const output = new Float32Array(input.length - (input.length % blockSamples));
  for (let at = 0; at < output.length; at += blockSamples)
    stream.run(input.subarray(at, at + blockSamples), output.subarray(at, at + blockSamples));
  return output;
}

function dbfs(samples: Float32Array, fromMs: number, toMs: number): number {
  const part = samples.subarray(fromMs * 48, toMs * 48);
  return 10 * Math.log10(part.reduce((sum, sample) => sum + sample * sample, 0) / part.length + 1e-12);
}

describe('noise suppression', () => {
  const input = noisySpeech({ durationMs: 4 * STRETCH_MS });
  const output = suppress(input);
  // Into the second stretch of each, when it knows the noise.
  const talk = [2.2 * STRETCH_MS, 2.9 * STRETCH_MS] as const;
  const pause = [3.2 * STRETCH_MS, 3.9 * STRETCH_MS] as const;

  it('takes the noise out of the pauses and leaves the talk', () => {
    expect(dbfs(input, ...pause)).toBeCloseTo(-35, 0);
    expect(dbfs(output, ...pause)).toBeLessThan(-55);
    expect(Math.abs(dbfs(output, ...talk) - dbfs(input, ...talk))).toBeLessThan(3);
  });

  it('leaves nothing that 16 bits could tell of a quiet room', () => {
    const room = new Float32Array(48_000 * 6);
    let seed = 1;
    for (let index = 0; index < room.length; index += 1) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0;
      room[index] = (Math.sqrt(3) * 10 ** (-70 / 20) * seed) / 2 ** 31;
    }
    const peak = suppress(room)
      .subarray(48_000 * 3)
      .reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    expect(Math.round(peak * 0x7fff)).toBeLessThanOrEqual(1);
  });

  it.each([128, 64, 96, 441, 480, 512])('delays by what it says, in blocks of %i samples', (blockSamples) => {
    const clean = noisySpeech({ durationMs: 2 * STRETCH_MS, noiseDbfs: -90 });
    const processed = suppress(clean, blockSamples);
    let best = { lag: -1, product: 0 };
    for (let lag = 0; lag < 1_200; lag += 1) {
      let product = 0;
      for (let at = 24_000; at < 72_000; at += 5) product += (clean[at] ?? 0) * (processed[at + lag] ?? 0);
      if (product > best.product) best = { lag, product };
    }
    // The model moves phases by a sample or two.
    expect(Math.abs(best.lag - Rnnoise.delaySamples(blockSamples))).toBeLessThanOrEqual(3);
  });

  it('never runs dry', () => {
    // Frames of a loud tone of which RNNoise would make silence: a gap would be exact zeros amid the talk.
    const stretch = output.subarray(48 * 2.1 * STRETCH_MS, 48 * 2.9 * STRETCH_MS);
    let zeros = 0;
    let longest = 0;
    for (const sample of stretch) {
      zeros = sample === 0 ? zeros + 1 : 0;
      longest = Math.max(longest, zeros);
    }
    expect(longest).toBeLessThan(32);
  });

  it('takes the absence of sound for silence', () => {
    const stream = new Rnnoise(rnnoise, 128);
    const block = new Float32Array(128).fill(1);
    for (let count = 0; count < 20; count += 1) stream.run(undefined, block);
    expect(Math.max(...block.map(Math.abs))).toBeLessThan(1e-3);
  });

  it('is 19 ms late in Web Audio, as its documentation says', () => {
    expect(Rnnoise.delaySamples(128) / 48).toBeCloseTo(19.3, 1);
  });
});
