import type { ProcessorDirection } from './audio-processor';
import type { ProcessorChain } from './processor-chain';
import type { ProcessorList } from './processor-list';

export interface TrackProcessingOptions {
  readonly processors: ProcessorList;
  readonly direction: ProcessorDirection;
  /** Puts a track in the place of the one in use. When it throws, that one stays. */
  readonly use: (track: MediaStreamTrack) => Promise<void> | void;
  /** Another track may be in use now. */
  readonly onUsed?: () => void;
}

/** One direction of one call, as the part that is loaded later finds it and leaves it. */
export interface ProcessingState {
  readonly options: TrackProcessingOptions;
  /** A raw track and what is used in its place: processed, or itself. */
  current:
    | {
        readonly raw: MediaStreamTrack;
        readonly track: MediaStreamTrack;
        readonly chain?: ProcessorChain;
      }
    | undefined;
  /** What is on its way to be used. */
  next: ProcessingState['current'];
  /** Whether tracks let sound through. */
  readonly isEnabled: boolean;
  /** Changes when what is under way is not wanted any more; `next` has been released then. */
  readonly life: number;
  /** Looks at the processors again, when what is under way is done. */
  refresh(): void;
}
