/** What may be shown to others of SIP addresses: persons go by pseudonyms, and what is not known is hidden. */
import type { Pseudonyms } from '../core/pseudonyms';

const HIDDEN = '[hidden]';

/** Parameters of a URI or of an address that name nobody. */
const HARMLESS_PARAMETERS = new Set(
  (
    'tag expires q transport user lr ob gr reg-id received rport maddr ttl method branch ' +
    'privacy screen party reason cause counter index limit +sip.instance'
  ).split(' '),
);

const QUOTED = String.raw`"(?:[^"\\]|\\[^])*"?`;
const TOKEN = new RegExp(String.raw`${QUOTED}|<[^<>]*>?|,|[^"<,]+`, 'g');
const PARAMETER = new RegExp(String.raw`;([^;=]*)(?:=((?:${QUOTED}|[^;"])*))?`, 'g');

const HOST = /^[\w.:[\]-]*$/;
// RFC 3261 section 25.1: a token, or what host and port are made of.
const WORD = /^[\w.!%*+`'~:[\]-]*$/;
const URN = /^"?<?urn:[\w:.-]+>?"?$/i;

/**
 * One URI and nothing else (RFC 3261 section 19.1, RFC 3966). The user runs up to the last `@`, commas and semicolons
 * included (section 25.1): neither host nor parameters hold one.
 */
export function redactUri(uri: string, names: Pseudonyms): string {
  const [head, scheme] = /^\s*(sips?|tel):/i.exec(uri) ?? [];
  if (head === undefined || scheme === undefined) return URN.test(uri) ? uri : HIDDEN;
  const rest = uri.slice(head.length).trim();
  const isNumber = scheme.toLowerCase() === 'tel';
  const end = isNumber ? rest.search(/[;?]|$/) : rest.lastIndexOf('@');
  const person = end === -1 ? '' : names.of(userOf(rest.slice(0, end)));
  // Headers of a URI (section 19.1.1) may say anything.
  const [tail = '', ...headers] = rest.slice(isNumber ? end : end + 1).split('?');
  const [host = ''] = /^[^;]*/.exec(tail) ?? [];
  return [
    `${scheme}:${person}${isNumber || end === -1 ? '' : '@'}`,
    HOST.test(host) ? host : HIDDEN,
    redactParameters(tail.slice(host.length)),
    headers.length > 0 ? `?${HIDDEN}` : '',
  ].join('');
}

/** A header of addresses (RFC 3261 section 20.10), as are From, Contact and Route. */
export function redactAddresses(value: string, names: Pseudonyms): string {
  if (!value.includes('<')) return redactBare(value.trim(), names, true);
  const shown: string[] = [];
  let before = '';
  let parameters: string | undefined;
  const close = () => {
    if (parameters !== undefined) shown.push(redactAfter(parameters));
    else if (before.trim() !== '') shown.push(redactBare(before.trim(), names, false));
    before = '';
    parameters = undefined;
  };
  for (const token of value.match(TOKEN) ?? []) {
    if (token === ',') {
      close();
      shown.push(', ');
    } else if (parameters !== undefined) parameters += token;
    else if (token.startsWith('<')) {
      const name = displayNameOf(before);
      if (name !== '') shown.push(`"${names.of(name)}" `);
      shown.push(`<${redactUri(token.replace(/^<|>$/g, ''), names)}>`);
      parameters = '';
    } else before += token;
  }
  close();
  return shown.join('');
}

/** Replaces the user of every URI in a text. */
export function redactUris(text: string, names: Pseudonyms): string {
  return text
    .replace(/\b(sips?:)([^\s"<>@]*)(@?)/gi, (uri: string, scheme: string, user: string, at: string) =>
      at === '' ? uri : `${scheme}${names.of(userOf(user))}@`,
    )
    .replace(/\b(tel:)([^\s"<>;,]+)/gi, (_, scheme: string, number: string) => scheme + names.of(number));
}

/** What is in quotes is meant for people (RFC 3326, RFC 3261 section 20.43), and may say who calls whom. */
export function blankQuoted(text: string): string {
  return text.replace(new RegExp(QUOTED, 'g'), `"${HIDDEN}"`);
}

/** Without a password and the parameters of a telephone number (RFC 3261 section 19.1.6). */
function userOf(userinfo: string): string {
  return /^[^:;]+/.exec(userinfo)?.[0] ?? userinfo;
}

/** @param isWhole whether there is nothing else: of a list, it may be one half of a user with a comma */
function redactBare(address: string, names: Pseudonyms, isWhole: boolean): string {
  if (address === '' || address === '*') return address;
  const isAddress = isWhole || address.includes('@') || /^tel:/i.test(address);
  return isAddress ? redactUri(address, names) : HIDDEN;
}

/** What stands behind the angle brackets of an address. */
function redactAfter(text: string): string {
  const begin = text.indexOf(';');
  const junk = begin === -1 ? text : text.slice(0, begin);
  return (junk.trim() === '' ? '' : ` ${HIDDEN}`) + (begin === -1 ? '' : redactParameters(text.slice(begin)));
}

function redactParameters(text: string): string {
  return text.replace(PARAMETER, (_, name: string, value: string | undefined) => {
    const key = name.trim().toLowerCase();
    if (!WORD.test(key)) return `;${HIDDEN}`;
    if (value === undefined) return `;${name}`;
    const isHarmless = HARMLESS_PARAMETERS.has(key) && (WORD.test(value) || URN.test(value));
    return `;${name}=${isHarmless ? value : HIDDEN}`;
  });
}

function displayNameOf(text: string): string {
  const plain = text.trim();
  return plain.startsWith('"') ? plain.replace(/^"|"$/g, '').replace(/\\([^])/g, '$1') : plain;
}
