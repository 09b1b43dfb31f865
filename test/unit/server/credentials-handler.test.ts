import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findCredentialsFault } from '../../../src/auth/sip-credentials';
import {
  createAccessTokens,
  createCredentialsHandler,
  createSipVerifier,
  RequestRefusal,
  type CredentialsHandlerOptions,
} from '../../../src/server/index';

const KEY = 'a-signing-secret-of-over-32-bytes';
const SIP_SECRET = 'shared-with-the-sip-server';
const TURN_SECRET = 'shared-with-the-turn-server';
const NOW_S = 1_893_456_000;
const tokens = createAccessTokens({ key: KEY });
const sip = { secret: SIP_SECRET, domain: 'edge.test', wsUrls: ['wss://one.test', 'wss://two.test'] };
const turn = { secret: TURN_SECRET, urls: ['turn:turn.test', 'turns:turn.test'] };

const handlerWith = (options: Partial<CredentialsHandlerOptions> = {}) =>
  createCredentialsHandler({ tokens, sip, ...options });
const get = (authorization?: string, url = 'https://api.test/open/sdk/credentials'): Request =>
  new Request(url, { headers: authorization === undefined ? {} : { Authorization: authorization } });
const bearer = async (ttlSeconds = 600, label?: string): Promise<string> => {
  const { token } = await tokens.mint({
    userUuid: 'alice',
    ttlSeconds,
    ...(label === undefined ? {} : { label }),
  });
  return `Bearer ${token}`;
};
const isoAt = (seconds: number): string => new Date(seconds * 1000).toISOString();

interface Answer {
  ws_urls: string[];
  authorization_username: string;
  password: string;
  ice_servers?: { username?: string; urls: string | string[] }[];
  expires_at: string;
}
const ask = async (options: Partial<CredentialsHandlerOptions>, ttlSeconds?: number): Promise<Answer> =>
  (await (await handlerWith(options)(get(await bearer(ttlSeconds)))).json()) as Answer;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_S * 1000 + 400, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('GET /open/sdk/credentials', () => {
  it('answers exactly as the contract says, with what the servers accept', async () => {
    const iceServers = [{ urls: 'stun:stun.test' }];
    const handler = handlerWith({ turn, iceServers, sip: { ...sip, registerExpiresSeconds: 120 } });
    const response = await handler(get(await bearer(600, 'Alice')));
    expect(response.status).toBe(200);
    expect(response.headers.get('Cache-Control')).toBe('no-store');
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('*');
    const answer = (await response.json()) as Answer;
    const until = NOW_S + 600;
    expect(answer).toEqual({
      ws_urls: ['wss://one.test', 'wss://two.test'],
      sip_uri: 'sip:alice@edge.test',
      authorization_username: `${until}:alice`,
      password: expect.stringMatching(/^[A-Za-z0-9+/]{27}=$/) as string,
      display_name: 'Alice',
      ice_servers: [
        { urls: 'stun:stun.test' },
        {
          urls: turn.urls,
          username: `${until}:alice`,
          credential: expect.stringMatching(/^[A-Za-z0-9+/]{27}=$/) as string,
        },
      ],
      register_expires: 120,
      expires_at: isoAt(until),
    });
    expect(findCredentialsFault(answer)).toBeUndefined();
    const verifier = createSipVerifier({ secret: SIP_SECRET });
    expect(await verifier.verify(answer.authorization_username, answer.password)).toMatchObject({
      user: 'alice',
    });
  });

  it('leaves out what there is not', async () => {
    const answer = await ask({});
    expect(Object.keys(answer).sort()).toEqual(
      ['authorization_username', 'expires_at', 'password', 'register_expires', 'sip_uri', 'ws_urls'].sort(),
    );
    expect(answer).toMatchObject({ register_expires: 300 });
  });

  it('gives nothing that outlives the token, or a shorter end that was asked for', async () => {
    const ends = async (sipTtl: number | undefined, turnTtl: number | undefined, tokenTtl: number) => {
      const answer = await ask(
        {
          sip: { ...sip, ...(sipTtl === undefined ? {} : { maxTtlSeconds: sipTtl }) },
          turn: { ...turn, ...(turnTtl === undefined ? {} : { ttlSeconds: turnTtl }) },
        },
        tokenTtl,
      );
      const endOf = (username = ''): number => Number(username.split(':')[0]) - NOW_S;
      return {
        sip: endOf(answer.authorization_username),
        turn: endOf(answer.ice_servers?.[0]?.username),
        all: Date.parse(answer.expires_at) / 1000 - NOW_S,
      };
    };
    expect(await ends(undefined, undefined, 3600)).toEqual({ sip: 3600, turn: 3600, all: 3600 });
    expect(await ends(900, undefined, 3600)).toEqual({ sip: 900, turn: 900, all: 900 });
    expect(await ends(undefined, 60, 3600)).toEqual({ sip: 3600, turn: 60, all: 60 });
    expect(await ends(7200, 7200, 600)).toEqual({ sip: 600, turn: 600, all: 600 });
  });

  it('bounds what a token of others allows', async () => {
    const token = await new SignJWT({ user_uuid: 'alice' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(NOW_S + 999_999_999)
      .sign(new TextEncoder().encode(KEY));
    const answer = (await (await handlerWith()(get(`bearer ${token}`))).json()) as Answer;
    expect(answer.expires_at).toBe(isoAt(NOW_S + 86_400));
  });

  it('asks for a token, and says what is wrong with it', async () => {
    const [good, foreign] = [
      await bearer(),
      (await createAccessTokens({ key: KEY.toUpperCase() }).mint({ userUuid: 'alice' })).token,
    ];
    const refused = async (authorization?: string): Promise<unknown[]> => {
      const response = await handlerWith()(get(authorization));
      const { error } = (await response.json()) as { error: string };
      return [response.status, response.headers.get('WWW-Authenticate'), error];
    };
    const how = [401, 'Bearer', 'send Authorization: Bearer with the access token'];
    for (const none of [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      `Basic ${good.slice(7)}`,
      good.slice(7),
      `${good} x`,
    ]) {
      expect(await refused(none)).toEqual(how);
    }
    const invalid = [401, 'Bearer error="invalid_token"', 'the token is not valid'];
    expect(await refused(`Bearer ${foreign}`)).toEqual(invalid);
    expect(await refused('Bearer a.b.c')).toEqual(invalid);
    vi.setSystemTime((NOW_S + 605) * 1000);
    expect(await refused(good)).toEqual([401, 'Bearer error="invalid_token"', 'the token has expired']);
    // Within the tolerance for clocks the token is good, but there is no time left to give.
    vi.setSystemTime((NOW_S + 600) * 1000);
    expect(await refused(good)).toEqual([401, 'Bearer error="invalid_token"', 'the token has expired']);
  });

  it('chooses URLs by the request', async () => {
    const handler = handlerWith({
      sip: {
        ...sip,
        wsUrls: (request, { userUuid }) =>
          Promise.resolve([
            `wss://${new URL(request.url).searchParams.get('region') ?? ''}.test/${userUuid}`,
          ]),
      },
    });
    const response = await handler(get(await bearer(), 'https://api.test/?region=eu'));
    expect(((await response.json()) as Answer).ws_urls).toEqual(['wss://eu.test/alice']);
  });

  it('gives nothing to whom it is not allowed', async () => {
    const authorization = await bearer();
    for (const answer of [false, undefined, 1, Promise.resolve(false)]) {
      const response = await handlerWith({ authorize: () => answer as boolean })(get(authorization));
      expect(response.status).toBe(403);
      expect(await response.text()).not.toContain('password');
    }
    const seen: unknown[] = [];
    const allowed = handlerWith({
      authorize: ({ userUuid }, { method }) => {
        seen.push(userUuid, method);
        return true;
      },
    });
    expect((await allowed(get(authorization))).status).toBe(200);
    expect(seen).toEqual(['alice', 'GET']);
    expect((await allowed(get('Bearer x'))).status).toBe(401);
    expect(seen).toHaveLength(2);
  });

  it('serves nobody while a hook fails, and tells only the operator why', async () => {
    const failure = new Error('connect redis://:hunter2@db');
    const fail = (): never => {
      throw failure;
    };
    const revoking = createAccessTokens({ key: KEY, isRevoked: fail });
    const failing: Partial<CredentialsHandlerOptions>[] = [
      { rateLimit: fail },
      { authorize: () => Promise.reject(failure) },
      { sip: { ...sip, wsUrls: fail } },
      { sip: { ...sip, wsUrls: () => [] } },
      { tokens: revoking },
      { tokens: { verify: fail } },
    ];
    for (const options of failing) {
      const told: unknown[] = [];
      const handler = handlerWith({ ...options, onError: (error) => told.push(error) });
      const response = await handler(get(await bearer()));
      expect(response.status).toBe(503);
      const text = await response.text();
      expect(text).toBe('{"success":false,"error":"temporarily unavailable"}');
      expect(told).toHaveLength(1);
    }
    const revoked = createAccessTokens({ key: KEY, isRevoked: () => true });
    expect((await handlerWith({ tokens: revoked })(get(await bearer()))).status).toBe(401);
  });

  it('lets a hook choose the answer, and survives secrets that turn bad', async () => {
    const chosen = handlerWith({
      authorize: () => {
        throw new RequestRefusal(451, 'not in this country');
      },
    });
    expect((await chosen(get(await bearer()))).status).toBe(451);
    const told: unknown[] = [];
    const changing = { ...sip };
    const handler = handlerWith({ sip: changing, onError: (error) => told.push(error) });
    changing.secret = 'short';
    const response = await handler(get(await bearer()));
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('{"success":false,"error":"internal error"}');
    expect(told).toHaveLength(1);
  });

  it('answers preflights and other methods', async () => {
    const ask = (method: string): Promise<Response> =>
      handlerWith()(new Request('https://api.test/', { method }));
    const preflight = await ask('OPTIONS');
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('Access-Control-Allow-Headers')).toContain('Authorization');
    const wrong = await ask('POST');
    expect([wrong.status, wrong.headers.get('Allow')]).toEqual([405, 'GET, OPTIONS']);
  });

  it.each([
    [{ sip: { ...sip, secret: 'short' } }, 'sip.secret'],
    [{ sip: { ...sip, domain: '' } }, 'sip.domain'],
    [{ sip: { ...sip, domain: 'edge.test>\r\nX: y' } }, 'sip.domain'],
    [{ sip: { ...sip, wsUrls: [] } }, 'sip.wsUrls'],
    [{ turn: { ...turn, secret: 'short' } }, 'turn.secret'],
    [{ turn: { ...turn, urls: [] } }, 'turn.urls'],
    [{ sip: { ...sip, registerExpiresSeconds: -5 } }, 'sip.registerExpiresSeconds'],
    [{ sip: { ...sip, maxTtlSeconds: NaN } }, 'sip.maxTtlSeconds'],
    [{ turn: { ...turn, ttlSeconds: 0 } }, 'turn.ttlSeconds'],
  ])('does not start with %j', (options, name) => {
    expect(() => handlerWith(options)).toThrow(name);
  });
});
