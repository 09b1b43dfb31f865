/** What a rendered sound sounds like. */
import { resolveObjectURL } from 'node:buffer';

export interface RenderedSound {
  readonly sampleRateHz: number;
  /** From -1 to 1. */
  readonly samples: Float32Array;
}

/** Reads a file that a page made: RIFF/WAVE, mono, 16-bit PCM with a header of 44 bytes. */
export async function readWav(blob: Blob): Promise<RenderedSound> {
  const view = new DataView(await blob.arrayBuffer());
  const text = (at: number) => String.fromCharCode(...new Uint8Array(view.buffer, at, 4));
  const fields = {
    riff: text(0),
    riffBytes: view.getUint32(4, true),
    wave: text(8),
    format: view.getUint16(20, true),
    channels: view.getUint16(22, true),
    bits: view.getUint16(34, true),
    dataBytes: view.getUint32(40, true),
  };
  const bytes = view.byteLength;
  const expected = { riff: 'RIFF', riffBytes: bytes - 8, wave: 'WAVE', format: 1, channels: 1, bits: 16 };
  for (const [name, value] of Object.entries({ ...expected, dataBytes: bytes - 44 }))
    if (fields[name as keyof typeof fields] !== value) throw new Error(`${name} of the file is wrong`);
  return {
    sampleRateHz: view.getUint32(24, true),
    samples: Float32Array.from(new Int16Array(view.buffer, 44), (sample) => sample / 0x7fff),
  };
}

/** The file behind a `blob:` URL; undefined when it was revoked. */
export async function readBlobUrl(url: string): Promise<RenderedSound | undefined> {
  const blob = resolveObjectURL(url);
  return blob && readWav(blob as unknown as Blob);
}

/** The level of one frequency in dBFS, by Goertzel's algorithm over all samples. */
export function levelAt({ samples, sampleRateHz }: RenderedSound, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / sampleRateHz);
  let [last, beforeLast] = [0, 0];
  for (const sample of samples) [last, beforeLast] = [sample + coefficient * last - beforeLast, last];
  const power = last ** 2 + beforeLast ** 2 - coefficient * last * beforeLast;
  // The mean square of a sine of that amplitude.
  return 10 * Math.log10((2 * power) / samples.length ** 2 + 1e-12);
}

/** The mean power in dBFS; 0 is a square wave of full scale. */
export function levelOf({ samples }: RenderedSound): number {
  return 10 * Math.log10(samples.reduce((sum, one) => sum + one * one, 0) / samples.length + 1e-12);
}

/** A stretch of a sound. */
export function cut({ samples, sampleRateHz }: RenderedSound, fromMs: number, toMs: number): RenderedSound {
  const at = (ms: number) => Math.round((ms * sampleRateHz) / 1000);
  return { sampleRateHz, samples: samples.subarray(at(fromMs), at(toMs)) };
}

/** On, off, on, off…, in milliseconds: where the sound is above -50 dBFS, looked at in windows of 5 ms. */
export function cadenceOf(sound: RenderedSound): number[] {
  const totalMs = (sound.samples.length * 1000) / sound.sampleRateHz;
  const parts: number[] = [];
  let isOn = true;
  for (let atMs = 0; atMs < totalMs; atMs += 5) {
    if (levelOf(cut(sound, atMs, atMs + 5)) > -50 !== isOn) isOn = !isOn;
    const index = parts.length - 1;
    if (parts.length === 0 || (parts.length % 2 === 1) !== isOn) parts.push(5);
    else parts[index] = (parts[index] ?? 0) + 5;
  }
  return parts;
}

/** The largest step between two samples, wrapped around as a loop is. */
export function steepest({ samples }: RenderedSound): number {
  let most = 0;
  for (const [index, sample] of samples.entries())
    most = Math.max(most, Math.abs(sample - (samples[(index + 1) % samples.length] ?? 0)));
  return most;
}
