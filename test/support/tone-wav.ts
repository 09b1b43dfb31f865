/** Chromium resamples anything else to 48 kHz, the rate of its fake microphone. */
export const SAMPLE_RATE_HZ = 48_000;

/** Whole seconds hold whole cycles of a whole-hertz tone, so the file loops without a click. */
const DURATION_S = 4;

const HEADER_BYTES = 44;
const BYTES_PER_SAMPLE = 2;

export interface ToneOptions {
  /** Pitch in whole hertz. */
  frequencyHz: number;
  /** Peak amplitude relative to full scale, 0 to 1. Default 0.5 (-6 dBFS), below any limiter. */
  amplitude?: number;
  /** The tone pauses, as talk does: what there is of each. Both together should divide 4 s. Default: no pauses. */
  bursts?: { readonly toneMs: number; readonly pauseMs: number };
}

/** A mono 16-bit PCM WAV file holding a pure sine. Throws RangeError on a pitch that would click or alias. */
export function toneWav({ frequencyHz, amplitude = 0.5, bursts }: ToneOptions): Buffer {
  if (!Number.isInteger(frequencyHz) || frequencyHz <= 0 || frequencyHz >= SAMPLE_RATE_HZ / 2) {
    throw new RangeError(
      `frequencyHz must be a whole number below ${SAMPLE_RATE_HZ / 2}, got ${frequencyHz}`,
    );
  }
  const samples = new Float32Array(SAMPLE_RATE_HZ * DURATION_S);
  for (let index = 0; index < samples.length; index += 1) {
    const atMs = (index * 1000) / SAMPLE_RATE_HZ;
    const isPause = bursts && atMs % (bursts.toneMs + bursts.pauseMs) >= bursts.toneMs;
    if (isPause) continue;
    samples[index] = amplitude * Math.sin((2 * Math.PI * frequencyHz * index) / SAMPLE_RATE_HZ);
  }
  return pcmWav(samples);
}

/** A mono 16-bit PCM WAV file of samples from -1 to 1 at 48 kHz. */
export function pcmWav(samples: Float32Array): Buffer {
  const dataBytes = samples.length * BYTES_PER_SAMPLE;
  const wav = Buffer.alloc(HEADER_BYTES + dataBytes);
  wav.write('RIFF', 0, 'ascii');
  wav.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4);
  wav.write('WAVEfmt ', 8, 'ascii');
  wav.writeUInt32LE(16, 16); // size of the format block
  wav.writeUInt16LE(1, 20); // PCM
  wav.writeUInt16LE(1, 22); // mono
  wav.writeUInt32LE(SAMPLE_RATE_HZ, 24);
  wav.writeUInt32LE(SAMPLE_RATE_HZ * BYTES_PER_SAMPLE, 28);
  wav.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  wav.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  wav.write('data', 36, 'ascii');
  wav.writeUInt32LE(dataBytes, 40);
  samples.forEach((sample, index) => {
    wav.writeInt16LE(
      Math.round(0x7fff * Math.max(-1, Math.min(1, sample))),
      HEADER_BYTES + index * BYTES_PER_SAMPLE,
    );
  });
  return wav;
}
