import { voiceError } from '../core/errors';

// RFC 3261 section 25.1: characters that a user part may hold unescaped (unreserved and user-unreserved), and `#`.
// No `%`: JsSIP decodes what it is given, so that an escaped line break would come alive.
const USER = /^[A-Za-z0-9\-_.!~*'()&=+$,;?/#]+$/;
// Visual separators of RFC 3966 section 5.1.1, and the blanks that people and copied web pages put into numbers.
const SEPARATORS = /[\s\u00a0\u2000-\u200d\u202a-\u202f\u2060\ufeff().\-/]/g;
const CONTROL = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/;

/** @throws VoiceSDKError `INVALID_ARGUMENT` when a text holds a line break or another control character. */
export function assertSingleLine(value: string, name: string): void {
  if (CONTROL.test(value)) throw voiceError('INVALID_ARGUMENT', `${name} contains a control character.`);
}

/**
 * Turns what a person typed or a CRM stored into the SIP URI to call, always within the account's own domain.
 * Accepts a telephone number with any usual punctuation, a user name, `tel:`, `sip:` and `sips:` URIs, these also in
 * angle brackets. URI parameters (`;user=phone`, `;ext=5`) are dropped; the headers of a SIP URI (`?`) are refused.
 *
 * @param to what to call
 * @param domain host part of the account's address of record
 * @throws VoiceSDKError `INVALID_ARGUMENT`
 */
export function toTargetUri(to: unknown, domain: string): string {
  return `sip:${encodeUser(userPart(to, domain, 'to'))}@${domain}`;
}

/** The user part of a caller ID (`from`), checked like a target. @throws VoiceSDKError `INVALID_ARGUMENT` */
export function toCallerUser(from: unknown, domain: string): string {
  return encodeUser(userPart(from, domain, 'from'));
}

function userPart(value: unknown, domain: string, name: string): string {
  if (typeof value !== 'string') throw voiceError('INVALID_ARGUMENT', `${name} is not a string.`);
  assertSingleLine(value, name);
  const trimmed = value.trim();
  const given = /^<(?:sips?|tel):.*>$/i.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
  const address = given.replace(/^(?:sips?|tel):/i, '');
  const at = address.lastIndexOf('@');
  if (at >= 0 && withoutParameters(address.slice(at + 1)).toLowerCase() !== domain.toLowerCase()) {
    throw voiceError('INVALID_ARGUMENT', `${name} names a domain that is not the account's.`);
  }
  const isUri = address !== given;
  const user = at >= 0 ? address.slice(0, at) : isUri ? withoutParameters(address) : address;
  const compact = user.replace(SEPARATORS, '');
  const isNumber = /^\+?[\d*#]+$/.test(compact);
  const result = isNumber ? compact : user;
  // JsSIP takes separators out too, and of a name made of nothing else it would call nobody.
  if (/^\+?$/.test(compact) || result.length > 128 || !USER.test(result)) {
    throw voiceError('INVALID_ARGUMENT', `${name} is neither a telephone number nor a user name.`);
  }
  return result;
}

/** The URI without its parameters (RFC 3261 section 19.1.1, RFC 3966 section 3); its headers are left to be refused. */
function withoutParameters(uri: string): string {
  return uri.includes('?') ? uri : (uri.split(';', 1)[0] ?? '');
}

/** `#` is legal in a dialled number but not in a SIP user part (RFC 3261 section 25.1). */
function encodeUser(user: string): string {
  return user.replace(/#/g, '%23');
}

/** Host part of an address of record. */
export function domainOf(sipUri: string): string {
  return sipUri.slice(sipUri.lastIndexOf('@') + 1).replace(/[;?].*$/, '');
}
