import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SipCredentials } from '../../../src/auth/sip-credentials';
import { voiceError } from '../../../src/core/errors';
import { CredentialsRefresh } from '../../../src/registration/credentials-refresh';

const START = Date.UTC(2025, 0, 1);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const obtain = vi.fn<(signal: AbortSignal) => Promise<SipCredentials>>();
const apply = vi.fn();
const onError = vi.fn();
const onTokenOver = vi.fn();
let refresh: CredentialsRefresh;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  vi.resetAllMocks();
  refresh = new CredentialsRefresh({ obtain, apply, onError, onTokenOver });
});

afterEach(() => {
  refresh.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function credentials(livesMs?: number | null): SipCredentials {
  const expires_at = typeof livesMs === 'number' ? new Date(Date.now() + livesMs).toISOString() : livesMs;
  return { expires_at, ws_urls: [], sip_uri: '', authorization_username: '' } as unknown as SipCredentials;
}

async function fetchesAfter(ms: number): Promise<number> {
  await vi.advanceTimersByTimeAsync(ms);
  return obtain.mock.calls.length;
}

describe('before the credentials expire', () => {
  it('fetches a minute ahead, and again for the new ones', async () => {
    obtain.mockImplementation(() => Promise.resolve(credentials(HOUR)));
    refresh.arm(credentials(HOUR));
    expect(await fetchesAfter(59 * MINUTE - 1)).toBe(0);
    expect(await fetchesAfter(1)).toBe(1);
    expect(apply).toHaveBeenCalledOnce();
    expect(await fetchesAfter(59 * MINUTE)).toBe(2);
  });

  it('fetches at half of a life shorter than two minutes', async () => {
    obtain.mockImplementation(() => new Promise(() => undefined));
    refresh.arm(credentials(MINUTE));
    expect(await fetchesAfter(30 * SECOND - 1)).toBe(0);
    expect(await fetchesAfter(1)).toBe(1);
  });

  it.each([401, 403])(
    'says once that the backend refuses the token (HTTP %i), and asks again rarely',
    async (status) => {
      obtain.mockRejectedValue(voiceError('CONFIG_FETCH_FAILED', undefined, { httpStatus: status }));
      refresh.now();
      const asked = await fetchesAfter(HOUR);
      expect(onError).toHaveBeenCalledOnce();
      expect(asked).toBeGreaterThanOrEqual(1 + 60 / 5);
      expect(asked).toBeLessThanOrEqual(1 + 60 / 2.5);
      refresh.check();
      expect(obtain).toHaveBeenCalledTimes(asked);
      // A fresh token is tried at once, and is told of when it is refused as well.
      refresh.renew();
      await fetchesAfter(0);
      expect(obtain).toHaveBeenCalledTimes(asked + 1);
      expect(onError).toHaveBeenCalledTimes(2);
      obtain.mockRejectedValue(voiceError('CONFIG_FETCH_FAILED', undefined, { httpStatus: 503 }));
      await fetchesAfter(10 * MINUTE);
      expect(onError.mock.calls.length).toBeGreaterThan(3);
    },
  );

  it.each([undefined, null])('never fetches where the backend gives no expiry (%s)', async (none) => {
    refresh.arm(credentials(none));
    expect(vi.getTimerCount()).toBe(0);
    expect(await fetchesAfter(24 * HOUR)).toBe(0);
  });

  it('goes by those of another token, though they live for less than the ones before', async () => {
    refresh.arm(credentials(8 * HOUR));
    const bound = credentials(HOUR);
    obtain.mockImplementation(() => Promise.resolve(bound));
    refresh.renew();
    expect(await fetchesAfter(0)).toBe(1);
    expect(refresh.endsWithin(HOUR)).toBe(true);
    expect(await fetchesAfter(59 * MINUTE)).toBe(2);
    // Bound to that token: nothing but the next one helps.
    expect(await fetchesAfter(24 * HOUR)).toBe(2);
  });

  it('notices on a check what passed while the machine slept', async () => {
    obtain.mockImplementation(() => Promise.resolve(credentials(HOUR)));
    refresh.arm(credentials(HOUR));
    vi.setSystemTime(START + 2 * HOUR);
    refresh.check();
    expect(await fetchesAfter(0)).toBe(1);
  });
});

describe('no tight loop', () => {
  it('when the new credentials live no longer than the former ones', async () => {
    const bound = credentials(HOUR);
    obtain.mockImplementation(() => Promise.resolve(bound));
    refresh.arm(bound);
    expect(await fetchesAfter(59 * MINUTE)).toBe(1);
    expect(await fetchesAfter(24 * HOUR)).toBe(1);
  });

  it('when the clock of the backend is an hour behind, so that all look expired', async () => {
    obtain.mockImplementation(() => Promise.resolve(credentials(-HOUR)));
    refresh.arm(credentials(-HOUR));
    // 10 s, 20 s, ..., then every five minutes.
    expect(await fetchesAfter(10 * MINUTE)).toBe(5);
    expect(await fetchesAfter(8 * HOUR)).toBeLessThanOrEqual(5 + 8 * 12);
    // How long they live cannot be told.
    expect(refresh.endsWithin(MINUTE)).toBe(false);
    obtain.mockImplementation(() => Promise.resolve(credentials(HOUR)));
    await fetchesAfter(5 * MINUTE);
    expect(refresh.endsWithin(MINUTE)).toBe(false);
    expect(refresh.endsWithin(HOUR)).toBe(true);
  });

  it('when each set lives for an instant', async () => {
    obtain.mockImplementation(() => Promise.resolve(credentials(1)));
    refresh.arm(credentials(1));
    expect(await fetchesAfter(10 * MINUTE)).toBeLessThanOrEqual(6);
  });
});

describe('a fetch that fails', () => {
  it('is reported and repeated, ever more rarely, until it works', async () => {
    obtain.mockRejectedValue(voiceError('CONFIG_FETCH_FAILED'));
    refresh.now();
    await vi.advanceTimersByTimeAsync(10 * MINUTE);
    const attempts = obtain.mock.calls.length;
    // Full jitter: 30 s at most and 15 s on average, in the long run.
    expect(attempts).toBeGreaterThan(15);
    expect(attempts).toBeLessThan(120);
    expect(onError).toHaveBeenCalledTimes(attempts);
    obtain.mockImplementation(() => Promise.resolve(credentials()));
    await vi.advanceTimersByTimeAsync(31 * SECOND);
    expect(apply).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('for an expired token is not repeated: whoever watches the token reports it', async () => {
    obtain.mockRejectedValue(voiceError('TOKEN_EXPIRED'));
    refresh.now();
    expect(await fetchesAfter(HOUR)).toBe(1);
    expect(onError).not.toHaveBeenCalled();
    expect(onTokenOver).toHaveBeenCalledOnce();
  });
});

describe('one fetch at a time', () => {
  it('a further now() replaces the one under way', async () => {
    const signals: AbortSignal[] = [];
    const answers: ((value: SipCredentials) => void)[] = [];
    obtain.mockImplementation((signal) => {
      signals.push(signal);
      return new Promise((resolve) => answers.push(resolve));
    });
    refresh.now();
    refresh.now();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    const [stale, fresh] = [credentials(), credentials()];
    answers[0]?.(stale);
    answers[1]?.(fresh);
    await vi.advanceTimersByTimeAsync(0);
    expect(apply.mock.calls).toEqual([[fresh]]);
  });

  it('stop() ends it, its retry and its alarm', async () => {
    obtain.mockRejectedValue(voiceError('CONFIG_FETCH_FAILED'));
    refresh.arm(credentials(HOUR));
    refresh.now();
    await vi.advanceTimersByTimeAsync(0);
    refresh.stop();
    expect(vi.getTimerCount()).toBe(0);
    refresh.now();
    refresh.stop();
    expect(await fetchesAfter(2 * HOUR)).toBe(2);
    expect(onError).toHaveBeenCalledOnce();
  });
});
