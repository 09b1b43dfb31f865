/** Access tokens: minted for a backend that has the key, checked when exchanged for SIP credentials. */
import { randomBytes } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { MintedToken, TokenRequest } from '../contract/sandbox';
import { everyCharacter, isControl } from '../text';
import { HttpError } from './respond';

export interface TokenClaims {
  readonly userUuid: string;
  readonly label: string | undefined;
  readonly expiresAt: Date;
}

const minTtlSeconds = 60;
const maxTtlSeconds = 86_400;
const defaultTtlSeconds = 3600;

const isUserUuid = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9._~-]{1,64}$/.test(value);

const isLabel = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= 128 && everyCharacter(value, (char) => !isControl(char));

export class Tokens {
  readonly #secret = randomBytes(32);

  /** @param isReserved names that no agent may take: those of customers */
  constructor(private readonly isReserved: (userUuid: string) => boolean) {}

  /** Reads the body of a token request. */
  readRequest(body: Readonly<Record<string, unknown>>): TokenRequest {
    const { user_uuid: userUuid, label, ttl } = body;
    if (!isUserUuid(userUuid)) throw new HttpError(400, 'user_uuid is missing or malformed');
    if (this.isReserved(userUuid)) throw new HttpError(400, 'user_uuid is the number of a customer');
    if (label !== undefined && label !== null && !isLabel(label))
      throw new HttpError(400, 'label is malformed');
    if (ttl !== undefined && ttl !== null && (typeof ttl !== 'number' || !Number.isFinite(ttl))) {
      throw new HttpError(400, 'ttl is not a number of seconds');
    }
    return {
      userUuid,
      ...(typeof label === 'string' ? { label } : {}),
      ...(typeof ttl === 'number' ? { ttlSeconds: ttl } : {}),
    };
  }

  async mint({ userUuid, label, ttlSeconds }: TokenRequest): Promise<MintedToken> {
    const wished = Math.floor(ttlSeconds ?? defaultTtlSeconds);
    const lifetime = Math.min(Math.max(wished, minTtlSeconds), maxTtlSeconds);
    return this.#sign({ userUuid, label }, lifetime);
  }

  /** A token with a lifetime outside the platform's bounds, for tests of expiry. */
  mintExact({ userUuid, label, ttlSeconds }: TokenRequest): Promise<MintedToken> {
    return this.#sign({ userUuid, label }, ttlSeconds ?? defaultTtlSeconds);
  }

  async #sign(
    who: Pick<MintedToken, 'userUuid'> & { label: string | undefined },
    lifetimeSeconds: number,
  ): Promise<MintedToken> {
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = new Date((issuedAt + lifetimeSeconds) * 1000);
    const claims = { user_uuid: who.userUuid, ...(who.label === undefined ? {} : { label: who.label }) };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt(issuedAt)
      .setJti(randomBytes(8).toString('hex'))
      .setExpirationTime(issuedAt + lifetimeSeconds)
      .sign(this.#secret);
    return { token, ...who, expiresAt };
  }

  /** @throws HttpError 401 */
  async verify(token: string): Promise<TokenClaims> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, {
        algorithms: ['HS256'],
        requiredClaims: ['exp'],
      });
      const { user_uuid: userUuid, label, exp } = payload;
      if (!isUserUuid(userUuid)) throw new HttpError(401, 'the token is not valid');
      return {
        userUuid,
        label: typeof label === 'string' ? label : undefined,
        expiresAt: new Date((exp ?? 0) * 1000),
      };
    } catch (error) {
      const isExpired = error instanceof errors.JWTExpired;
      throw new HttpError(401, isExpired ? 'the token has expired' : 'the token is not valid', {
        'WWW-Authenticate': 'Bearer error="invalid_token"',
      });
    }
  }
}
