/**
 * Credentials that end by themselves: the user name carries the moment, and the password is a signature over the
 * user name. The API and the server share one secret, and nothing is stored. The scheme is that of
 * draft-uberti-behave-turn-rest-00, which Kamailio's module `auth_ephemeral` and coturn's `use-auth-secret` check.
 */
import { isUserUuid } from './agent';
import { readSecrets, type Bytes, type Secrets } from './secrets';

/** The hash inside the HMAC (RFC 2104). */
export type ShaAlgorithm = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512';

/**
 * RFC 2104 section 3 discourages keys shorter than the hash, which is 20 bytes for SHA-1. It matters here: each
 * agent holds a pair that a weak secret can be guessed from offline.
 */
export const minSecretBytes = 20;

/** Kamailio and coturn read 32 bits: until the year 2106. */
const latestSeconds = 0xffffffff;

/** For whom SIP credentials are. */
export interface SipCredentialsRequest {
  /**
   * Shared with the SIP server, at least 20 bytes; Kamailio's `modparam("auth_ephemeral", "secret", ...)`. Of several
   * the first signs.
   */
  readonly secret: Secrets;
  /** The user part of the address of record: letters, digits, `.`, `_`, `~` and `-`, at most 64 of them. */
  readonly user: string;
  /** The last second that they are good for; fractions of a second are cut off. */
  readonly expiresAt: Date;
  /** Kamailio's `sha_algorithm`. Default `SHA-1`, which is Kamailio's default too. */
  readonly shaAlgorithm?: ShaAlgorithm;
}

/** What a SIP user agent registers and calls with (RFC 3261 section 22). */
export interface SipLogin {
  /**
   * `<Unix seconds>:<user>`, Kamailio's `username_format` 1. Digest authentication takes it as it is: the server
   * splits it, not the digest.
   */
  readonly username: string;
  /** base64 (RFC 4648 section 4) of the HMAC over the user name: a secret. */
  readonly password: string;
}

/** For whom TURN credentials are. */
export interface TurnCredentialsRequest {
  /** Shared with the TURN server, at least 20 bytes; coturn's `static-auth-secret`. Of several the first signs. */
  readonly secret: Secrets;
  /** Shows in the logs of the TURN server: letters, digits, `.`, `_`, `~` and `-`, at most 64 of them. */
  readonly user: string;
  /** How long they are good for, in seconds. Not needed with `expiresAt`. */
  readonly ttlSeconds?: number;
  /** The last second that they are good for. Default: `ttlSeconds` from now. */
  readonly expiresAt?: Date;
}

/** What a browser's `RTCIceServer` takes. */
export interface TurnLogin {
  /** `<Unix seconds>:<user>` */
  readonly username: string;
  /** base64 of the HMAC over the user name: a secret. */
  readonly credential: string;
  /** The last second that they open an allocation. One that is open stays. */
  readonly expiresAt: Date;
}

/**
 * Makes SIP credentials that Kamailio's `auth_ephemeral` accepts until `expiresAt`, and no second longer.
 * @throws TypeError (rejection) for a secret that is missing or too short, a user that is malformed, a moment that is
 * none or later than 2106
 */
export async function sipCredentials(request: SipCredentialsRequest): Promise<SipLogin> {
  const [secret] = readSecrets('secret', request.secret, minSecretBytes);
  const username = usernameOf(request.user, request.expiresAt);
  return { username, password: await passwordOf(username, secret, request.shaAlgorithm) };
}

/**
 * Makes TURN credentials that coturn accepts with `use-auth-secret` (HMAC-SHA-1).
 * @throws TypeError (rejection) for a secret that is missing or too short, a user that is malformed, and without a
 * lifetime or a moment
 */
export async function turnCredentials(request: TurnCredentialsRequest): Promise<TurnLogin> {
  const [secret] = readSecrets('secret', request.secret, minSecretBytes);
  const end = request.expiresAt ?? new Date(Date.now() + (request.ttlSeconds ?? NaN) * 1000);
  const username = usernameOf(request.user, end);
  return {
    username,
    credential: await passwordOf(username, secret),
    expiresAt: new Date(Math.floor(end.getTime() / 1000) * 1000),
  };
}

function usernameOf(user: string, expiresAt: Date): string {
  if (!isUserUuid(user)) throw new TypeError('user is missing or malformed');
  const seconds = Math.floor(expiresAt.getTime() / 1000);
  if (!(seconds >= 0 && seconds <= latestSeconds))
    throw new TypeError('the end is missing, not a moment, or later than 2106');
  return `${seconds}:${user}`;
}

/** The password that belongs to a user name, whatever it says. */
export async function passwordOf(
  username: string,
  secret: Bytes,
  shaAlgorithm: ShaAlgorithm = 'SHA-1',
): Promise<string> {
  const algorithm = { name: 'HMAC', hash: shaAlgorithm };
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign']);
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(username));
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}
