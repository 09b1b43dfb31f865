/** What the WebAssembly build of RNNoise offers; its names are those of `rnnoise.h`. */
interface RnnoiseExports {
  readonly memory: WebAssembly.Memory;
  __wasm_call_ctors(): void;
  malloc(bytes: number): number;
  free(address: number): void;
  /** @param model 0 is the one that is built in. */
  rnnoise_create(model: number): number;
  rnnoise_destroy(state: number): void;
  /** Returns the probability of speech, 0 to 1. */
  rnnoise_process_frame(state: number, output: number, input: number): number;
}

/** RNNoise knows no other rate. */
export const SAMPLE_RATE_HZ = 48_000;
/** 10 ms at 48 kHz, of which RNNoise keeps one more: what comes out is this much older than what went in. */
export const FRAME_SAMPLES = 480;

// RNNoise takes floats in the range of 16-bit integers.
const FULL_SCALE = 32_768;

/** One stream of sound through RNNoise, in blocks of any one length. */
export class Rnnoise {
  readonly #exports: RnnoiseExports;
  readonly #state: number;
  readonly #frame: Float32Array;
  #filled = 0;
  /** A ring of samples that are done. */
  readonly #done = new Float32Array(8 * FRAME_SAMPLES);
  #writeAt = 0;
  #readAt = 0;

  /** @param blockSamples the length of each block; 128 in Web Audio. */
  constructor(module: WebAssembly.Module, blockSamples: number) {
    const memory = (): Uint8Array => new Uint8Array(this.#exports.memory.buffer);
    const instance = new WebAssembly.Instance(module, {
      env: {
        emscripten_memcpy_big: (to: number, from: number, bytes: number) => {
          memory().copyWithin(to, from, from + bytes);
        },
        // What it has is enough: two states take 50 kB of 16 MB.
        emscripten_resize_heap: () => 0,
        __assert_fail: () => {
          throw new Error('RNNoise has stopped');
        },
      },
    });
    this.#exports = instance.exports as unknown as RnnoiseExports;
    this.#exports.__wasm_call_ctors();
    this.#state = this.#exports.rnnoise_create(0);
    const address = this.#exports.malloc(FRAME_SAMPLES * Float32Array.BYTES_PER_ELEMENT);
    this.#frame = new Float32Array(this.#exports.memory.buffer, address, FRAME_SAMPLES);
    // The least that never runs dry: a frame is complete when up to this much of a block was still to come.
    this.#writeAt = FRAME_SAMPLES - greatestCommonDivisor(FRAME_SAMPLES, blockSamples);
  }

  /** How much later a sample comes out than it went in, for blocks of that length. */
  static delaySamples(blockSamples: number): number {
    return 2 * FRAME_SAMPLES - greatestCommonDivisor(FRAME_SAMPLES, blockSamples);
  }

  /** Takes a block in (silence, where there is none) and puts one out. */
  run(input: Float32Array | undefined, output: Float32Array): void {
    for (let at = 0; at < output.length; at += 1) {
      this.#frame[this.#filled] = (input?.[at] ?? 0) * FULL_SCALE;
      this.#filled += 1;
      if (this.#filled === FRAME_SAMPLES) this.#suppress();
    }
    for (let at = 0; at < output.length; at += 1) {
      output[at] = this.#done[this.#readAt] ?? 0;
      this.#readAt = (this.#readAt + 1) % this.#done.length;
    }
  }

  #suppress(): void {
    const { byteOffset } = this.#frame;
    this.#exports.rnnoise_process_frame(this.#state, byteOffset, byteOffset);
    this.#filled = 0;
    for (const sample of this.#frame) {
      this.#done[this.#writeAt] = sample / FULL_SCALE;
      this.#writeAt = (this.#writeAt + 1) % this.#done.length;
    }
  }
}

function greatestCommonDivisor(some: number, other: number): number {
  return other === 0 ? some : greatestCommonDivisor(other, some % other);
}
