/** What the SDK reads out of session descriptions itself (RFC 8866); the rest is the browser's business. */

export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

const DIRECTION = /^a=(sendrecv|sendonly|recvonly|inactive)\s*$/m;

/**
 * Direction of the first audio section that is in use, as its writer sees it: its own attribute, the session's, or
 * `sendrecv` (RFC 8866 section 6.7). Undefined where there is no audio.
 */
export function audioDirection(sdp: string): MediaDirection | undefined {
  const [session = '', ...sections] = sdp.split(/^m=/m);
  const audio = sections.find((section) => /^audio [1-9]/.test(section));
  if (audio === undefined) return undefined;
  return (DIRECTION.exec(audio)?.[1] ?? DIRECTION.exec(session)?.[1] ?? 'sendrecv') as MediaDirection;
}

/** Whether an INVITE can become a call: it offers audio, or nothing yet (RFC 3261 section 13.2.1). */
export function offersAudio(offer: string | null): boolean {
  return !offer || /^m=audio [1-9]/m.test(offer);
}
