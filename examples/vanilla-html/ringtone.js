/** A soft ringtone, made on the spot so that the page needs no sound file. Yours is `ringtoneUrl: '/ring.mp3'`. */

const SAMPLE_RATE_HZ = 16_000;
const PERIOD_S = 3;

/** Two chimes of a rising third (E5, G#5), the second an octave's breath later; the rest is silence. */
const NOTES = [
  { startS: 0, pitchHz: 659.26 },
  { startS: 0.18, pitchHz: 830.61 },
  { startS: 0.8, pitchHz: 659.26 },
  { startS: 0.98, pitchHz: 830.61 },
];

function sampleAt(timeS) {
  let sum = 0;
  for (const { startS, pitchHz } of NOTES) {
    const age = timeS - startS;
    if (age < 0) continue;
    // A struck bar: quick attack, exponential decay, overtones that die first.
    const loudness = Math.min(age / 0.006, 1) * Math.exp(-age * 4.5);
    const phase = 2 * Math.PI * pitchHz * age;
    sum += loudness * (Math.sin(phase) + 0.3 * Math.exp(-age * 6) * Math.sin(2 * phase));
  }
  return sum * 0.28;
}

let url;

/** URL of one period, to be looped. */
export function createRingtoneUrl() {
  url ??= URL.createObjectURL(new Blob([wavFile()], { type: 'audio/wav' }));
  return url;
}

/** RIFF/WAVE, one channel of 16-bit PCM. */
function wavFile() {
  const count = SAMPLE_RATE_HZ * PERIOD_S;
  const view = new DataView(new ArrayBuffer(44 + count * 2));
  const text = (at, value) => [...value].forEach((char, i) => view.setUint8(at + i, char.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + count * 2, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, SAMPLE_RATE_HZ, true);
  view.setUint32(28, SAMPLE_RATE_HZ * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, 'data');
  view.setUint32(40, count * 2, true);
  for (let i = 0; i < count; i += 1) {
    const sample = Math.max(-1, Math.min(1, sampleAt(i / SAMPLE_RATE_HZ)));
    view.setInt16(44 + i * 2, sample * 0x7fff, true);
  }
  return view.buffer;
}
