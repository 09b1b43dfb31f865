import { turnEndsAtMs } from './account';
import type { CredentialsRefresh } from './credentials-refresh';

// ICE restarts with credentials that end meanwhile fail half-way.
const LEAD_MS = 60_000;
// A call without audio waits for this: worth a round trip, not a backend that is as far away as the SIP server was.
const TIMEOUT_MS = 1_500;

/**
 * Fetches other credentials where those of the STUN and TURN servers at hand end within a minute or have ended, and
 * waits for them 1.5 s at most.
 */
export async function freshenIceServers(
  atHand: readonly RTCIceServer[],
  refresh: CredentialsRefresh,
  serverNowMs: number,
): Promise<void> {
  const isEnding = turnEndsAtMs(atHand) - serverNowMs <= LEAD_MS || refresh.endsWithin(LEAD_MS);
  if (isEnding) await refresh.within(TIMEOUT_MS);
}
