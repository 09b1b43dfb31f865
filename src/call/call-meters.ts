import { monotonicMs } from '../core/clock';
import { Disposer } from '../core/disposer';
import type { VoiceSDKError } from '../core/errors';
import type { AudioLevel } from '../media/meters/audio-level';
import { measureLevel } from '../media/meters/measure-level';
import { VoiceActivity } from '../media/meters/voice-activity';
import type { CallEvents } from './call';
import type { CallAudio } from './call-audio';

/** The events of a call that cost something to measure. */
export type LevelEvent = 'inputLevel' | 'outputLevel' | 'speakingWhileMuted';

export interface CallMetersOptions {
  readonly audio: CallAudio;
  /** Where a copy of `level-worklet.js` is. */
  readonly workletUrl: string | undefined;
  readonly isAccepted: () => boolean;
  readonly isWanted: (event: LevelEvent) => boolean;
  /** After an `error` nothing is measured for this call any more. */
  readonly emit: <K extends LevelEvent | 'error'>(event: K, ...args: CallEvents[K]) => void;
}

/** One meter that is on one track at a time, or on none. */
class Meter {
  readonly #measure: (track: MediaStreamTrack) => () => void;
  #track: MediaStreamTrack | undefined;
  #stop: (() => void) | undefined;

  constructor(measure: (track: MediaStreamTrack) => () => void) {
    this.#measure = measure;
  }

  follow(track: MediaStreamTrack | undefined): void {
    if (track === this.#track) return;
    const stop = this.#stop;
    this.#track = track;
    // Before the other one is stopped: the last meter of the page takes the audio context with it.
    this.#stop = track && this.#measure(track);
    stop?.();
  }
}

/** Measures the tracks of one call, each only while somebody listens to what comes of it. */
export class CallMeters {
  readonly #options: CallMetersOptions;
  readonly #voice: VoiceActivity;
  readonly #input = new Meter((track) =>
    this.#measure(track, (level) => {
      this.#options.emit('inputLevel', level);
    }),
  );
  readonly #output = new Meter((track) =>
    this.#measure(track, (level) => {
      this.#options.emit('outputLevel', level);
    }),
  );
  readonly #muted = new Meter((track) => this.#listenWhileMuted(track));
  readonly #running = new Disposer();

  constructor(options: CallMetersOptions) {
    this.#options = options;
    this.#voice = new VoiceActivity(() => {
      options.emit('speakingWhileMuted');
    });
    for (const meter of [this.#input, this.#output, this.#muted])
      this.#running.add(() => {
        meter.follow(undefined);
      });
  }

  /** Measures what is wanted now, and stops the rest. */
  update(): void {
    if (this.#running.disposed) return;
    const { audio, isAccepted, isWanted } = this.#options;
    const { input, output, isMuted, isHeld } = audio;
    const mayTalk = isMuted && !isHeld && isAccepted();
    this.#input.follow(isWanted('inputLevel') ? input.track : undefined);
    this.#output.follow(isWanted('outputLevel') ? output.track : undefined);
    // Raw: what a processor makes of a muted microphone is silence, whatever its copy lets through.
    this.#muted.follow(mayTalk && isWanted('speakingWhileMuted') ? input.lease?.track : undefined);
  }

  dispose(): void {
    this.#running.dispose();
  }

  /** The muted track is silent; only a copy of it can tell. The copy is heard by the meter alone. */
  #listenWhileMuted(track: MediaStreamTrack): () => void {
    const copy = track.clone();
    copy.enabled = true;
    this.#voice.reset();
    const stop = this.#measure(copy, ({ levelDbfs }) => {
      this.#voice.hear(levelDbfs, monotonicMs());
    });
    return () => {
      stop();
      copy.stop();
    };
  }

  #measure(track: MediaStreamTrack, onLevel: (level: AudioLevel) => void): () => void {
    return measureLevel(track, onLevel, {
      workletUrl: this.#options.workletUrl,
      onError: (error) => {
        this.#fail(error);
      },
    });
  }

  /** What cannot be measured now cannot be a moment later: said once, and given up for this call. */
  #fail(error: VoiceSDKError): void {
    if (this.#running.disposed) return;
    this.dispose();
    this.#options.emit('error', error);
  }
}
