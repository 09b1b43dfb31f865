import { createHmac, generateKeyPairSync, sign as signWith, type KeyObject } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAccessTokens, createTokenVerifier, type AccessTokens } from '../../../src/server/index';

const SECRET = 'known-answer-secret-of-32-bytes!';
const OTHER = 'another-secret-that-has-32-bytes';
const NOW_S = 1_800_000_000;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const good = { user_uuid: 'alice', iat: NOW_S, exp: NOW_S + 600 };

/** A JWS made without the code under test. */
function jws(header: unknown, payload: unknown, signature: (text: string) => Buffer): string {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${signature(text).toString('base64url')}`;
}
const hmac =
  (key: string | Buffer, hash = 'sha256') =>
  (text: string): Buffer =>
    createHmac(hash, key).update(text).digest();
const hs256 = (payload: unknown, key = SECRET, header: unknown = { alg: 'HS256' }): string =>
  jws(header, payload, hmac(key));

function refusal(code: string): unknown {
  return expect.objectContaining({ name: 'AccessTokenError', code });
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_S * 1000, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('tokens with a shared key', () => {
  const tokens = createAccessTokens({ key: SECRET });

  it('carry the claims of the contract', async () => {
    const minted = await tokens.mint({ userUuid: 'alice', label: 'Älïce 🎧', ttlSeconds: 600 });
    expect(minted).toMatchObject({ userUuid: 'alice', label: 'Älïce 🎧' });
    expect(minted.expiresAt).toEqual(new Date((NOW_S + 600) * 1000));
    expect(decodeProtectedHeader(minted.token)).toEqual({ alg: 'HS256', typ: 'JWT' });
    const { jti, ...claims } = decodeJwt(minted.token);
    expect(claims).toEqual({ user_uuid: 'alice', label: 'Älïce 🎧', iat: NOW_S, exp: NOW_S + 600 });
    expect(await tokens.verify(minted.token)).toEqual({
      userUuid: 'alice',
      label: 'Älïce 🎧',
      issuedAt: new Date(NOW_S * 1000),
      expiresAt: minted.expiresAt,
      tokenId: jti,
    });
    const again = await tokens.mint({ userUuid: 'alice' });
    expect(decodeJwt(again.token).jti).not.toBe(jti);
    expect(again.label).toBeUndefined();
    expect(decodeJwt(again.token)).not.toHaveProperty('label');
  });

  it.each([
    [undefined, 3600],
    [1, 60],
    [-5, 60],
    [59.9, 60],
    [60, 60],
    [600.9, 600],
    [86_400, 86_400],
    [86_401, 86_400],
    [1e300, 86_400],
  ])('clamp a lifetime of %d to %d', async (ttlSeconds, lifetime) => {
    const { expiresAt } = await tokens.mint({
      userUuid: 'alice',
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    });
    expect(expiresAt.getTime() / 1000 - NOW_S).toBe(lifetime);
  });

  it('can be checked by others, and theirs by us', async () => {
    // Made with `openssl dgst -sha256 -hmac`.
    const token =
      'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX3V1aWQiOiJhbGljZSIsImxhYmVsIjoiQWxpY2UiLCJpYXQiOjE3MDAwMDAwMDAsIm' +
      'V4cCI6NDEwMjQ0NDgwMCwianRpIjoiajEifQ.34zrGD0sk0Z6bdr6kqGNYahg_Ydk1xSUBqyK3HXLHR8';
    expect(await tokens.verify(token)).toMatchObject({ userUuid: 'alice', label: 'Alice', tokenId: 'j1' });
    const minted = await tokens.mint({ userUuid: 'bob' });
    const [header = '', payload = '', signature] = minted.token.split('.');
    expect(hmac(SECRET)(`${header}.${payload}`).toString('base64url')).toBe(signature);
  });

  it.each([
    ['no user', { userUuid: undefined }],
    ['an empty user', { userUuid: '' }],
    ['a user with a colon', { userUuid: 'alice:bob' }],
    ['a user with a space', { userUuid: 'a b' }],
    ['a user with a line break', { userUuid: 'a\r\nContact: x' }],
    ['a user that ends with a line break', { userUuid: 'a\n' }],
    ['a user of 65 characters', { userUuid: 'a'.repeat(65) }],
    ['a list of users', { userUuid: ['a'] }],
    ['a label with a line break', { label: 'x\r\nContact: y' }],
    ['a label with a C1 control', { label: 'x\u0085y' }],
    ['a label with a line separator', { label: 'x\u2028y' }],
    ['a label with half a surrogate pair', { label: 'x\ud83cy' }],
    ['a label of 129 characters', { label: 'x'.repeat(129) }],
    ['a label that is no text', { label: { toString: 1 } }],
    ['a lifetime that is no number', { ttlSeconds: '600' }],
    ['a lifetime that is NaN', { ttlSeconds: NaN }],
    ['a lifetime without end', { ttlSeconds: Infinity }],
  ])('are not minted for %s', async (_what, wrong) => {
    const request = { userUuid: 'alice', ...wrong } as { userUuid: string };
    await expect(tokens.mint(request)).rejects.toEqual(refusal('INVALID_ARGUMENT'));
  });

  it('are minted for what is just short enough', async () => {
    const { token } = await tokens.mint({ userUuid: `${'a'.repeat(60)}._~-`, label: 'x'.repeat(128) });
    expect((await tokens.verify(token)).label).toHaveLength(128);
  });

  it('are not minted for whom the operator refuses', async () => {
    const choosy = createAccessTokens({
      key: SECRET,
      checkUser: (user) => (user === 'queue' ? 'user_uuid is the name of a queue' : undefined),
    });
    await expect(choosy.mint({ userUuid: 'queue' })).rejects.toThrow('name of a queue');
    expect((await choosy.mint({ userUuid: 'alice' })).userUuid).toBe('alice');
  });

  const withoutSignature = (header: unknown): string => `${encode(header)}.${encode(good)}.`;
  const [head = '', body = '', tail = ''] = hs256(good).split('.');
  it.each([
    ['nothing', ''],
    ['no token', 'x'],
    ['no JSON', 'a.b.c'],
    ['something that is no text', 7],
    ['an endless token', `${head}.${'A'.repeat(100_000)}.${tail}`],
    ['a foreign signature', hs256(good, OTHER)],
    ['no signature', `${head}.${body}.`],
    ['a changed payload', `${head}.${encode({ ...good, user_uuid: 'bob' })}.${tail}`],
    ['alg none', withoutSignature({ alg: 'none' })],
    ['alg None', withoutSignature({ alg: 'None' })],
    ['no alg', hs256(good, SECRET, {})],
    ['another HMAC', jws({ alg: 'HS512' }, good, hmac(SECRET, 'sha512'))],
    ['an alg that is a list', hs256(good, SECRET, { alg: ['HS256'] })],
    ['an unknown critical extension', hs256(good, SECRET, { alg: 'HS256', crit: ['x'], x: 1 })],
    ['an unencoded payload', hs256(good, SECRET, { alg: 'HS256', crit: ['b64'], b64: false })],
    ['a payload that is no object', hs256([good])],
    ['no user', hs256({ ...good, user_uuid: undefined })],
    ['a user with a colon', hs256({ ...good, user_uuid: '9999999999:alice' })],
    ['no expiry', hs256({ ...good, exp: undefined })],
    ['an expiry in words', hs256({ ...good, exp: 'tomorrow' })],
    ['an expiry beyond all dates', hs256({ ...good, exp: 1e300 })],
    ['a beginning in words', hs256({ ...good, nbf: 'now' })],
  ])('are refused with %s', async (_what, token) => {
    const error: unknown = await tokens.verify(token as string).catch((reason: unknown) => reason);
    expect(error).toEqual(refusal('TOKEN_INVALID'));
    expect(String(error)).not.toContain(SECRET);
  });

  it('show no label that cannot be shown', async () => {
    for (const label of ['x\r\nVia: y', 'x'.repeat(129), { a: 1 }, null]) {
      expect((await tokens.verify(hs256({ ...good, label }))).label).toBeUndefined();
    }
  });

  it('expire and begin to the second, within the tolerance for clocks', async () => {
    const strict = createAccessTokens({ key: SECRET, clockToleranceSeconds: 0 });
    const token = hs256({ ...good, nbf: NOW_S + 3, exp: NOW_S + 100 });
    const at = async (who: AccessTokens, seconds: number): Promise<string> => {
      vi.setSystemTime((NOW_S + seconds) * 1000);
      const error: unknown = await who.verify(token).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return error === undefined ? 'good' : (error as { code: string }).code;
    };
    expect(await at(strict, 2)).toBe('TOKEN_NOT_YET_VALID');
    expect(await at(strict, 3)).toBe('good');
    expect(await at(strict, 99)).toBe('good');
    expect(await at(strict, 100)).toBe('TOKEN_EXPIRED');
    expect(await at(tokens, -3)).toBe('TOKEN_NOT_YET_VALID');
    expect(await at(tokens, -2)).toBe('good');
    expect(await at(tokens, 104)).toBe('good');
    expect(await at(tokens, 105)).toBe('TOKEN_EXPIRED');
  });

  it('are for whom they say', async () => {
    const bound = createAccessTokens({ key: SECRET, issuer: 'https://a.test', audience: 'phones' });
    const { token } = await bound.mint({ userUuid: 'alice' });
    expect(decodeJwt(token)).toMatchObject({ iss: 'https://a.test', aud: 'phones' });
    expect((await bound.verify(token)).userUuid).toBe('alice');
    const right = { ...good, iss: 'https://a.test', aud: ['x', 'phones'] };
    expect((await bound.verify(hs256(right))).userUuid).toBe('alice');
    for (const wrong of [
      { iss: 'https://b.test' },
      { aud: 'doors' },
      { aud: undefined },
      { iss: undefined },
    ]) {
      await expect(bound.verify(hs256({ ...right, ...wrong }))).rejects.toEqual(refusal('TOKEN_INVALID'));
    }
  });

  it('outlive a change of the key by as long as the old one is given', async () => {
    const before = createAccessTokens({ key: OTHER });
    const during = createAccessTokens({ key: [SECRET, OTHER] });
    const { token } = await before.mint({ userUuid: 'alice' });
    expect((await during.verify(token)).userUuid).toBe('alice');
    expect((await tokens.verify((await during.mint({ userUuid: 'bob' })).token)).userUuid).toBe('bob');
    await expect(tokens.verify(token)).rejects.toEqual(refusal('TOKEN_INVALID'));
    await expect(during.verify(hs256({ ...good, exp: NOW_S - 60 }, OTHER))).rejects.toEqual(
      refusal('TOKEN_EXPIRED'),
    );
  });

  it('end early when they are revoked, and when nobody can say', async () => {
    const { token } = await tokens.mint({ userUuid: 'alice' });
    const { jti } = decodeJwt(token);
    const asked: unknown[] = [];
    const guarded = (answer: () => unknown): AccessTokens =>
      createAccessTokens({
        key: SECRET,
        isRevoked: (claims) => {
          asked.push(claims.tokenId);
          return answer() as boolean;
        },
      });
    expect((await guarded(() => false).verify(token)).userUuid).toBe('alice');
    expect((await guarded(() => Promise.resolve(false)).verify(token)).userUuid).toBe('alice');
    for (const answer of [true, Promise.resolve(true), undefined, null, 0]) {
      await expect(guarded(() => answer).verify(token)).rejects.toEqual(refusal('TOKEN_REVOKED'));
    }
    const cause = new Error('connect redis://:hunter2@db');
    const failing = guarded(() => {
      throw cause;
    });
    const error: unknown = await failing.verify(token).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'REVOCATION_UNKNOWN', cause });
    expect((error as Error).message).not.toContain('hunter2');
    expect(new Set(asked)).toEqual(new Set([jti]));
    await expect(failing.verify(hs256(good, OTHER))).rejects.toEqual(refusal('TOKEN_INVALID'));
  });

  it.each([
    ['no key', { key: undefined }],
    ['a short key', { key: 'short-secret' }],
    ['a key of 31 bytes', { key: new Uint8Array(31) }],
    ['no keys', { key: [] }],
    ['a short second key', { key: [SECRET, 'short-secret'] }],
    ['a public key in its place', { key: `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(64)}` }],
    ['a number', { key: 7 }],
    ['another algorithm', { key: SECRET, alg: 'HS512' }],
    ['no algorithm', { key: SECRET, alg: 'none' }],
    ['a negative tolerance', { key: SECRET, clockToleranceSeconds: -1 }],
  ])('need better than %s', (_what, options) => {
    const create = (): unknown => createAccessTokens(options as { key: string });
    expect(create).toThrow(TypeError);
    expect(create).not.toThrow(/short-secret|known-answer/);
  });
});

describe.each(['EdDSA', 'RS256'] as const)('tokens with a key pair, %s', (alg) => {
  const newPair = (): { privateKey: KeyObject; publicKey: KeyObject } =>
    alg === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [pair, older] = [newPair(), newPair()];
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const jwkOf = (key: KeyObject, kid?: string) => ({
    ...(key.export({ format: 'jwk' }) as { kty: string }),
    ...(kid === undefined ? {} : { kid }),
  });
  const signature =
    (key: KeyObject) =>
    (text: string): Buffer =>
      signWith(alg === 'EdDSA' ? null : 'sha256', Buffer.from(text), key);
  const keySet = { keys: [jwkOf(pair.publicKey, 'new'), jwkOf(older.publicKey, 'old')] };
  const tokens = createAccessTokens({ alg, privateKey: pem, kid: 'new' });
  const verifier = createTokenVerifier({ alg, keySet });

  it('are checked with the public half', async () => {
    const { token } = await tokens.mint({ userUuid: 'alice' });
    expect(decodeProtectedHeader(token)).toEqual({ alg, typ: 'JWT', kid: 'new' });
    expect((await tokens.verify(token)).userUuid).toBe('alice');
    expect((await verifier.verify(token)).userUuid).toBe('alice');
    const fromJwk = createAccessTokens({ alg, privateKey: jwkOf(pair.privateKey), kid: 'new' });
    const other = await fromJwk.mint({ userUuid: 'bob' });
    expect((await tokens.verify(other.token)).userUuid).toBe('bob');
    expect((await fromJwk.verify(token)).userUuid).toBe('alice');
  });

  it('are accepted of each key of the set, and of no other', async () => {
    const rotating = createAccessTokens({
      alg,
      privateKey: pem,
      kid: 'new',
      keySet: { keys: [jwkOf(older.publicKey, 'old')] },
    });
    const old = jws({ alg, kid: 'old' }, good, signature(older.privateKey));
    expect((await verifier.verify(old)).userUuid).toBe('alice');
    expect((await rotating.verify(old)).userUuid).toBe('alice');
    await expect(tokens.verify(old)).rejects.toEqual(refusal('TOKEN_INVALID'));
    for (const kid of ['newer', 'new', '', 7, undefined]) {
      const claimed = jws({ alg, kid }, good, signature(older.privateKey));
      await expect(rotating.verify(claimed)).rejects.toEqual(refusal('TOKEN_INVALID'));
    }
    const inHeader = jws({ alg, kid: 'x', jwk: jwkOf(older.publicKey) }, good, signature(older.privateKey));
    await expect(tokens.verify(inHeader)).rejects.toEqual(refusal('TOKEN_INVALID'));
  });

  it('are never checked with the public key as a secret', async () => {
    const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' });
    const der = pair.publicKey.export({ type: 'spki', format: 'der' });
    const jwk = JSON.stringify(jwkOf(pair.publicKey, 'new'));
    for (const secret of [publicPem, String(publicPem).trim(), der, jwk]) {
      const token = jws({ alg: 'HS256', kid: 'new' }, good, hmac(secret));
      await expect(tokens.verify(token)).rejects.toEqual(refusal('TOKEN_INVALID'));
      await expect(verifier.verify(token)).rejects.toEqual(refusal('TOKEN_INVALID'));
    }
  });

  it('are refused with another algorithm of the same key, or none', async () => {
    const other = alg === 'EdDSA' ? 'Ed448' : 'PS256';
    const token = jws({ alg: other, kid: 'new' }, good, signature(pair.privateKey));
    const unsigned = `${encode({ alg: 'none', kid: 'new' })}.${encode(good)}.`;
    const expired = jws({ alg, kid: 'new' }, { ...good, exp: NOW_S - 60 }, signature(pair.privateKey));
    await expect(tokens.verify(token)).rejects.toEqual(refusal('TOKEN_INVALID'));
    await expect(tokens.verify(unsigned)).rejects.toEqual(refusal('TOKEN_INVALID'));
    await expect(tokens.verify(expired)).rejects.toEqual(refusal('TOKEN_EXPIRED'));
  });

  it('need keys that fit', async () => {
    const make = (change: object) => (): unknown =>
      createAccessTokens({ alg, privateKey: pem, kid: 'new', ...change });
    const otherAlg = alg === 'EdDSA' ? 'RS256' : 'EdDSA';
    const check =
      (keys: unknown[], change: object = {}) =>
      (): unknown =>
        createTokenVerifier({ alg, keySet: { keys: keys as typeof keySet.keys }, ...change });
    expect(make({ kid: undefined })).toThrow('kid');
    expect(make({ alg: 'ES256' })).toThrow('alg');
    expect(make({ privateKey: { kty: 'oct', k: 'AAAA' } })).toThrow('privateKey');
    expect(make({ keySet: { keys: [jwkOf(older.publicKey, 'new')] } })).toThrow('second key');
    expect(make({ keySet: { keys: [jwkOf(older.privateKey, 'old')] } })).toThrow('private key');
    // Of an RSA key without `d` the factors are left, which are as private.
    expect(check([{ ...jwkOf(pair.publicKey, 'a'), p: 'AAAA' }])).toThrow('private key');
    expect(check([])).toThrow('no key');
    expect(check([jwkOf(pair.publicKey)])).toThrow('kid');
    expect(check([jwkOf(pair.publicKey, 'a'), jwkOf(older.publicKey, 'a')])).toThrow('kid');
    expect(check([{ kty: 'oct', k: 'AAAA', kid: 'a' }])).toThrow('not for');
    expect(check([{ ...jwkOf(pair.publicKey, 'a'), alg: 'HS256' }])).toThrow('not for');
    expect(check(keySet.keys, { alg: otherAlg })).toThrow('not for');
    const broken = createAccessTokens({ alg, kid: 'new', privateKey: '-----BEGIN PRIVATE KEY-----\nsecret' });
    const halved = createAccessTokens({ alg, kid: 'new', privateKey: jwkOf(pair.publicKey) });
    for (const useless of [broken, halved]) {
      const error: unknown = await useless.mint({ userUuid: 'alice' }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TypeError);
      expect(String(error)).toMatch(/privateKey is not a private key/);
    }
  });
});

describe('key pairs of others', () => {
  it('sign what we check', async () => {
    // Made with `openssl pkeyutl -sign -rawin`.
    const keys = [
      { kty: 'OKP', crv: 'Ed25519', kid: 'ed-1', x: 'ZtXBUXK6r25oklZJcqEV4930vIT4xyf5tzVVLRKjmTg' },
    ];
    const token =
      'eyJhbGciOiJFZERTQSIsImtpZCI6ImVkLTEifQ.eyJ1c2VyX3V1aWQiOiJhbGljZSIsImxhYmVsIjoiQWxpY2UiLCJpYXQiOjE3MDAwMDAwMDAsIm' +
      'V4cCI6NDEwMjQ0NDgwMCwianRpIjoiajEifQ.jJKovkNy8Lo4Zk_q004Dg6mW3GEeuW6qgJIctbd2go_7ebdx7iKqiy4Rl0U7b-yvwQvG3I5PzfCVA' +
      'C2L3-fcBg';
    const verifier = createTokenVerifier({ alg: 'EdDSA', keySet: { keys } });
    expect(await verifier.verify(token)).toMatchObject({ userUuid: 'alice', label: 'Alice', tokenId: 'j1' });
  });

  it('must be long enough', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const jwk = { ...(publicKey.export({ format: 'jwk' }) as { kty: string }), kid: 'weak' };
    expect(() => createTokenVerifier({ alg: 'RS256', keySet: { keys: [jwk] } })).toThrow('not for RS256');
    const weak = createAccessTokens({
      alg: 'RS256',
      kid: 'weak',
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    });
    return expect(weak.mint({ userUuid: 'alice' })).rejects.toThrow('not a key for RS256');
  });
});
