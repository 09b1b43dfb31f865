/**
 * Reduces an offer to the one codec that a customer wants to speak, with the telephone-event of the same
 * clock rate (RFC 4733 section 2.4.1). What is left is answered as it is, so the choice is ours and not the
 * order of the offer.
 */
import type { AudioCodec } from '../contract/customer-call';

interface RtpMap {
  readonly payloadType: number;
  readonly encoding: string;
  readonly clockRateHz: number;
}

export interface CodecChoice {
  readonly sdp: string;
  readonly codec: AudioCodec;
}

/** Payload type 0 needs no rtpmap (RFC 3551 table 4). */
const staticPcmu: RtpMap = { payloadType: 0, encoding: 'pcmu', clockRateHz: 8000 };

function readRtpMap(line: string): RtpMap | undefined {
  const [payloadType = '', format = ''] = line.slice('a=rtpmap:'.length).split(' ');
  const [encoding = '', clockRate = ''] = format.split('/');
  return {
    payloadType: Number(payloadType),
    encoding: encoding.toLowerCase(),
    clockRateHz: Number(clockRate),
  };
}

/** The payload type that an attribute line is about, if it is about one. */
function payloadTypeOf(line: string): number | undefined {
  for (const name of ['a=rtpmap:', 'a=fmtp:', 'a=rtcp-fb:']) {
    if (line.startsWith(name)) return Number(line.slice(name.length).split(' ', 1)[0]);
  }
  return undefined;
}

/** Lines that name an address nobody else can resolve, or that end the gathering of a peer that has more. */
const isUnusableCandidate = (line: string): boolean =>
  (line.startsWith('a=candidate:') && (line.split(' ')[4] ?? '').endsWith('.local')) ||
  line === 'a=end-of-candidates';

/**
 * Drops what a browser hides behind mDNS names: its own connectivity checks reach us all the same and make
 * it known as a peer-reflexive candidate (RFC 8445 section 7.3.1.3).
 */
export const withoutHiddenCandidates = (sdp: string): string =>
  sdp
    .split('\r\n')
    .filter((line) => !isUnusableCandidate(line))
    .join('\r\n');

/** The lines of the first audio section, as a range into `lines`. */
function audioSection(lines: readonly string[]): { start: number; end: number } | undefined {
  const start = lines.findIndex((line) => line.startsWith('m=audio '));
  if (start < 0) return undefined;
  const next = lines.findIndex((line, at) => at > start && line.startsWith('m='));
  return { start, end: next < 0 ? lines.length : next };
}

/** Undefined when the offer has no audio or none of `preferred`. */
export function chooseCodec(sdp: string, preferred: readonly AudioCodec[]): CodecChoice | undefined {
  const lines = withoutHiddenCandidates(sdp).split('\r\n');
  const section = audioSection(lines);
  if (section === undefined) return undefined;
  const media = lines.slice(section.start, section.end);
  const [mediaLine = '', ...attributes] = media;
  const fields = mediaLine.split(' ');
  const offered = new Set(fields.slice(3).map(Number));
  const maps = attributes
    .filter((line) => line.startsWith('a=rtpmap:'))
    .map(readRtpMap)
    .filter((map): map is RtpMap => map !== undefined && offered.has(map.payloadType));
  if (offered.has(0) && !maps.some((map) => map.payloadType === 0)) maps.push(staticPcmu);

  for (const codec of preferred) {
    const map = maps.find(({ encoding }) => encoding === codec.toLowerCase());
    if (map === undefined) continue;
    const events = maps.find(
      ({ encoding, clockRateHz }) => encoding === 'telephone-event' && clockRateHz === map.clockRateHz,
    );
    const kept = [map.payloadType, ...(events === undefined ? [] : [events.payloadType])];
    const reduced = [
      [...fields.slice(0, 3), ...kept].join(' '),
      ...attributes.filter((line) => {
        const payloadType = payloadTypeOf(line);
        return payloadType === undefined || Number.isNaN(payloadType) || kept.includes(payloadType);
      }),
    ];
    const whole = [...lines.slice(0, section.start), ...reduced, ...lines.slice(section.end)];
    return { sdp: whole.join('\r\n'), codec };
  }
  return undefined;
}
