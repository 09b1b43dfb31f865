import { withDeadline } from '../../core/deadline';
import { Disposer } from '../../core/disposer';
import { browser } from '../browser';
import type { AddedProcessor } from './processor-list';

export interface ProcessorChainOptions {
  readonly processors: readonly AddedProcessor[];
  /** Whether the track comes from a peer connection. */
  readonly isFarEnd: boolean;
  /** A processor rejected, did not answer in time, or gave its track up later. */
  readonly onFailed: (added: AddedProcessor, error: unknown) => void;
  /** A processor threw where that changes nothing. */
  readonly onProblem: (added: AddedProcessor, error: unknown) => void;
}

// Not from a standard: a customer takes a silence of 2 s at the beginning of a call; compiling what a processor needs
// takes a tenth of it.
const PROCESSOR_TIMEOUT_MS = 2_000;

interface Link {
  readonly added: AddedProcessor;
  readonly input: MediaStreamTrack;
  readonly output: MediaStreamTrack;
}

/** One raw track and the processors that it went through. Loaded only where there are processors. */
export class ProcessorChain {
  readonly #options: ProcessorChainOptions;
  readonly #links: Link[] = [];
  readonly #disposer = new Disposer();

  constructor(options: ProcessorChainOptions) {
    this.#options = options;
  }

  /** Those that the track went through. */
  get added(): AddedProcessor[] {
    return this.#links.map(({ added }) => added);
  }

  /** Takes the track through all of them, past those that fail. Never rejects. */
  async apply(raw: MediaStreamTrack): Promise<MediaStreamTrack> {
    const { processors, isFarEnd } = this.#options;
    const stopPump = isFarEnd && processors.length > 0 ? pump(raw) : () => undefined;
    this.#disposer.add(stopPump);
    let input = raw;
    const isReleased = (): boolean => this.#disposer.disposed;
    for (const added of processors) {
      if (isReleased()) break;
      try {
        input = this.#adopt({ added, input, output: await this.#ask(added, input) });
      } catch (error) {
        // Nobody can process what has ended meanwhile.
        if (!isReleased() && input.readyState === 'live') this.#options.onFailed(added, error);
      }
    }
    if (this.#links.length === 0) stopPump();
    return input;
  }

  /** Gives every track back, last first. Safe twice, and while the track is still on its way. */
  release(): void {
    this.#disposer.dispose();
    for (const link of this.#links.splice(0).reverse()) this.#giveBack(link);
  }

  /** What the processor makes of the track, if it does so in time; what comes later is given back. */
  async #ask(added: AddedProcessor, input: MediaStreamTrack): Promise<MediaStreamTrack> {
    let isLate = false;
    // As a step of a promise, so that one that throws at once rejects too.
    const asked = Promise.resolve().then(() => added.processor.process(input));
    asked.then(
      (output) => {
        if (isLate) this.#giveBack({ added, input, output });
      },
      () => undefined,
    );
    try {
      return await withDeadline(asked, PROCESSOR_TIMEOUT_MS, () => {
        added.isHung = true;
        return new Error('It did not answer within 2 s.');
      });
    } catch (error) {
      isLate = true;
      throw error;
    }
  }

  #adopt(link: Link): MediaStreamTrack {
    const { added, input, output } = link;
    if (!isLiveAudio(output) || this.#disposer.disposed) {
      this.#giveBack(link);
      throw new Error('It resolved with something else than a live audio track.');
    }
    this.#links.push(link);
    this.#disposer.listen(output, 'ended', () => {
      // It is no failure to end with what it is made of.
      if (input.readyState === 'live') this.#options.onFailed(added, new Error('Its track has ended.'));
    });
    return output;
  }

  #giveBack({ added, input, output }: Link): void {
    try {
      added.processor.release(output);
    } catch (error) {
      this.#options.onProblem(added, error);
    }
    // One that was forgotten may be a clone of the microphone, which would stay open.
    if (output !== input && isTrack(output)) output.stop();
  }
}

function isTrack(value: unknown): value is MediaStreamTrack {
  return (
    typeof value === 'object' && value !== null && typeof (value as { stop?: unknown }).stop === 'function'
  );
}

function isLiveAudio(value: unknown): boolean {
  return isTrack(value) && value.kind === 'audio' && value.readyState === 'live';
}

/**
 * Keeps a far end's track flowing: Chromium hands its sound to Web Audio only while an element plays it (measured in
 * Chromium 156). Returns what ends that.
 */
function pump(track: MediaStreamTrack): () => void {
  if (!browser.Audio) return () => undefined;
  const element = new browser.Audio();
  element.muted = true;
  element.srcObject = new MediaStream([track]);
  // Where even silent playback is blocked, so is what the processors make of the track.
  element.play().catch(() => undefined);
  return () => {
    element.pause();
    element.srcObject = null;
  };
}
