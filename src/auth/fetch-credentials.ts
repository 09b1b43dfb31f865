/** The one place that knows how the platform exchanges a token for SIP credentials. */
import { withDeadline } from '../core/deadline';
import { voiceError, VoiceSDKError } from '../core/errors';
import { type FetchCredentials, findCredentialsFault, type SipCredentials } from './sip-credentials';

export const DEFAULT_API_BASE_URL = 'https://api.p.2chat.io';

// Long enough for a cold start of a serverless backend behind a slow mobile link, short enough for a person to wait.
const CREDENTIALS_TIMEOUT_MS = 10_000;

/** The `cause` of a `CONFIG_FETCH_FAILED` that an HTTP status led to. */
export interface HttpFailure {
  /** The status of the answer (RFC 9110 section 15), other than 2xx. */
  readonly httpStatus: number;
}

/** The platform's own exchange: `GET {apiBaseUrl}/open/sdk/credentials` with the token as bearer (RFC 6750). */
export function platformCredentials(apiBaseUrl: string): FetchCredentials {
  const url = `${apiBaseUrl.replace(/\/+$/, '')}/open/sdk/credentials`;
  // A query is no part of it, and may be a secret.
  const where = url.replace(/[?#].*/, '');
  return async (token, { signal }) => {
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
      // The answer holds a password: no cache may keep it, and no cookie is needed to get it.
      cache: 'no-store',
      credentials: 'omit',
      signal,
    });
    if (!response.ok) {
      const cause: HttpFailure = { httpStatus: response.status };
      throw voiceError(
        'CONFIG_FETCH_FAILED',
        `The credentials request to ${where} was answered with HTTP ${response.status}.`,
        cause,
      );
    }
    let body: unknown;
    try {
      body = await response.json();
    } catch {
      if (signal.aborted) throw abortError(signal);
      // A parser's message quotes the text that it failed on, and that may hold the password.
      throw voiceError('CONFIG_FETCH_FAILED', 'The answer is not JSON.', new SyntaxError('not JSON'));
    }
    // Readable on the same origin, and elsewhere where Access-Control-Expose-Headers names it.
    const dateMs = Date.parse(response.headers.get('Date') ?? '');
    if (Number.isNaN(dateMs) || typeof body !== 'object') return body as SipCredentials;
    return { issued_at: new Date(dateMs).toISOString(), ...body } as SipCredentials;
  };
}

/**
 * Runs the exchange under a deadline and checks what it answered.
 *
 * @throws VoiceSDKError `CONFIG_FETCH_FAILED`; its `cause` is the fetch error, `{ httpStatus }`, or an Error
 * that names the field.
 */
export async function obtainCredentials(
  fetchCredentials: FetchCredentials,
  jwt: string,
  signal: AbortSignal,
): Promise<SipCredentials> {
  const timeout = new AbortController();
  const forward = () => {
    timeout.abort(signal.reason);
  };
  if (signal.aborted) throw abortError(signal);
  signal.addEventListener('abort', forward, { once: true });
  // An integrator's own function may ignore the signal, so the wait itself ends too.
  const aborted = new Promise<never>((_resolve, reject) => {
    timeout.signal.addEventListener('abort', () => {
      reject(abortError(timeout.signal));
    });
  });
  try {
    const exchange = Promise.resolve().then(() => fetchCredentials(jwt, { signal: timeout.signal }));
    const answer: unknown = await withDeadline(
      Promise.race([exchange, aborted]),
      CREDENTIALS_TIMEOUT_MS,
      () =>
        voiceError(
          'CONFIG_FETCH_FAILED',
          `No answer within ${CREDENTIALS_TIMEOUT_MS} ms.`,
          new Error('timeout'),
        ),
    );
    const fault = findCredentialsFault(answer);
    if (fault !== undefined)
      throw voiceError('CONFIG_FETCH_FAILED', `The credentials cannot be used: ${fault}.`, new Error(fault));
    return answer as SipCredentials;
  } catch (error) {
    if (error instanceof VoiceSDKError) throw error;
    throw voiceError('CONFIG_FETCH_FAILED', 'The credentials request failed.', error);
  } finally {
    signal.removeEventListener('abort', forward);
    timeout.abort();
  }
}

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
