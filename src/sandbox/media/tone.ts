/** What customers play: a steady tone, a melody or silence, rendered once and looped. */
import { encodePcmu, pcmuFrameSamples, pcmuRateHz } from './pcmu';

/** Comfortable in a headset and far above the noise floor of any codec. */
const levelDbfs = -18;
const amplitude = 32767 * Math.SQRT2 * 10 ** (levelDbfs / 20);

export interface Note {
  /** 0 is a rest. */
  readonly hz: number;
  readonly durationMs: number;
}

/** A calm rising and falling figure on an A major chord, made for this project. */
export const melody: readonly Note[] = [
  { hz: 440, durationMs: 300 },
  { hz: 554.37, durationMs: 300 },
  { hz: 659.26, durationMs: 300 },
  { hz: 880, durationMs: 600 },
  { hz: 0, durationMs: 150 },
  { hz: 739.99, durationMs: 300 },
  { hz: 659.26, durationMs: 300 },
  { hz: 554.37, durationMs: 300 },
  { hz: 440, durationMs: 600 },
  { hz: 0, durationMs: 450 },
];

/** Length of the rise and fall of each note: long enough not to click. */
const rampMs = 12;

function renderNote(note: Note): number[] {
  const length = Math.round((note.durationMs * pcmuRateHz) / 1000);
  const ramp = (rampMs * pcmuRateHz) / 1000;
  return Array.from({ length }, (_, at) => {
    const envelope = Math.min(1, at / ramp, (length - at) / ramp);
    return note.hz === 0 ? 0 : amplitude * envelope * Math.sin((2 * Math.PI * note.hz * at) / pcmuRateHz);
  });
}

/** Endless 20 ms frames of PCMU. */
export interface FrameSource {
  next(): Buffer;
}

class Loop implements FrameSource {
  #at = 0;
  constructor(private readonly audio: Buffer) {}

  next(): Buffer {
    const frame = this.audio.subarray(this.#at, this.#at + pcmuFrameSamples);
    this.#at = (this.#at + pcmuFrameSamples) % this.audio.length;
    return frame;
  }
}

export function toneSource(hz: number): FrameSource {
  // One second holds a whole number of periods of any whole frequency, so the loop has no seam.
  const samples = Array.from(
    { length: pcmuRateHz },
    (_, at) => amplitude * Math.sin((2 * Math.PI * Math.round(hz) * at) / pcmuRateHz),
  );
  return new Loop(encodePcmu(samples));
}

export function melodySource(notes: readonly Note[] = melody): FrameSource {
  const samples = notes.flatMap(renderNote);
  const wholeFrames = Math.floor(samples.length / pcmuFrameSamples) * pcmuFrameSamples;
  return new Loop(encodePcmu(samples.slice(0, wholeFrames)));
}

export const silenceSource = (): FrameSource => new Loop(encodePcmu(new Int16Array(pcmuFrameSamples)));
