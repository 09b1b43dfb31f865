import { decodeJwt, type JWTPayload } from 'jose';
import { voiceError } from '../core/errors';

/** The claims of an access token (RFC 7519) that the SDK relies on. Other claims are kept as they are. */
export interface TokenClaims {
  /** The agent whom the backend minted the token for. */
  readonly user_uuid: string;
  /** A display name for the agent. */
  readonly label?: string;
  /** Issued at, in seconds since the Unix epoch (RFC 7519 section 4.1.6). */
  readonly iat?: number;
  /** Not before, in seconds since the Unix epoch (RFC 7519 section 4.1.5). */
  readonly nbf?: number;
  /** Expiry, in seconds since the Unix epoch (RFC 7519 section 4.1.4). */
  readonly exp: number;
  /** What else the backend has put in; the SDK does not look at it. */
  readonly [claim: string]: unknown;
}

export interface AccessToken {
  /** The compact JWT: a secret. */
  readonly jwt: string;
  readonly claims: TokenClaims;
  readonly expiresAt: Date;
}

/**
 * How far the clock of a browser may be off, in milliseconds, before a token is refused for it. RFC 7519 section 4.1.5
 * speaks of a few minutes; desktops that were never synchronised are off by ten. The server checks the token anyway.
 */
export const MOST_CLOCK_SKEW_MS = 15 * 60_000;

/** RFC 7515 section 7.1; the signature of an unsecured token is empty. */
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** The largest moment that a JavaScript Date can hold, in seconds (ECMA-262, 8.64e15 ms). */
const LATEST_DATE_S = 8.64e12;

/**
 * Reads an access token without verifying its signature: the browser holds no key, the server verifies.
 *
 * @throws TokenError `TOKEN_INVALID` (not a JWT, or no `user_uuid`), `TOKEN_NO_EXPIRY`, `TOKEN_NOT_YET_VALID`.
 * An expired token is read without complaint; see {@link assertNotExpired}.
 */
export function readToken(jwt: unknown, nowMs: number): AccessToken {
  const { label, ...claims } = decode(jwt);
  const { user_uuid: userUuid, exp, nbf } = claims;
  if (typeof userUuid !== 'string' || userUuid === '')
    throw voiceError('TOKEN_INVALID', 'The token has no user_uuid claim.');
  // A backend that has no label for the agent may well write null.
  const hasLabel = label !== undefined && label !== null;
  if (hasLabel && typeof label !== 'string')
    throw voiceError('TOKEN_INVALID', 'The label claim is not a string.');
  if (exp === undefined) throw voiceError('TOKEN_NO_EXPIRY');
  if (!isMoment(exp)) throw voiceError('TOKEN_INVALID', 'The exp claim is not a moment in seconds.');
  if (nbf !== undefined && !isMoment(nbf))
    throw voiceError('TOKEN_INVALID', 'The nbf claim is not a moment in seconds.');
  if (nbf !== undefined && nbf * 1000 > nowMs + MOST_CLOCK_SKEW_MS) throw voiceError('TOKEN_NOT_YET_VALID');
  return {
    jwt: jwt as string,
    claims: Object.freeze({ ...claims, ...(hasLabel ? { label } : {}) } as TokenClaims),
    expiresAt: new Date(exp * 1000),
  };
}

/** @throws TokenError `TOKEN_EXPIRED` */
export function assertNotExpired(token: AccessToken, nowMs: number): void {
  if (token.expiresAt.getTime() <= nowMs) throw voiceError('TOKEN_EXPIRED');
}

function decode(jwt: unknown): JWTPayload {
  if (typeof jwt !== 'string') throw voiceError('TOKEN_INVALID', 'The token is not a string.');
  // The decoder looks at the payload only. A line break or a space in the rest would make the browser refuse the
  // Authorization header, with an exception that quotes it.
  if (!COMPACT_JWS.test(jwt))
    throw voiceError('TOKEN_INVALID', 'The token is not three base64url parts; is there a space around it?');
  try {
    return decodeJwt(jwt);
  } catch {
    // The decoder's own message may quote the token, so it is not passed on as the cause.
    throw voiceError('TOKEN_INVALID');
  }
}

function isMoment(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= LATEST_DATE_S;
}
