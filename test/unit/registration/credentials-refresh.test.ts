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
let refresh: CredentialsRefresh;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  vi.resetAllMocks();
  refresh = new CredentialsRefresh({ obtain, apply, onError });
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

  it.each([undefined, null])('never fetches where the backend gives no expiry (%s)', async (none) => {
    refresh.arm(credentials(none));
    expect(vi.getTimerCount()).toBe(0);
    expect(await fetchesAfter(24 * HOUR)).toBe(0);
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
    expect(await fetchesAfter(MINUTE)).toBeLessThanOrEqual(6);
  });

  it('when each set lives for an instant', async () => {
    obtain.mockImplementation(() => Promise.resolve(credentials(1)));
    refresh.arm(credentials(1));
    expect(await fetchesAfter(MINUTE)).toBeLessThanOrEqual(6);
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
