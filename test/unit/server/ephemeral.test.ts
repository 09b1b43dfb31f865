import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSipVerifier, sipCredentials, turnCredentials } from '../../../src/server/index';

const SECRET = 'known-answer-secret-of-32-bytes!';
const OLD = 'predecessor-of-that-secret';
const NOW_S = 1_893_456_000;
const at = (seconds: number): Date => new Date(seconds * 1000);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_S * 1000, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('SIP credentials', () => {
  // Each made with `printf 1893456000:alice | openssl dgst -<hash> -hmac <secret> -binary | base64`.
  it.each([
    [undefined, '4zyIf2Osbym8tmFc9Tv4E3a0SWQ='],
    ['SHA-1', '4zyIf2Osbym8tmFc9Tv4E3a0SWQ='],
    ['SHA-256', 'qCZSKXiFOTjBjkYgkw/0bHYOMf1kCw9UV/b4EYuDdPs='],
    ['SHA-384', 'jajtHqsbOpB5vfdfSFMvgNHgEo1lzdrmhhfj2Vmq+hflbD1GGGaEf5kmxUFVxXVf'],
    ['SHA-512', 'BevN28V+UZbovbABbUmImW1k0LdGUxmrlK9vkfAKVTRBtirxQVn21o36Ix1PzhqP4agKoLrIO89dKd9xlgCkhA=='],
  ] as const)('with %s are the known answer', async (shaAlgorithm, password) => {
    const request = { secret: SECRET, user: 'alice', expiresAt: at(NOW_S) };
    const login = await sipCredentials({
      ...request,
      ...(shaAlgorithm === undefined ? {} : { shaAlgorithm }),
    });
    expect(login).toEqual({ username: '1893456000:alice', password });
  });

  it('take a secret as text in UTF-8 or as bytes, and sign with the first of several', async () => {
    const text = 'schlüssel-für-die-anmeldung';
    const request = { user: 'alice', expiresAt: at(NOW_S) };
    for (const secret of [text, new TextEncoder().encode(text), [text, SECRET], Buffer.from(text)]) {
      expect((await sipCredentials({ ...request, secret })).password).toBe('xAsDADA1jbn5m+wHK8sB0h/6ZUA=');
    }
  });

  it('end in the second that they are asked to end in', async () => {
    const request = { secret: SECRET, user: 'alice', expiresAt: new Date(NOW_S * 1000 + 999) };
    expect((await sipCredentials(request)).username).toBe('1893456000:alice');
  });

  it.each([
    ['no secret', { secret: undefined }],
    ['a short secret', { secret: 'nineteen-bytes-long' }],
    ['no secrets', { secret: [] }],
    ['no user', { user: '' }],
    ['a user with a colon', { user: 'alice:bob' }],
    ['a user with a line break', { user: 'a\r\nb' }],
    ['a user with a quote', { user: 'a"b' }],
    ['no moment', { expiresAt: new Date(NaN) }],
    ['a moment before 1970', { expiresAt: new Date(-1000) }],
    ['a moment after 2106', { expiresAt: at(0x1_0000_0000) }],
  ])('are not made for %s', async (_what, wrong) => {
    const request = { secret: SECRET, user: 'alice', expiresAt: at(NOW_S), ...wrong };
    const error: unknown = await sipCredentials(
      request as { secret: string; user: string; expiresAt: Date },
    ).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).not.toMatch(/known-answer|nineteen/);
  });
});

describe('TURN credentials', () => {
  it('are the known answer, for a lifetime or until a moment', async () => {
    const credential = 'Hno/FQE1meDNIjhpiUYWKcpqNJE=';
    const request = { secret: [SECRET, OLD], user: 'a.b_c~d-E9' };
    const expected = { username: '1893459600:a.b_c~d-E9', credential, expiresAt: at(NOW_S + 3600) };
    expect(await turnCredentials({ ...request, ttlSeconds: 3600 })).toEqual(expected);
    expect(await turnCredentials({ ...request, expiresAt: new Date((NOW_S + 3600) * 1000 + 1) })).toEqual(
      expected,
    );
  });

  it.each([{}, { ttlSeconds: NaN }, { ttlSeconds: Infinity }, { expiresAt: new Date(NaN) }])(
    'are not made without an end: %j',
    async (end) => {
      await expect(turnCredentials({ secret: SECRET, user: 'alice', ...end })).rejects.toThrow('the end is');
    },
  );
});

describe('a SIP server of another make', () => {
  const verifier = createSipVerifier({ secret: [SECRET, OLD] });

  it('reads who it is and until when', () => {
    const user = 'a.b_c~d-E9';
    expect(verifier.holder(`1893456000:${user}`)).toEqual({ user, expiresAt: at(NOW_S) });
  });

  it.each([
    '',
    'alice',
    ':alice',
    '1893456000:',
    '1893456000.alice',
    '01893456000:alice',
    '0:alice',
    '-1:alice',
    '1e9:alice',
    ' 1893456000:alice',
    '18934560000:alice',
    '1893456000:alice:bob',
    '1893456000:a b',
    '1893456000:alice\n',
    '1893456000\n:alice',
    'alice:1893456000',
  ])('knows nobody called %j', async (username) => {
    expect(verifier.holder(username)).toBeUndefined();
    expect(await verifier.passwordsOf(username)).toEqual([]);
    expect(await verifier.verify(username, '')).toBeUndefined();
  });

  it('knows the passwords of both secrets, also when the time is over', async () => {
    for (const expiresAt of [at(NOW_S + 60), at(NOW_S - 60)]) {
      const logins = await Promise.all(
        [SECRET, OLD].map((secret) => sipCredentials({ secret, user: 'alice', expiresAt })),
      );
      const [login] = logins;
      expect(await verifier.passwordsOf(login?.username ?? '')).toEqual(
        logins.map(({ password }) => password),
      );
    }
  });

  it('accepts a password until its last second, and none that is changed', async () => {
    const { username, password } = await sipCredentials({ secret: OLD, user: 'alice', expiresAt: at(NOW_S) });
    expect(await verifier.verify(username, password)).toEqual({ user: 'alice', expiresAt: at(NOW_S) });
    vi.setSystemTime(NOW_S * 1000 + 999);
    expect(await verifier.verify(username, password)).toBeDefined();
    vi.setSystemTime(NOW_S * 1000 + 1000);
    expect(await verifier.verify(username, password)).toBeUndefined();
    expect(await verifier.verify(username.replace(/^1/, '2'), password)).toBeUndefined();
    vi.setSystemTime(NOW_S * 1000);
    expect(await verifier.verify(username.replace('alice', 'bob'), password)).toBeUndefined();
    for (const wrong of ['', password.slice(1), `${password}=`, password.toLowerCase()]) {
      expect(await verifier.verify(username, wrong)).toBeUndefined();
    }
    const sha256 = createSipVerifier({ secret: OLD, shaAlgorithm: 'SHA-256' });
    expect(await sha256.verify(username, password)).toBeUndefined();
  });

  it('needs a secret', () => {
    expect(() => createSipVerifier({ secret: 'short' })).toThrow('secret is shorter than 20 bytes');
  });
});
