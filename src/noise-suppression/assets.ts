import wasm from '@sapphi-red/web-noise-suppressor/rnnoise_simd.wasm';

/** The source of `worklet.ts`, which the build puts here. */
declare const NOISE_SUPPRESSION_WORKLET: string;

/** What runs in the audio thread. A file of its own, loaded when it is used, so that no bundler has to find anything. */
export const assets = { wasm, worklet: NOISE_SUPPRESSION_WORKLET };
