// Runs in the audio thread (Web Audio, AudioWorkletGlobalScope), built as a file of its own.
import { WORKLET_NAME, type WorkletOptions } from './protocol';
import { Rnnoise } from './rnnoise';

declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(
  name: string,
  processor: new (options: { readonly processorOptions: WorkletOptions }) => AudioWorkletProcessor,
): void;

/** Web Audio, "render quantum size": the default, which nobody asks this context to change. */
const BLOCK_SAMPLES = 128;

class NoiseSuppressor extends AudioWorkletProcessor {
  readonly #rnnoise: Rnnoise;
  #isOver = false;

  constructor({ processorOptions }: { readonly processorOptions: WorkletOptions }) {
    super();
    this.#rnnoise = new Rnnoise(new WebAssembly.Module(processorOptions.wasm as BufferSource), BLOCK_SAMPLES);
    this.port.onmessage = () => {
      this.#isOver = true;
    };
    this.port.postMessage('ready');
  }

  process([input]: readonly Float32Array[][], [output]: readonly Float32Array[][]): boolean {
    const [block] = output ?? [];
    if (block) this.#rnnoise.run(input?.[0], block);
    return !this.#isOver;
  }
}

registerProcessor(WORKLET_NAME, NoiseSuppressor);
