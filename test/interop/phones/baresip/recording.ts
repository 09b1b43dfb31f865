/** What baresip hears: the WAV file that it writes while a call goes on, read as it grows. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ear, Heard } from '../hearing';

const wavHeaderBytes = 44;
const bytesPerSample = 2;
/** 20 ms at 8 kHz. */
const samplesPerPacket = 160;

/** Longer than any phone of the lab lives. */
const lifetimeSeconds = 900;

/**
 * Prepares the directory for recordings of one phone.
 *
 * baresip 1.0 takes its filters away from the decoder at a re-INVITE, and puts them back only when the encoder has
 * none either. The recorder is one filter for both; it is left out of the encoder when it cannot open its file, and
 * it cannot where a directory has the name of that file.
 */
export function prepareRecordings(directory: string): void {
  mkdirSync(directory);
  const nowMs = Date.now();
  for (let second = 0; second < lifetimeSeconds; second += 1) {
    const [year, month, day, hour, minute, seconds] = new Date(nowMs + second * 1000)
      .toISOString()
      .split(/[-T:.]/);
    const name = [Number(year), month, day, hour, minute, seconds].join('-');
    mkdirSync(join(directory, `dump-${name}-enc.wav`));
  }
}

export class Recording implements Ear {
  /** Forgets what was recorded before: names are told apart by the second only. */
  constructor(private readonly directory: string) {
    for (const name of decoded(readdirSync(directory))) rmSync(join(directory, name));
  }

  /** The decoder's samples reach the file with each packet. */
  async collect(forMs: number): Promise<Heard> {
    const before = await this.#newest();
    await new Promise((resolve) => setTimeout(resolve, forMs));
    const after = await this.#newest();
    if (after === undefined) return { samples: [], packets: 0 };
    // A re-INVITE begins a new file.
    const start = before?.file === after.file ? Math.max(before.bytes, wavHeaderBytes) : wavHeaderBytes;
    const samples = await samplesOf(after.file, start, after.bytes);
    return { samples, packets: Math.floor(samples.length / samplesPerPacket) };
  }

  async #newest(): Promise<{ readonly file: string; readonly bytes: number } | undefined> {
    const name = decoded(await readdir(this.directory)).at(-1);
    if (name === undefined) return undefined;
    const file = join(this.directory, name);
    return { file, bytes: (await stat(file)).size };
  }
}

async function samplesOf(file: string, from: number, to: number): Promise<Int16Array> {
  const samples = new Int16Array(Math.max(0, Math.floor((to - from) / bytesPerSample)));
  if (samples.length === 0) return samples;
  const handle = await open(file);
  try {
    await handle.read(samples, 0, samples.byteLength, from);
  } finally {
    await handle.close();
  }
  return samples;
}

const decoded = (names: readonly string[]): string[] =>
  names.filter((name) => name.endsWith('-dec.wav')).sort();
