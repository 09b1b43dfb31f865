import type { Direction } from '../wire/sdp';
import { nextTask } from '../wire/next-task';
import { FakeDtmfSender } from './dtmf-sender';
import { type FakeMediaStream, FakeRemoteTrack, type TrackLike } from './media-stream';

/** What a transceiver must know about its connection. */
export interface TransceiverOwner {
  readonly connectionState: RTCPeerConnectionState;
  readonly signalingState: RTCSignalingState;
}

export function sends(direction: Direction | null): boolean {
  return direction === 'sendrecv' || direction === 'sendonly';
}

export function receives(direction: Direction | null): boolean {
  return direction === 'sendrecv' || direction === 'recvonly';
}

export function directionOf(send: boolean, receive: boolean): Direction {
  if (send) return receive ? 'sendrecv' : 'sendonly';
  return receive ? 'recvonly' : 'inactive';
}

export class FakeRtpSender {
  track: TrackLike | null;
  streams: readonly FakeMediaStream[] = [];
  /** RTCDTMFSender for audio, null for video, WebRTC section 7.1. */
  readonly dtmf: FakeDtmfSender | null;
  /** Every track that was ever put here, to see what a replacement carried. */
  readonly history: (TrackLike | null)[] = [];
  readonly #owner: TransceiverOwner;
  readonly #transceiver: FakeRtpTransceiver;

  constructor(owner: TransceiverOwner, transceiver: FakeRtpTransceiver, track: TrackLike | null) {
    this.#owner = owner;
    this.#transceiver = transceiver;
    this.track = track;
    this.history.push(track);
    const dtmf = new FakeDtmfSender({
      connected: () => owner.connectionState === 'connected',
      stopped: () => transceiver.stopped,
      hasTrack: () => this.track !== null,
      sends: () => sends(transceiver.currentDirection),
      telephoneEventNegotiated: () => transceiver.telephoneEventNegotiated,
    });
    this.dtmf = transceiver.kind === 'audio' ? dtmf : null;
  }

  /** No renegotiation; the track changes when the promise resolves, not before. */
  async replaceTrack(track: TrackLike | null): Promise<void> {
    if (track && track.kind !== this.#transceiver.kind)
      throw new TypeError(`Not a track of kind ${this.#transceiver.kind}`);
    if (this.#owner.signalingState === 'closed' || this.#stopped()) {
      throw new DOMException('The sender is stopped', 'InvalidStateError');
    }
    await nextTask();
    // A connection closed meanwhile settles nothing, WebRTC section 5.2.
    if (this.#stopped()) return new Promise<void>(() => undefined);
    this.track = track;
    this.history.push(track);
  }

  #stopped(): boolean {
    return this.#transceiver.stopped;
  }

  setStreams(...streams: FakeMediaStream[]): void {
    this.streams = streams;
  }

  getParameters(): { encodings: { active: boolean }[] } {
    return { encodings: [{ active: true }] };
  }

  async setParameters(): Promise<void> {
    await nextTask();
  }

  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(new Map<string, unknown>());
  }
}

export class FakeRtpReceiver {
  readonly track: FakeRemoteTrack;

  constructor(kind: 'audio' | 'video') {
    this.track = new FakeRemoteTrack(kind);
  }

  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(new Map<string, unknown>());
  }
}

export class FakeRtpTransceiver {
  readonly kind: 'audio' | 'video';
  readonly sender: FakeRtpSender;
  readonly receiver: FakeRtpReceiver;
  mid: string | null = null;
  direction: Direction;
  currentDirection: Direction | null = null;
  stopped = false;
  telephoneEventNegotiated = false;
  /** Made by addTrack, so that a remote offer may be matched with it (RFC 8829 section 5.10). */
  fromAddTrack = false;
  /** Made by the remote offer that is pending, so that a rollback removes it. */
  fromPendingOffer = false;
  /** Whether the far end was sending at the last remote description. */
  remoteSends = false;

  constructor(
    owner: TransceiverOwner,
    kind: 'audio' | 'video',
    direction: Direction,
    track: TrackLike | null = null,
  ) {
    this.kind = kind;
    this.direction = direction;
    this.sender = new FakeRtpSender(owner, this, track);
    this.receiver = new FakeRtpReceiver(kind);
  }

  stop(): void {
    this.stopped = true;
    this.currentDirection = null;
    this.sender.dtmf?.dispose();
    this.receiver.track.stop();
  }
}
