/** G.711 mu-law (ITU-T G.711, RFC 3551 PCMU): 8 kHz, one byte a sample. */

export const pcmuRateHz = 8000;
/** 20 ms, the packet time that browsers use. */
export const pcmuFrameSamples = 160;

const bias = 0x84;
const clip = 32635;

/** One linear 16-bit sample as a mu-law byte. */
export function encodeSample(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(Math.round(sample)), clip) + bias;
  // The segment is the place of the highest set bit: 7 for bit 14 down to 0 for bit 7.
  const segment = Math.max(0, 24 - Math.clz32(magnitude));
  const mantissa = (magnitude >> (segment + 3)) & 0x0f;
  return ~(sign | (segment << 4) | mantissa) & 0xff;
}

const decodeTable = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + bias) << ((code >> 4) & 7)) - bias;
  return (code & 0x80) === 0 ? magnitude : -magnitude;
});

export const decodeSample = (byte: number): number => decodeTable[byte & 0xff] ?? 0;

export const encodePcmu = (samples: ArrayLike<number>): Buffer =>
  Buffer.from(Array.from({ length: samples.length }, (_, at) => encodeSample(samples[at] ?? 0)));
