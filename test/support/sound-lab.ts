/** Hears what a page plays beside its calls: every audio element that has a file, tapped behind its volume. */
import type { LabPage } from './lab-page';

/** A recording of all sounds of a page. */
export interface HeardSounds {
  /** Level of what sounded, in dBFS; the silence between bursts does not count. */
  readonly dbfs: number;
  /** The pitches of what sounded, loudest first, in hertz. */
  readonly pitchesHz: readonly number[];
  /** When each burst began and how long it lasted, in milliseconds from the beginning of the recording. */
  readonly bursts: readonly { readonly atMs: number; readonly durationMs: number }[];
  /** The largest step between two samples where a burst begins or ends: a click is a large one. */
  readonly steepestEdge: number;
}

interface SoundLab {
  playing(): string[];
  plays(): number;
  record(forMs: number): Promise<HeardSounds>;
  decode(): Promise<HeardSounds>;
}

declare global {
  interface Window {
    soundLab: SoundLab;
  }
}

/** For `PageOptions.initScript`. */
export const SOUND_LAB = `(${install.toString()})();`;

/** The sources of what plays now. */
export function playing(page: LabPage): Promise<string[]> {
  return page.evaluate(() => window.soundLab.playing());
}

/** How often a sound was started so far. */
export function plays(page: LabPage): Promise<number> {
  return page.evaluate(() => window.soundLab.plays());
}

/** Listens for a while to what plays now. */
export function record(page: LabPage, forMs: number): Promise<HeardSounds> {
  return page.evaluate((ms) => window.soundLab.record(ms), forMs);
}

/**
 * What the browser makes of the file that plays now, without playing it: a recording on a busy machine has gaps, and what
 * is said of bursts and edges should not depend on it.
 */
export function decode(page: LabPage): Promise<HeardSounds> {
  return page.evaluate(() => window.soundLab.decode());
}

function install(): void {
  const elements: HTMLAudioElement[] = [];
  let count = 0;
  const NativeAudio = window.Audio;
  // A constructor that returns an object gives that one.
  window.Audio = function (...args: [string?]) {
    const element = new NativeAudio(...args);
    elements.push(element);
    element.addEventListener('playing', () => {
      if (element.src !== '' && !element.muted && !element.src.startsWith('data:')) count += 1;
    });
    return element;
  } as unknown as typeof Audio;

  const sounding = () =>
    elements.filter((element) => element.src !== '' && !element.paused && element.readyState >= 2);

  const COLLECTOR = `registerProcessor('collector', class extends AudioWorkletProcessor {
    process([[channel]]) { if (channel) this.port.postMessage(channel.slice()); return true; }
  })`;

  async function collect(forMs: number): Promise<{ samples: Float32Array; rateHz: number }> {
    const context = new AudioContext();
    try {
      await context.resume();
      const module = URL.createObjectURL(new Blob([COLLECTOR], { type: 'text/javascript' }));
      await context.audioWorklet.addModule(module);
      URL.revokeObjectURL(module);
      const collector = new AudioWorkletNode(context, 'collector', {
        channelCount: 1,
        channelCountMode: 'explicit',
      });
      for (const element of sounding()) {
        const tapped = element as unknown as { captureStream(): MediaStream };
        context.createMediaStreamSource(tapped.captureStream()).connect(collector);
      }
      const blocks: Float32Array[] = [];
      const wanted = (forMs * context.sampleRate) / 1000;
      await new Promise<void>((resolve) => {
        let collected = 0;
        collector.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
          blocks.push(data);
          collected += data.length;
          if (collected >= wanted) resolve();
        };
      });
      const samples = new Float32Array(blocks.length * 128);
      for (const [index, block] of blocks.entries()) samples.set(block, index * 128);
      return { samples, rateHz: context.sampleRate };
    } finally {
      await context.close();
    }
  }

  const meanSquare = (samples: Float32Array) =>
    samples.reduce((sum, one) => sum + one * one, 0) / Math.max(1, samples.length);

  /** Power at one frequency, by Goertzel's algorithm. */
  const powerAt = (samples: Float32Array, hz: number, rateHz: number) => {
    const coefficient = 2 * Math.cos((2 * Math.PI * hz) / rateHz);
    let [last, before] = [0, 0];
    for (const sample of samples) [last, before] = [sample + coefficient * last - before, last];
    return last * last + before * before - coefficient * last * before;
  };

  function analyse({ samples, rateHz }: { samples: Float32Array; rateHz: number }): HeardSounds {
    const window5 = Math.round(rateHz / 200);
    const bursts: { atMs: number; durationMs: number }[] = [];
    let isOn = false;
    let [loudest, loudestAt] = [0, 0];
    let [sum, parts] = [0, 0];
    for (let at = 0; at + window5 <= samples.length; at += window5) {
      const power = meanSquare(samples.subarray(at, at + window5));
      const atMs = (at * 1000) / rateHz;
      if (power > 1e-4) {
        sum += power;
        parts += 1;
        if (!isOn) bursts.push({ atMs, durationMs: 0 });
        if (power > loudest) [loudest, loudestAt] = [power, at];
        const burst = bursts.at(-1);
        if (burst) burst.durationMs = atMs + 5 - burst.atMs;
      }
      isOn = power > 1e-4;
    }
    // Half a second around the loudest moment is inside of a burst or two.
    const around = samples.subarray(Math.max(0, loudestAt - rateHz / 20), loudestAt + rateHz / 20);
    const spectrum: { hz: number; power: number }[] = [];
    for (let hz = 300; hz <= 1700; hz += 5) spectrum.push({ hz, power: powerAt(around, hz, rateHz) });
    const peaks = spectrum.filter(
      ({ power }, index) =>
        power > (spectrum[index - 1]?.power ?? 0) && power >= (spectrum[index + 1]?.power ?? 0),
    );
    const strongest = Math.max(...peaks.map(({ power }) => power));
    let steepestEdge = 0;
    const toSamples = (ms: number) => Math.round((ms * rateHz) / 1000);
    for (const { atMs, durationMs } of bursts)
      for (const edgeMs of [atMs, atMs + durationMs])
        for (let index = toSamples(edgeMs - 10); index < toSamples(edgeMs + 2); index += 1)
          steepestEdge = Math.max(steepestEdge, Math.abs((samples[index] ?? 0) - (samples[index - 1] ?? 0)));
    return {
      dbfs: 10 * Math.log10(sum / Math.max(1, parts) + 1e-12),
      pitchesHz: peaks
        .filter(({ power }) => power > strongest / 8)
        .sort((a, b) => b.power - a.power)
        .map(({ hz }) => hz),
      bursts,
      steepestEdge,
    };
  }

  window.soundLab = {
    playing: () => sounding().map(({ src }) => src),
    plays: () => count,
    record: async (forMs) => analyse(await collect(forMs)),
    decode: async () => {
      const file = await fetch(sounding()[0]?.src ?? '');
      const buffer = await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(await file.arrayBuffer());
      return analyse({ samples: buffer.getChannelData(0), rateHz: buffer.sampleRate });
    },
  };
}
