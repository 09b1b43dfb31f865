/**
 * The keys that sign and check access tokens. Which algorithm is used is the operator's decision alone: a token's
 * header can only agree with it (RFC 8725 section 3.1), so a public key is never taken for a shared secret.
 */
import { createLocalJWKSet, exportJWK, importJWK, importPKCS8, type CryptoKey, type JWK } from 'jose';
import { readSecrets, type Secrets } from './secrets';

/** RFC 7518 section 3.2: a key at least as long as the hash. */
const minSharedKeyBytes = 32;
/** RFC 7518 section 3.3: at least 2048 bits. */
const minRsaModulusBytes = 256;

/** How many base64url characters hold that many bytes. */
const encodedLength = (bytes: number): number => Math.ceil((bytes * 4) / 3);

/** A JSON Web Key (RFC 7517), as far as it is looked at. */
export interface Jwk {
  /** `OKP` for EdDSA (RFC 8037), `RSA` for RS256. */
  readonly kty: string;
  /** Names the key in the header of the tokens that it signs. */
  readonly kid?: string;
  /** Of an `OKP` key: `Ed25519`. */
  readonly crv?: string;
  /** The numbers of the key, and members that nobody here looks at. */
  readonly [member: string]: unknown;
}

/** Public keys to check tokens with (RFC 7517 section 5); several while one replaces another. */
export interface JwkSet {
  /** Public keys only, each with a `kid` of its own. */
  readonly keys: readonly Jwk[];
}

/** One secret signs and checks. Default. */
export interface SharedKeyOptions {
  /** HMAC with SHA-256 (RFC 7518 section 3.2). Default. */
  readonly alg?: 'HS256';
  /**
   * At least 32 bytes from a good random source. Several while one replaces another: the first signs, each is
   * accepted.
   */
  readonly key: Secrets;
}

/** A private key signs, its public half checks: who only checks can mint nothing. */
export interface PrivateKeyOptions {
  /** `EdDSA`: Ed25519 (RFC 8037). `RS256`: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3), of 2048 bits or more. */
  readonly alg: 'EdDSA' | 'RS256';
  /** PKCS #8 in PEM (`-----BEGIN PRIVATE KEY-----`), or a private JWK. */
  readonly privateKey: string | Jwk;
  /** Names the key in the header of each token. */
  readonly kid: string;
  /** Further public keys whose tokens are accepted: of a predecessor or a successor. Default: none. */
  readonly keySet?: JwkSet;
}

/** Checks only. */
export interface KeySetOptions {
  /** The algorithm that all tokens have; no other is accepted. */
  readonly alg: 'EdDSA' | 'RS256';
  /** The public keys. */
  readonly keySet: JwkSet;
}

export type SigningAlgorithm = 'HS256' | 'EdDSA' | 'RS256';
export type SigningKey = CryptoKey | Uint8Array;
type KeyFinder = ReturnType<typeof createLocalJWKSet>;

/** Keys to try, in order. One that finds by `kid` counts as one. */
export interface CheckingKeys {
  readonly alg: SigningAlgorithm;
  readonly candidates: () => Promise<readonly (Uint8Array | KeyFinder)[]>;
}

export interface SigningKeys extends CheckingKeys {
  readonly kid: string | undefined;
  readonly signingKey: () => Promise<SigningKey>;
}

/** @throws TypeError for keys that the algorithm cannot use */
export function sharedKeys({ alg, key }: SharedKeyOptions): SigningKeys {
  const wanted: unknown = alg ?? 'HS256';
  if (wanted !== 'HS256') throw new TypeError('alg of a shared key is HS256');
  const keys = readSecrets('key', key, minSharedKeyBytes);
  const pemStart = new TextEncoder().encode('-----BEGIN ');
  if (keys.some((bytes) => pemStart.every((byte, at) => bytes[at] === byte)))
    throw new TypeError('key is in PEM: a key pair needs alg EdDSA or RS256, never HS256');
  return {
    alg: 'HS256',
    kid: undefined,
    signingKey: () => Promise.resolve(keys[0]),
    candidates: () => Promise.resolve(keys),
  };
}

/** @throws TypeError for keys that the algorithm cannot use. A private key that is none shows when it is first used. */
export function privateKeys({ alg, privateKey, kid, keySet }: PrivateKeyOptions): SigningKeys {
  assertKeyPairAlgorithm(alg);
  if (typeof kid !== 'string' || kid === '') throw new TypeError('kid is missing');
  if (typeof privateKey !== 'string' && !isKeyFor(alg, privateKey))
    throw new TypeError(`privateKey is not a key for ${alg}`);
  const others = readKeySet(alg, keySet ?? { keys: [] });
  if (others.some((key) => key.kid === kid)) throw new TypeError('keySet holds a second key with the kid');
  const pair = once(async () => {
    const signing = await importPrivateKey(alg, privateKey);
    return {
      signing,
      find: createLocalJWKSet({ keys: [await publicHalf(alg, signing.jwk, kid), ...others] }),
    };
  });
  return {
    alg,
    kid,
    signingKey: async () => (await pair()).signing.key,
    candidates: async () => [(await pair()).find],
  };
}

/** @throws TypeError for keys that the algorithm cannot use */
export function publicKeys({ alg, keySet }: KeySetOptions): CheckingKeys {
  assertKeyPairAlgorithm(alg);
  const keys = readKeySet(alg, keySet);
  if (keys.length === 0) throw new TypeError('keySet holds no key');
  const find = createLocalJWKSet({ keys });
  return { alg, candidates: () => Promise.resolve([find]) };
}

function assertKeyPairAlgorithm(alg: unknown): void {
  if (alg !== 'EdDSA' && alg !== 'RS256') throw new TypeError('alg of a key pair is EdDSA or RS256');
}

/** RFC 7518 section 6.3.2, RFC 8037 section 2: the private half, and the factors from which it can be worked out. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];

function readKeySet(alg: 'EdDSA' | 'RS256', { keys }: JwkSet): JWK[] {
  const kids = new Set<string>();
  return keys.map((key) => {
    if (privateMembers.some((member) => key[member] !== undefined))
      throw new TypeError('keySet holds a private key');
    if (!isKeyFor(alg, key)) throw new TypeError(`keySet holds a key that is not for ${alg}`);
    if (key.kid === undefined || key.kid === '' || kids.has(key.kid))
      throw new TypeError('keySet holds a key without a kid of its own');
    kids.add(key.kid);
    return { ...key, kty: key.kty };
  });
}

function isKeyFor(alg: 'EdDSA' | 'RS256', { kty, crv, n, alg: meant }: Jwk): boolean {
  if (meant !== undefined && meant !== alg) return false;
  if (alg === 'EdDSA') return kty === 'OKP' && crv === 'Ed25519';
  return kty === 'RSA' && typeof n === 'string' && n.length >= encodedLength(minRsaModulusBytes);
}

async function importPrivateKey(
  alg: 'EdDSA' | 'RS256',
  given: string | Jwk,
): Promise<{ key: SigningKey; jwk: JWK }> {
  try {
    if (typeof given === 'string') {
      const key = await importPKCS8(given, alg, { extractable: true });
      return { key, jwk: await exportJWK(key) };
    }
    const jwk: JWK = { ...given, kty: given.kty };
    if (jwk.d === undefined) throw new TypeError('public');
    return { key: await importJWK(jwk, alg), jwk };
  } catch {
    // The importer's own message may quote what it was given.
    throw new TypeError(`privateKey is not a private key for ${alg}`);
  }
}

async function publicHalf(alg: 'EdDSA' | 'RS256', jwk: JWK, kid: string): Promise<JWK> {
  const { crv = '', x = '', n = '', e = '' } = jwk;
  const half = alg === 'EdDSA' ? { kty: 'OKP', crv, x } : { kty: 'RSA', n, e };
  if (!isKeyFor(alg, half)) throw new TypeError(`privateKey is not a key for ${alg}`);
  // Fails here and not at the first token when the key is broken.
  await importJWK(half, alg);
  return { ...half, kid, alg, use: 'sig' };
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => (made ??= make());
}
