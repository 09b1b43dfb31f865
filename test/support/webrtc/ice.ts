import { afterDelay } from '../wire/next-task';

/** Milliseconds after gathering began, or never. */
export type Moment = number | 'never';

/** When candidates of each kind turn up. A kind that the configured ICE servers cannot give never does. */
export interface GatheringScript {
  /** Default 0. */
  readonly host?: Moment;
  /** The late TCP host candidate of Chromium. Default never. */
  readonly tcp?: Moment;
  /** From a `stun:` or `turn:` server. Default 0. */
  readonly srflx?: Moment;
  /** From a `turn:` server. Default 0. */
  readonly relay?: Moment;
  /** Not before the last candidate. Default 0; never is what a silent server makes it (39.9 s in Chromium). */
  readonly complete?: Moment;
}

type Kind = 'host' | 'tcp' | 'srflx' | 'relay';

const CANDIDATES: Readonly<Record<Kind, string>> = {
  host: 'candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host generation 0',
  tcp: 'candidate:2 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0',
  srflx: 'candidate:3 1 udp 1686052607 198.51.100.1 50001 typ srflx raddr 192.0.2.1 rport 50000 generation 0',
  relay: 'candidate:4 1 udp 41885439 203.0.113.1 50002 typ relay raddr 198.51.100.1 rport 50001 generation 0',
};

/** RTCIceCandidate, parsed from its line as the real one is. */
export class FakeIceCandidate {
  readonly candidate: string;
  readonly sdpMid: string | null;
  readonly sdpMLineIndex: number | null;
  readonly usernameFragment: string | null;
  readonly foundation: string | null;
  readonly component: 'rtp' | 'rtcp' | null;
  readonly protocol: string | null;
  readonly priority: number | null;
  readonly address: string | null;
  readonly port: number | null;
  readonly type: string | null;
  readonly tcpType: string | null;
  readonly relatedAddress: string | null;
  readonly relatedPort: number | null;

  constructor(init: RTCIceCandidateInit = {}) {
    this.candidate = init.candidate ?? '';
    this.sdpMid = init.sdpMid ?? null;
    this.sdpMLineIndex = init.sdpMLineIndex ?? null;
    this.usernameFragment = init.usernameFragment ?? null;
    const fields = this.candidate.replace(/^candidate:/, '').split(' ');
    const field = (index: number) => fields[index] ?? null;
    const named = (name: string) => (fields.includes(name) ? field(fields.indexOf(name) + 1) : null);
    const number = (text: string | null) => (text === null ? null : Number(text));
    this.foundation = field(0) === '' ? null : field(0);
    this.component = field(1) === null ? null : field(1) === '1' ? 'rtp' : 'rtcp';
    this.protocol = field(2)?.toLowerCase() ?? null;
    this.priority = number(field(3));
    this.address = field(4);
    this.port = number(field(5));
    this.type = named('typ');
    this.tcpType = named('tcptype');
    this.relatedAddress = named('raddr');
    this.relatedPort = number(named('rport'));
  }

  toJSON(): RTCIceCandidateInit {
    const { candidate, sdpMid, sdpMLineIndex, usernameFragment } = this;
    return { candidate, sdpMid, sdpMLineIndex, usernameFragment };
  }
}

function serverUrls(configuration: RTCConfiguration): string[] {
  return (configuration.iceServers ?? []).flatMap(({ urls }) => urls);
}

function available(kind: Kind, configuration: RTCConfiguration): boolean {
  if (configuration.iceTransportPolicy === 'relay' && kind !== 'relay') return false;
  const urls = serverUrls(configuration);
  const turn = urls.some((url) => /^turns?:/.test(url));
  if (kind === 'relay') return turn;
  return kind !== 'srflx' || turn || urls.some((url) => /^stuns?:/.test(url));
}

/** One round of gathering. */
export class Gathering {
  readonly lines: string[] = [];
  readonly #cancels: (() => void)[] = [];

  /** Calls `onCandidate` for each candidate and then `onComplete`, by the script. */
  start(
    script: GatheringScript,
    configuration: RTCConfiguration,
    onCandidate: (line: string) => void,
    onComplete: () => void,
  ): void {
    const defaults: Record<Kind, Moment> = { host: 0, tcp: 'never', srflx: 0, relay: 0 };
    const kinds = (Object.keys(CANDIDATES) as Kind[]).filter((kind) => available(kind, configuration));
    let lastMs = 0;
    for (const kind of kinds) {
      const moment = script[kind] ?? defaults[kind];
      if (moment === 'never') continue;
      lastMs = Math.max(lastMs, moment);
      this.#at(moment, () => {
        this.lines.push(CANDIDATES[kind]);
        onCandidate(CANDIDATES[kind]);
      });
    }
    const complete = script.complete ?? 0;
    if (complete !== 'never') this.#at(Math.max(lastMs, complete), onComplete);
  }

  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel();
  }

  #at(delayMs: number, callback: () => void): void {
    this.#cancels.push(afterDelay(delayMs, callback));
  }
}
