import type { RawRegistrationFailure, RawResponse, RawUserAgent } from './jssip';

/** A REGISTER that did not succeed; without a status nobody answered it. */
export interface RegisterFailure {
  readonly statusCode?: number;
  readonly reasonPhrase: string;
  /** When the server says that it is worth trying again (RFC 3261 section 20.33). */
  readonly retryAfterSeconds?: number;
}

export function failureOf({ response, cause }: Partial<RawRegistrationFailure>): RegisterFailure {
  if (!response) return { reasonPhrase: cause ?? 'no answer' };
  const retryAfter = /^\d{1,9}/.exec(response.getHeader('Retry-After')?.trim() ?? '');
  return {
    statusCode: response.status_code,
    reasonPhrase: response.reason_phrase,
    ...(retryAfter ? { retryAfterSeconds: Number(retryAfter[0]) } : {}),
  };
}

// A day. JsSIP arms a timer with what the server grants: over 2^31 ms (24.8 days), or with what is no number, it
// fires at once and for ever.
const LONGEST_EXPIRES_SECONDS = 86_400;

/** Takes out of an answer to REGISTER every lifetime that JsSIP could not live with. */
export function boundLifetimes(response: RawResponse): void {
  for (const name of ['Expires', 'Min-Expires']) {
    const header = response.headers[name]?.[0];
    if (!header) continue;
    const bounded = boundedSeconds(header.raw);
    if (bounded === undefined) Reflect.deleteProperty(response.headers, name);
    else header.raw = bounded;
  }
  for (const { parsed } of response.headers['Contact'] ?? []) {
    const expires = parsed?.getParam('expires');
    if (expires === undefined || expires === null) continue;
    const bounded = boundedSeconds(expires);
    if (bounded === undefined) parsed?.deleteParam('expires');
    else parsed?.setParam('expires', bounded);
  }
}

// JsSIP takes a shorter lifetime for this one (MIN_REGISTER_EXPIRES of its Registrator.js).
const SHORTEST_EXPIRES_SECONDS = 10;

/** The lifetime that a 2xx with bounded lifetimes grants to our Contact (RFC 3261 section 10.2.4). */
export function grantedSeconds(
  response: RawResponse,
  { contact: { uri }, _registrator: { _sipInstance, _expires } }: RawUserAgent,
): number {
  const contacts = (response.headers['Contact'] ?? []).map(({ parsed }) => parsed);
  const contact =
    contacts.find((one) => one?.getParam('+sip.instance') === _sipInstance) ??
    contacts.find((one) => one?.uri.user === uri.user);
  const text = contact?.getParam('expires') ?? response.getHeader('Expires') ?? _expires;
  return Math.max(Number(text), SHORTEST_EXPIRES_SECONDS);
}

function boundedSeconds(text: string): string | undefined {
  const trimmed = text.trim();
  return /^\d+$/.test(trimmed) ? String(Math.min(Number(trimmed), LONGEST_EXPIRES_SECONDS)) : undefined;
}
