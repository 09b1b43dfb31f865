/** RTCPeerConnection as far as gathering and one data channel go: what each ICE server gives is up to the test. */
import { domEvent, DomTarget } from './wire/dom-target';
import { runAsTask } from './wire/next-task';

export interface ServerScript {
  /** The candidate that it gives. Default: none. */
  readonly gives?: 'srflx' | 'relay';
  /** An `icecandidateerror` of this code (W3C WebRTC). */
  readonly errorCode?: number;
  /** Whether gathering ends. Default true. */
  readonly completes?: boolean;
  /** Whether what is sent through its relays arrives. Default true. */
  readonly carries?: boolean;
  /** What the constructor throws: a DOMException of that name. */
  readonly throws?: string;
}

class FakeChannel extends DomTarget {
  peer: FakeChannel | undefined;

  send(data: string): void {
    const { peer } = this;
    runAsTask(() => {
      peer?.dispatchEvent(domEvent('message', { data }));
    });
  }
}

/** What each server gives, by its URL. */
export const iceServerScripts = new Map<string, ServerScript>();
/** Every connection, in order. */
export const icePeers: FakeIcePeer[] = [];

export class FakeIcePeer extends DomTarget {
  iceGatheringState: RTCIceGatheringState = 'new';
  isClosed = false;
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  readonly configuration: RTCConfiguration;
  readonly #script: ServerScript;
  readonly #number: number;
  #channel: FakeChannel | undefined;
  #hasRemoteCandidate = false;

  constructor(configuration: RTCConfiguration) {
    super();
    this.configuration = configuration;
    this.#script = iceServerScripts.get(String(configuration.iceServers?.[0]?.urls)) ?? {};
    if (this.#script.throws !== undefined) throw new DOMException('refused', this.#script.throws);
    this.#number = icePeers.push(this) - 1;
  }

  createDataChannel(): FakeChannel {
    this.#channel = new FakeChannel();
    return this.#channel;
  }

  createOffer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: 'offer', sdp: String(this.#number) });
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: 'answer', sdp: String(this.#number) });
  }

  setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.localDescription = description;
    runAsTask(() => {
      this.#gather();
    });
    return Promise.resolve();
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.remoteDescription = description;
    return Promise.resolve();
  }

  addIceCandidate(): Promise<void> {
    if (!this.remoteDescription) return Promise.reject(new DOMException('too early', 'InvalidStateError'));
    this.#hasRemoteCandidate = true;
    const peer = icePeers[Number(this.remoteDescription.sdp)];
    if (peer === undefined || !peer.#hasRemoteCandidate || this.#script.carries === false)
      return Promise.resolve();
    (this.#channel ? this : peer).#open();
    return Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
  }

  #open(): void {
    const far = icePeers[Number(this.remoteDescription?.sdp)];
    const near = this.#channel;
    if (!near || near.peer || !far) return;
    const other = new FakeChannel();
    near.peer = other;
    other.peer = near;
    runAsTask(() => {
      far.dispatchEvent(domEvent('datachannel', { channel: other }));
      near.dispatchEvent(domEvent('open'));
    });
  }

  #gather(): void {
    const { gives, errorCode, completes = true } = this.#script;
    this.iceGatheringState = 'gathering';
    const host = this.configuration.iceTransportPolicy === 'relay' ? [] : ['host'];
    for (const kind of [...host, ...(gives === undefined ? [] : [gives])]) {
      const candidate = `candidate:1 1 udp 1 192.0.2.1 50000 typ ${kind}`;
      this.dispatchEvent(domEvent('icecandidate', { candidate: { candidate } }));
    }
    if (errorCode !== undefined) this.dispatchEvent(domEvent('icecandidateerror', { errorCode }));
    if (!completes) return;
    this.iceGatheringState = 'complete';
    this.dispatchEvent(domEvent('icecandidate', { candidate: null }));
    this.dispatchEvent(domEvent('icegatheringstatechange'));
  }
}
