import * as pattern from './patterns';
import { Reader } from './reader';

/**
 * The rules of RFC 3261 section 25.1 that JsSIP asks of its parser, in place of the 12,000 generated lines that it
 * ships. Results have the shape that JsSIP reads: objects of its classes, a number, a text.
 */

/** Parameters by lower-case name, `undefined` for a flag. Made without a prototype: the names come from outside. */
type Parameters = Record<string, string | undefined>;

/** The classes of JsSIP that results are made of. */
export interface Classes {
  readonly URI: new (
    scheme: string | undefined,
    user: string | undefined,
    host: string,
    port: number | undefined,
    parameters: Parameters,
    headers: Record<string, string[]>,
  ) => object;
  readonly NameAddrHeader: new (
    uri: object,
    displayName: string | undefined,
    parameters: Parameters,
  ) => object;
}

type Rule = (reader: Reader, classes: Classes) => unknown;

const bare = <T>(): Record<string, T> => Object.create(null) as Record<string, T>;

const unescaped = (quoted: string | undefined): string | undefined =>
  quoted?.replace(pattern.QUOTED_PAIR, '$1');

/** An address in brackets has to be IPv6, whose many forms the engine knows. */
function checkedHost(host: string): string {
  if (host.startsWith('[')) new URL(`http://${host}`);
  return host.toLowerCase();
}

function number(reader: Reader): number {
  return parseInt(reader.need(pattern.DIGITS)[0], 10);
}

function assign(params: Parameters, reader: Reader): void {
  const [name] = reader.need(pattern.NAME);
  const value = reader.match(pattern.EQUAL) ? reader.need(pattern.VALUE)[0] : undefined;
  params[name.toLowerCase()] = value?.startsWith('[') ? checkedHost(value) : value;
}

function parameters(reader: Reader): Parameters {
  const params: Parameters = bare();
  while (reader.match(pattern.SEMI)) assign(params, reader);
  return params;
}

function list<T>(reader: Reader, item: () => T): T[] {
  const items = [item()];
  while (reader.match(pattern.COMMA)) items.push(item());
  return items;
}

/** Reads `source` apart at `mark` and each piece at `=`. */
function pairs(source: string | undefined, mark: string): [name: string, value: string | undefined][] {
  return (source ? source.split(mark) : []).map((pair) => {
    const [name = '', value] = pair.split('=');
    return [name.toLowerCase(), value];
  });
}

/** Outside angle brackets the parameters belong to the header (RFC 3261 section 20). */
function uri(reader: Reader, { URI }: Classes, hasParameters = true): object {
  const [, scheme, user, host = '', port] = reader.need(pattern.URI);
  const [, paramPart, headerPart] = hasParameters ? reader.need(pattern.URI_TAIL) : [];
  const params: Parameters = bare();
  for (const [name, value] of pairs(paramPart?.slice(1), ';'))
    params[name] = /^(transport|user|maddr)$/.test(name)
      ? value?.toLowerCase()
      : name === 'lr'
        ? undefined
        : value;
  const headers = bare<string[]>();
  for (const [name, value = ''] of pairs(headerPart, '&')) (headers[name] ??= []).push(value);
  return new URI(
    scheme?.toLowerCase(),
    user === undefined ? user : decodeURIComponent(user),
    checkedHost(host),
    port === undefined ? port : parseInt(port, 10),
    params,
    headers,
  );
}

/** `"Name" <uri>;params`, or the bare `uri;params` where that is allowed. */
function nameAddress(reader: Reader, classes: Classes, mayBeBare = true): object {
  let name: string | undefined;
  let address: object;
  if (mayBeBare && reader.match(pattern.URI_FOLLOWS)) address = uri(reader, classes, false);
  else {
    const [, words, quoted] = reader.match(pattern.DISPLAY_NAME) ?? [];
    name = words?.replace(pattern.FOLDS, ' ') ?? unescaped(quoted);
    reader.need(pattern.LEFT_ANGLE);
    address = uri(reader, classes);
    reader.need(pattern.RIGHT_ANGLE);
  }
  const params = parameters(reader);
  // JsSIP makes a timer of it: of anything but a number, one that is over at once, again and again.
  if (!/^\d+$/.test(params['expires'] ?? '')) delete params['expires'];
  return new classes.NameAddrHeader(address, name, params);
}

/** JsSIP cuts the value by these: its words for the end and the start, in this order. */
const nameAddresses = (mayBeBare: boolean) => (reader: Reader, classes: Classes) =>
  list(reader, () => {
    const offset = reader.at;
    const parsed = nameAddress(reader, classes, mayBeBare);
    return { possition: reader.at, offset, parsed };
  });

function statusLine(reader: Reader): unknown {
  const [, code, reason_phrase] = reader.need(pattern.STATUS_LINE);
  return { status_code: Number(code), reason_phrase };
}

function requestOrStatusLine(reader: Reader, classes: Classes): unknown {
  if (reader.match(pattern.STATUS_FOLLOWS)) return statusLine(reader);
  const [, method] = reader.need(pattern.METHOD);
  const target = uri(reader, classes);
  reader.need(pattern.SIP_VERSION);
  return { method, uri: target };
}

/** Only the topmost: the others are other hops' business, also where they share its line. */
function via(reader: Reader): unknown {
  const [top] = list(reader, () => {
    checkedHost(reader.need(pattern.SENT_BY)[1] ?? '');
    const params: Parameters = bare();
    while (reader.match(pattern.SEMI)) if (!reader.match(pattern.VIA_ADDRESS)) assign(params, reader);
    return params;
  });
  return top;
}

function challenge(reader: Reader): unknown {
  const [, scheme = ''] = reader.need(pattern.SCHEME);
  const words: Parameters = bare();
  const strings: Parameters = bare();
  list(reader, () => {
    const [, name = '', word, string] = reader.need(pattern.AUTH_PARAM);
    (string === undefined ? words : strings)[name.toLowerCase()] = word ?? string;
  });
  if (scheme.toLowerCase() !== 'digest') return {};
  return {
    realm: unescaped(strings['realm']),
    nonce: unescaped(strings['nonce']),
    opaque: unescaped(strings['opaque']),
    stale: words['stale']?.toLowerCase() === 'true',
    algorithm: words['algorithm']?.toUpperCase(),
    qop: pattern.QOP.exec(strings['qop'] ?? '')?.[0]
      .toLowerCase()
      .split(','),
  };
}

const RULES: Readonly<Record<string, Rule>> = {
  Call_ID: (reader) => reader.need(pattern.CALL_ID)[0],
  Contact: nameAddresses(true),
  Content_Length: number,
  Content_Type(reader) {
    reader.need(pattern.MEDIA_TYPE);
    parameters(reader);
    return reader.text;
  },
  CSeq(reader) {
    const [, value = '', method] = reader.need(pattern.CSEQ);
    return { value: parseInt(value, 10), method };
  },
  Event(reader) {
    const [event] = reader.need(pattern.EVENT);
    return { event: event.toLowerCase(), params: parameters(reader) };
  },
  From: nameAddress,
  Max_Forwards: number,
  Name_Addr_Header: (reader, classes) => nameAddress(reader, classes, false),
  Proxy_Authenticate: challenge,
  Record_Route: nameAddresses(false),
  Refer_To: nameAddress,
  Replaces(reader) {
    const [call_id] = reader.need(pattern.CALL_ID);
    const params = parameters(reader);
    return {
      call_id,
      to_tag: params['to-tag'],
      from_tag: params['from-tag'],
      early_only: 'early-only' in params,
    };
  },
  Request_Response: requestOrStatusLine,
  Session_Expires(reader) {
    const expires = number(reader);
    const refresher = parameters(reader)['refresher']?.toLowerCase();
    return { expires, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined };
  },
  SIP_URI: uri,
  Status_Line: statusLine,
  To: nameAddress,
  Via: via,
  WWW_Authenticate: challenge,
  quoted_string: (reader) => reader.need(pattern.QUOTED_STRING)[0],
  uuid: (reader) => reader.need(pattern.UUID)[0],
};

/**
 * Reads the whole `input` by the rule of that name; -1 where it is not what the rule says. The time grows with the
 * length alone. Throws for a rule that there is none of.
 */
export function parse(input: string, ruleName: string, classes: Classes): unknown {
  const rule = RULES[ruleName];
  if (!rule) throw new TypeError(`no rule ${ruleName}`);
  const reader = new Reader(input);
  try {
    const result = rule(reader, classes);
    return reader.at === input.length ? result : -1;
  } catch {
    // Also an escape that is no UTF-8, and an address that is no IPv6.
    return -1;
  }
}
