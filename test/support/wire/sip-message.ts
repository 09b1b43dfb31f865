/** A small SIP text codec: enough for what a browser user agent sends, RFC 3261 section 7. */

export interface SipHeader {
  readonly name: string;
  readonly value: string;
}

// RFC 3261 section 7.3.3.
const COMPACT_NAMES: Readonly<Record<string, string>> = {
  c: 'content-type',
  f: 'from',
  i: 'call-id',
  l: 'content-length',
  m: 'contact',
  t: 'to',
  v: 'via',
};

function canonicalName(name: string): string {
  const lower = name.trim().toLowerCase();
  return COMPACT_NAMES[lower] ?? lower;
}

/** The URI of a name-addr or addr-spec: what stands between `<` and `>`, or before the parameters. */
export function addressUri(value: string): string {
  return /<([^>]*)>/.exec(value)?.[1] ?? value.split(';')[0]?.trim() ?? '';
}

/** A header parameter (not a URI parameter), unquoted. */
export function headerParameter(value: string, name: string): string | undefined {
  const parameters = value.includes('>') ? value.slice(value.indexOf('>') + 1) : value;
  const found = parameters
    .split(/[;,]/)
    .map((part) => part.trim())
    .find((part) => part.toLowerCase().startsWith(`${name.toLowerCase()}=`));
  return found?.slice(name.length + 1).replace(/^"|"$/g, '');
}

export interface MessageParts {
  readonly startLine: string;
  readonly headers: readonly SipHeader[];
  readonly body: string;
  readonly raw: string;
}

class SipMessage implements MessageParts {
  readonly startLine: string;
  readonly headers: readonly SipHeader[];
  readonly body: string;
  readonly raw: string;

  constructor(parts: MessageParts) {
    this.startLine = parts.startLine;
    this.headers = parts.headers;
    this.body = parts.body;
    this.raw = parts.raw;
  }

  /** The first header of that name; names are case-insensitive. */
  header(name: string): string | undefined {
    return this.all(name)[0];
  }

  /** Every header of that name, in order. */
  all(name: string): string[] {
    const wanted = canonicalName(name);
    return this.headers.filter((header) => canonicalName(header.name) === wanted).map(({ value }) => value);
  }

  get callId(): string {
    return this.header('call-id') ?? '';
  }

  get fromTag(): string | undefined {
    return headerParameter(this.header('from') ?? '', 'tag');
  }

  get toTag(): string | undefined {
    return headerParameter(this.header('to') ?? '', 'tag');
  }

  get cseq(): number {
    return Number((this.header('cseq') ?? '').split(' ')[0]);
  }

  get cseqMethod(): string {
    return (this.header('cseq') ?? '').split(' ')[1] ?? '';
  }

  get branch(): string {
    return headerParameter(this.header('via') ?? '', 'branch') ?? '';
  }

  get contactUri(): string | undefined {
    const contact = this.header('contact');
    return contact === undefined ? undefined : addressUri(contact);
  }
}

export class SipRequest extends SipMessage {
  get method(): string {
    return this.startLine.split(' ')[0] ?? '';
  }

  get uri(): string {
    return this.startLine.split(' ')[1] ?? '';
  }
}

export class SipResponse extends SipMessage {
  get status(): number {
    return Number(this.startLine.split(' ')[1]);
  }

  get reason(): string {
    return this.startLine.split(' ').slice(2).join(' ');
  }

  /** The method of the request that this answers. */
  get method(): string {
    return this.cseqMethod;
  }
}

/** @throws SyntaxError when the text is not a SIP message. */
export function parseSipMessage(raw: string): SipRequest | SipResponse {
  const headEnd = raw.indexOf('\r\n\r\n');
  if (headEnd < 0) throw new SyntaxError('SIP message without an empty line after its headers');
  const [startLine = '', ...lines] = raw.slice(0, headEnd).split('\r\n');
  const headers: SipHeader[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new SyntaxError(`Not a SIP header: ${line}`);
    headers.push({ name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() });
  }
  const parts = { startLine, headers, body: raw.slice(headEnd + 4), raw };
  if (startLine.startsWith('SIP/2.0 ')) return new SipResponse(parts);
  if (/^[A-Z]+ \S+ SIP\/2\.0$/.test(startLine)) return new SipRequest(parts);
  throw new SyntaxError(`Not a SIP start line: ${startLine}`);
}

/** Writes a message; Content-Length is added, and Content-Type is application/sdp where a body has none. */
export function formatSipMessage(startLine: string, headers: readonly SipHeader[], body = ''): string {
  const lines = headers.map(({ name, value }) => `${name}: ${value}`);
  const typed = headers.some(({ name }) => canonicalName(name) === 'content-type');
  if (body !== '' && !typed) lines.push('Content-Type: application/sdp');
  lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${[startLine, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

/** Header lines (`Name: value`) as tests write them. */
export function toHeaders(lines: readonly string[] = []): SipHeader[] {
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return { name: line.slice(0, colon).trim(), value: line.slice(colon + 1).trim() };
  });
}

// RFC 3261 section 21, those that tests use.
const REASON_PHRASES: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  423: 'Interval Too Brief',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable Here',
  491: 'Request Pending',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  603: 'Decline',
};

export function reasonPhrase(status: number): string {
  return REASON_PHRASES[status] ?? 'Scripted';
}
