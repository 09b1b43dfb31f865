/**
 * Noise suppression by RNNoise, as an {@link AudioProcessor} for `device.audio.addProcessor()`. What it needs, 130 kB as
 * a server sends it, is loaded when the first call goes through it.
 *
 * @packageDocumentation
 */
export {
  createNoiseSuppression,
  type NoiseSuppression,
  type NoiseSuppressionOptions,
} from './noise-suppression';
export type { AudioProcessor } from '../media/processors/audio-processor';
