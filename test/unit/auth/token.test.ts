import { describe, expect, it } from 'vitest';
import { assertNotExpired, readToken } from '../../../src/auth/token';

const NOW_MS = Date.UTC(2025, 0, 1);
const NOW_S = NOW_MS / 1000;
const GOOD = { user_uuid: 'agent-1', iat: NOW_S, exp: NOW_S + 3600 };

function encode(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function jwt(payload: unknown): string {
  return `${encode({ alg: 'HS256' })}.${encode(payload)}.c2ln`;
}

function without(claim: keyof typeof GOOD): object {
  return Object.fromEntries(Object.entries(GOOD).filter(([name]) => name !== claim));
}

function caught(action: () => unknown): { code: string; name: string; message: string; cause?: unknown } {
  try {
    action();
  } catch (error) {
    return error as { code: string; name: string; message: string };
  }
  throw new Error('nothing was thrown');
}

describe('a good token', () => {
  it('is read with its claims, also those that the SDK does not know', () => {
    const text = jwt({ ...GOOD, label: 'Jürgen 🎧', tenant: { id: 7 } });
    const token = readToken(text, NOW_MS);
    expect(token.jwt).toBe(text);
    expect(token.claims).toEqual({ ...GOOD, label: 'Jürgen 🎧', tenant: { id: 7 } });
    expect(token.expiresAt).toEqual(new Date(NOW_MS + 3_600_000));
    expect(Object.isFrozen(token.claims)).toBe(true);
  });

  it('may be unsigned: whether the signature is right is for the server to say', () => {
    const text = `${encode({ alg: 'none' })}.${encode(GOOD)}.`;
    expect(readToken(text, NOW_MS).claims.user_uuid).toBe('agent-1');
  });

  it('may say that there is no label by null', () => {
    expect(readToken(jwt({ ...GOOD, label: null }), NOW_MS).claims).toEqual(GOOD);
  });

  it('may be valid a quarter of an hour in the future, because clocks differ', () => {
    expect(readToken(jwt({ ...GOOD, nbf: NOW_S + 900 }), NOW_MS).claims.nbf).toBe(NOW_S + 900);
  });

  it('expires in the moment of its exp', () => {
    const token = readToken(jwt({ ...GOOD, exp: NOW_S + 1 }), NOW_MS);
    assertNotExpired(token, NOW_MS + 999);
    const error = caught(() => {
      assertNotExpired(token, NOW_MS + 1000);
    });
    expect(error.code).toBe('TOKEN_EXPIRED');
    expect(error.name).toBe('TokenError');
  });
});

describe('a token that cannot be used', () => {
  it.each([
    ['undefined', undefined, 'TOKEN_INVALID'],
    ['null', null, 'TOKEN_INVALID'],
    ['a number', 42, 'TOKEN_INVALID'],
    ['an object', { token: jwt(GOOD) }, 'TOKEN_INVALID'],
    ['a String object', new String(jwt(GOOD)), 'TOKEN_INVALID'],
    ['empty', '', 'TOKEN_INVALID'],
    ['a word', 'token', 'TOKEN_INVALID'],
    ['two parts', jwt(GOOD).split('.').slice(0, 2).join('.'), 'TOKEN_INVALID'],
    ['five parts, as an encrypted one', `${jwt(GOOD)}.YQ.YQ`, 'TOKEN_INVALID'],
    ['a payload that is not base64', 'eyJhbGciOiJub25lIn0.*.c2ln', 'TOKEN_INVALID'],
    [
      'a payload that is not JSON',
      `${encode({})}.${Buffer.from('{').toString('base64url')}.c2ln`,
      'TOKEN_INVALID',
    ],
    ['a payload that is a list', jwt([GOOD]), 'TOKEN_INVALID'],
    ['a payload that is null', jwt(null), 'TOKEN_INVALID'],
    ['a line break at its end', `${jwt(GOOD)}\n`, 'TOKEN_INVALID'],
    ['a header smuggled in', `${jwt(GOOD)}\r\nX-Evil: 1`, 'TOKEN_INVALID'],
    ['a letter outside Latin-1', `${jwt(GOOD)}✓`, 'TOKEN_INVALID'],
    ['Bearer in front', `Bearer ${jwt(GOOD)}`, 'TOKEN_INVALID'],
    ['no user_uuid', jwt(without('user_uuid')), 'TOKEN_INVALID'],
    ['an empty user_uuid', jwt({ ...GOOD, user_uuid: '' }), 'TOKEN_INVALID'],
    ['a user_uuid that is a number', jwt({ ...GOOD, user_uuid: 1 }), 'TOKEN_INVALID'],
    ['a label that is not a string', jwt({ ...GOOD, label: 1 }), 'TOKEN_INVALID'],
    ['an exp that is a string', jwt({ ...GOOD, exp: '2030-01-01' }), 'TOKEN_INVALID'],
    ['an exp that no Date holds', jwt({ ...GOOD, exp: 1e300 }), 'TOKEN_INVALID'],
    ['an nbf that is a string', jwt({ ...GOOD, nbf: 'soon' }), 'TOKEN_INVALID'],
    ['no exp', jwt(without('exp')), 'TOKEN_NO_EXPIRY'],
    ['nbf in the future', jwt({ ...GOOD, nbf: NOW_S + 901 }), 'TOKEN_NOT_YET_VALID'],
  ])('%s', (_what, token, code) => {
    const error = caught(() => readToken(token, NOW_MS));
    expect(error.code).toBe(code);
    expect(error.name).toBe('TokenError');
    // Nothing of the token itself: errors end up in logs.
    expect(`${error.message} ${String(error.cause)}`).not.toMatch(/eyJ|agent-1/);
  });
});
