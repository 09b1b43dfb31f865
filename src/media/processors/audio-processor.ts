import type { VoiceSDKError } from '../../core/errors';

/**
 * Changes the sound of calls: noise suppression, a voice filter, a gain. `Device.audio` takes it by `addProcessor()`.
 * One processor may have several tracks at a time, one for each call and direction.
 */
export interface AudioProcessor {
  /** A name for logs and for the event `processorFailed`. */
  readonly name: string;
  /**
   * Gets a live audio track and resolves with the one to be used in its place, within 2 s. The track that it gets stays
   * the SDK's: it is not to be stopped. To give up later, stop the track that was returned and dispatch `ended` on it
   * (stopping alone fires nothing, W3C Media Capture and Streams): the call goes on without this processor then.
   *
   * One that does not answer within 2 s is not asked again before it is removed and added; one that rejects is asked again
   * for the next track (another microphone, another call).
   *
   * @throws whatever it likes: the call goes on without it, and `processorFailed` has the error as its `cause`
   */
  process(track: MediaStreamTrack): Promise<MediaStreamTrack>;
  /** The track that `process()` resolved with is not used any more; called once for each. The SDK stops it afterwards. */
  release(track: MediaStreamTrack): void;
}

/** `input` is what the far end hears of the agent, `remote` what the agent hears of the far end. */
export type ProcessorDirection = 'input' | 'remote';

/** A processor that a call goes on without, as the event `processorFailed` tells it. */
export interface ProcessorFailure {
  /** As {@link AudioProcessor.name}. */
  readonly name: string;
  /** Which way the sound goes that is not processed now. */
  readonly direction: ProcessorDirection;
  /** `PROCESSOR_FAILED`, with what the processor threw as its cause. */
  readonly error: VoiceSDKError;
}
