/** Session descriptions as browsers and media servers write them, small but whole (RFC 8866, RFC 8829). */

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface SdpOptions {
  readonly direction?: Direction;
  /** Whether RFC 4733 events are offered. Default true. */
  readonly telephoneEvent?: boolean;
  /** Default `['opus', 'PCMU', 'PCMA']`. */
  readonly codecs?: readonly string[];
  /** A second, video section. Default false. */
  readonly video?: boolean;
  /** Changes with an ICE restart (RFC 8839 section 4.4.3.1.1). */
  readonly iceUfrag?: string;
  /** `o=` version; grows with each new description of one session. Default 1. */
  readonly version?: number;
}

const RTPMAPS: Readonly<Record<string, string>> = {
  opus: '111 opus/48000/2',
  PCMU: '0 PCMU/8000',
  PCMA: '8 PCMA/8000',
  G722: '9 G722/8000',
};
const TELEPHONE_EVENT = '101 telephone-event/8000';
const FINGERPRINT = Array.from({ length: 32 }, (_, index) =>
  index.toString(16).padStart(2, '0').toUpperCase(),
).join(':');

/** An offer of one audio section. */
export function sdpOffer(options: SdpOptions = {}): string {
  return describe('actpass', ['0', '1'], options);
}

/**
 * An answer to `offer`: same mids, and the direction that accepts all that was offered unless told otherwise
 * (RFC 3264 section 6.1). Telephone-event only where it was offered.
 */
export function sdpAnswer(offer: string, options: SdpOptions = {}): string {
  const direction = options.direction ?? reverseDirection(sdpDirection(offer));
  const telephoneEvent = options.telephoneEvent ?? /telephone-event/i.test(offer);
  const mids = [...offer.matchAll(/^a=mid:(\S+)/gm)].map(([, mid = '']) => mid);
  const video = /^m=video/m.test(offer);
  return describe('active', mids, { ...options, direction, telephoneEvent, video });
}

/** The direction of the first audio section; `sendrecv` where none is written (RFC 8866 section 6.7). */
export function sdpDirection(sdp: string, kind: 'audio' | 'video' = 'audio'): Direction {
  const section = sdp.split(/^(?=m=)/m).find((part) => part.startsWith(`m=${kind}`));
  const pattern = /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m;
  const session = sdp.split(/^m=/m)[0] ?? '';
  return (pattern.exec(section ?? '')?.[1] ?? pattern.exec(session)?.[1] ?? 'sendrecv') as Direction;
}

/** The same direction seen from the other side. */
export function reverseDirection(direction: Direction): Direction {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}

function describe(setup: 'actpass' | 'active', mids: readonly string[], options: SdpOptions): string {
  const {
    codecs = ['opus', 'PCMU', 'PCMA'],
    direction = 'sendrecv',
    telephoneEvent = true,
    version = 1,
  } = options;
  const audio = codecs.flatMap((codec) => RTPMAPS[codec] ?? []);
  if (telephoneEvent) audio.push(TELEPHONE_EVENT);
  const sections = [section('audio', mids[0] ?? '0', audio)];
  if (options.video) sections.push(section('video', mids[1] ?? '1', ['96 VP8/90000']));
  return [
    'v=0',
    `o=- 4611731400430051336 ${version} IN IP4 192.0.2.10`,
    's=-',
    't=0 0',
    `a=group:BUNDLE ${sections.map(({ mid }) => mid).join(' ')}`,
    ...sections.flatMap(({ lines }) => lines),
    '',
  ].join('\r\n');

  function section(kind: string, mid: string, rtpmaps: readonly string[]): { mid: string; lines: string[] } {
    const payloads = rtpmaps.map((rtpmap) => rtpmap.split(' ')[0]);
    return {
      mid,
      lines: [
        `m=${kind} 40000 UDP/TLS/RTP/SAVPF ${payloads.join(' ')}`,
        'c=IN IP4 192.0.2.10',
        'a=rtcp:9 IN IP4 0.0.0.0',
        'a=candidate:1 1 udp 2113937151 192.0.2.10 40000 typ host',
        'a=end-of-candidates',
        `a=ice-ufrag:${options.iceUfrag ?? 'srvU'}`,
        'a=ice-pwd:srvPasswordOf24Characters',
        `a=fingerprint:sha-256 ${FINGERPRINT}`,
        `a=setup:${setup}`,
        `a=mid:${mid}`,
        `a=${direction}`,
        'a=rtcp-mux',
        ...rtpmaps.map((rtpmap) => `a=rtpmap:${rtpmap}`),
        ...(rtpmaps.includes(TELEPHONE_EVENT) ? ['a=fmtp:101 0-16'] : []),
        'a=msid:customer-stream customer-track',
        'a=ssrc:1001 cname:customer',
      ],
    };
  }
}
