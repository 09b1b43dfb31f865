import { DomTarget, domEvent } from '../wire/dom-target';
import { nextTask, runAsTask } from '../wire/next-task';
import { FakeSessionDescription, withCandidates } from './description';
import { FakeIceCandidate, Gathering, type GatheringScript } from './ice';
import { type FakeMediaStream, type TrackLike, uniqueId } from './media-stream';
import { Negotiation, nextSignalingState } from './negotiation';
import {
  directionOf,
  type FakeRtpReceiver,
  type FakeRtpSender,
  FakeRtpTransceiver,
  receives,
} from './transceiver';

type Handler = ((event: Event) => void) | null;
type Description = FakeSessionDescription | null;

function invalidState(message: string): DOMException {
  return new DOMException(message, 'InvalidStateError');
}

function checkIceServers({ iceServers = [] }: RTCConfiguration): void {
  for (const url of iceServers.flatMap(({ urls }) => urls)) {
    if (!/^(stuns?|turns?):./.test(url)) throw new DOMException(`Bad ICE server URL: ${url}`, 'SyntaxError');
  }
}

/** RTCPeerConnection without media: real negotiation rules, scripted ICE. */
export class FakePeerConnection extends DomTarget {
  /** Every connection since the last install, in order. */
  static readonly instances: FakePeerConnection[] = [];
  /** When candidates come, for connections made from now on. */
  static gathering: GatheringScript = {};
  /** Whether ICE and DTLS connect by themselves once both descriptions are there. */
  static connects = true;

  /** How many connections have not been closed. */
  static get live(): number {
    return FakePeerConnection.instances.filter(({ signalingState }) => signalingState !== 'closed').length;
  }

  signalingState: RTCSignalingState = 'stable';
  iceGatheringState: RTCIceGatheringState = 'new';
  iceConnectionState: RTCIceConnectionState = 'new';
  connectionState: RTCPeerConnectionState = 'new';
  onicecandidate: Handler = null;
  onicegatheringstatechange: Handler = null;
  oniceconnectionstatechange: Handler = null;
  onconnectionstatechange: Handler = null;
  onsignalingstatechange: Handler = null;
  onnegotiationneeded: Handler = null;
  ontrack: Handler = null;
  /** When this connection's candidates come; may be changed between two rounds of gathering. */
  gathering: GatheringScript;
  connects: boolean;

  readonly #negotiation: Negotiation;
  #configuration: RTCConfiguration;
  #queue: Promise<unknown> = Promise.resolve();
  #restartIce = false;
  #gatheredUfrag = '';
  #round = new Gathering();

  constructor(configuration: RTCConfiguration = {}) {
    super();
    checkIceServers(configuration);
    this.#configuration = configuration;
    this.gathering = FakePeerConnection.gathering;
    this.connects = FakePeerConnection.connects;
    this.#negotiation = new Negotiation(this, String(4_000_000_000 + FakePeerConnection.instances.length));
    FakePeerConnection.instances.push(this);
  }

  get localDescription(): Description {
    return this.pendingLocalDescription ?? this.currentLocalDescription;
  }

  get currentLocalDescription(): Description {
    return this.#withCandidates(this.#negotiation.current.local);
  }

  get pendingLocalDescription(): Description {
    return this.#withCandidates(this.#negotiation.pending.local);
  }

  get remoteDescription(): Description {
    return this.pendingRemoteDescription ?? this.currentRemoteDescription;
  }

  get currentRemoteDescription(): Description {
    return this.#negotiation.current.remote ?? null;
  }

  get pendingRemoteDescription(): Description {
    return this.#negotiation.pending.remote ?? null;
  }

  getConfiguration(): RTCConfiguration {
    return this.#configuration;
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.#refuseWhenClosed();
    checkIceServers(configuration);
    this.#configuration = configuration;
  }

  getTransceivers(): FakeRtpTransceiver[] {
    return [...this.#negotiation.transceivers];
  }

  getSenders(): FakeRtpSender[] {
    return this.getTransceivers().map(({ sender }) => sender);
  }

  getReceivers(): FakeRtpReceiver[] {
    return this.getTransceivers().map(({ receiver }) => receiver);
  }

  addTrack(track: TrackLike, ...streams: FakeMediaStream[]): FakeRtpSender {
    this.#refuseWhenClosed();
    if (this.getSenders().some((sender) => sender.track === track)) {
      throw new DOMException('A sender already exists for the track.', 'InvalidAccessError');
    }
    const free = this.getTransceivers().find(
      ({ kind, sender, stopped }) =>
        kind === track.kind && !stopped && sender.history.every((old) => old === null),
    );
    if (free) {
      free.sender.track = track;
      free.sender.history.push(track);
      free.direction = directionOf(true, receives(free.direction));
    }
    const transceiver = free ?? this.addTransceiver(track);
    transceiver.fromAddTrack = true;
    transceiver.sender.streams = streams;
    return transceiver.sender;
  }

  addTransceiver(trackOrKind: TrackLike | string, init: RTCRtpTransceiverInit = {}): FakeRtpTransceiver {
    this.#refuseWhenClosed();
    const track = typeof trackOrKind === 'string' ? null : trackOrKind;
    const kind = typeof trackOrKind === 'string' ? trackOrKind : trackOrKind.kind;
    if (kind !== 'audio' && kind !== 'video') throw new TypeError(`Not a kind of media: ${kind}`);
    const direction = init.direction === 'stopped' ? undefined : init.direction;
    const transceiver = new FakeRtpTransceiver(this, kind, direction ?? 'sendrecv', track);
    this.#negotiation.transceivers.push(transceiver);
    return transceiver;
  }

  removeTrack(sender: FakeRtpSender): void {
    this.#refuseWhenClosed();
    const transceiver = this.getTransceivers().find((candidate) => candidate.sender === sender);
    if (!transceiver) throw new DOMException('Not a sender of this connection', 'InvalidAccessError');
    sender.track = null;
    transceiver.direction = directionOf(false, receives(transceiver.direction));
  }

  createOffer(options?: RTCOfferOptions | null): Promise<FakeSessionDescription> {
    return this.#chain(() => {
      if (options?.offerToReceiveAudio) this.#receiveKind('audio');
      if (options?.offerToReceiveVideo) this.#receiveKind('video');
      if (options?.iceRestart === true || this.#restartIce) this.#negotiation.iceUfrag = uniqueId('ufrag');
      this.#restartIce = false;
      return new FakeSessionDescription({ type: 'offer', sdp: this.#negotiation.createOffer() });
    });
  }

  createAnswer(): Promise<FakeSessionDescription> {
    return this.#chain(() => {
      if (!['have-remote-offer', 'have-local-pranswer'].includes(this.signalingState)) {
        throw invalidState(`Cannot create an answer in state ${this.signalingState}`);
      }
      return new FakeSessionDescription({ type: 'answer', sdp: this.#negotiation.createAnswer() });
    });
  }

  async setLocalDescription(init?: Partial<RTCSessionDescriptionInit>): Promise<void> {
    const offering = ['stable', 'have-local-offer', 'have-remote-pranswer'].includes(this.signalingState);
    const type = init?.type ?? (offering ? 'offer' : 'answer');
    const given = init?.sdp ?? '';
    if (type !== 'rollback' && given === '')
      await (type === 'offer' ? this.createOffer() : this.createAnswer());
    return this.#chain(() => {
      const state = nextSignalingState('local', type, this.signalingState);
      if (type === 'rollback') {
        this.#negotiation.rollback();
        this.#enter(state);
        return;
      }
      const { lastOffer, lastAnswer } = this.#negotiation;
      const made = type === 'offer' ? lastOffer : lastAnswer;
      if (given !== '' && given !== made) {
        throw new DOMException('The SDP is not what was created last', 'InvalidModificationError');
      }
      this.#negotiation.applyLocal(new FakeSessionDescription({ type, sdp: made }));
      this.#enter(state);
      this.#gather();
    });
  }

  setRemoteDescription(init: RTCSessionDescriptionInit): Promise<void> {
    return this.#chain(() => {
      // The implicit rollback of WebRTC section 4.4.1.5.
      if (init.type === 'offer' && this.signalingState === 'have-local-offer') {
        this.#negotiation.rollback();
        this.#enter('stable');
      }
      const state = nextSignalingState('remote', init.type, this.signalingState);
      if (init.type === 'rollback') {
        this.#negotiation.rollback();
        this.#enter(state);
        return;
      }
      const additions = this.#negotiation.applyRemote(new FakeSessionDescription(init));
      this.#enter(state);
      for (const addition of additions) this.dispatchEvent(domEvent('track', addition));
    });
  }

  addIceCandidate(): Promise<void> {
    return this.#chain(() => {
      if (!this.remoteDescription) throw invalidState('No remote description yet');
    });
  }

  restartIce(): void {
    this.#restartIce = true;
  }

  /** One entry and no RTP, which is also what browsers give once closed. */
  getStats(): Promise<Map<string, unknown>> {
    const entry = { id: 'P', type: 'peer-connection', timestamp: Date.now() };
    return Promise.resolve(new Map<string, unknown>([['P', entry]]));
  }

  close(): void {
    if (this.signalingState === 'closed') return;
    this.signalingState = 'closed';
    this.iceConnectionState = 'closed';
    this.connectionState = 'closed';
    this.#round.stop();
    for (const transceiver of this.getTransceivers()) transceiver.stop();
  }

  /** Test control: what ICE reports from now on. */
  setIceConnectionState(state: RTCIceConnectionState): void {
    if (this.signalingState === 'closed' || this.iceConnectionState === state) return;
    this.iceConnectionState = state;
    this.dispatchEvent(domEvent('iceconnectionstatechange'));
  }

  /** Test control: the state of ICE and DTLS together. */
  setConnectionState(state: RTCPeerConnectionState): void {
    if (this.signalingState === 'closed' || this.connectionState === state) return;
    this.connectionState = state;
    this.dispatchEvent(domEvent('connectionstatechange'));
    this.#updateMuted();
  }

  // WebRTC section 4.4.1.2: operations run one after another, and one that a close overtakes never settles.
  #chain<T>(operation: () => T): Promise<T> {
    if (this.signalingState === 'closed') return Promise.reject(invalidState('The connection is closed'));
    const result = this.#queue.then(async () => {
      await nextTask();
      return this.signalingState === 'closed' ? new Promise<never>(() => undefined) : operation();
    });
    this.#queue = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  #enter(state: RTCSignalingState): void {
    if (this.signalingState !== state) {
      this.signalingState = state;
      this.dispatchEvent(domEvent('signalingstatechange'));
    }
    if (state !== 'stable') return;
    this.#updateMuted();
    const fresh = ['new', 'disconnected', 'failed'].includes(this.iceConnectionState);
    const negotiated = this.#negotiation.current.local && this.#negotiation.current.remote;
    if (this.connects && fresh && negotiated) runAsTask(this.#connect);
  }

  readonly #connect = (): void => {
    this.setIceConnectionState('checking');
    this.setConnectionState('connecting');
    runAsTask(() => {
      this.setIceConnectionState('connected');
      this.setConnectionState('connected');
    });
  };

  #updateMuted(): void {
    if (this.connectionState !== 'connected') return;
    for (const { receiver, remoteSends, currentDirection } of this.getTransceivers()) {
      receiver.track.setMuted(!remoteSends || !receives(currentDirection));
    }
  }

  #gather(): void {
    const { iceUfrag } = this.#negotiation;
    if (this.#gatheredUfrag === iceUfrag || this.getTransceivers().length === 0) return;
    this.#gatheredUfrag = iceUfrag;
    this.#round.stop();
    this.#round = new Gathering();
    // Scripted times count from the end of the operation that starts the round.
    runAsTask(() => {
      if (this.signalingState === 'closed') return;
      this.#setGatheringState('gathering');
      this.#round.start(
        this.gathering,
        this.#configuration,
        (candidate) => {
          const init = { candidate, sdpMid: '0', sdpMLineIndex: 0, usernameFragment: iceUfrag };
          this.dispatchEvent(domEvent('icecandidate', { candidate: new FakeIceCandidate(init) }));
        },
        () => {
          this.#setGatheringState('complete');
          this.dispatchEvent(domEvent('icecandidate', { candidate: null }));
        },
      );
    });
  }

  #setGatheringState(state: RTCIceGatheringState): void {
    if (this.iceGatheringState === state) return;
    this.iceGatheringState = state;
    this.dispatchEvent(domEvent('icegatheringstatechange'));
  }

  #receiveKind(kind: 'audio' | 'video'): void {
    if (!this.getTransceivers().some((transceiver) => transceiver.kind === kind)) {
      this.addTransceiver(kind, { direction: 'recvonly' });
    }
  }

  #withCandidates(description: FakeSessionDescription | undefined): Description {
    if (!description) return null;
    const sdp = withCandidates(description.sdp, this.#round.lines, this.iceGatheringState === 'complete');
    return new FakeSessionDescription({ type: description.type, sdp });
  }

  #refuseWhenClosed(): void {
    if (this.signalingState === 'closed') throw invalidState('The connection is closed');
  }
}
