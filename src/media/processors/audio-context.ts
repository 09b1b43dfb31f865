import { voiceError } from '../../core/errors';

/**
 * A context at one sample rate that plays on no speaker, for sound that goes on to a track. Its owner closes it.
 *
 * @throws VoiceSDKError `BROWSER_UNSUPPORTED` without Web Audio or `AudioWorklet` (a page without HTTPS)
 */
export function openProcessingContext(sampleRate: number): AudioContext {
  if (typeof AudioContext !== 'function' || typeof AudioWorkletNode !== 'function')
    throw voiceError('BROWSER_UNSUPPORTED', 'There is no AudioWorklet here: use HTTPS or localhost.');
  const options: AudioContextOptions & { readonly sinkId: { readonly type: 'none' } } = {
    sampleRate,
    latencyHint: 'interactive',
    // Where it is not known (Web Audio 1.1), an output is opened that stays silent.
    sinkId: { type: 'none' },
  };
  return new AudioContext(options);
}
