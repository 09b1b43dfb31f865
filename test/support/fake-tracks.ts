import { DomTarget } from './wire/dom-target';

let created = 0;

export interface TrackSource {
  readonly deviceId: string;
  readonly label: string;
  readonly groupId: string;
}

/**
 * What applyConstraints() does with the processing of a running microphone: change it, resolve and change nothing (as
 * Chromium 156 does with values that are not `exact`), or refuse.
 */
export type ConstraintsBehaviour = 'applies' | 'ignores' | 'refuses';

type Processing = Pick<MediaTrackSettings, 'echoCancellation' | 'noiseSuppression' | 'autoGainControl'>;

/**
 * A MediaStreamTrack as Media Capture and Streams has it: stop() fires nothing, a clone lives on after its source
 * and is born with the `enabled` of it. `end()` and `setMuted()` are what the device or the system does.
 */
export class FakeMediaStreamTrack extends DomTarget {
  readonly id = `track-${++created}`;
  readonly kind = 'audio';
  readonly label: string;
  contentHint = '';
  enabled = true;
  muted = false;
  readyState: MediaStreamTrackState = 'live';
  onended: ((event: Event) => void) | null = null;
  onmute: ((event: Event) => void) | null = null;
  onunmute: ((event: Event) => void) | null = null;
  readonly source: TrackSource;
  #processing: Processing = {};
  #behaviour: ConstraintsBehaviour = 'applies';
  readonly #onCreated: ((track: FakeMediaStreamTrack) => void) | undefined;

  constructor(source: TrackSource, onCreated?: (track: FakeMediaStreamTrack) => void) {
    super();
    this.source = source;
    this.label = source.label;
    this.#onCreated = onCreated;
    onCreated?.(this);
  }

  getSettings(): MediaTrackSettings {
    return { deviceId: this.source.deviceId, groupId: this.source.groupId, ...this.#processing };
  }

  /** As getUserMedia() opened it. */
  capture(audio: MediaStreamConstraints['audio'], behaviour: ConstraintsBehaviour): void {
    this.#take(typeof audio === 'object' ? audio : {});
    this.#behaviour = behaviour;
  }

  applyConstraints(constraints: MediaTrackConstraints): Promise<void> {
    if (this.#behaviour === 'refuses')
      return Promise.reject(new DOMException('cannot be changed', 'OverconstrainedError'));
    if (this.#behaviour === 'applies') this.#take(constraints);
    return Promise.resolve();
  }

  getConstraints(): MediaTrackConstraints {
    return {};
  }

  clone(): FakeMediaStreamTrack {
    const clone = new FakeMediaStreamTrack(this.source, this.#onCreated);
    clone.enabled = this.enabled;
    clone.muted = this.muted;
    clone.readyState = this.readyState;
    clone.#processing = { ...this.#processing };
    clone.#behaviour = this.#behaviour;
    return clone;
  }

  #take({ echoCancellation, noiseSuppression, autoGainControl }: MediaTrackConstraints): void {
    const wanted = { echoCancellation, noiseSuppression, autoGainControl };
    for (const [name, value] of Object.entries(wanted))
      if (typeof value === 'boolean') this.#processing = { ...this.#processing, [name]: value };
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** The device is gone. */
  end(): void {
    if (this.readyState === 'ended') return;
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }

  /** The system or a headset switch muted or unmuted the device. */
  setMuted(muted: boolean): void {
    if (this.muted === muted || this.readyState === 'ended') return;
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
  }
}

/** A MediaStream of fake tracks. */
export class FakeMediaStream extends DomTarget {
  readonly id = `stream-${++created}`;
  readonly #tracks = new Set<FakeMediaStreamTrack>();

  constructor(source: FakeMediaStream | readonly FakeMediaStreamTrack[] = []) {
    super();
    for (const track of source instanceof FakeMediaStream ? source.getTracks() : source) this.addTrack(track);
  }

  get active(): boolean {
    return this.getTracks().some((track) => track.readyState === 'live');
  }

  getTracks(): FakeMediaStreamTrack[] {
    return [...this.#tracks];
  }

  getAudioTracks(): FakeMediaStreamTrack[] {
    return this.getTracks();
  }

  getVideoTracks(): FakeMediaStreamTrack[] {
    return [];
  }

  getTrackById(id: string): FakeMediaStreamTrack | null {
    return this.getTracks().find((track) => track.id === id) ?? null;
  }

  addTrack(track: FakeMediaStreamTrack): void {
    this.#tracks.add(track);
  }

  removeTrack(track: FakeMediaStreamTrack): void {
    this.#tracks.delete(track);
  }

  clone(): FakeMediaStream {
    return new FakeMediaStream(this.getTracks().map((track) => track.clone()));
  }
}
