/** What the page and its audio thread agree on. */
export const WORKLET_NAME = '2chat-noise-suppression';

/** What the audio thread is given at the beginning. */
export interface WorkletOptions {
  /** RNNoise, as bytes: not every browser hands compiled modules to an audio thread. */
  readonly wasm: Uint8Array;
}
