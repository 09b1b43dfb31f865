/** Measures received audio: how loud, and at which pitch. */
import { pcmuRateHz } from './pcmu';

/** 128 ms at 8 kHz: 7.8 Hz between bins before interpolation, short enough to follow a test. */
const windowSamples = 1024;
/** The lowest level of RFC 6464; stands for digital silence. */
export const silenceDbfs = -127;
/** Below this a pitch would be that of noise. */
const pitchFloorDbfs = -50;

export interface Loudness {
  /** RMS level relative to a full-scale square wave, -127 for silence. */
  readonly levelDbfs: number;
  /** The strongest frequency in hertz, or null when it is too quiet to tell. */
  readonly dominantHz: number | null;
}

export class Meter {
  readonly #ring = new Float32Array(windowSamples);
  #at = 0;

  push(samples: ArrayLike<number>): void {
    for (let index = 0; index < samples.length; index += 1) {
      this.#ring[this.#at] = (samples[index] ?? 0) / 32768;
      this.#at = (this.#at + 1) % windowSamples;
    }
  }

  clear(): void {
    this.#ring.fill(0);
  }

  measure(): Loudness {
    const ordered = Float64Array.from(
      { length: windowSamples },
      (_, index) => this.#ring[(this.#at + index) % windowSamples] ?? 0,
    );
    const power = ordered.reduce((sum, sample) => sum + sample * sample, 0) / windowSamples;
    const levelDbfs = power === 0 ? silenceDbfs : Math.max(silenceDbfs, 10 * Math.log10(power));
    return { levelDbfs, dominantHz: levelDbfs < pitchFloorDbfs ? null : dominantFrequency(ordered) };
  }
}

function dominantFrequency(samples: Float64Array): number {
  const size = samples.length;
  const real = samples.map((sample, at) => sample * (0.5 - 0.5 * Math.cos((2 * Math.PI * at) / size)));
  const imaginary = new Float64Array(size);
  transform(real, imaginary);
  const magnitude = (bin: number): number => Math.hypot(real[bin] ?? 0, imaginary[bin] ?? 0);
  let peak = 1;
  for (let bin = 2; bin < size / 2; bin += 1) if (magnitude(bin) > magnitude(peak)) peak = bin;
  // Parabola through the three logarithmic magnitudes around the peak.
  const [left, centre, right] = [peak - 1, peak, peak + 1].map((bin) => Math.log(magnitude(bin) + 1e-12));
  const bend = (left ?? 0) - 2 * (centre ?? 0) + (right ?? 0);
  const offset = bend === 0 ? 0 : (0.5 * ((left ?? 0) - (right ?? 0))) / bend;
  return ((peak + offset) * pcmuRateHz) / size;
}

/** In-place radix-2 fast Fourier transform; the length is a power of two. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const size = real.length;
  for (let at = 1, mirror = 0; at < size; at += 1) {
    let bit = size >> 1;
    for (; (mirror & bit) !== 0; bit >>= 1) mirror ^= bit;
    mirror ^= bit;
    if (at < mirror) {
      [real[at], real[mirror]] = [real[mirror] ?? 0, real[at] ?? 0];
      [imaginary[at], imaginary[mirror]] = [imaginary[mirror] ?? 0, imaginary[at] ?? 0];
    }
  }
  for (let span = 2; span <= size; span <<= 1) {
    const half = span >> 1;
    for (let start = 0; start < size; start += span) {
      for (let step = 0; step < half; step += 1) {
        const angle = (-2 * Math.PI * step) / span;
        const [low, high] = [start + step, start + step + half];
        const [highReal, highImaginary] = [real[high] ?? 0, imaginary[high] ?? 0];
        const turnedReal = highReal * Math.cos(angle) - highImaginary * Math.sin(angle);
        const turnedImaginary = highReal * Math.sin(angle) + highImaginary * Math.cos(angle);
        real[high] = (real[low] ?? 0) - turnedReal;
        imaginary[high] = (imaginary[low] ?? 0) - turnedImaginary;
        real[low] = (real[low] ?? 0) + turnedReal;
        imaginary[low] = (imaginary[low] ?? 0) + turnedImaginary;
      }
    }
  }
}
