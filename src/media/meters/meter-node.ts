import { browser } from '../browser';
import { LEVEL_PROCESSOR } from './level-worklet';

interface MeterListener {
  readonly onMeasured: (meanSquare: number, peak: number) => void;
  readonly onFailed: (error: unknown) => void;
}

/** More than one agent's calls and their microphones need; with all in use there is another node. */
const INPUTS = 8;

/** One processor on the audio thread, and who listens to which of its inputs. */
export class MeterNode {
  readonly #node: AudioWorkletNode;
  readonly #listeners = new Map<number, MeterListener>();
  readonly #free = new Set(Array.from({ length: INPUTS }, (_, input) => input));
  // Of an input's measures: those of whom it belonged to before may still be on their way.
  #lastId = 0;
  #isBroken = false;

  constructor(context: AudioContext) {
    // There is no context without it.
    const Node = browser.AudioWorkletNode as typeof AudioWorkletNode;
    this.#node = new Node(context, LEVEL_PROCESSOR, {
      numberOfInputs: INPUTS,
      // What cannot be connected cannot be heard.
      numberOfOutputs: 0,
      // Speech is one channel, which Chromium's microphones give twice.
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    this.#node.port.onmessage = ({ data }: MessageEvent<readonly number[]>) => {
      for (let at = 0; at < data.length; at += 3)
        this.#listeners.get(data[at] ?? 0)?.onMeasured(data[at + 1] ?? 0, data[at + 2] ?? 0);
    };
    this.#node.onprocessorerror = () => {
      this.#isBroken = true;
      for (const { onFailed } of [...this.#listeners.values()]) onFailed(new Error('The processor broke.'));
    };
  }

  get hasRoom(): boolean {
    return this.#free.size > 0 && !this.#isBroken;
  }

  /** Takes a free input, until the function that is returned is called. */
  measure(source: AudioNode, listener: MeterListener): () => void {
    const [input = 0] = this.#free;
    const id = (this.#lastId += 1);
    this.#free.delete(input);
    this.#listeners.set(id, listener);
    this.#node.port.postMessage([input, id]);
    source.connect(this.#node, 0, input);
    return () => {
      this.#listeners.delete(id);
      this.#node.port.postMessage([input]);
      source.disconnect();
      this.#free.add(input);
    };
  }

  dispose(): void {
    this.#node.port.onmessage = null;
    this.#node.onprocessorerror = null;
  }
}
