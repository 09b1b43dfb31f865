import { withDeadline } from '../core/deadline';
import { voiceError } from '../core/errors';
import type { AudioProcessor } from '../media/processors/audio-processor';
import { openProcessingContext } from '../media/processors/audio-context';
import { WORKLET_NAME, type WorkletOptions } from './protocol';
import { SAMPLE_RATE_HZ } from './rnnoise';

/** Options of {@link createNoiseSuppression}. */
export interface NoiseSuppressionOptions {
  /**
   * Where your server has a copy of the package's `dist/noise-suppression/worklet.js`, of the same version; for pages
   * whose content security policy does not allow `blob:` scripts. Default: none, the code is loaded with the rest.
   */
  readonly workletUrl?: string | URL;
}

/** Suppresses noise; see {@link createNoiseSuppression}. */
export interface NoiseSuppression extends AudioProcessor {
  /**
   * Loads what is needed ahead of the first call, which else waits for it, and goes without after 2 s. May be repeated.
   *
   * @throws TypeError as `import()` does, where the network or the page's policy is against it
   */
  load(): Promise<void>;
}

// Not from a standard: a context that may run does so within 100 ms.
const START_TIMEOUT_MS = 1_000;
/** A worklet answers within a second, or when its file has come; one that hangs must not keep its audio thread. */
const SET_UP_TIMEOUT_MS = 10_000;

type Assets = (typeof import('./assets'))['assets'];

/** What one call holds. */
interface Graph {
  readonly context: AudioContext;
  readonly node: AudioWorkletNode;
}

/**
 * Suppresses noise around speech by RNNoise (J.-M. Valin, "A Hybrid DSP/Deep Learning Approach to Real-Time Full-Band
 * Speech Enhancement", 2018): keyboards, fans, the room. Give it to `device.audio.addProcessor()`; one serves all calls
 * and both directions. It adds 19 ms of delay and whatever the browser takes to hand sound to Web Audio. Music and pure
 * tones are noise to it.
 *
 * Needs `AudioWorklet` and WebAssembly SIMD (Chrome 91, Firefox 89, Safari 16.4), and a policy that allows
 * `script-src 'wasm-unsafe-eval' blob:`; without them calls go on as they were (`processorFailed`).
 *
 * @throws VoiceSDKError `INVALID_ARGUMENT` for an option that cannot be used
 */
export function createNoiseSuppression(options: NoiseSuppressionOptions = {}): NoiseSuppression {
  const { workletUrl } = options;
  if (workletUrl !== undefined && typeof workletUrl !== 'string' && !(workletUrl instanceof URL))
    throw voiceError('INVALID_ARGUMENT', 'workletUrl is a string or a URL.');
  return new RnnoiseProcessor(workletUrl);
}

class RnnoiseProcessor implements NoiseSuppression {
  readonly name = 'noise-suppression';
  readonly #workletUrl: string | URL | undefined;
  readonly #graphs = new Map<MediaStreamTrack, Graph>();
  #assets: Promise<Assets> | undefined;

  constructor(workletUrl: string | URL | undefined) {
    this.#workletUrl = workletUrl;
  }

  async load(): Promise<void> {
    await this.#loaded();
  }

  async process(track: MediaStreamTrack): Promise<MediaStreamTrack> {
    const { wasm, worklet } = await this.#loaded();
    const context = openProcessingContext(SAMPLE_RATE_HZ);
    try {
      const ready = Promise.all([this.#addWorklet(context, worklet), start(context)]);
      const making = ready.then(() => createNode(context, wasm));
      const node = await withDeadline(
        making,
        SET_UP_TIMEOUT_MS,
        () => new Error('The AudioWorklet is silent.'),
      );
      const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
      context
        .createMediaStreamSource(new MediaStream([track]))
        .connect(node)
        .connect(destination);
      const [processed] = destination.stream.getAudioTracks();
      if (!processed) throw new Error('Web Audio gave no track.');
      this.#graphs.set(processed, { context, node });
      this.#watch(processed, { context, node });
      return processed;
    } catch (error) {
      close(context);
      throw error;
    }
  }

  release(track: MediaStreamTrack): void {
    const graph = this.#graphs.get(track);
    if (!graph) return;
    this.#graphs.delete(track);
    graph.node.port.postMessage('over');
    close(graph.context);
  }

  #loaded(): Promise<Assets> {
    this.#assets ??= import('./assets').then(
      ({ assets }) => assets,
      (error: unknown) => {
        // The network may be there the next time.
        this.#assets = undefined;
        throw error;
      },
    );
    return this.#assets;
  }

  async #addWorklet(context: AudioContext, source: string): Promise<void> {
    if (this.#workletUrl !== undefined) {
      await context.audioWorklet.addModule(this.#workletUrl);
      return;
    }
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    try {
      await context.audioWorklet.addModule(url);
    } finally {
      URL.revokeObjectURL(url);
    }
  }

  /** What stops later would be silence: the call shall go on with the sound as it is. */
  #watch(processed: MediaStreamTrack, { context, node }: Graph): void {
    const giveUp = (): void => {
      if (!this.#graphs.has(processed)) return;
      processed.stop();
      processed.dispatchEvent(new Event('ended'));
    };
    node.onprocessorerror = giveUp;
    context.onstatechange = () => {
      // An incoming telephone call interrupts it on some systems, or the browser suspends it.
      if (context.state !== 'running' && this.#graphs.has(processed)) start(context).catch(giveUp);
    };
  }
}

/** Also one that the browser has closed, which it refuses. */
function close(context: AudioContext): void {
  context.close().catch(() => undefined);
}

/** Rejects where the page may not make sound yet (HTML, "user activation"). */
async function start(context: AudioContext): Promise<void> {
  if (context.state === 'running') return;
  const isBlocked = (): Error => new Error('Web Audio is blocked until the user interacts with the page.');
  await withDeadline(context.resume(), START_TIMEOUT_MS, isBlocked);
}

function createNode(context: AudioContext, wasm: Uint8Array): Promise<AudioWorkletNode> {
  const processorOptions: WorkletOptions = { wasm };
  const node = new AudioWorkletNode(context, WORKLET_NAME, {
    numberOfInputs: 1,
    numberOfOutputs: 1,
    outputChannelCount: [1],
    channelCount: 1,
    channelCountMode: 'explicit',
    processorOptions,
  });
  return new Promise((resolve, reject) => {
    node.onprocessorerror = () => {
      reject(new Error('WebAssembly is not allowed or not supported here.'));
    };
    node.port.onmessage = () => {
      resolve(node);
    };
  });
}
