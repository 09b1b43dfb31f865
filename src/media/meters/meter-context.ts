import { Disposer } from '../../core/disposer';
import { voiceError } from '../../core/errors';
import { Logger } from '../../core/logger';
import { AutoplayGate } from '../autoplay-gate';
import { browser } from '../browser';
import { LEVEL_WORKLET_SOURCE } from './level-worklet';
import { MeterNode } from './meter-node';

/** A share in the page's one audio context for meters. */
export interface MeterContextUse {
  /** The context, once it can measure. Rejects with `UNSUPPORTED`; still to be released then. */
  readonly ready: Promise<MeterContext>;
  /** The context is closed with the last release. May be called again. */
  release(): void;
}

/**
 * Nothing here is to be heard: without an output device (W3C Web Audio API 1.1, AudioSinkOptions) no speaker and no
 * Bluetooth profile is opened, and the audio thread need not wake more often than there are levels (`latencyHint`), nor
 * run the graph for each 128 frames (`renderSizeHint`). Waking is what costs. In Chromium, which wakes after a multiple of
 * 128 frames, both make one level of 104 ms for each time that it wakes, with the context at 16, 32 or 48 kHz. Browsers that
 * do not know one of them ignore it.
 */
const CONTEXT_OPTIONS = { latencyHint: 0.104, sinkId: { type: 'none' }, renderSizeHint: 1664 } as const;

// One for the whole page: browsers limit their number, and each has a thread of its own.
let current: MeterContext | undefined;

/**
 * @param workletUrl where a copy of `level-worklet.js` is, for pages whose policy refuses `blob:`; heeded by whoever
 * comes first
 */
export function useMeterContext(workletUrl: string | undefined): MeterContextUse {
  const shared = (current ??= new MeterContext(workletUrl));
  shared.users += 1;
  const share = new Disposer();
  share.add(() => {
    shared.users -= 1;
    if (shared.users > 0) return;
    if (current === shared) current = undefined;
    shared.dispose();
  });
  return {
    ready: shared.ready,
    release: () => {
      share.dispose();
    },
  };
}

/** The audio context, and in it as many nodes as it takes to measure all tracks: mostly one. */
export class MeterContext {
  users = 0;
  readonly ready: Promise<MeterContext>;
  readonly #held = new Disposer();
  readonly #nodes: MeterNode[] = [];
  #context: AudioContext | undefined;

  constructor(workletUrl: string | undefined) {
    this.ready = this.#open(workletUrl);
  }

  /**
   * Measures a track until the function that is returned is called. Throws what the browser throws.
   *
   * @param onFailed the processor broke; nothing more comes
   */
  measure(
    track: MediaStreamTrack,
    onMeasured: (meanSquare: number, peak: number) => void,
    onFailed: (error: unknown) => void,
  ): () => void {
    const context = this.#context as AudioContext;
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const node = this.#nodes.find(({ hasRoom }) => hasRoom) ?? this.#addNode(context);
    return node.measure(source, { onMeasured, onFailed });
  }

  dispose(): void {
    this.#held.dispose();
  }

  async #open(workletUrl: string | undefined): Promise<this> {
    const { AudioContext, AudioWorkletNode } = browser;
    if (!AudioContext || !AudioWorkletNode)
      throw voiceError('UNSUPPORTED', 'This browser has no AudioWorklet to measure levels with.');
    try {
      const context = new AudioContext(CONTEXT_OPTIONS);
      this.#context = context;
      this.#held.add(() => {
        // Rejects only where it is closed already.
        context.close().catch(() => undefined);
      });
      this.#keepRunning(context);
      await context.audioWorklet.addModule(workletUrl ?? this.#blobUrl());
      return this;
    } catch (error) {
      throw voiceError(
        'UNSUPPORTED',
        'Levels cannot be measured: the AudioWorklet was not loaded. Does script-src of the page allow it?',
        error,
      );
    }
  }

  #addNode(context: AudioContext): MeterNode {
    const node = new MeterNode(context);
    this.#nodes.push(node);
    this.#held.add(() => {
      node.dispose();
    });
    return node;
  }

  #blobUrl(): string {
    const url = URL.createObjectURL(new Blob([LEVEL_WORKLET_SOURCE], { type: 'text/javascript' }));
    this.#held.add(() => {
      URL.revokeObjectURL(url);
    });
    return url;
  }

  /** The autoplay policy, and on a telephone an incoming call, suspend contexts that nobody wants suspended. */
  #keepRunning(context: AudioContext): void {
    const gate = new AutoplayGate({ logger: new Logger('silent') });
    const resume = () => {
      // Before a gesture it is refused or stays unanswered, as browsers please.
      context.resume().catch(() => undefined);
    };
    const look = () => {
      if (context.state === 'running') {
        gate.delete(resume);
        return;
      }
      gate.add(resume);
      resume();
    };
    this.#held.add(() => {
      gate.dispose();
    });
    this.#held.listen(context, 'statechange', look);
    look();
  }
}
