import { TypedEmitter } from '../../core/emitter';
import { voiceError } from '../../core/errors';
import type { AudioProcessor, ProcessorDirection, ProcessorFailure } from './audio-processor';

export type ProcessorListEvents = {
  changed: [];
  failed: [failure: ProcessorFailure];
};

/** One processor, from `add()` to `remove()`. */
export interface AddedProcessor {
  readonly processor: AudioProcessor;
  /** The raw tracks that go without it. */
  readonly failedOn: WeakSet<MediaStreamTrack>;
  /** It did not answer in time: the next track must not wait for it again, in the middle of a call perhaps. */
  isHung: boolean;
}

/** The processors of one Device, in the order in which sound goes through them. */
export class ProcessorList extends TypedEmitter<ProcessorListEvents> {
  readonly of: Record<ProcessorDirection, readonly AddedProcessor[]> = { input: [], remote: [] };

  /** One that is there already stays where it is. @throws VoiceSDKError `INVALID_ARGUMENT` */
  add(processor: AudioProcessor, direction: ProcessorDirection): void {
    // As a caller in JavaScript may pass it.
    const given = processor as Partial<Record<keyof AudioProcessor, unknown>> | null | undefined;
    const { name, process, release } = given ?? {};
    const isProcessor =
      typeof name === 'string' && typeof process === 'function' && typeof release === 'function';
    if (!isProcessor || !Object.hasOwn(this.of, direction))
      throw voiceError('INVALID_ARGUMENT', 'Not an audio processor, or no direction of one.');
    if (this.of[direction].some((added) => added.processor === processor)) return;
    this.of[direction] = [...this.of[direction], { processor, failedOn: new WeakSet(), isHung: false }];
    this.emit('changed');
  }

  /** Out of both directions. */
  remove(processor: AudioProcessor): void {
    for (const direction of ['input', 'remote'] as const)
      this.of[direction] = this.of[direction].filter((added) => added.processor !== processor);
    this.emit('changed');
  }

  /** Calls go on without a processor. */
  fail({ name }: AudioProcessor, direction: ProcessorDirection, cause: unknown): void {
    this.emit('failed', { name, direction, error: voiceError('PROCESSOR_FAILED', undefined, cause) });
  }
}
