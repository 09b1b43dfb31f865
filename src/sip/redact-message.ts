/** What may be shown to others of a SIP message (RFC 3261 section 7): who is who and what happened, not who it was. */
import type { Pseudonyms } from '../core/pseudonyms';
import { redactGrammar } from '../core/redact';
import { blankQuoted, redactAddresses, redactUri, redactUris } from './redact-address';

/** Headers that name persons: the URI's user and the display name go by pseudonyms. */
const ADDRESSES = new Set(
  (
    'from to contact f t m route record-route path service-route p-associated-uri p-asserted-identity ' +
    'p-preferred-identity p-called-party-id remote-party-id refer-to r referred-by b diversion history-info'
  ).split(' '),
);

/** Headers that name nobody. What is not known here is hidden: an extension header may say anything. */
const HARMLESS = new Set(
  (
    'via v max-forwards call-id i cseq allow supported k require proxy-require unsupported content-type c ' +
    'content-length l expires min-expires session-expires x min-se reason retry-after warning date ' +
    'timestamp event o subscription-state accept rack rseq'
  ).split(' '),
);

/** Headers in words of somebody's choice: a softphone may be called "Ada's phone". */
const FREE_TEXT = new Set(['user-agent', 'server']);

/** RFC 3261 section 21: what a server says of its own accord. Other words may be about somebody. */
const PHRASES = new Set(
  (
    'trying|ringing|call is being forwarded|queued|session progress|ok|accepted|multiple choices|moved permanently|' +
    'moved temporarily|use proxy|alternative service|bad request|unauthorized|payment required|forbidden|not found|' +
    'method not allowed|not acceptable|proxy authentication required|request timeout|gone|request entity too large|' +
    'request-uri too long|unsupported media type|unsupported uri scheme|bad extension|extension required|' +
    'session interval too small|interval too brief|flow failed|temporarily unavailable|' +
    'call/transaction does not exist|loop detected|too many hops|address incomplete|ambiguous|busy here|' +
    'request terminated|not acceptable here|bad event|request pending|undecipherable|server internal error|' +
    'internal server error|not implemented|bad gateway|service unavailable|server time-out|version not supported|' +
    'message too large|busy everywhere|decline|declined|does not exist anywhere'
  ).split('|'),
);

const SDP_HIDDEN = /^[siuep]=/;

/** How a message is redacted. */
export interface MessageRedaction {
  readonly names: Pseudonyms;
  /** Takes out what must not be shown in any form. Default: nothing is. */
  readonly cutSecrets?: (text: string) => string;
}

/** A SIP message without credentials, persons, addresses and digits. Text that is none is hidden whole. */
export function redactSipMessage(
  message: string,
  { names, cutSecrets = (text) => text }: MessageRedaction,
): string {
  const end = message.search(/\r?\n\r?\n/);
  const [first = '', ...lines] = unfold(end === -1 ? message : message.slice(0, end)).split(/\r?\n/);
  const body = end === -1 ? '' : message.slice(end).trim();
  const begin = redactStart(first, names, cutSecrets);
  if (begin === undefined) return `[${message.length} characters]`;
  const headers = lines.map((line) => redactHeader(line, names, cutSecrets));
  return [begin, ...headers, '', redactBody(body)].join('\n').trimEnd();
}

/** The first line; undefined when it is none. Status and method stay, whatever an extension or a person is called. */
function redactStart(
  line: string,
  names: Pseudonyms,
  cutSecrets: (text: string) => string,
): string | undefined {
  const [, status, phrase = ''] = /^(SIP\/2\.0 \d{3}) ?(.*)$/.exec(line) ?? [];
  if (status !== undefined) {
    const isStandard = PHRASES.has(phrase.trim().toLowerCase());
    return `${status} ${isStandard ? phrase : names.hide(cutSecrets(phrase))}`.trimEnd();
  }
  const parts = line.split(' ');
  const [method = ''] = parts;
  if (parts.length < 3 || parts.at(-1) !== 'SIP/2.0' || !/^[\w.!%*+`'~-]+$/.test(method)) return undefined;
  return `${method} ${redactGrammar(redactUri(parts.slice(1, -1).join(' '), names))} SIP/2.0`;
}

function redactHeader(line: string, names: Pseudonyms, cutSecrets: (text: string) => string): string {
  const colon = line.indexOf(':');
  const name = line.slice(0, colon).trim();
  if (colon === -1 || !/^[\w.!%*+`'~-]+$/.test(name)) return '[hidden]';
  return `${name}: ${redactValue(name.toLowerCase(), cutSecrets(line.slice(colon + 1).trim()), names)}`;
}

function redactValue(key: string, value: string, names: Pseudonyms): string {
  if (ADDRESSES.has(key)) return redactGrammar(redactAddresses(value, names));
  if (FREE_TEXT.has(key)) return names.hide(value);
  return HARMLESS.has(key) ? redactGrammar(redactUris(blankQuoted(value), names)) : '[hidden]';
}

function redactBody(body: string): string {
  if (body === '') return '';
  // Digits in an INFO may be those of a credit card.
  if (!body.startsWith('v=0')) return `[${body.length} characters]`;
  return body
    .split(/\r?\n/)
    .map((line) => {
      if (SDP_HIDDEN.test(line)) return `${line.slice(0, 2)}[hidden]`;
      // RFC 8866 section 5.2: its first word is a user name.
      return redactGrammar(line.startsWith('o=') ? line.replace(/^o=\S+/, 'o=-') : line);
    })
    .join('\n');
}

/** RFC 3261 section 7.3.1: a line that begins with white space goes on with the one before. */
function unfold(head: string): string {
  return head.replace(/\r?\n[ \t]+/g, ' ');
}
