import { FakeSessionDescription } from './webrtc/description';
import { FakeIceCandidate, type GatheringScript } from './webrtc/ice';
import { FakeMediaStream } from './webrtc/media-stream';
import { FakePeerConnection } from './webrtc/peer-connection';

export { FakeMediaStream, type TrackLike } from './webrtc/media-stream';
export { FakePeerConnection } from './webrtc/peer-connection';
export type { GatheringScript } from './webrtc/ice';

export interface FakeWebRtcOptions {
  /** When candidates come. Default: all at once, then complete. */
  readonly gathering?: GatheringScript;
  /** Whether ICE and DTLS connect by themselves. Default true. */
  readonly connects?: boolean;
}

export interface FakeWebRtc {
  /** Every connection made since, in order. */
  readonly connections: readonly FakePeerConnection[];
  /** How many of them are not closed. */
  readonly live: number;
  /** The newest connection. @throws Error when there is none. */
  readonly connection: FakePeerConnection;
  /** Puts every global back. */
  restore(): void;
}

function setGlobal(name: string, value: unknown): () => void {
  const former = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  return () => {
    if (former) Object.defineProperty(globalThis, name, former);
    else Reflect.deleteProperty(globalThis, name);
  };
}

function windowEvents(): Record<string, unknown> {
  if ('addEventListener' in globalThis) return {};
  const target = new EventTarget();
  return {
    addEventListener: target.addEventListener.bind(target),
    removeEventListener: target.removeEventListener.bind(target),
    dispatchEvent: target.dispatchEvent.bind(target),
  };
}

/**
 * Gives Node the WebRTC globals of a browser, and `window` (which is the global object there too, with its
 * events). `getUserMedia`, audio elements and device lists are not part of it.
 */
export function installFakeWebRtc(options: FakeWebRtcOptions = {}): FakeWebRtc {
  FakePeerConnection.instances.length = 0;
  FakePeerConnection.gathering = options.gathering ?? {};
  FakePeerConnection.connects = options.connects ?? true;
  const globals = {
    RTCPeerConnection: FakePeerConnection,
    RTCSessionDescription: FakeSessionDescription,
    RTCIceCandidate: FakeIceCandidate,
    MediaStream: FakeMediaStream,
    window: globalThis,
    ...windowEvents(),
  };
  const undo = Object.entries(globals).map(([name, value]) => setGlobal(name, value));
  return {
    connections: FakePeerConnection.instances,
    get live() {
      return FakePeerConnection.live;
    },
    get connection() {
      const connection = FakePeerConnection.instances.at(-1);
      if (!connection) throw new Error('No RTCPeerConnection was made');
      return connection;
    },
    restore() {
      for (const putBack of undo.reverse()) putBack();
    },
  };
}
