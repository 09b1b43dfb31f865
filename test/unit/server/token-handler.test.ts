import { decodeJwt } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  createAccessTokenHandler,
  createAccessTokens,
  RequestRefusal,
  type AccessTokenHandlerOptions,
} from '../../../src/server/index';

const SECRET = 'a-signing-secret-of-over-32-bytes';
const KEY = 'the-key-of-the-backend';
const tokens = createAccessTokens({ key: SECRET });
const handlerWith = (options: Partial<AccessTokenHandlerOptions> = {}) =>
  createAccessTokenHandler({ tokens, checkApiKey: KEY, ...options });

function post(body: object | string | null, headers: Readonly<Record<string, string>> = {}): Request {
  const isRaw =
    body === null || typeof body === 'string' || body instanceof ReadableStream || body instanceof Uint8Array;
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-User-API-Key': KEY, ...headers },
    body: isRaw ? (body as BodyInit) : JSON.stringify(body),
    duplex: 'half',
  };
  return new Request('https://api.test/open/sdk/access-token', init);
}

interface Answer {
  success: boolean;
  token: string;
  error?: string;
  expires_at: string;
}
const read = async (response: Response): Promise<Answer> => (await response.json()) as Answer;

/** A body in pieces; without an end it keeps the reader waiting. */
function streamOf(pieces: readonly string[], end: 'close' | 'never' | 'error' = 'close') {
  let cancelled = false;
  const left = [...pieces];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) controller.enqueue(new TextEncoder().encode(piece));
      else if (end === 'close') controller.close();
      else if (end === 'error') controller.error(new Error('connection reset, key 4711'));
      else return new Promise(() => undefined);
      return undefined;
    },
    cancel() {
      cancelled = true;
    },
  });
  return { stream, wasCancelled: () => cancelled };
}

describe('POST /open/sdk/access-token', () => {
  it('answers exactly as the contract says', async () => {
    const response = await handlerWith()(post({ user_uuid: 'alice', label: 'Alice', ttl: 600 }));
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const { token, ...answer } = await read(response);
    const { iat = 0, exp = 0, ...claims } = decodeJwt(token);
    expect(exp - iat).toBe(600);
    expect(claims).toMatchObject({ user_uuid: 'alice', label: 'Alice' });
    expect(answer).toEqual({
      success: true,
      user_uuid: 'alice',
      label: 'Alice',
      expires_at: new Date(exp * 1000).toISOString(),
    });
  });

  it('takes null and nothing for the defaults, and what it does not know for nothing', async () => {
    for (const body of [
      { user_uuid: 'alice' },
      { user_uuid: 'alice', label: null, ttl: null },
      { user_uuid: 'alice', user: 'bob', exp: 1, __proto__: { label: 'x' } },
      '{"user_uuid":"alice","__proto__":{"label":"x"},"constructor":{"ttl":60}}',
    ]) {
      const answer = await read(await handlerWith()(post(body)));
      expect(answer).toMatchObject({ user_uuid: 'alice', label: null });
      const { iat = 0, exp = 0 } = decodeJwt(answer.token);
      expect(exp - iat).toBe(3600);
    }
  });

  it.each([
    ['no user', { label: 'x' }, {}, 400],
    ['a user with a colon', { user_uuid: '9999999999:alice' }, {}, 400],
    ['a user with a line break', { user_uuid: 'a\r\nb' }, {}, 400],
    ['a user that is a list', { user_uuid: ['alice'] }, {}, 400],
    ['a label with a header in it', { user_uuid: 'a', label: 'x\r\nContact: <sip:m@evil>' }, {}, 400],
    ['a label that is an object', { user_uuid: 'a', label: {} }, {}, 400],
    ['a ttl in words', { user_uuid: 'a', ttl: '600' }, {}, 400],
    ['a ttl that is a list', { user_uuid: 'a', ttl: [600] }, {}, 400],
    ['no object', '[1]', {}, 400],
    ['null', 'null', {}, 400],
    ['no JSON', '{', {}, 400],
    ['no body', null, {}, 400],
    ['an empty body', '', {}, 400],
    ['no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), {}, 400],
    ['no key', { user_uuid: 'a' }, { 'X-User-API-Key': '' }, 401],
    ['a wrong key', { user_uuid: 'a' }, { 'X-User-API-Key': 'guess' }, 403],
    ['half a key', { user_uuid: 'a' }, { 'X-User-API-Key': KEY.slice(0, -1) }, 403],
    ['two keys', { user_uuid: 'a' }, { 'X-User-API-Key': `${KEY}, ${KEY}` }, 403],
    ['a form', { user_uuid: 'a' }, { 'Content-Type': 'application/x-www-form-urlencoded' }, 415],
    ['what looks like JSON', { user_uuid: 'a' }, { 'Content-Type': 'application/json5' }, 415],
    ['a large body', { user_uuid: 'a', label: 'x'.repeat(20_000) }, {}, 413],
    ['a body that says it is large', { user_uuid: 'a' }, { 'Content-Length': '99999999' }, 413],
  ])('refuses %s', async (_what, body, headers, status) => {
    const response = await handlerWith()(post(body, headers));
    expect(response.status).toBe(status);
    const text = await response.text();
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['success', 'error']);
    expect(text).toContain('"success":false');
    for (const secret of [KEY, SECRET, 'guess']) expect(text).not.toContain(secret);
  });

  it('takes JSON with a charset, and a body in pieces', async () => {
    const { stream } = streamOf(['{"user_', 'uuid":"al', 'ice"}']);
    const response = await handlerWith()(post(stream, { 'Content-Type': 'Application/JSON; charset=UTF-8' }));
    expect(response.status).toBe(200);
  });

  it('stops reading a body that is too large, too slow or cut off', async () => {
    const large = streamOf(['{"label":"', 'x'.repeat(60), 'y'.repeat(60)], 'never');
    expect((await handlerWith({ maxBodyBytes: 100 })(post(large.stream))).status).toBe(413);
    expect(large.wasCancelled()).toBe(true);
    const slow = streamOf(['{"user_uuid":'], 'never');
    expect((await handlerWith({ bodyTimeoutMs: 5 })(post(slow.stream))).status).toBe(408);
    expect(slow.wasCancelled()).toBe(true);
    const cut = await handlerWith()(post(streamOf(['{'], 'error').stream));
    expect(cut.status).toBe(400);
    expect(await cut.text()).not.toContain('4711');
  });

  it('reads no body before it knows the key', async () => {
    const { stream } = streamOf(['{}'], 'never');
    expect((await handlerWith()(post(stream, { 'X-User-API-Key': 'guess' }))).status).toBe(403);
  });

  it('accepts each of several keys, or what a function says', async () => {
    const several = handlerWith({ checkApiKey: ['one', 'two'] });
    const ask = async (handler: typeof several, key: string): Promise<number> =>
      (await handler(post({ user_uuid: 'a' }, { 'X-User-API-Key': key }))).status;
    expect([await ask(several, 'one'), await ask(several, 'two'), await ask(several, KEY)]).toEqual([
      200, 200, 403,
    ]);
    const asked: string[] = [];
    const custom = handlerWith({
      checkApiKey: (key, request) => {
        asked.push(`${key} ${request.method}`);
        return Promise.resolve(key === 'three');
      },
    });
    expect([await ask(custom, 'three'), await ask(custom, 'four')]).toEqual([200, 403]);
    expect(asked).toEqual(['three POST', 'four POST']);
    for (const answer of [undefined, 1, 'yes', {}]) {
      expect(await ask(handlerWith({ checkApiKey: () => answer as boolean }), 'x')).toBe(403);
    }
  });

  it.each([[''], [[]], [['a', '']], [[undefined]]])('does not start with the keys %j', (checkApiKey) => {
    expect(() => handlerWith({ checkApiKey: checkApiKey as string })).toThrow(TypeError);
  });

  it('limits before it checks, and says how long to wait', async () => {
    const seen: unknown[] = [];
    let waitSeconds: unknown = 0;
    const limited = handlerWith({
      rateLimit: ({ address, apiKey, request }) => {
        seen.push([address, apiKey, request.method]);
        return waitSeconds as number;
      },
    });
    const ask = async (key = KEY) => {
      const { status, headers } = await limited(post({ user_uuid: 'a' }, { 'X-User-API-Key': key }), {
        address: '192.0.2.1',
      });
      return [status, headers.get('Retry-After')];
    };
    expect(await ask()).toEqual([200, null]);
    waitSeconds = 2.1;
    expect(await ask('guess')).toEqual([429, '3']);
    for (const odd of [-1, NaN, Infinity, undefined, true]) {
      waitSeconds = odd;
      expect(await ask()).toEqual([429, '1']);
    }
    expect(seen.slice(0, 2)).toEqual([
      ['192.0.2.1', KEY, 'POST'],
      ['192.0.2.1', 'guess', 'POST'],
    ]);
    await limited(post({ user_uuid: 'a' }, { 'X-User-API-Key': '' }));
    expect(seen.at(-1)).toEqual([undefined, undefined, 'POST']);
  });

  it('serves nobody while a hook fails, and tells only the operator why', async () => {
    const failure = new Error('connect redis://:hunter2@db');
    const fail = (): never => {
      throw failure;
    };
    const failing: Partial<AccessTokenHandlerOptions>[] = [
      { rateLimit: fail },
      { rateLimit: () => Promise.reject(failure) },
      { checkApiKey: fail },
      { checkApiKey: () => Promise.reject(failure) },
      { tokens: createAccessTokens({ key: SECRET, checkUser: fail }) },
      { tokens: { mint: fail } },
    ];
    for (const options of failing) {
      const told: unknown[] = [];
      const response = await handlerWith({ ...options, onError: (error) => told.push(error) })(
        post({ user_uuid: 'a' }),
      );
      expect(response.status).toBe(503);
      expect(await response.text()).toBe('{"success":false,"error":"temporarily unavailable"}');
      expect(told).toEqual([failure]);
      expect((await handlerWith({ ...options, onError: fail })(post({ user_uuid: 'a' }))).status).toBe(503);
    }
  });

  it('lets a hook choose the answer', async () => {
    const handler = handlerWith({
      checkApiKey: () => {
        throw new RequestRefusal(402, 'pay first', { 'X-Plan': 'none' });
      },
      onError: () => expect.unreachable(),
    });
    const response = await handler(post({ user_uuid: 'a' }));
    expect([response.status, response.headers.get('X-Plan')]).toEqual([402, 'none']);
    expect((await read(response)).error).toBe('pay first');
  });

  it.each([
    [200, {}],
    [399, {}],
    [600, {}],
    [403.5, {}],
    [NaN, {}],
    [403, { 'X-Reason': 'a\r\nSet-Cookie: b' }],
    [403, { 'X Reason': 'a' }],
  ])('serves nobody when a hook chooses the answer %d with %j', async (status, headers) => {
    const told: unknown[] = [];
    const handler = handlerWith({
      checkApiKey: () => {
        throw new RequestRefusal(status, 'no', headers);
      },
      onError: (error) => told.push(error),
    });
    expect((await handler(post({ user_uuid: 'a' }))).status).toBe(503);
    expect(told).toHaveLength(1);
  });

  it('answers other methods, and pages of other origins only where it is told to', async () => {
    const ask = (method: string, cors?: AccessTokenHandlerOptions['cors'], origin = 'https://a.test') =>
      handlerWith(cors === undefined ? {} : { cors })(
        new Request('https://api.test/', { method, headers: { Origin: origin } }),
      );
    const get = await ask('GET');
    expect([get.status, get.headers.get('Allow')]).toEqual([405, 'POST, OPTIONS']);
    const closed = await ask('OPTIONS');
    expect([closed.status, await closed.text()]).toEqual([204, '']);
    expect([...closed.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    const listed = await ask('OPTIONS', { origins: ['https://a.test'] });
    expect(listed.headers.get('Access-Control-Allow-Origin')).toBe('https://a.test');
    expect(listed.headers.get('Access-Control-Allow-Headers')).toContain('X-User-API-Key');
    expect(listed.headers.get('Vary')).toBe('Origin');
    for (const origin of ['https://a.test.evil', 'http://a.test', 'null', 'https://A.test:443']) {
      const foreign = await ask('GET', { origins: ['https://a.test'] }, origin);
      expect(foreign.headers.get('Access-Control-Allow-Origin')).toBeNull();
      expect(foreign.headers.get('Vary')).toBe('Origin');
    }
    const open = await ask('GET', { origins: '*', allowPrivateNetwork: true });
    expect(open.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(open.headers.get('Access-Control-Allow-Private-Network')).toBe('true');
  });
});
