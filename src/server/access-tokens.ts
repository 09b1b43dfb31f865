/** Access tokens (contract: JWT, RFC 7519): minted for a backend that has the API key, checked when exchanged. */
import { errors, jwtVerify, SignJWT, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { isLabel, isUserUuid } from './agent';
import { AccessTokenError } from './token-error';
import {
  privateKeys,
  publicKeys,
  sharedKeys,
  type CheckingKeys,
  type KeySetOptions,
  type PrivateKeyOptions,
  type SharedKeyOptions,
  type SigningKeys,
} from './token-keys';

/** The shortest lifetime of a token: what is asked for below it becomes this. */
const minTtlSeconds = 60;
/** The longest lifetime of a token: a day. */
const maxTtlSeconds = 86_400;
const defaultTtlSeconds = 3600;

/** For clocks of several servers that are all synchronised. RFC 7519 section 4.1.4 allows "no more than a few minutes". */
const defaultClockToleranceSeconds = 5;

/** Tokens that we mint have less than 1 KiB; longer ones are not worth a signature check. */
const maxTokenLength = 8192;

/** The largest moment that a JavaScript Date can hold, in seconds (ECMA-262, 8.64e15 ms). */
const latestDateSeconds = 8.64e12;

/** For whom a token is, and for how long. */
export interface AccessTokenRequest {
  /** The agent: letters, digits, `.`, `_`, `~` and `-`, at most 64 of them. The user part of the SIP address. */
  readonly userUuid: string;
  /** A name for people to read: at most 128 characters on one line. Default: none. */
  readonly label?: string;
  /** Lifetime in seconds, clamped to [60, 86400]; fractions are cut off. Default 3600. */
  readonly ttlSeconds?: number;
}

/** A token as an integrator's backend hands it to the page. */
export interface AccessToken {
  /** The compact JWT: a secret of the agent. */
  readonly token: string;
  /** As requested. */
  readonly userUuid: string;
  /** As requested; undefined where none was. */
  readonly label: string | undefined;
  /** The token's `exp`. */
  readonly expiresAt: Date;
}

/** What a token that was checked says. */
export interface AccessTokenClaims {
  /** `user_uuid`: the agent. */
  readonly userUuid: string;
  /** `label`: undefined where there is none that can be shown on one line. */
  readonly label: string | undefined;
  /** `iat`: undefined where the token does not say. */
  readonly issuedAt: Date | undefined;
  /** `exp`. */
  readonly expiresAt: Date;
  /** `jti`: names this one token, for revocation; undefined where the token has none. */
  readonly tokenId: string | undefined;
}

/** What is asked of a token beside its signature. */
export interface TokenCheckOptions {
  /** Written into `iss` and required there. Default: neither. */
  readonly issuer?: string;
  /** Written into `aud` and required there. Default: neither. */
  readonly audience?: string;
  /** How far clocks may differ for `exp` and `nbf`, in seconds. Default 5. */
  readonly clockToleranceSeconds?: number;
  /**
   * Asked about each token that is otherwise good; only `false` lets it pass. When it throws, the token is refused
   * with `REVOCATION_UNKNOWN`. Default: no token is revoked before it expires.
   */
  readonly isRevoked?: (claims: AccessTokenClaims) => boolean | Promise<boolean>;
}

/** What is asked of a request for a token. */
export interface MintOptions {
  /**
   * Says in words what is wrong with an agent whom no token may be minted for, such as the name of a queue; the
   * words are sent to whoever asked. Undefined lets the request pass. Default: every well-formed name is fine.
   */
  readonly checkUser?: (userUuid: string) => string | undefined | Promise<string | undefined>;
}

/** Keys, checks and limits of {@link createAccessTokens}. */
export type AccessTokensOptions = (SharedKeyOptions | PrivateKeyOptions) & TokenCheckOptions & MintOptions;

/** Keys and checks of {@link createTokenVerifier}. */
export type TokenVerifierOptions = KeySetOptions & TokenCheckOptions;

/** Checks tokens. */
export interface TokenVerifier {
  /**
   * Checks signature, algorithm, times, and what the options ask for.
   * @throws AccessTokenError (rejection) `TOKEN_INVALID`, `TOKEN_EXPIRED`, `TOKEN_NOT_YET_VALID`, `TOKEN_REVOKED` or
   * `REVOCATION_UNKNOWN`
   */
  verify(token: string): Promise<AccessTokenClaims>;
}

/** Mints and checks tokens. */
export interface AccessTokens extends TokenVerifier {
  /**
   * Mints a token that is good from now on.
   * @throws AccessTokenError (rejection) `INVALID_ARGUMENT` for a user, a label or a lifetime that cannot be
   * @throws TypeError (rejection) when the private key is none
   */
  mint(request: AccessTokenRequest): Promise<AccessToken>;
}

/**
 * Mints and checks the tokens of your own agents, as the platform does for its customers. Follows RFC 7519 and
 * RFC 8725: one algorithm, chosen here; `none` is no algorithm.
 * @throws TypeError for keys that are missing, too short, or not for the algorithm
 * @example
 * const tokens = createAccessTokens({ key: process.env.TOKEN_KEY ?? '' }); // openssl rand -base64 48; '' is refused
 * const { token, expiresAt } = await tokens.mint({ userUuid: 'alice', label: 'Alice', ttlSeconds: 900 });
 * const { userUuid } = await tokens.verify(token);
 */
export function createAccessTokens(options: AccessTokensOptions): AccessTokens {
  const tokens = createUnboundedAccessTokens(options);
  return { mint: (request) => tokens.mint(request), verify: (token) => tokens.verify(token) };
}

/**
 * Checks tokens that somebody else mints, with public keys: what a credentials endpoint needs that must not be able
 * to mint.
 * @throws TypeError for a key set that holds no key, a private one, or one that is not for the algorithm
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  return { verify: verifierOf(publicKeys(options), options) };
}

interface UnboundedAccessTokens extends AccessTokens {
  /** Takes the lifetime as it is, in whole seconds, also below zero: for tests of expiry. */
  mintExact(request: AccessTokenRequest): Promise<AccessToken>;
}

/** Not published: with it, tokens could outlive what the contract promises. */
export function createUnboundedAccessTokens(options: AccessTokensOptions): UnboundedAccessTokens {
  const keys = 'privateKey' in options ? privateKeys(options) : sharedKeys(options);
  const mint = async (request: AccessTokenRequest, lifetimeOf: (wished: number) => number) => {
    const { userUuid, label, ttlSeconds = defaultTtlSeconds } = await checkRequest(request, options);
    return sign(keys, options, { userUuid, label }, lifetimeOf(Math.floor(ttlSeconds)));
  };
  return {
    mint: (request) => mint(request, (wished) => Math.min(Math.max(wished, minTtlSeconds), maxTtlSeconds)),
    mintExact: (request) => mint(request, (wished) => wished),
    verify: verifierOf(keys, options),
  };
}

// What is typed as right here may come from a request's body.
async function checkRequest(
  request: AccessTokenRequest,
  { checkUser }: MintOptions,
): Promise<AccessTokenRequest> {
  const { userUuid, label, ttlSeconds }: { [Name in keyof AccessTokenRequest]: unknown } = request;
  if (!isUserUuid(userUuid)) throw refusal('user_uuid is missing or malformed');
  if (label !== undefined && !isLabel(label)) throw refusal('label is malformed');
  if (ttlSeconds !== undefined && !Number.isFinite(ttlSeconds))
    throw refusal('ttl is not a number of seconds');
  const objection = await checkUser?.(userUuid);
  if (objection !== undefined) throw refusal(objection);
  return request;
}

const refusal = (message: string): AccessTokenError => new AccessTokenError('INVALID_ARGUMENT', message);

async function sign(
  keys: SigningKeys,
  { issuer, audience }: TokenCheckOptions,
  { userUuid, label }: { readonly userUuid: string; readonly label: string | undefined },
  lifetimeSeconds: number,
): Promise<AccessToken> {
  const issuedAtSeconds = Math.floor(Date.now() / 1000);
  const expiresAtSeconds = issuedAtSeconds + lifetimeSeconds;
  const jwt = new SignJWT({ user_uuid: userUuid, ...(label === undefined ? {} : { label }) })
    .setProtectedHeader({ alg: keys.alg, typ: 'JWT', ...(keys.kid === undefined ? {} : { kid: keys.kid }) })
    .setIssuedAt(issuedAtSeconds)
    .setExpirationTime(expiresAtSeconds)
    .setJti(crypto.randomUUID());
  if (issuer !== undefined) jwt.setIssuer(issuer);
  if (audience !== undefined) jwt.setAudience(audience);
  const token = await jwt.sign(await keys.signingKey());
  return { token, userUuid, label, expiresAt: new Date(expiresAtSeconds * 1000) };
}

function verifierOf(keys: CheckingKeys, options: TokenCheckOptions): TokenVerifier['verify'] {
  const { issuer, audience, isRevoked, clockToleranceSeconds = defaultClockToleranceSeconds } = options;
  if (!Number.isFinite(clockToleranceSeconds) || clockToleranceSeconds < 0)
    throw new TypeError('clockToleranceSeconds is not a number of seconds');
  const checks: JWTVerifyOptions = {
    algorithms: [keys.alg],
    requiredClaims: ['exp'],
    clockTolerance: clockToleranceSeconds,
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  return async (token) => {
    const claims = readClaims(await checkSignature(token, keys, checks));
    if (isRevoked === undefined) return claims;
    let answer: unknown;
    try {
      answer = await isRevoked(claims);
    } catch (cause) {
      throw new AccessTokenError('REVOCATION_UNKNOWN', 'whether the token is revoked is not known', {
        cause,
      });
    }
    if (answer !== false) throw new AccessTokenError('TOKEN_REVOKED', 'the token has been revoked');
    return claims;
  };
}

const invalid = (): AccessTokenError => new AccessTokenError('TOKEN_INVALID', 'the token is not valid');

async function checkSignature(
  token: unknown,
  keys: CheckingKeys,
  checks: JWTVerifyOptions,
): Promise<JWTPayload> {
  if (typeof token !== 'string' || token.length > maxTokenLength) throw invalid();
  for (const candidate of await keys.candidates()) {
    try {
      const { payload } =
        typeof candidate === 'function'
          ? await jwtVerify(token, candidate, checks)
          : await jwtVerify(token, candidate, checks);
      return payload;
    } catch (error) {
      // Any other fault is found by each key alike. The library's messages say too much for a caller to read.
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw faultOf(error);
    }
  }
  throw invalid();
}

function faultOf(error: unknown): AccessTokenError {
  if (error instanceof errors.JWTExpired)
    return new AccessTokenError('TOKEN_EXPIRED', 'the token has expired');
  const isEarly =
    error instanceof errors.JWTClaimValidationFailed &&
    error.claim === 'nbf' &&
    error.reason === 'check_failed';
  return isEarly ? new AccessTokenError('TOKEN_NOT_YET_VALID', 'the token is not valid yet') : invalid();
}

function readClaims(payload: JWTPayload): AccessTokenClaims {
  const { user_uuid: userUuid, label, iat, exp, jti } = payload;
  const expiresAt = momentOf(exp);
  if (!isUserUuid(userUuid) || expiresAt === undefined) throw invalid();
  return {
    userUuid,
    label: isLabel(label) ? label : undefined,
    issuedAt: momentOf(iat),
    expiresAt,
    tokenId: typeof jti === 'string' ? jti : undefined,
  };
}

function momentOf(seconds: unknown): Date | undefined {
  const isMoment = typeof seconds === 'number' && Math.abs(seconds) <= latestDateSeconds;
  return isMoment ? new Date(seconds * 1000) : undefined;
}
