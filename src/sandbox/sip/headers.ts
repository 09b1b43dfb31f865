/** The structured header values that a registrar and a proxy read. Hand-written scanners, linear time. */
import { everyCharacter } from '../text';
import { isToken, readNumber } from './message';

export type Params = ReadonlyMap<string, string>;

export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** Percent-decoded; empty when the URI names a host only. */
  readonly user: string;
  /** Lower case, without the port. */
  readonly host: string;
  readonly port: number | undefined;
  readonly params: Params;
}

export interface NameAddr {
  readonly displayName: string;
  /** The URI as it was written. */
  readonly uri: string;
  readonly params: Params;
}

export interface Via {
  readonly transport: string;
  readonly sentBy: string;
  readonly params: Params;
}

/** Splits at `;` outside quotes and angle brackets. */
function splitParams(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let inBrackets = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '<') inBrackets = true;
    else if (char === '>') inBrackets = false;
    else if (char === ';' && !inBrackets) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}

function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  let plain = '';
  for (let at = 1; at < text.length - 1; at += 1) {
    if (text[at] === '\\') at += 1;
    plain += text[at] ?? '';
  }
  return plain;
}

function readParams(parts: readonly string[]): Params {
  const params = new Map<string, string>();
  for (const part of parts) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (!params.has(name)) params.set(name, equals < 0 ? '' : unquote(part.slice(equals + 1).trim()));
  }
  return params;
}

/** Percent-decoding that answers undefined instead of throwing on a broken escape. */
export function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function isHost(text: string): boolean {
  if (text.startsWith('[')) {
    const inner = text.slice(1, -1);
    return (
      text.endsWith(']') &&
      inner.length > 1 &&
      everyCharacter(inner, (char) => '0123456789abcdefABCDEF:.'.includes(char))
    );
  }
  return isToken(text) && !['%', '*', '!', '`', "'", '~', '+'].some((char) => text.includes(char));
}

function splitHostPort(text: string): { host: string; port: number | undefined } | undefined {
  const colon = text.lastIndexOf(':');
  const hasPort = colon > text.lastIndexOf(']');
  const host = hasPort ? text.slice(0, colon) : text;
  const port = hasPort ? readNumber(text.slice(colon + 1), 5) : undefined;
  if (!isHost(host) || (hasPort && (port === undefined || port > 65535))) return undefined;
  return { host: host.toLowerCase(), port };
}

/** Reads a sip: or sips: URI; undefined when it is neither or is malformed. */
export function parseUri(text: string): SipUri | undefined {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0)).toLowerCase();
  if (scheme !== 'sip' && scheme !== 'sips') return undefined;
  const question = text.indexOf('?');
  const [address = '', ...params] = splitParams(text.slice(colon + 1, question < 0 ? undefined : question));
  const at = address.lastIndexOf('@');
  const userInfo = at < 0 ? '' : (address.slice(0, at).split(':', 1)[0] ?? '');
  const user = decodePercent(userInfo);
  const hostPort = splitHostPort(address.slice(at + 1));
  if (user === undefined || hostPort === undefined) return undefined;
  return { scheme, user, ...hostPort, params: readParams(params) };
}

/** Reads `"Name" <uri>;params` or `uri;params` (From, To, Contact, Route, Record-Route). */
export function parseNameAddr(text: string): NameAddr | undefined {
  const open = openingBracket(text);
  if (open < 0) {
    const [uri = '', ...params] = splitParams(text);
    return uri === '' ? undefined : { displayName: '', uri, params: readParams(params) };
  }
  const close = text.indexOf('>', open);
  if (close < 0) return undefined;
  const uri = text.slice(open + 1, close).trim();
  if (uri === '') return undefined;
  return {
    displayName: unquote(text.slice(0, open).trim()),
    uri,
    params: readParams(splitParams(text.slice(close + 1))),
  };
}

function openingBracket(text: string): number {
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '<') return at;
  }
  return -1;
}

/** Reads one Via element: `SIP/2.0/WS host:port;branch=...`. */
export function parseVia(text: string): Via | undefined {
  const [head = '', ...params] = splitParams(text);
  const [protocol = '', sentBy = '', ...rest] = head.split(/[ \t]/).filter((part) => part !== '');
  const [name = '', version = '', transport = '', ...more] = protocol.split('/');
  if (name.toUpperCase() !== 'SIP' || version !== '2.0' || !isToken(transport)) return undefined;
  if (rest.length > 0 || more.length > 0 || splitHostPort(sentBy) === undefined) return undefined;
  return { transport: transport.toUpperCase(), sentBy: sentBy.toLowerCase(), params: readParams(params) };
}

/** Reads `4711 INVITE`; the number is at most 2^31 - 1 (RFC 3261 section 8.1.1.5). */
export function parseCseq(text: string): { number: number; method: string } | undefined {
  const space = text.indexOf(' ');
  const number = readNumber(text.slice(0, Math.max(space, 0)), 10);
  const method = text.slice(space + 1).trim();
  if (number === undefined || number > 0x7fffffff || !isToken(method)) return undefined;
  return { number, method };
}

/** Reads `Digest name=value, ...`; undefined for another scheme. */
export function parseDigest(elements: readonly string[]): Params | undefined {
  const [first = '', ...rest] = elements;
  const space = first.indexOf(' ');
  if (space < 0 || first.slice(0, space).toLowerCase() !== 'digest') return undefined;
  return readParams([first.slice(space + 1), ...rest]);
}
