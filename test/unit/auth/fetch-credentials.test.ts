import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { obtainCredentials, platformCredentials } from '../../../src/auth/fetch-credentials';
import type { FetchCredentials } from '../../../src/auth/sip-credentials';
import { voiceError, type VoiceSDKError } from '../../../src/core/errors';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX3V1aWQiOiJhIn0.c2VjcmV0LXNpZ25hdHVyZQ';
const PASSWORD = 'correct-horse';
const GOOD = {
  ws_urls: ['wss://pbx.test/ws'],
  sip_uri: 'sip:agent-1@pbx.test',
  authorization_username: 'agent-1',
  password: PASSWORD,
};

const answer = vi.fn<typeof fetch>();

beforeEach(() => {
  vi.useFakeTimers();
  answer.mockReset();
  vi.stubGlobal('fetch', answer);
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function obtain(exchange: FetchCredentials, signal = new AbortController().signal) {
  return obtainCredentials(exchange, JWT, signal);
}

async function failure(promise: Promise<unknown>): Promise<VoiceSDKError> {
  const error = await promise.then(
    () => {
      throw new Error('It resolved');
    },
    (reason: unknown) => reason as VoiceSDKError,
  );
  const cause =
    error.cause instanceof Error ? `${error.cause.name} ${error.cause.message}` : JSON.stringify(error.cause);
  const told = `${error.message} ${cause} ${JSON.stringify(error)}`;
  expect(told).not.toContain(JWT);
  expect(told).not.toContain(PASSWORD);
  return error;
}

describe('the time of the backend', () => {
  const exchange = platformCredentials('https://api.test');
  const headers = { Date: 'Wed, 01 Jan 2025 09:00:00 GMT' };

  it('is the Date of the answer, where the page may read it', async () => {
    answer.mockResolvedValue(Response.json(GOOD, { headers }));
    await expect(obtain(exchange)).resolves.toEqual({ ...GOOD, issued_at: '2025-01-01T09:00:00.000Z' });
  });

  it('is what the backend itself says, where it does', async () => {
    const body = { ...GOOD, issued_at: '2025-01-01T09:00:01.500Z' };
    answer.mockResolvedValue(Response.json(body, { headers }));
    await expect(obtain(exchange)).resolves.toEqual(body);
  });

  it('is unknown when the Date cannot be read', async () => {
    answer.mockResolvedValue(Response.json(GOOD, { headers: { Date: 'soon' } }));
    await expect(obtain(exchange)).resolves.toEqual(GOOD);
  });

  it('does not make credentials of an answer that is none', async () => {
    answer.mockResolvedValue(Response.json(null, { headers }));
    expect((await failure(obtain(exchange))).code).toBe('CONFIG_FETCH_FAILED');
  });
});

describe('the platform request', () => {
  const exchange = platformCredentials('https://api.test');

  it.each([
    ['https://api.test', 'https://api.test/open/sdk/credentials'],
    ['https://api.test/', 'https://api.test/open/sdk/credentials'],
    ['http://localhost:8080/base//', 'http://localhost:8080/base/open/sdk/credentials'],
  ])('of %s goes to %s', async (base, url) => {
    answer.mockResolvedValue(Response.json(GOOD));
    await expect(obtain(platformCredentials(base))).resolves.toEqual(GOOD);
    expect(answer.mock.calls.map(([target]) => target)).toEqual([url]);
  });

  it('is a GET with the token as bearer, without cookies and past every cache', async () => {
    answer.mockResolvedValue(Response.json(GOOD));
    await obtain(exchange);
    const request = new Request('https://api.test', answer.mock.calls[0]?.[1]);
    expect(request.method).toBe('GET');
    expect(request.headers.get('authorization')).toBe(`Bearer ${JWT}`);
    expect(request.headers.get('accept')).toBe('application/json');
    expect(request.credentials).toBe('omit');
    expect(request.cache).toBe('no-store');
  });

  it.each([400, 401, 403, 404, 429, 500, 503])('answered with HTTP %i names the status', async (status) => {
    answer.mockResolvedValue(new Response(`{"token":"${JWT}"}`, { status }));
    const error = await failure(obtain(exchange));
    expect(error.code).toBe('CONFIG_FETCH_FAILED');
    expect(error.cause).toEqual({ httpStatus: status });
    expect(error.message).toContain('https://api.test/open/sdk/credentials');
  });

  it('names the address without what may be a secret in it', async () => {
    answer.mockResolvedValue(new Response('', { status: 404 }));
    const error = await failure(obtain(platformCredentials('https://api.test/v1?key=hidden')));
    expect(error.message).toContain('https://api.test/v1 was answered');
    expect(error.message).not.toContain('hidden');
  });

  it('passes a network failure on as the cause', async () => {
    const network = new TypeError('Failed to fetch');
    answer.mockRejectedValue(network);
    const error = await failure(obtain(exchange));
    expect(error.code).toBe('CONFIG_FETCH_FAILED');
    expect(error.cause).toBe(network);
  });

  it.each([
    ['cut short', `{"password":"${PASSWORD}"`],
    ['HTML', `<html>${PASSWORD}</html>`],
    ['nothing', ''],
  ])('answered with %s instead of JSON says so and quotes nothing', async (_what, body) => {
    answer.mockResolvedValue(new Response(body, { headers: { 'Content-Type': 'application/json' } }));
    const error = await failure(obtain(exchange));
    expect(error.code).toBe('CONFIG_FETCH_FAILED');
    expect(error.cause).toBeInstanceOf(SyntaxError);
    expect((error.cause as Error).message).toBe('not JSON');
  });

  it.each(['ws_urls', 'sip_uri', 'authorization_username', 'password'] as const)(
    'answered without %s names the field',
    async (field) => {
      answer.mockResolvedValue(Response.json({ ...GOOD, [field]: undefined }));
      const error = await failure(obtain(exchange));
      expect(error.code).toBe('CONFIG_FETCH_FAILED');
      expect((error.cause as Error).message).toContain(field);
    },
  );

  it('is given up after 10 s, and the request aborted', async () => {
    let aborted = false;
    answer.mockImplementation((_url, init) => {
      init?.signal?.addEventListener('abort', () => {
        aborted = true;
      });
      return new Promise(() => undefined);
    });
    const outcome = failure(obtain(exchange));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const error = await outcome;
    expect(error.code).toBe('CONFIG_FETCH_FAILED');
    expect((error.cause as Error).message).toBe('timeout');
    expect(aborted).toBe(true);
  });

  it('is given up too when the head of the answer comes and its body never does', async () => {
    answer.mockResolvedValue(new Response(new ReadableStream()));
    const outcome = failure(obtain(exchange));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(((await outcome).cause as Error).message).toBe('timeout');
  });
});

describe("an integrator's own fetchCredentials", () => {
  it('receives the token and a signal, and may answer without a promise', async () => {
    const own = vi.fn(() => GOOD);
    await expect(obtain(own as unknown as FetchCredentials)).resolves.toBe(GOOD);
    expect(own).toHaveBeenCalledExactlyOnceWith(JWT, { signal: expect.any(AbortSignal) as AbortSignal });
    expect(answer).not.toHaveBeenCalled();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no backend');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no backend'))],
  ])('that %s has its error passed on as the cause', async (_what, own) => {
    const error = await failure(obtain(own));
    expect(error.code).toBe('CONFIG_FETCH_FAILED');
    expect((error.cause as Error).message).toBe('no backend');
  });

  it('that rejects with something that is no Error still leaves a cause', async () => {
    const own = () =>
      new Promise<never>((_resolve, reject) => {
        (reject as (reason: unknown) => void)('offline');
      });
    const error = await failure(obtain(own));
    expect(error.code).toBe('CONFIG_FETCH_FAILED');
    expect((error.cause as Error).message).toBe('offline');
  });

  it.each([undefined, null, 7, 'wss://pbx.test', [], {}, { ...GOOD, sip_uri: 42 }])(
    'that answers %j is refused',
    async (garbage) => {
      const error = await failure(obtain(() => Promise.resolve(garbage) as never));
      expect(error.code).toBe('CONFIG_FETCH_FAILED');
      expect(error.cause).toBeInstanceOf(Error);
    },
  );

  it('that never settles is given up after 10 s', async () => {
    const outcome = failure(obtain(() => new Promise(() => undefined)));
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await outcome).code).toBe('CONFIG_FETCH_FAILED');
  });

  it('that ignores its signal does not hold up who aborted', async () => {
    const abort = new AbortController();
    const outcome = failure(obtain(() => new Promise(() => undefined), abort.signal));
    await vi.advanceTimersByTimeAsync(0);
    abort.abort(voiceError('DESTROYED'));
    expect((await outcome).code).toBe('DESTROYED');
  });

  it('is not called at all for a signal that was aborted before', async () => {
    const own = vi.fn(() => Promise.resolve(GOOD));
    const error = await failure(obtain(own, AbortSignal.abort(voiceError('DESTROYED'))));
    expect(error.code).toBe('DESTROYED');
    expect(own).not.toHaveBeenCalled();
  });

  it('has its signal aborted once the answer is used, so that nothing of it goes on', async () => {
    let signal: AbortSignal | undefined;
    await obtain((_jwt, context) => {
      signal = context.signal;
      return Promise.resolve(GOOD);
    });
    expect(signal?.aborted).toBe(true);
  });
});
