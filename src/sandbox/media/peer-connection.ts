/**
 * The RTCPeerConnection that a customer's JsSIP sees: werift behind the part of the W3C interface that
 * JsSIP uses. It exists because werift's own class does not fit: `createOffer(null)` throws, and which codec
 * to answer with would follow the order of the offer.
 */
import type { AudioCodec } from '../contract/customer-call';
import { chooseCodec, withoutHiddenCandidates } from './sdp-codecs';

export interface Description {
  readonly type: 'offer' | 'answer';
  readonly sdp: string;
}

/** The part of werift's RTCPeerConnection that is used here. */
export interface MediaConnection {
  readonly iceConnectionState: string;
  readonly iceGatheringState: string;
  readonly signalingState: string;
  readonly localDescription: { readonly type: string; readonly sdp: string } | null;
  readonly iceConnectionStateChange: { subscribe(listener: () => void): unknown };
  createOffer(): Promise<{ readonly sdp: string }>;
  createAnswer(): Promise<{ readonly sdp: string }>;
  setLocalDescription(description: Description): Promise<unknown>;
  setRemoteDescription(description: Description): Promise<unknown>;
  close(): Promise<void>;
}

/** What the owner of a call's audio hands to JsSIP in `pcConfig`, and gets the connection by. */
export interface MediaOwner {
  readonly codecs: readonly AudioCodec[];
  createConnection(): MediaConnection;
  /** After each description of the far end has been applied. */
  onNegotiated(codec: AudioCodec | undefined): void;
}

export interface ConnectionConfig {
  readonly mediaOwner: MediaOwner;
}

export class CustomerPeerConnection extends EventTarget {
  readonly #owner: MediaOwner;
  #connection: MediaConnection;
  #remoteFingerprint: string | undefined;

  constructor(config: ConnectionConfig) {
    super();
    this.#owner = config.mediaOwner;
    this.#connection = this.#connect();
  }

  get iceConnectionState(): string {
    return this.#connection.iceConnectionState;
  }

  get iceGatheringState(): string {
    return this.#connection.iceGatheringState;
  }

  get signalingState(): string {
    return this.#connection.signalingState;
  }

  get localDescription(): Description | null {
    const description = this.#connection.localDescription;
    return description === null
      ? null
      : { type: description.type as Description['type'], sdp: description.sdp };
  }

  async createOffer(): Promise<Description> {
    const { sdp } = await this.#connection.createOffer();
    return { type: 'offer', sdp };
  }

  async createAnswer(): Promise<Description> {
    const { sdp } = await this.#connection.createAnswer();
    return { type: 'answer', sdp };
  }

  async setLocalDescription(description: Description): Promise<void> {
    await this.#connection.setLocalDescription(description);
    // werift has gathered by now, or failed silently; JsSIP would wait for candidates that never come.
    if (this.iceGatheringState !== 'complete') throw new Error('no address to offer: ICE gathering failed');
  }

  async setRemoteDescription({ type, sdp }: Description): Promise<void> {
    const choice = chooseCodec(sdp, this.#owner.codecs);
    if (choice === undefined) throw new Error('no codec in common');
    const fingerprint = /^a=fingerprint:(.+)$/im.exec(sdp)?.[1]?.trim().toLowerCase();
    const isElsewhere = this.#remoteFingerprint !== undefined && fingerprint !== this.#remoteFingerprint;
    this.#remoteFingerprint = fingerprint;
    if (type === 'offer' && isElsewhere) {
      // Another device, or another page, speaks in this dialog from now on (RFC 8842 section 4): a new association,
      // which werift does not begin on a connection that has one.
      const former = this.#connection;
      this.#connection = this.#connect();
      void former.close();
    }
    const usable = type === 'offer' ? choice.sdp : withoutHiddenCandidates(sdp);
    await this.#connection.setRemoteDescription({ type, sdp: usable });
    this.#owner.onNegotiated(choice.codec);
  }

  #connect(): MediaConnection {
    const connection = this.#owner.createConnection();
    connection.iceConnectionStateChange.subscribe(() => {
      if (this.#connection === connection) this.dispatchEvent(new Event('iceconnectionstatechange'));
    });
    return connection;
  }

  /** JsSIP adds the tracks of its media stream; ours are made with the connection. */
  addTrack(): void {
    return;
  }

  getSenders(): readonly [] {
    return [];
  }

  close(): void {
    void this.#connection.close();
  }
}

/** JsSIP constructs one around each SDP; ours only carries it. */
export class CustomerSessionDescription implements Description {
  readonly type: Description['type'];
  readonly sdp: string;
  constructor(init: Description) {
    this.type = init.type;
    this.sdp = init.sdp;
  }
}
