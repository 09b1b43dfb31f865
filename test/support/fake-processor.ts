import type { AudioProcessor } from '../../src/index';
import { FakeMediaStreamTrack } from './fake-tracks';

/** What a fake processor made: a track of its own for each that it got. */
export interface Made {
  readonly input: MediaStreamTrack;
  readonly output: FakeMediaStreamTrack;
}

/** A processor that keeps account of its tracks. */
export class FakeProcessor implements AudioProcessor {
  readonly made: Made[] = [];
  readonly released: MediaStreamTrack[] = [];
  /** Set: process() rejects with it. */
  failure: Error | undefined;
  /** True: process() waits in `waiting`. */
  hangs = false;
  readonly waiting: (() => void)[] = [];

  constructor(readonly name: string) {}

  async process(input: MediaStreamTrack): Promise<MediaStreamTrack> {
    if (this.failure) throw this.failure;
    if (this.hangs) await new Promise<void>((resolve) => this.waiting.push(resolve));
    const output = new FakeMediaStreamTrack({ deviceId: '', label: this.name, groupId: '' });
    this.made.push({ input, output });
    return output as unknown as MediaStreamTrack;
  }

  release(track: MediaStreamTrack): void {
    this.released.push(track);
  }

  /** The newest track. */
  get output(): FakeMediaStreamTrack {
    const made = this.made.at(-1);
    if (!made) throw new Error(`${this.name} was never asked`);
    return made.output;
  }

  /** Tracks that were made and not given back. */
  get held(): FakeMediaStreamTrack[] {
    return this.made.map(({ output }) => output).filter((output) => !this.released.includes(asTrack(output)));
  }
}

export function asTrack(track: FakeMediaStreamTrack): MediaStreamTrack {
  return track as unknown as MediaStreamTrack;
}
