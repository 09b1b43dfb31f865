import { reverseDirection } from '../wire/sdp';
import {
  commonRtpmaps,
  FakeSessionDescription,
  type MediaSection,
  parseSections,
  supportedRtpmaps,
  writeDescription,
  type WrittenSection,
} from './description';
import { FakeMediaStream, uniqueId } from './media-stream';
import {
  directionOf,
  type FakeRtpReceiver,
  FakeRtpTransceiver,
  receives,
  sends,
  type TransceiverOwner,
} from './transceiver';

export type Side = 'local' | 'remote';

export interface TrackAddition {
  readonly track: FakeRtpReceiver['track'];
  readonly receiver: FakeRtpReceiver;
  readonly transceiver: FakeRtpTransceiver;
  readonly streams: readonly FakeMediaStream[];
}

interface Mline {
  readonly mid: string;
  readonly kind: string;
  readonly transceiver: FakeRtpTransceiver | undefined;
}

// The state machine of WebRTC section 4.3.1: side, type and state to the next state.
const NEXT_STATE: Readonly<Record<string, RTCSignalingState>> = {
  'local offer stable': 'have-local-offer',
  'local offer have-local-offer': 'have-local-offer',
  'local answer have-remote-offer': 'stable',
  'local answer have-local-pranswer': 'stable',
  'local pranswer have-remote-offer': 'have-local-pranswer',
  'local pranswer have-local-pranswer': 'have-local-pranswer',
  'local rollback have-local-offer': 'stable',
  'local rollback have-local-pranswer': 'stable',
  'remote offer stable': 'have-remote-offer',
  'remote offer have-remote-offer': 'have-remote-offer',
  'remote answer have-local-offer': 'stable',
  'remote answer have-remote-pranswer': 'stable',
  'remote pranswer have-local-offer': 'have-remote-pranswer',
  'remote pranswer have-remote-pranswer': 'have-remote-pranswer',
  'remote rollback have-remote-offer': 'stable',
  'remote rollback have-remote-pranswer': 'stable',
};

/** The state after applying a description, or an InvalidStateError. */
export function nextSignalingState(
  side: Side,
  type: RTCSdpType,
  state: RTCSignalingState,
): RTCSignalingState {
  const next = NEXT_STATE[`${side} ${type} ${state}`];
  if (next) return next;
  throw new DOMException(
    `Failed to set ${side} ${type}: called in wrong state ${state}`,
    'InvalidStateError',
  );
}

/** Offers and answers of one connection: m-sections, mids, directions (RFC 8829, RFC 3264). */
export class Negotiation {
  readonly transceivers: FakeRtpTransceiver[] = [];
  readonly current: Partial<Record<Side, FakeSessionDescription>> = {};
  readonly pending: Partial<Record<Side, FakeSessionDescription>> = {};
  iceUfrag = uniqueId('ufrag');
  lastOffer = '';
  lastAnswer = '';

  readonly #owner: TransceiverOwner;
  readonly #sessionId: string;
  readonly #streams = new Map<string, FakeMediaStream>();
  #version = 1;
  #offered: readonly Mline[] = [];
  #mlines: readonly Mline[] = [];
  #stableMlines: readonly Mline[] = [];

  constructor(owner: TransceiverOwner, sessionId: string) {
    this.#owner = owner;
    this.#sessionId = sessionId;
  }

  createOffer(): string {
    const fresh = this.transceivers
      .filter((transceiver) => transceiver.mid === null && !transceiver.stopped)
      .map((transceiver, index) => ({
        mid: String(this.#mlines.length + index),
        kind: transceiver.kind,
        transceiver,
      }));
    this.#offered = [...this.#mlines, ...fresh];
    this.lastOffer = this.#write(
      'actpass',
      this.#offered.map(({ mid, kind, transceiver }) => ({
        mid,
        kind,
        rejected: transceiver === undefined || transceiver.stopped,
        direction: transceiver?.direction ?? 'inactive',
        rtpmaps: supportedRtpmaps(kind),
        msid: transceiver && msidOf(transceiver),
      })),
    );
    return this.lastOffer;
  }

  createAnswer(): string {
    const offer = parseSections(this.pending.remote?.sdp ?? '');
    this.lastAnswer = this.#write(
      'active',
      offer.map(({ mid, kind, direction, rejected, rtpmaps }, index) => {
        const transceiver = this.#mlines[index]?.transceiver;
        const common = commonRtpmaps(kind, rtpmaps);
        const hasMedia = common.some((rtpmap) => !rtpmap.includes('telephone-event'));
        const ours = transceiver?.direction ?? 'inactive';
        const theirs = reverseDirection(direction);
        return {
          mid,
          kind,
          rejected: rejected || !hasMedia || !transceiver || transceiver.stopped,
          direction: directionOf(sends(ours) && sends(theirs), receives(ours) && receives(theirs)),
          rtpmaps: common,
          msid: transceiver && sends(ours) ? msidOf(transceiver) : undefined,
        };
      }),
    );
    return this.lastAnswer;
  }

  applyLocal(description: FakeSessionDescription): void {
    if (description.type === 'offer') {
      this.#mlines = this.#offered;
      for (const { mid, transceiver } of this.#mlines) if (transceiver) transceiver.mid = mid;
      this.pending.local = description;
    } else this.#applyAnswer('local', description);
  }

  /** Returns the tracks to announce. */
  applyRemote(description: FakeSessionDescription): TrackAddition[] {
    const sections = parseSections(description.sdp);
    if (description.type === 'offer') {
      this.#mlines = sections.map((section) => ({
        mid: section.mid,
        kind: section.kind,
        transceiver: section.rejected ? undefined : this.#transceiverFor(section),
      }));
      this.pending.remote = description;
    } else {
      if (sections.length !== this.#mlines.length) {
        throw new DOMException(
          "The order of m-lines in answer doesn't match order in offer. Rejecting answer.",
          'InvalidAccessError',
        );
      }
      this.#applyAnswer('remote', description);
    }
    return this.#noteRemoteDirections(sections);
  }

  rollback(): void {
    delete this.pending.local;
    delete this.pending.remote;
    this.#mlines = this.#stableMlines;
    for (const transceiver of [...this.transceivers]) {
      if (this.#mlines.some((mline) => mline.transceiver === transceiver)) continue;
      transceiver.mid = null;
      if (transceiver.fromPendingOffer) this.transceivers.splice(this.transceivers.indexOf(transceiver), 1);
    }
    if (this.current.remote) this.#noteRemoteDirections(parseSections(this.current.remote.sdp));
  }

  #applyAnswer(side: Side, answer: FakeSessionDescription): void {
    const other = side === 'local' ? 'remote' : 'local';
    parseSections(answer.sdp).forEach((section, index) => {
      const transceiver = this.#mlines[index]?.transceiver;
      if (!transceiver || transceiver.stopped) return;
      if (section.rejected) {
        transceiver.stop();
        return;
      }
      transceiver.currentDirection =
        side === 'local' ? section.direction : reverseDirection(section.direction);
      transceiver.telephoneEventNegotiated = section.rtpmaps.some((rtpmap) =>
        rtpmap.includes('telephone-event'),
      );
    });
    if (answer.type === 'pranswer') {
      this.pending[side] = answer;
      return;
    }
    for (const transceiver of this.transceivers) transceiver.fromPendingOffer = false;
    this.#stableMlines = this.#mlines;
    this.current[side] = answer;
    const offer = this.pending[other];
    if (offer) this.current[other] = offer;
    delete this.pending.local;
    delete this.pending.remote;
  }

  #transceiverFor({ mid, kind }: MediaSection): FakeRtpTransceiver | undefined {
    if (kind === 'application') return undefined;
    const known = this.transceivers.find((transceiver) => transceiver.mid === mid);
    if (known) return known;
    const free = this.transceivers.find(
      (candidate) =>
        candidate.mid === null && candidate.kind === kind && candidate.fromAddTrack && !candidate.stopped,
    );
    const transceiver = free ?? new FakeRtpTransceiver(this.#owner, kind, 'recvonly');
    if (!free) {
      transceiver.fromPendingOffer = true;
      this.transceivers.push(transceiver);
    }
    transceiver.mid = mid;
    return transceiver;
  }

  #noteRemoteDirections(sections: readonly MediaSection[]): TrackAddition[] {
    const additions: TrackAddition[] = [];
    sections.forEach((section, index) => {
      const transceiver = this.#mlines[index]?.transceiver;
      if (!transceiver) return;
      const sending = !section.rejected && sends(section.direction);
      if (sending && !transceiver.remoteSends) additions.push(this.#addition(transceiver, section));
      if (!sending) transceiver.receiver.track.setMuted(true);
      transceiver.remoteSends = sending;
    });
    return additions;
  }

  #addition(transceiver: FakeRtpTransceiver, { streamId }: MediaSection): TrackAddition {
    const { receiver } = transceiver;
    const streams: FakeMediaStream[] = [];
    if (streamId !== undefined && streamId !== '-') {
      const stream = this.#streams.get(streamId) ?? new FakeMediaStream([], streamId);
      this.#streams.set(streamId, stream);
      stream.addTrack(receiver.track);
      streams.push(stream);
    }
    return { track: receiver.track, receiver, transceiver, streams };
  }

  #write(setup: string, sections: readonly WrittenSection[]): string {
    this.#version += 1;
    return writeDescription(sections, {
      id: this.#sessionId,
      version: this.#version,
      iceUfrag: this.iceUfrag,
      setup,
    });
  }
}

function msidOf({ direction, sender }: FakeRtpTransceiver): string | undefined {
  return sends(direction) && sender.track ? `${sender.streams[0]?.id ?? '-'} ${sender.track.id}` : undefined;
}
