import { Disposer } from '../core/disposer';
import { TypedEmitter } from '../core/emitter';
import type { AudioDevice } from './devices';
import { type AllInputProcessing, isSameProcessing } from './input-processing';

export type MicrophoneLeaseEvents = {
  /** The device is gone (unplugged, permission withdrawn). Nothing more is captured; the lease is still to be released. */
  ended: [];
  /** The system, or a switch on the headset, muted (true) or unmuted (false) the device. */
  systemMute: [muted: boolean];
};

/** One open microphone. Its owner has to `release()` it, whatever happened to the device. */
export class MicrophoneLease extends TypedEmitter<MicrophoneLeaseEvents> {
  readonly track: MediaStreamTrack;
  /** A stream of nothing but {@link track}. */
  readonly stream: MediaStream;
  /** The device in use as the browser names it, which after a fallback is not the one asked for. */
  readonly deviceId?: string;
  /** The same with its name, as it was when it was opened. */
  readonly device: AudioDevice;
  /** How the voice is processed. */
  processing: AllInputProcessing;
  readonly #held = new Disposer();

  constructor(
    track: MediaStreamTrack,
    stream: MediaStream,
    processing: AllInputProcessing,
    onRelease: () => void,
  ) {
    super();
    this.track = track;
    this.stream = stream;
    this.processing = processing;
    const { deviceId, groupId = '' } = track.getSettings();
    if (deviceId !== undefined) this.deviceId = deviceId;
    this.device = { deviceId: deviceId ?? '', kind: 'audioinput', label: track.label, groupId };
    this.#held.add(onRelease);
    this.#held.add(() => {
      track.stop();
    });
    this.#held.listen(track, 'ended', () => {
      this.emit('ended');
    });
    this.#held.listen(track, 'mute', () => {
      this.emit('systemMute', true);
    });
    this.#held.listen(track, 'unmute', () => {
      this.emit('systemMute', false);
    });
  }

  /** Changes the processing of what is captured; whether the browser did, where it can tell. Never rejects. */
  async applyProcessing(processing: AllInputProcessing): Promise<boolean> {
    if (isSameProcessing(this.processing, processing)) return true;
    try {
      await this.track.applyConstraints({ ...processing });
    } catch {
      return false;
    }
    const settings = this.track.getSettings();
    const names = Object.keys(processing) as (keyof AllInputProcessing)[];
    // Chromium (156) resolves and changes nothing, and refuses `exact` values; what a browser does not know at all, a new capture would not have either.
    if (names.some((name) => (settings[name] ?? processing[name]) !== processing[name])) return false;
    this.processing = processing;
    return true;
  }

  /** Stops the track; nothing is emitted afterwards. May be called again. */
  release(): void {
    this.#held.dispose();
    this.removeAllListeners();
  }
}
