/**
 * Something that noise suppression takes for speech, without a recording: a glottal pulse of moving pitch through the
 * formants of five vowels (G. E. Peterson and H. L. Barney, 1952), in syllables; white noise lies under all of it.
 */
import { pcmWav, SAMPLE_RATE_HZ } from './tone-wav';

/** Talk and pause take turns, each this long. */
export const STRETCH_MS = 2_000;

const SYLLABLES_PER_SECOND = 4;
const VOWELS_HZ = [
  [730, 1090, 2440],
  [270, 2290, 3010],
  [300, 870, 2240],
  [530, 1840, 2480],
  [570, 840, 2410],
] as const;
const BANDWIDTHS_HZ = [80, 100, 150] as const;
const WEIGHTS = [1, 0.7, 0.4] as const;

/** A resonance of two poles. */
class Formant {
  #last = 0;
  #beforeLast = 0;
  readonly #radius: number;

  constructor(bandwidthHz: number) {
    this.#radius = Math.exp((-Math.PI * bandwidthHz) / SAMPLE_RATE_HZ);
  }

  next(input: number, frequencyHz: number): number {
    const radius = this.#radius;
    const feedback = 2 * radius * Math.cos((2 * Math.PI * frequencyHz) / SAMPLE_RATE_HZ);
    const output = input * (1 - radius) + feedback * this.#last - radius * radius * this.#beforeLast;
    this.#beforeLast = this.#last;
    this.#last = output;
    return output;
  }
}

export interface NoisySpeechOptions {
  readonly durationMs: number;
  /** Root mean square of the noise, in dB below full scale. Default -35: a loud office. Speech has about -20. */
  readonly noiseDbfs?: number;
}

/** Samples from -1 to 1 at 48 kHz: talk, pause, talk, pause. The same each time. */
export function noisySpeech({ durationMs, noiseDbfs = -35 }: NoisySpeechOptions): Float32Array {
  const samples = new Float32Array((durationMs * SAMPLE_RATE_HZ) / 1000);
  const formants = BANDWIDTHS_HZ.map((bandwidthHz) => new Formant(bandwidthHz));
  // A uniform distribution from -1 to 1 has a root mean square of 1/√3.
  const noisePeak = Math.sqrt(3) * 10 ** (noiseDbfs / 20);
  let seed = 1;
  let phase = 0;
  for (let index = 0; index < samples.length; index += 1) {
    const atSeconds = index / SAMPLE_RATE_HZ;
    const isTalk = (atSeconds * 1000) % (2 * STRETCH_MS) < STRETCH_MS;
    const syllable = atSeconds * SYLLABLES_PER_SECOND;
    const envelope = isTalk ? Math.sqrt(Math.sin(Math.PI * (syllable % 1))) : 0;
    const pitchHz = 120 + 25 * Math.sin(4.4 * atSeconds) + 10 * Math.sin(14.5 * atSeconds);
    phase += pitchHz / SAMPLE_RATE_HZ;
    const pulse = phase >= 1 ? 40 * envelope : 0;
    phase %= 1;
    const vowel = VOWELS_HZ[Math.floor(syllable) % VOWELS_HZ.length] ?? VOWELS_HZ[0];
    const voice = formants.reduce(
      (sum, formant, at) => sum + (WEIGHTS[at] ?? 0) * formant.next(pulse, vowel[at] ?? 0),
      0,
    );
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0;
    samples[index] = 0.1 * voice + (noisePeak * seed) / 2 ** 31;
  }
  return samples;
}

/** The same as a WAV file that loops. */
export function noisySpeechWav(): Buffer {
  return pcmWav(noisySpeech({ durationMs: 4 * STRETCH_MS }));
}
