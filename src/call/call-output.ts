import type { ProcessorList } from '../media/processors/processor-list';
import { TrackProcessing } from '../media/processors/track-processing';
import { checkVolume, type RemoteAudio } from '../media/remote-audio';
import { CallDevice, type CallDeviceOptions, type DeviceChooser } from './call-device';

export interface CallOutputOptions extends CallDeviceOptions {
  readonly remoteAudio: RemoteAudio;
  /** Those of the Device, for both directions. */
  readonly processors: ProcessorList;
}

/** The far end's way through the processors to the speaker. */
export class CallOutput {
  readonly device: CallDevice;
  readonly #options: CallOutputOptions;
  readonly #heard: TrackProcessing;

  constructor(options: CallOutputOptions) {
    this.#options = options;
    this.device = new CallDevice('audiooutput', '', options);
    const { processors, remoteAudio } = options;
    this.#heard = new TrackProcessing({
      processors,
      direction: 'remote',
      use: (track) => {
        remoteAudio.attach(new MediaStream([track]));
      },
    });
  }

  /** What the far end sends, before any processor. */
  get track(): MediaStreamTrack | undefined {
    return this.#heard.current?.raw;
  }

  bind(connection: RTCPeerConnection): void {
    const { remoteAudio, signal, tell } = this.#options;
    connection.addEventListener('track', ({ track, streams }) => {
      if (track.kind !== 'audio' || signal.aborted) return;
      const heard = this.#heard.follow(track);
      remoteAudio.attach((heard === track && streams[0]) || new MediaStream([heard]));
      tell('changed');
    });
  }

  /** @throws VoiceSDKError `UNSUPPORTED`, `OUTPUT_DEVICE_FAILED` */
  choose(deviceId: string, chooser: DeviceChooser): Promise<void> {
    return this.device.choose(deviceId, chooser, (wanted) => this.use(wanted));
  }

  /** To be called in turn. @throws VoiceSDKError `UNSUPPORTED`, `OUTPUT_DEVICE_FAILED` */
  use(deviceId: string): Promise<void> {
    return this.#options.remoteAudio.setOutputDevice(deviceId);
  }

  /** @throws VoiceSDKError `INVALID_ARGUMENT` */
  setVolume(volume: number): void {
    checkVolume(volume);
    this.#options.remoteAudio.setVolume(volume);
  }

  get volume(): number {
    return this.#options.remoteAudio.volume;
  }

  dispose(): void {
    this.#heard.dispose();
    this.#options.remoteAudio.dispose();
  }
}
