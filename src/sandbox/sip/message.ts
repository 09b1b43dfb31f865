/**
 * SIP messages as data, read and written in linear time (RFC 3261 section 7, framing of RFC 7118: one
 * message per WebSocket frame). No regular expression ever runs over more than one short token, so the
 * cost of a message is bounded by its size whatever it holds.
 */

import { everyCharacter, isControl } from '../text';

/** Compact forms, RFC 3261 section 20 and the extensions that browsers' user agents send. */
const compactForms: Readonly<Record<string, string>> = {
  a: 'Accept-Contact',
  b: 'Referred-By',
  c: 'Content-Type',
  e: 'Content-Encoding',
  f: 'From',
  i: 'Call-ID',
  k: 'Supported',
  l: 'Content-Length',
  m: 'Contact',
  o: 'Event',
  r: 'Refer-To',
  s: 'Subject',
  t: 'To',
  u: 'Allow-Events',
  v: 'Via',
  x: 'Session-Expires',
};

/** More header lines than any real request has (JsSIP sends about 20); a cap on work per message. */
const maxHeaderLines = 128;
/** Longer than any real header line, an Authorization included. */
const maxLineLength = 8192;

export interface Header {
  readonly name: string;
  readonly value: string;
}

/** Why a message could not be read; `status` is what a server answers where an answer is possible. */
export class SipSyntaxError extends Error {
  override readonly name = 'SipSyntaxError';
  constructor(
    message: string,
    readonly status: 400 | 413 | 505 = 400,
  ) {
    super(message);
  }
}

/** An ordered list of header fields, looked up without regard to case. */
export class Headers {
  #list: Header[];

  constructor(list: readonly Header[] = []) {
    this.#list = [...list];
  }

  get list(): readonly Header[] {
    return this.#list;
  }

  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#list.find((header) => header.name.toLowerCase() === wanted)?.value;
  }

  all(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.#list.filter((header) => header.name.toLowerCase() === wanted).map((header) => header.value);
  }

  /** Every element of a comma-separated field, over all of its lines (RFC 3261 section 7.3.1). */
  elements(name: string): string[] {
    return this.all(name).flatMap(splitList);
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  remove(name: string): this {
    const wanted = name.toLowerCase();
    this.#list = this.#list.filter((header) => header.name.toLowerCase() !== wanted);
    return this;
  }

  /** Replaces all lines of `name`, at the place of the first. */
  set(name: string, ...values: readonly string[]): this {
    const wanted = name.toLowerCase();
    const at = this.#list.findIndex((header) => header.name.toLowerCase() === wanted);
    this.remove(name);
    const lines = values.map((value) => ({ name, value }));
    this.#list.splice(at < 0 ? this.#list.length : at, 0, ...lines);
    return this;
  }

  prepend(name: string, value: string): this {
    this.#list.unshift({ name, value });
    return this;
  }

  append(name: string, value: string): this {
    this.#list.push({ name, value });
    return this;
  }

  clone(): Headers {
    return new Headers(this.#list);
  }
}

export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface SipResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: string;
}

export type SipMessage = SipRequest | SipResponse;

/** Splits at commas that are neither quoted nor inside angle brackets. */
export function splitList(value: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at];
    if (quoted) {
      if (char === '\\') at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '<') depth = 1;
    else if (char === '>') depth = 0;
    else if (char === ',' && depth === 0) {
      parts.push(value.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(value.slice(start).trim());
  return parts.filter((part) => part !== '');
}

const tokenPunctuation = "-.!%*_+`'~";

/** RFC 3261 section 25.1 `token`. */
export function isToken(text: string): boolean {
  if (text === '') return false;
  for (const char of text) {
    const alphanumeric =
      (char >= '0' && char <= '9') || (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z');
    if (!alphanumeric && !tokenPunctuation.includes(char)) return false;
  }
  return true;
}

function hasControlCharacter(text: string): boolean {
  return !everyCharacter(text, (char) => !isControl(char) || char === '\t');
}

/** A decimal number of at most `maxDigits` digits, or undefined. */
export function readNumber(text: string, maxDigits = 10): number | undefined {
  if (text === '' || text.length > maxDigits) return undefined;
  for (const char of text) if (char < '0' || char > '9') return undefined;
  return Number(text);
}

function readHeaderLines(lines: readonly string[]): Headers {
  const unfolded: string[] = [];
  for (const line of lines) {
    if (line.length > maxLineLength) throw new SipSyntaxError('header line too long', 413);
    const isContinuation = line.startsWith(' ') || line.startsWith('\t');
    if (isContinuation && unfolded.length === 0) throw new SipSyntaxError('folded line without a header');
    if (isContinuation) unfolded.push(`${unfolded.pop() ?? ''} ${line.trim()}`);
    else unfolded.push(line);
    if ((unfolded.at(-1)?.length ?? 0) > maxLineLength) {
      throw new SipSyntaxError('header line too long', 413);
    }
  }
  const list = unfolded.map((line) => {
    const colon = line.indexOf(':');
    const rawName = line.slice(0, Math.max(colon, 0)).trimEnd();
    if (!isToken(rawName)) throw new SipSyntaxError('malformed header name');
    const value = line.slice(colon + 1).trim();
    if (hasControlCharacter(value)) throw new SipSyntaxError('control character in a header');
    return { name: compactForms[rawName.toLowerCase()] ?? rawName, value };
  });
  return new Headers(list);
}

function readStartLine(
  line: string,
): Pick<SipRequest, 'kind' | 'method' | 'uri'> | Pick<SipResponse, 'kind' | 'status' | 'reason'> {
  if (line.length > maxLineLength) throw new SipSyntaxError('start line too long', 413);
  if (hasControlCharacter(line)) throw new SipSyntaxError('control character in the start line');
  if (line.startsWith('SIP/')) {
    const status = readNumber(line.slice(8, 11), 3);
    if (!line.startsWith('SIP/2.0 ') || status === undefined || status < 100 || status > 699) {
      throw new SipSyntaxError('malformed status line');
    }
    return { kind: 'response', status, reason: line.slice(12) };
  }
  const [method = '', uri = '', version = '', ...rest] = line.split(' ');
  if (!isToken(method) || uri === '' || rest.length > 0) throw new SipSyntaxError('malformed request line');
  if (version !== 'SIP/2.0') throw new SipSyntaxError('SIP version not supported', 505);
  return { kind: 'request', method, uri };
}

const endOfHeaders = Buffer.from('\r\n\r\n');

/**
 * Reads one message.
 * @throws SipSyntaxError; its `partial` headers are not available: see `salvage` for answering anyway.
 */
export function parseMessage(data: Buffer): SipMessage {
  const end = data.indexOf(endOfHeaders);
  if (end < 0) throw new SipSyntaxError('no end of headers');
  const head = data.subarray(0, end).toString('utf8');
  const [startLine = '', ...lines] = head.split('\r\n', maxHeaderLines + 2);
  if (lines.length > maxHeaderLines) throw new SipSyntaxError('too many headers', 413);
  const start = readStartLine(startLine);
  const headers = readHeaderLines(lines);
  const available = data.subarray(end + endOfHeaders.length);
  const declared = headers.get('Content-Length');
  const length = declared === undefined ? available.length : readNumber(declared, 7);
  if (length === undefined || length > available.length) throw new SipSyntaxError('wrong Content-Length');
  const body = available.subarray(0, length).toString('utf8');
  return { ...start, headers, body };
}

/** The bytes on the wire, with a Content-Length that is right whatever the headers said. */
export function serializeMessage(message: SipMessage): string {
  const start =
    message.kind === 'request'
      ? `${message.method} ${message.uri} SIP/2.0`
      : `SIP/2.0 ${message.status} ${message.reason}`;
  const lines = message.headers.list
    .filter((header) => header.name.toLowerCase() !== 'content-length')
    .map((header) => `${header.name}: ${header.value}`);
  return [start, ...lines, `Content-Length: ${Buffer.byteLength(message.body)}`, '', message.body].join(
    '\r\n',
  );
}
