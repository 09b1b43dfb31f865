import { DomTarget, domEvent } from '../wire/dom-target';

/** What the fakes ask of a track: a real one, or any other stand-in for it. */
export interface TrackLike {
  readonly id: string;
  readonly kind: string;
  enabled: boolean;
  readonly readyState: string;
}

let created = 0;

export function uniqueId(prefix: string): string {
  created += 1;
  return `${prefix}-${created}`;
}

/** MediaStream of Media Capture and Streams, section 4.2: a set of tracks. */
export class FakeMediaStream extends DomTarget {
  readonly id: string;
  onaddtrack: ((event: Event) => void) | null = null;
  onremovetrack: ((event: Event) => void) | null = null;
  readonly #tracks: TrackLike[];

  constructor(source?: FakeMediaStream | readonly TrackLike[], id = uniqueId('stream')) {
    super();
    this.id = id;
    this.#tracks = [...new Set(source instanceof FakeMediaStream ? source.getTracks() : (source ?? []))];
  }

  get active(): boolean {
    return this.#tracks.some((track) => track.readyState === 'live');
  }

  getTracks(): TrackLike[] {
    return [...this.#tracks];
  }

  getAudioTracks(): TrackLike[] {
    return this.#tracks.filter(({ kind }) => kind === 'audio');
  }

  getVideoTracks(): TrackLike[] {
    return this.#tracks.filter(({ kind }) => kind === 'video');
  }

  getTrackById(id: string): TrackLike | null {
    return this.#tracks.find((track) => track.id === id) ?? null;
  }

  addTrack(track: TrackLike): void {
    if (!this.#tracks.includes(track)) this.#tracks.push(track);
  }

  removeTrack(track: TrackLike): void {
    const index = this.#tracks.indexOf(track);
    if (index >= 0) this.#tracks.splice(index, 1);
  }
}

/** The track of an RTCRtpReceiver. Muted until the far end sends, WebRTC section 5.3. */
export class FakeRemoteTrack extends DomTarget implements TrackLike {
  readonly kind: 'audio' | 'video';
  readonly id = uniqueId('remote-track');
  readonly label = 'remote';
  enabled = true;
  muted = true;
  readyState: 'live' | 'ended' = 'live';
  onmute: ((event: Event) => void) | null = null;
  onunmute: ((event: Event) => void) | null = null;
  onended: ((event: Event) => void) | null = null;

  constructor(kind: 'audio' | 'video') {
    super();
    this.kind = kind;
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** Called by the connection when packets start or cease. */
  setMuted(muted: boolean): void {
    if (this.muted === muted || this.readyState === 'ended') return;
    this.muted = muted;
    this.dispatchEvent(domEvent(muted ? 'mute' : 'unmute'));
  }
}
