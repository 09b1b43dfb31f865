import { voiceError } from '../core/errors';
import type { RawRequest } from './jssip';
import { assertSingleLine } from './address';

// RFC 3261 section 25.1, token.
const HEADER_NAME = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

/** Headers that route, authenticate or describe a message belong to the SIP stack (RFC 3261 section 20). */
const RESERVED = new Set(
  (
    'via from to call-id cseq contact max-forwards route record-route content-type content-length content-encoding ' +
    'authorization proxy-authorization www-authenticate proxy-authenticate allow supported require proxy-require ' +
    'expires session-expires min-se user-agent p-preferred-identity privacy replaces join refer-to ' +
    // Compact forms, RFC 3261 section 7.3.3.
    'v f t i m l c e k x r'
  ).split(' '),
);

/** `X-2Chat-*` headers carry the platform's own facts about an inbound call. */
const CUSTOM_PREFIX = 'x-2chat-';

/** Bounds what one call can make a server parse. */
const LONGEST_HEADER = 1024;
const MOST_HEADERS = 32;

/**
 * Checks raw header lines (`Name: value`) before they go into an INVITE.
 *
 * @throws VoiceSDKError `INVALID_ARGUMENT` for a line break, a malformed name, or a header that the SDK itself sets.
 */
export function checkExtraHeaders(headers: unknown, name: string): string[] {
  if (headers === undefined) return [];
  if (!Array.isArray(headers) || headers.length > MOST_HEADERS) {
    throw voiceError('INVALID_ARGUMENT', `${name} is not a list of at most ${MOST_HEADERS} header lines.`);
  }
  // Not map(): it would let the holes of a sparse array through.
  return Array.from(headers, (line: unknown) => {
    if (typeof line !== 'string')
      throw voiceError('INVALID_ARGUMENT', `${name} holds something that is not a string.`);
    assertSingleLine(line, name);
    const colon = line.indexOf(':');
    const headerName = line.slice(0, colon).trim();
    if (colon < 1 || line.length > LONGEST_HEADER || !HEADER_NAME.test(headerName)) {
      throw voiceError('INVALID_ARGUMENT', `${name} holds a line that is not "Name: value".`);
    }
    if (RESERVED.has(headerName.toLowerCase())) {
      throw voiceError('INVALID_ARGUMENT', `${name}: the header ${headerName} is set by the SDK.`);
    }
    return `${headerName}: ${line.slice(colon + 1).trim()}`;
  });
}

/** The INVITE's `X-2Chat-*` headers with the prefix stripped; of a repeated header the first counts. */
export function customHeadersOf(request: RawRequest): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headers)) {
    const first = values[0]?.raw;
    if (first === undefined || !name.toLowerCase().startsWith(CUSTOM_PREFIX)) continue;
    // defineProperty: a header named X-2Chat-__proto__ must become an ordinary property.
    Object.defineProperty(result, name.slice(CUSTOM_PREFIX.length), {
      value: first,
      enumerable: true,
      configurable: true,
    });
  }
  return Object.freeze(result);
}

/** One value of a Reason header (RFC 3326). */
export interface ReasonHeader {
  /** `SIP` or `Q.850`. */
  readonly protocol: string;
  readonly cause: number;
  readonly text?: string;
}

/** Parses Reason headers (RFC 3326 section 2); malformed ones are left out. */
export function parseReasons(values: readonly string[]): ReasonHeader[] {
  return values.flatMap((header) => {
    const value = header.slice(0, LONGEST_HEADER);
    const protocol = /^\s*([A-Za-z0-9.\-]+)/.exec(value)?.[1];
    const cause = /;\s*cause\s*=\s*(\d{1,4})/i.exec(value)?.[1];
    if (protocol === undefined || cause === undefined) return [];
    const text = /;\s*text\s*=\s*"([^"]*)"/i.exec(value)?.[1];
    return [{ protocol, cause: Number(cause), ...(text === undefined ? {} : { text }) }];
  });
}
