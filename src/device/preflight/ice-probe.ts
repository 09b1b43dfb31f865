import { monotonicMs } from '../../core/clock';
import { Disposer } from '../../core/disposer';
import { untilAborted, withDeadline } from '../../core/deadline';
import type { PreflightServer } from './report';

/** Two round trips over a slow link and two retransmissions (RFC 8489 section 6.2.1: 0.5 s, 1 s). */
const CANDIDATE_TIMEOUT_MS = 5_000;
/** Connectivity checks through two relays, then DTLS and SCTP. */
const DATA_TIMEOUT_MS = 6_000;
// W3C WebRTC section 4.8.2: the server did not answer.
const NO_ANSWER = 701;

/** What a server gave, and whether the browser says that it has asked in vain. */
export interface IceProbe {
  readonly found: PreflightServer;
  /** Gathering came to its end without an error. */
  readonly isComplete: boolean;
}

/** Asks one STUN server for the public address. Rejects where the browser does not take the server. */
export function probeStun(server: RTCIceServer, url: string, signal: AbortSignal): Promise<IceProbe> {
  return within(signal, async (disposer, ending) => {
    const connection = open({ iceServers: [{ ...server, urls: url }] }, disposer);
    connection.createDataChannel('probe');
    const gathered = candidateOf(connection, 'srflx', ending);
    await connection.setLocalDescription(await connection.createOffer());
    const { isComplete, ...found } = await gathered;
    return { isComplete, found: { url, ...found } };
  });
}

/**
 * Asks one TURN server for two relays, and sends a message from one to the other and back. Nothing else may carry it.
 * Rejects where the browser does not take the server.
 */
export function probeTurn(server: RTCIceServer, url: string, signal: AbortSignal): Promise<IceProbe> {
  return within(signal, async (disposer, ending) => {
    const configuration: RTCConfiguration = {
      iceServers: [{ ...server, urls: url }],
      iceTransportPolicy: 'relay',
    };
    const near = open(configuration, disposer);
    const far = open(configuration, disposer);
    const channel = near.createDataChannel('probe');
    const gathered = candidateOf(near, 'relay', ending);
    const answered = roundTrip(channel, far);
    await introduce(near, far);
    const { isComplete, ...found } = await gathered;
    const roundTripMs = found.readyMs === null ? null : await orNull(answered, DATA_TIMEOUT_MS, ending);
    return { isComplete, found: { url, ...found, roundTripMs } };
  });
}

/** Gives everything back when `run` is over, however it ends, and when `signal` aborts. */
async function within<T>(
  signal: AbortSignal,
  run: (disposer: Disposer, ending: AbortSignal) => Promise<T>,
): Promise<T> {
  const disposer = new Disposer();
  const ending = new AbortController();
  const dispose = () => {
    ending.abort();
    disposer.dispose();
  };
  signal.addEventListener('abort', dispose);
  try {
    return await run(disposer, ending.signal);
  } finally {
    signal.removeEventListener('abort', dispose);
    dispose();
  }
}

function orNull<T>(promise: Promise<T>, timeoutMs: number, ending: AbortSignal): Promise<T | null> {
  const inTime = withDeadline(untilAborted(promise, ending), timeoutMs, () => new Error('too late'));
  return inTime.catch(() => null);
}

function open(configuration: RTCConfiguration, disposer: Disposer): RTCPeerConnection {
  const connection = new RTCPeerConnection(configuration);
  disposer.add(() => {
    connection.close();
  });
  return connection;
}

/** When the first candidate of that kind came, if one did. */
async function candidateOf(
  connection: RTCPeerConnection,
  kind: 'srflx' | 'relay',
  ending: AbortSignal,
): Promise<Omit<PreflightServer, 'url'> & { readonly isComplete: boolean }> {
  const startedAtMs = monotonicMs();
  let errorCode: number | undefined;
  const found = new Promise<number | null>((resolve) => {
    connection.addEventListener('icecandidate', ({ candidate }) => {
      // The attribute is missing in older browsers; the text has it (RFC 8839 section 5.1).
      if (candidate?.candidate.includes(` typ ${kind}`)) resolve(Math.round(monotonicMs() - startedAtMs));
    });
    connection.addEventListener('icecandidateerror', (event) => {
      // One of several network interfaces may have no way out; what a server says for itself tells more.
      if (errorCode === undefined || errorCode === NO_ANSWER) errorCode = event.errorCode;
    });
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState === 'complete') resolve(null);
    });
  });
  const readyMs = await orNull(found, CANDIDATE_TIMEOUT_MS, ending);
  const isComplete = connection.iceGatheringState === 'complete' && errorCode === undefined;
  return { readyMs, isComplete, ...(readyMs !== null || errorCode === undefined ? {} : { errorCode }) };
}

/** Offer, answer and candidates, without a server in between. */
async function introduce(near: RTCPeerConnection, far: RTCPeerConnection): Promise<void> {
  const early = new Map<RTCPeerConnection, RTCIceCandidate[]>();
  const pass = (from: RTCPeerConnection, to: RTCPeerConnection) => {
    from.addEventListener('icecandidate', ({ candidate }) => {
      if (!candidate) return;
      if (to.remoteDescription) add(to, candidate);
      else early.set(to, [...(early.get(to) ?? []), candidate]);
    });
  };
  pass(near, far);
  pass(far, near);
  const describe = async (to: RTCPeerConnection, description: RTCSessionDescriptionInit) => {
    await to.setRemoteDescription(description);
    for (const candidate of early.get(to) ?? []) add(to, candidate);
  };
  const offer = await near.createOffer();
  await near.setLocalDescription(offer);
  await describe(far, offer);
  const answer = await far.createAnswer();
  await far.setLocalDescription(answer);
  await describe(near, answer);
}

function add(to: RTCPeerConnection, candidate: RTCIceCandidate): void {
  // Closed meanwhile.
  to.addIceCandidate(candidate).catch(() => undefined);
}

/** Resolves with the time that a message took to the other side and back. */
function roundTrip(channel: RTCDataChannel, far: RTCPeerConnection): Promise<number> {
  far.addEventListener('datachannel', ({ channel: farChannel }) => {
    farChannel.addEventListener('message', () => {
      farChannel.send('echo');
    });
  });
  return new Promise((resolve) => {
    let sentAtMs = 0;
    channel.addEventListener('open', () => {
      sentAtMs = monotonicMs();
      channel.send('probe');
    });
    channel.addEventListener('message', () => {
      resolve(Math.round(monotonicMs() - sentAtMs));
    });
  });
}
