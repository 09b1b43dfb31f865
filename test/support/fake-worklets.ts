import { vi } from 'vitest';
import { DomTarget } from './wire/dom-target';

/** One input of a node, on which the audio thread measures. */
export interface FakeMeter {
  readonly id: number;
  readonly tracks: MediaStreamTrack[];
  readonly node: FakeWorkletNode;
}

/** A node that measures, or would: what is connected to which input, and what it was told of each. */
export class FakeWorkletNode {
  readonly sources = new Map<number, FakeSourceNode>();
  onprocessorerror: (() => void) | null = null;
  readonly #ids = new Map<number, number>();
  readonly port = {
    onmessage: null as ((event: { data: unknown }) => void) | null,
    postMessage: ([input, id]: [input: number, id?: number]) => {
      if (id === undefined) this.#ids.delete(input);
      else this.#ids.set(input, id);
    },
  };

  constructor(
    readonly context: FakeAudioContext,
    readonly name: string,
    readonly options: AudioWorkletNodeOptions,
  ) {
    if (context.modules.length === 0) throw new DOMException('no such processor', 'InvalidStateError');
    context.owner.nodes.push(this);
  }

  /** What the audio thread still works on. */
  get meters(): FakeMeter[] {
    if (this.context.state === 'closed') return [];
    return [...this.#ids].map(([input, id]) => ({
      id,
      tracks: this.sources.get(input)?.stream.getTracks() ?? [],
      node: this,
    }));
  }
}

class FakeSourceNode {
  #disconnect: () => void = () => undefined;

  constructor(readonly stream: MediaStream) {}

  connect(target: FakeWorkletNode, output: number, input: number): void {
    if (output !== 0 || input >= (target.options.numberOfInputs ?? 1))
      throw new DOMException('no such output or input', 'IndexSizeError');
    target.sources.set(input, this);
    this.#disconnect = () => target.sources.delete(input);
  }

  disconnect(): void {
    this.#disconnect();
  }
}

/** An AudioContext of the Web Audio API, as far as meters need it. */
export class FakeAudioContext extends DomTarget {
  state: AudioContextState = 'suspended';
  readonly modules: string[] = [];
  readonly audioWorklet = { addModule: (url: string) => this.#addModule(url) };

  constructor(
    readonly owner: FakeWorklets,
    readonly options: unknown,
  ) {
    super();
    owner.contexts.push(this);
  }

  createMediaStreamSource(stream: MediaStream): FakeSourceNode {
    return new FakeSourceNode(stream);
  }

  resume(): Promise<void> {
    if (this.state === 'closed') return Promise.reject(new DOMException('closed', 'InvalidStateError'));
    if (this.owner.mayPlay) this.become('running');
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.state === 'closed') return Promise.reject(new DOMException('closed', 'InvalidStateError'));
    this.become('closed');
    return Promise.resolve();
  }

  become(state: AudioContextState): void {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }

  async #addModule(url: string): Promise<void> {
    await this.owner.loading;
    if (this.owner.refusesModules) throw new DOMException('refused by the policy', 'AbortError');
    this.modules.push(url);
  }
}

/** Audio contexts and worklets of a page, counted. `vi.unstubAllGlobals()` takes them away. */
export class FakeWorklets {
  readonly contexts: FakeAudioContext[] = [];
  readonly nodes: FakeWorkletNode[] = [];
  /** What addModule() waits for. */
  loading: Promise<void> = Promise.resolve();
  /** As a content security policy without `script-src blob:` does. */
  refusesModules = false;
  /** False: contexts stay suspended, as before the first gesture. */
  mayPlay = true;

  static install(): FakeWorklets {
    const worklets = new FakeWorklets();
    vi.stubGlobal('AudioContext', function (options: unknown) {
      return new FakeAudioContext(worklets, options);
    });
    vi.stubGlobal('AudioWorkletNode', FakeWorkletNode);
    return worklets;
  }

  get open(): FakeAudioContext[] {
    return this.contexts.filter(({ state }) => state !== 'closed');
  }

  /** What is being measured, on all nodes. */
  get running(): FakeMeter[] {
    return this.nodes.flatMap(({ meters }) => meters);
  }

  /** The audio thread has measured a tenth of a second of a track. A full-scale sine is 0.5. */
  measured(track: unknown, meanSquare: number, peak = Math.sqrt(2 * meanSquare)): void {
    for (const { id, tracks, node } of this.running)
      if (tracks.includes(track as MediaStreamTrack)) node.port.onmessage?.({ data: [id, meanSquare, peak] });
  }
}
