import { Disposer } from '../core/disposer';
import { TypedEmitter } from '../core/emitter';

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
  readonly #held = new Disposer();

  constructor(track: MediaStreamTrack, stream: MediaStream, onRelease: () => void) {
    super();
    this.track = track;
    this.stream = stream;
    const { deviceId } = track.getSettings();
    if (deviceId !== undefined) this.deviceId = deviceId;
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

  /** Stops the track; nothing is emitted afterwards. May be called again. */
  release(): void {
    this.#held.dispose();
    this.removeAllListeners();
  }
}
