/** Renders tones to sound files, once each: an audio element plays them like any other, on any output device. */
import type { Tone } from './tones';

/** Twice the highest frequency of the table (1633 Hz) and more; every browser plays it. */
export const SAMPLE_RATE_HZ = 8_000;

/** Well below speech in a call (about -26 to -16 dBFS), so that a tone never startles. RMS, of full scale 1. */
const EAR_LEVEL_DBFS = -20;
/** A ringer has to be heard across a desk. */
const RINGER_LEVEL_DBFS = -16;

/** Each burst begins and ends over this long: a tone that is switched hard clicks. */
const RAMP_MS = 5;

/** As the depth that exchanges use: the carrier stays audible. */
const MODULATION_DEPTH = 0.9;

/** A ringer of two pitches (a major third) that alternate, as the bells of a telephone did. Not from a standard. */
const RINGER_HZ = [800, 1000] as const;
const RINGER_STEP_MS = 50;

interface Burst {
  readonly frequenciesHz: readonly number[];
  readonly modulationHz?: number | undefined;
  readonly startMs: number;
  readonly durationMs: number;
}

/** Periods of the tone's cadence, beginning with its first burst. */
export function renderTone(tone: Tone, periods = 1): Int16Array {
  const bursts = burstsOf(tone, periods).map((burst) => ({
    ...burst,
    frequenciesHz: tone.frequenciesHz,
    modulationHz: tone.modulationHz,
  }));
  return render(bursts, periodMs(tone) * periods, EAR_LEVEL_DBFS);
}

/** One period of a ringer with the cadence of `ringing`. */
export function renderRinger(ringing: Tone): Int16Array {
  const steps = burstsOf(ringing, 1).flatMap(({ startMs, durationMs }) =>
    Array.from({ length: Math.floor(durationMs / RINGER_STEP_MS) }, (_, index) => ({
      frequenciesHz: [RINGER_HZ[index % 2] ?? RINGER_HZ[0]],
      startMs: startMs + index * RINGER_STEP_MS,
      durationMs: RINGER_STEP_MS,
    })),
  );
  return render(steps, periodMs(ringing), RINGER_LEVEL_DBFS);
}

/** How many whole periods of a cadence last about `durationMs`, at least one. */
export function periodsOf(tone: Tone, durationMs: number): number {
  return Math.max(1, Math.round(durationMs / periodMs(tone)));
}

function periodMs({ cadenceMs }: Tone): number {
  return cadenceMs.reduce((sum, partMs) => sum + partMs, 0);
}

function burstsOf(tone: Tone, periods: number): { startMs: number; durationMs: number }[] {
  const bursts: { startMs: number; durationMs: number }[] = [];
  let startMs = 0;
  for (let period = 0; period < periods; period += 1)
    for (const [index, durationMs] of tone.cadenceMs.entries()) {
      if (index % 2 === 0) bursts.push({ startMs, durationMs });
      startMs += durationMs;
    }
  return bursts;
}

function render(bursts: readonly Burst[], durationMs: number, levelDbfs: number): Int16Array {
  const samples = new Int16Array(toSamples(durationMs));
  for (const burst of bursts) {
    const start = toSamples(burst.startMs);
    const count = toSamples(burst.durationMs);
    // The mean square of a sum of n sines of amplitude a is n * a^2 / 2.
    const amplitude = 10 ** (levelDbfs / 20) * Math.sqrt(2 / burst.frequenciesHz.length);
    for (let index = 0; index < count; index += 1) {
      const timeS = index / SAMPLE_RATE_HZ;
      let sum = 0;
      for (const hz of burst.frequenciesHz) sum += Math.sin(2 * Math.PI * hz * timeS);
      const value = amplitude * sum * modulation(burst.modulationHz, timeS) * envelope(index, count);
      samples[start + index] = Math.round(value * 0x7fff);
    }
  }
  return samples;
}

/** Of the same mean power as an unmodulated tone. */
function modulation(modulationHz: number | undefined, timeS: number): number {
  if (modulationHz === undefined) return 1;
  const wave = 1 + MODULATION_DEPTH * Math.sin(2 * Math.PI * modulationHz * timeS);
  return wave / Math.sqrt(1 + MODULATION_DEPTH ** 2 / 2);
}

/** Raised cosine at both ends. */
function envelope(index: number, count: number): number {
  const ramp = toSamples(RAMP_MS);
  const toEdge = Math.min(index, count - 1 - index);
  return toEdge >= ramp ? 1 : (1 - Math.cos((Math.PI * toEdge) / ramp)) / 2;
}

function toSamples(durationMs: number): number {
  return Math.round((durationMs * SAMPLE_RATE_HZ) / 1000);
}

const HEADER_BYTES = 44;

/** A RIFF/WAVE file (Microsoft, "Multimedia Programming Interface and Data Specifications 1.0"): mono, 16-bit PCM. */
export function wavFile(samples: Int16Array): Blob {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + 2 * samples.length));
  let at = 0;
  const text = (letters: string) => {
    for (const letter of letters) view.setUint8(at++, letter.charCodeAt(0));
  };
  const uint32 = (value: number) => {
    view.setUint32(at, value, true);
    at += 4;
  };
  const uint16 = (value: number) => {
    view.setUint16(at, value, true);
    at += 2;
  };
  text('RIFF');
  uint32(HEADER_BYTES - 8 + 2 * samples.length);
  text('WAVEfmt ');
  uint32(16);
  uint16(1);
  uint16(1);
  uint32(SAMPLE_RATE_HZ);
  uint32(2 * SAMPLE_RATE_HZ);
  uint16(2);
  uint16(16);
  text('data');
  uint32(2 * samples.length);
  for (const sample of samples) uint16(sample);
  return new Blob([view], { type: 'audio/wav' });
}
