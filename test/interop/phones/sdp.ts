/** What a plain phone reads in the agent's session description (RFC 8866, RFC 3264). */
import type { SdpDirection } from '../support/far-end';

export interface MediaAddress {
  readonly host: string;
  readonly port: number;
  /** The payload type of RFC 4733 digits at 8 kHz. */
  readonly eventPayloadType: number;
}

/** Free for digits where the other side names none (RFC 3551 section 6: a dynamic type). */
export const defaultEventPayloadType = 101;

/** Where the audio goes. @throws Error when the SDP has no audio section of ours */
export function mediaAddress(sdp: string): MediaAddress {
  const host = /^c=IN IP4 ([\d.]+)/m.exec(sdp)?.[1];
  const port = /^m=audio (\d+) RTP\/AVP /m.exec(sdp)?.[1];
  if (host === undefined || port === undefined) throw new Error(`No plain RTP audio in:\n${sdp}`);
  const events = /^a=rtpmap:(\d+) telephone-event\/8000/im.exec(sdp)?.[1];
  return { host, port: Number(port), eventPayloadType: Number(events ?? defaultEventPayloadType) };
}

/** The direction that accepts all of what the other side proposes (RFC 3264 section 6.1). */
export function answerTo(direction: SdpDirection): SdpDirection {
  if (direction === 'sendonly') return 'recvonly';
  return direction === 'recvonly' ? 'sendonly' : direction;
}

export const lets = {
  /** Whether the side that wrote this direction takes audio. */
  receive: (direction: SdpDirection): boolean => direction === 'sendrecv' || direction === 'recvonly',
  /** Whether the side that wrote this direction may send audio. */
  send: (direction: SdpDirection): boolean => direction === 'sendrecv' || direction === 'sendonly',
};
