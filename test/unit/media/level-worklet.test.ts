import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { LEVEL_PROCESSOR, LEVEL_WORKLET_SOURCE } from '../../../src/media/meters/level-worklet';

/** One render quantum of the Web Audio API. */
const QUANTUM = 128;

interface Processor {
  readonly posted: number[][];
  process(inputs: Float32Array[][]): boolean;
  /** `[input, id]` begins, `[input]` ends. */
  tell(data: readonly number[]): void;
}

/** The module as an AudioWorkletGlobalScope would run it. */
function load(sampleRate = 48_000, scope: { renderQuantumSize?: number } = {}): Processor {
  const posted: number[][] = [];
  const port: { onmessage: (event: { data: readonly number[] }) => void } = { onmessage: () => undefined };
  let Registered: new () => { process(inputs: Float32Array[][]): boolean } = class {
    process(): boolean {
      return false;
    }
  };
  runInNewContext(LEVEL_WORKLET_SOURCE, {
    sampleRate,
    ...scope,
    AudioWorkletProcessor: class {
      port = Object.assign(port, { postMessage: (data: number[]) => posted.push([...data]) });
    },
    registerProcessor: (name: string, Class: typeof Registered) => {
      expect(name).toBe(LEVEL_PROCESSOR);
      Registered = Class;
    },
  });
  const processor = new Registered();
  return {
    posted,
    process: (inputs) => processor.process(inputs),
    tell: (data) => {
      port.onmessage({ data });
    },
  };
}

function sine(quantum: number, amplitude: number): Float32Array {
  return Float32Array.from(
    { length: QUANTUM },
    (_, at) => amplitude * Math.sin((2 * Math.PI * 500 * (quantum * QUANTUM + at)) / 48_000),
  );
}

function run(processor: Processor, seconds: number, ...inputs: ((quantum: number) => Float32Array)[]): void {
  for (let quantum = 0; quantum * QUANTUM < seconds * 48_000; quantum += 1)
    processor.process(inputs.map((input) => [input(quantum)]));
}

const constant = (sample: number) => () => new Float32Array(QUANTUM).fill(sample);

describe('the level processor', () => {
  it('posts mean square and peak about ten times a second', () => {
    const processor = load();
    processor.tell([0, 7]);
    run(processor, 2, (quantum) => sine(quantum, 0.5));
    expect(processor.posted.length).toBeGreaterThanOrEqual(19);
    expect(processor.posted.length).toBeLessThanOrEqual(20);
    for (const [id, meanSquare, peak] of processor.posted) {
      expect(id).toBe(7);
      expect(meanSquare).toBeCloseTo(0.125, 2);
      expect(peak).toBeCloseTo(0.5, 3);
    }
  });

  it('tells of all its inputs at once, and of none that nobody asked for', () => {
    const processor = load();
    processor.tell([0, 1]);
    processor.tell([2, 5]);
    run(processor, 0.11, constant(1), constant(1), constant(0.5));
    expect(processor.posted).toEqual([[1, 1, 1, 5, 0.25, 0.5]]);
  });

  it('takes the lowest sample for a peak as well', () => {
    const processor = load();
    processor.tell([0, 1]);
    run(processor, 0.11, constant(-0.75));
    expect(processor.posted).toEqual([[1, 0.5625, 0.75]]);
  });

  it('begins anew after each, and with each that begins', () => {
    const processor = load();
    processor.tell([0, 1]);
    run(processor, 0.11, constant(1));
    run(processor, 0.05, constant(1));
    processor.tell([0]);
    processor.tell([0, 2]);
    run(processor, 0.05, constant(0));
    expect(processor.posted.at(-1)).toEqual([2, 0, 0]);
  });

  it('is silent where nothing is connected, and goes on', () => {
    const processor = load();
    processor.tell([0, 1]);
    for (let quantum = 0; quantum < 40; quantum += 1) expect(processor.process([[]])).toBe(true);
    expect(processor.posted).toEqual([[1, 0, 0]]);
  });

  it('keeps its pace at another sample rate', () => {
    const processor = load(8_000);
    processor.tell([0, 1]);
    for (let quantum = 0; quantum < 125; quantum += 1) processor.process([[new Float32Array(QUANTUM)]]);
    expect(processor.posted.length).toBeGreaterThanOrEqual(17);
  });

  it('keeps its pace and its scale where the browser takes more frames at once', () => {
    const processor = load(48_000, { renderQuantumSize: 1024 });
    processor.tell([0, 1]);
    processor.tell([1, 2]);
    for (let quantum = 0; quantum < 47; quantum += 1)
      processor.process([[new Float32Array(1024).fill(0.5)], []]);
    expect(processor.posted).toEqual(Array.from({ length: 9 }, () => [1, 0.25, 0.5, 2, 0, 0]));
  });

  it('posts nothing while nobody asks', () => {
    const processor = load();
    run(processor, 1, constant(1));
    processor.tell([0, 1]);
    processor.tell([0]);
    run(processor, 1, constant(1));
    expect(processor.posted).toEqual([]);
  });
});
