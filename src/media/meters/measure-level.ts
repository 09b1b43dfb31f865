import { Disposer } from '../../core/disposer';
import { asVoiceError, type VoiceSDKError } from '../../core/errors';
import type { AudioLevel } from './audio-level';
import { useMeterContext } from './meter-context';
import { toDbfs } from './to-dbfs';

export interface MeasureLevelOptions {
  /** Where a copy of `level-worklet.js` is. Default: the module is made on the spot, as a `blob:` URL. */
  readonly workletUrl?: string | undefined;
  /** It cannot be measured (`UNSUPPORTED`). Said once; nothing follows, and nothing is left to stop. */
  readonly onError?: (error: VoiceSDKError) => void;
}

/**
 * Calls `onLevel` about ten times a second with the level of an audio track, from the audio thread, until the function
 * that is returned is called; that may be done again. The track goes into the meter and nowhere else, and is not
 * stopped. A disabled, muted or ended track is silent (-100 dBFS). Nothing comes before the browser lets the
 * page use audio (autoplay policy), and in Chromium nothing but silence from a remote track that no element plays.
 */
export function measureLevel(
  track: MediaStreamTrack,
  onLevel: (level: AudioLevel) => void,
  { workletUrl, onError }: MeasureLevelOptions = {},
): () => void {
  const held = new Disposer();
  const fail = (error: unknown) => {
    if (held.disposed) return;
    held.dispose();
    onError?.(asVoiceError(error, 'UNSUPPORTED'));
  };
  const use = useMeterContext(workletUrl);
  held.add(() => {
    use.release();
  });
  use.ready
    .then((context) => {
      if (held.disposed) return;
      const onMeasured = (meanSquare: number, peak: number) => {
        onLevel(Object.freeze({ levelDbfs: toDbfs(meanSquare), peakDbfs: toDbfs(peak * peak) }));
      };
      held.add(context.measure(track, onMeasured, fail));
    })
    .catch(fail);
  return () => {
    held.dispose();
  };
}
