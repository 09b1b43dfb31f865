/** What a far end hears: turns samples into a pitch and a level, and waits for one of them. */
import { Meter, silenceDbfs } from '../../../src/sandbox/media/meter';
import type { FarHearing } from '../support/far-end';

/** Long enough for the pitch (128 ms) with a packet or two missing. */
const stretchMs = 250;
/** Two bins of the meter. */
const toleranceHz = 15;
/** Tones of the lab are played at -18 dBFS and louder. */
const audibleDbfs = -40;
const inaudibleDbfs = -60;
/** A pause between words is no silence. */
const silenceMs = 1_000;
const samplesPerMs = 8;

/** Received audio at 8 kHz. */
export interface Heard {
  readonly samples: ArrayLike<number>;
  readonly packets: number;
}

export interface Ear {
  /** Everything that arrives in the next `forMs`. */
  collect(forMs: number): Promise<Heard>;
}

export async function listen(ear: Ear, forMs: number): Promise<FarHearing> {
  const { samples, packets } = await ear.collect(forMs);
  const meter = new Meter();
  meter.push(samples);
  // What did not arrive counts as silence.
  const length = Math.max(samples.length, forMs * samplesPerMs);
  let sum = 0;
  for (let at = 0; at < samples.length; at += 1) sum += ((samples[at] ?? 0) / 32768) ** 2;
  const dbfs = sum === 0 ? silenceDbfs : Math.max(silenceDbfs, 10 * Math.log10(sum / length));
  return { hz: samples.length === 0 ? null : meter.measure().dominantHz, dbfs, packets };
}

/** The first stretch in which this pitch is heard. */
export function hears(ear: Ear, hz: number, timeoutMs: number): Promise<FarHearing> {
  return until(ear, `${hz} Hz`, stretchMs, timeoutMs, (heard) => {
    return heard.hz !== null && Math.abs(heard.hz - hz) <= toleranceHz && heard.dbfs > audibleDbfs;
  });
}

/** The first stretch in which nobody is heard. */
export function hearsNobody(ear: Ear, timeoutMs: number): Promise<FarHearing> {
  return until(ear, 'silence', silenceMs, timeoutMs, ({ dbfs }) => dbfs < inaudibleDbfs);
}

async function until(
  ear: Ear,
  what: string,
  forMs: number,
  timeoutMs: number,
  isIt: (heard: FarHearing) => boolean,
): Promise<FarHearing> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const heard = await listen(ear, forMs);
    if (isIt(heard)) return heard;
    if (performance.now() > deadline) {
      const { hz, dbfs, packets } = heard;
      const now = `${hz === null ? 'no pitch' : `${Math.round(hz)} Hz`} at ${Math.round(dbfs)} dBFS`;
      throw new Error(`no ${what} within ${timeoutMs} ms; at last ${now}, ${packets} packets`);
    }
  }
}
