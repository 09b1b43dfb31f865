import { withDeadline } from '../../core/deadline';
import { SerialQueue } from '../../core/serial-queue';
import type { ProcessingState, TrackProcessingOptions } from './processing-state';

// A small file from where the page itself came from; a call must not wait longer for it than for a processor.
const LOAD_TIMEOUT_MS = 2_000;

/**
 * One direction of one call: what is used is the raw track, seen through the processors of the Device, whatever becomes
 * of either. How that is done is loaded with the first processor.
 */
export class TrackProcessing implements ProcessingState {
  readonly options: TrackProcessingOptions;
  current: ProcessingState['current'];
  next: ProcessingState['next'];
  isEnabled = true;
  life = 0;
  readonly #queue = new SerialQueue();

  constructor(options: TrackProcessingOptions) {
    this.options = options;
    options.processors.on('changed', this.refresh);
  }

  /** The track in use. */
  get track(): MediaStreamTrack | undefined {
    return this.current?.track;
  }

  /** Whether it is what processors made of the raw one. */
  get isProcessed(): boolean {
    return this.current?.track !== this.current?.raw;
  }

  /** Of all tracks, raw and processed, and of each one that comes, before it is used. */
  setEnabled(on: boolean): void {
    this.isEnabled = on;
    for (const held of [this.current, this.next])
      for (const track of [held?.raw, held?.track]) if (track) track.enabled = on;
  }

  /** Another raw track. Resolves when it is used, or what was made of it. Rejects with what `use` threw. */
  set(raw: MediaStreamTrack): Promise<void> {
    const { life } = this;
    return this.#queue.run(() => this.#change(raw, life));
  }

  /** A raw track that is in use already; it is replaced when the processors are ready. Returns what is in use. */
  follow(raw: MediaStreamTrack): MediaStreamTrack {
    if (this.current?.raw !== raw) {
      this.clear();
      this.current = { raw, track: raw };
      this.refresh();
    }
    return this.current.track;
  }

  readonly refresh = (): void => {
    this.#queue
      .run(async () => {
        // One that has ended is about to be replaced.
        if (this.current?.raw.readyState === 'live') await this.#change(this.current.raw, this.life);
      })
      // What was used before goes on: the peer connection has closed, most likely.
      .catch(() => undefined);
  };

  /** There is no track any more. */
  clear(): void {
    this.life += 1;
    for (const held of [this.current, this.next]) held?.chain?.release();
    this.current = this.next = undefined;
  }

  dispose(): void {
    this.options.processors.off('changed', this.refresh);
    this.clear();
  }

  async #change(raw: MediaStreamTrack, life: number): Promise<void> {
    const { processors, direction, use, onUsed } = this.options;
    const added = processors.of[direction];
    // Loaded only where it is used: most pages process nothing.
    const module =
      (this.current?.chain ?? added[0]) &&
      (await withDeadline(import('./process-track'), LOAD_TIMEOUT_MS, () => new Error('not loaded')).catch(
        (error: unknown) => {
          for (const { processor } of added) processors.fail(processor, direction, error);
        },
      ));
    if (module) await module.processTrack(this, raw, life);
    else {
      if (life === this.life && raw !== this.track) await use(raw);
      if (life === this.life) this.current = { raw, track: raw };
    }
    onUsed?.();
  }
}
