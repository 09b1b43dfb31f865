import type { SipCredentials } from '../auth/sip-credentials';
import type { CodecOptions } from '../sip/codecs';
import type { SipAccount, SipSecret } from '../sip/sip-account';

// Contract of the credentials answer: what to ask of the registrar when the backend does not say.
const DEFAULT_REGISTER_EXPIRES_SECONDS = 300;
// A day: no registrar grants more, and the refresh timer must stay under 2^31 ms (24.8 days).
const LONGEST_REGISTER_EXPIRES_SECONDS = 86_400;

/** The secret in checked credentials: the password where there is one. */
export function secretOf(credentials: SipCredentials): SipSecret {
  const { password, ha1, realm } = credentials;
  // A backend without a password may as well write null or ''.
  return password ? { password } : { ha1: ha1 ?? '', realm: realm ?? '' };
}

export interface AccountOptions {
  readonly instanceId: string;
  /** Replaces the credentials' own. */
  readonly iceServers: readonly RTCIceServer[] | undefined;
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly codecs?: CodecOptions | undefined;
}

export function iceServersOf(
  credentials: SipCredentials,
  { iceServers }: Pick<AccountOptions, 'iceServers'>,
): readonly RTCIceServer[] {
  return iceServers ?? credentials.ice_servers ?? [];
}

/**
 * When the first of the time-limited TURN credentials ends (Unix epoch), Infinity when none says so. Their user name
 * begins with that moment in seconds ("A REST API for Access to TURN Services", draft-uberti-behave-turn-rest-00).
 */
export function turnEndsAtMs(servers: readonly RTCIceServer[]): number {
  const ends = servers.map(({ username }) => /^\d{9,11}(?=:|$)/.exec(username ?? '')?.[0]);
  return Math.min(...ends.map((seconds) => (seconds === undefined ? Infinity : Number(seconds) * 1000)));
}

/** Checked credentials in the words of the SIP room. */
export function accountOf(credentials: SipCredentials, options: AccountOptions): SipAccount {
  const { instanceId, iceTransportPolicy, codecs } = options;
  const displayName = credentials.display_name?.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  return {
    wsUrls: credentials.ws_urls,
    uri: credentials.sip_uri,
    authorizationUsername: credentials.authorization_username,
    secret: secretOf(credentials),
    ...(displayName ? { displayName } : {}),
    // RFC 3261 section 20.19: whole seconds.
    registerExpiresSeconds: Math.min(
      Math.ceil(credentials.register_expires ?? DEFAULT_REGISTER_EXPIRES_SECONDS),
      LONGEST_REGISTER_EXPIRES_SECONDS,
    ),
    iceServers: iceServersOf(credentials, options),
    iceTransportPolicy,
    codecs,
    instanceId,
  };
}
