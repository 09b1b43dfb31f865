/**
 * When an SDP may leave although gathering is not complete. JsSIP waits for `complete`, and one STUN server
 * that never answers holds that back for 39.9 s in Chromium 156 and 11.1 s in Firefox 153 (measured).
 */
import { startTimer, stopTimer, type TimerHandle } from '../core/clock';

// Chromium delivers all UDP host candidates of a machine within a few milliseconds of each other, the first
// TCP one about 110 ms later (measured); nobody needs to wait for that.
const SETTLE_MS = 4;
// From the first candidate on: time for a STUN or TURN answer over a slow link. A healthy server answers within
// one round trip (STUN) or two (TURN, RFC 8656 section 7), so what has not come by then is most likely dead.
const CAP_AFTER_FIRST_MS = 400;

// Without a single candidate in this time none is likely to come; what leaves then has none, and a far end with a
// public address still finds us by our own checks (RFC 8445 section 7.3.1.3).
const HARD_CAP_MS = 3_000;

export type CandidateKind = 'host' | 'srflx' | 'prflx' | 'relay';

/** The kinds of candidate that a configuration promises. */
export function expectedKinds({
  iceServers = [],
  iceTransportPolicy: policy,
}: RTCConfiguration): ReadonlySet<CandidateKind> {
  const kinds = new Set<CandidateKind>(policy === 'relay' ? [] : ['host']);
  for (const server of iceServers) {
    for (const url of typeof server.urls === 'string' ? [server.urls] : server.urls) {
      if (/^turns?:/i.test(url)) kinds.add('relay');
      else if (policy !== 'relay') kinds.add('srflx');
    }
  }
  return kinds;
}

/** One gathering round. Feed it candidates; it calls `ready` once: all kinds seen and settled, or the cap reached. */
export class GatheringRound {
  readonly #missing: Set<CandidateKind>;
  readonly #ready: () => void;
  #cap: TimerHandle | undefined;
  #settle: TimerHandle | undefined;
  #done = false;

  constructor(expected: ReadonlySet<CandidateKind>, ready: () => void) {
    this.#missing = new Set(expected);
    this.#ready = ready;
  }

  add(candidate: RTCIceCandidate): void {
    if (this.#done) return;
    this.#cap ??= startTimer(CAP_AFTER_FIRST_MS, () => {
      this.#finish();
    });
    if (isTcp(candidate)) return;
    this.#missing.delete(kindOf(candidate));
    if (this.#missing.size > 0) return;
    stopTimer(this.#settle);
    this.#settle = startTimer(SETTLE_MS, () => {
      this.#finish();
    });
  }

  /** Ends the round without calling `ready`. */
  cancel(): void {
    this.#done = true;
    stopTimer(this.#cap);
    stopTimer(this.#settle);
  }

  #finish(): void {
    if (this.#done) return;
    this.cancel();
    this.#ready();
  }
}

// The attributes are parsed by the browser; where one leaves them empty the text has them (RFC 8839 section 5.1).
function kindOf(candidate: RTCIceCandidate): CandidateKind {
  return (
    candidate.type ??
    ((/ typ (host|srflx|prflx|relay)/.exec(candidate.candidate)?.[1] ?? 'host') as CandidateKind)
  );
}

function isTcp(candidate: RTCIceCandidate): boolean {
  return (candidate.protocol ?? / (udp|tcp) /i.exec(candidate.candidate)?.[1]?.toLowerCase()) === 'tcp';
}

/**
 * Waits until the local description of `connection` is worth sending, by the same policy. A description that
 * holds candidates already (a re-INVITE without ICE restart) is. Before an ICE restart it is to be called ahead of
 * `setLocalDescription`, since the candidates and the state are still those of the former round then. Rejects with
 * the reason of `signal`.
 */
export function gathered(
  connection: RTCPeerConnection,
  expected: ReadonlySet<CandidateKind>,
  signal: AbortSignal,
  isRestart = false,
): Promise<void> {
  const isEnough =
    connection.iceGatheringState === 'complete' ||
    connection.localDescription?.sdp.includes('a=candidate:') === true;
  if (isEnough && !isRestart) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const stop = () => {
      round.cancel();
      stopTimer(cap);
      connection.removeEventListener('icecandidate', onCandidate);
      connection.removeEventListener('icegatheringstatechange', onState);
      signal.removeEventListener('abort', onAbort);
    };
    const finish = () => {
      stop();
      resolve();
    };
    const round = new GatheringRound(expected, finish);
    const onCandidate = ({ candidate }: RTCPeerConnectionIceEvent) => {
      if (candidate?.candidate) round.add(candidate);
    };
    const onState = () => {
      if (connection.iceGatheringState === 'complete') finish();
    };
    const cap = startTimer(HARD_CAP_MS, finish);
    const onAbort = () => {
      stop();
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    connection.addEventListener('icecandidate', onCandidate);
    connection.addEventListener('icegatheringstatechange', onState);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
}

/**
 * Ends each gathering of `connection` that has brought nothing. JsSIP can be told to go on at a candidate only, so it
 * is given what a browser gives at the end: the event without one (WebRTC section 4.8.1.1).
 */
export function boundGathering(connection: RTCPeerConnection, signal: AbortSignal): void {
  let cap: TimerHandle | undefined;
  const stop = () => {
    stopTimer(cap);
    cap = undefined;
  };
  connection.addEventListener('icegatheringstatechange', () => {
    stop();
    if (connection.iceGatheringState !== 'gathering' || signal.aborted) return;
    cap = startTimer(HARD_CAP_MS, () => {
      connection.dispatchEvent(new Event('icecandidate'));
    });
  });
  connection.addEventListener('icecandidate', ({ candidate }) => {
    // From here on the other limits hold.
    if (candidate?.candidate) stop();
  });
  signal.addEventListener('abort', stop, { once: true });
}
