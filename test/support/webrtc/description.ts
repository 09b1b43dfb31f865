import type { Direction } from '../wire/sdp';

/** One m-section as far as the fake connection cares. */
export interface MediaSection {
  readonly kind: 'audio' | 'video' | 'application';
  readonly mid: string;
  readonly rejected: boolean;
  readonly direction: Direction;
  readonly rtpmaps: readonly string[];
  readonly fingerprint: boolean;
  readonly iceUfrag: string | undefined;
  readonly streamId: string | undefined;
}

// What Chromium offers for audio, shortened; and for video.
const AUDIO_RTPMAPS = [
  '111 opus/48000/2',
  '0 PCMU/8000',
  '8 PCMA/8000',
  '110 telephone-event/48000',
  '126 telephone-event/8000',
];
const VIDEO_RTPMAPS = ['96 VP8/90000'];

export function supportedRtpmaps(kind: string): readonly string[] {
  return kind === 'audio' ? AUDIO_RTPMAPS : VIDEO_RTPMAPS;
}

function codecOf(rtpmap: string): string {
  return (rtpmap.split(' ')[1] ?? '').toLowerCase().replace(/\/2$/, '');
}

/** The offered codecs that the answerer also has, with the offerer's payload numbers (RFC 3264 section 6.1). */
export function commonRtpmaps(kind: string, offered: readonly string[]): string[] {
  const ours = supportedRtpmaps(kind).map(codecOf);
  return offered.filter((rtpmap) => ours.includes(codecOf(rtpmap)));
}

/** RTCSessionDescription. */
export class FakeSessionDescription {
  readonly type: RTCSdpType;
  readonly sdp: string;

  constructor(init: RTCSessionDescriptionInit) {
    this.type = init.type;
    this.sdp = init.sdp ?? '';
  }

  toJSON(): RTCSessionDescriptionInit {
    return { type: this.type, sdp: this.sdp };
  }
}

/** @throws OperationError when the text is no session description that could be negotiated. */
export function parseSections(sdp: string): MediaSection[] {
  if (!sdp.startsWith('v=0')) throw new DOMException('Failed to parse SessionDescription', 'OperationError');
  const [session = '', ...parts] = sdp.split(/^(?=m=)/m);
  return parts.map((part, index) => parseSection(session, part, index));
}

function parseSection(session: string, part: string, index: number): MediaSection {
  const first = (pattern: RegExp) => pattern.exec(part)?.[1] ?? pattern.exec(session)?.[1];
  const [media = '', port = '', , formats = ''] = /^m=(\S+) (\d+) (\S+) (.*)/.exec(part)?.slice(1) ?? [];
  const rtpmaps = [...part.matchAll(/^a=rtpmap:(.+?)\s*$/gm)].map(([, rtpmap = '']) => rtpmap);
  // PCMU and PCMA need no rtpmap, RFC 3551 section 6.
  const known = new Set(rtpmaps.map((rtpmap) => rtpmap.split(' ')[0]));
  if (formats.split(' ').includes('0') && !known.has('0')) rtpmaps.push('0 PCMU/8000');
  if (formats.split(' ').includes('8') && !known.has('8')) rtpmaps.push('8 PCMA/8000');
  const section: MediaSection = {
    kind: media as MediaSection['kind'],
    mid: first(/^a=mid:(\S+)/m) ?? String(index),
    rejected: port === '0' && !/^a=bundle-only/m.test(part),
    direction: (first(/^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m) ?? 'sendrecv') as Direction,
    rtpmaps,
    fingerprint: first(/^a=(fingerprint:\S+)/m) !== undefined,
    iceUfrag: first(/^a=ice-ufrag:(\S+)/m),
    streamId: first(/^a=msid:(\S+)/m),
  };
  if (!section.rejected && !section.fingerprint) {
    throw new DOMException('Called with SDP without DTLS fingerprint.', 'OperationError');
  }
  return section;
}

export interface WrittenSection {
  readonly kind: string;
  readonly mid: string;
  readonly rejected: boolean;
  readonly direction: Direction;
  readonly rtpmaps: readonly string[];
  readonly msid: string | undefined;
}

const FINGERPRINT = Array.from({ length: 32 }, (_, index) => (255 - index).toString(16).toUpperCase()).join(
  ':',
);

/** Writes a description the way Chromium orders it (RFC 8829 section 5.2). */
export function writeDescription(
  sections: readonly WrittenSection[],
  session: {
    readonly id: string;
    readonly version: number;
    readonly iceUfrag: string;
    readonly setup: string;
  },
): string {
  const bundled = sections.filter(({ rejected }) => !rejected).map(({ mid }) => mid);
  const head = ['v=0', `o=- ${session.id} ${session.version} IN IP4 127.0.0.1`, 's=-', 't=0 0'];
  if (bundled.length > 0) head.push(`a=group:BUNDLE ${bundled.join(' ')}`);
  head.push('a=msid-semantic: WMS');
  const body = sections.flatMap((section) => {
    const payloads = section.rtpmaps.map((rtpmap) => rtpmap.split(' ')[0]).join(' ');
    return [
      `m=${section.kind} ${section.rejected ? 0 : 9} UDP/TLS/RTP/SAVPF ${payloads}`,
      'c=IN IP4 0.0.0.0',
      'a=rtcp:9 IN IP4 0.0.0.0',
      `a=ice-ufrag:${session.iceUfrag}`,
      `a=ice-pwd:${session.iceUfrag}PasswordOf24Chars`,
      'a=ice-options:trickle',
      `a=fingerprint:sha-256 ${FINGERPRINT}`,
      `a=setup:${session.setup}`,
      `a=mid:${section.mid}`,
      `a=${section.direction}`,
      ...(section.msid === undefined ? [] : [`a=msid:${section.msid}`]),
      'a=rtcp-mux',
      ...section.rtpmaps.map((rtpmap) => `a=rtpmap:${rtpmap}`),
    ];
  });
  return [...head, ...body, ''].join('\r\n');
}

/** Puts candidates where a bundled description carries them: in its first m-section. */
export function withCandidates(sdp: string, candidates: readonly string[], complete: boolean): string {
  const lines = candidates.map((candidate) => `a=${candidate}\r\n`);
  if (complete) lines.push('a=end-of-candidates\r\n');
  return sdp.replace(/^a=ice-ufrag:/m, (match) => `${lines.join('')}${match}`);
}
