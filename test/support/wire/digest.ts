import { createHash } from 'node:crypto';
import type { SipRequest } from './sip-message';

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** HA1 of RFC 2617 section 3.2.2.2. */
export function digestHa1(username: string, realm: string, password: string): string {
  return md5(`${username}:${realm}:${password}`);
}

/** The comma-separated parameters of a `Digest` header value. */
export function digestParameters(value: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, bare] of value.matchAll(/(\w+)=(?:"([^"]*)"|([^,\s]+))/g)) {
    parameters.set(name.toLowerCase(), quoted ?? bare ?? '');
  }
  return parameters;
}

/** Whether the credentials in `headerValue` prove knowledge of `ha1` for this request (MD5, qop auth or none). */
export function digestMatches(request: SipRequest, headerValue: string, ha1: string): boolean {
  const parameters = digestParameters(headerValue);
  const get = (name: string) => parameters.get(name) ?? '';
  const ha2 = md5(`${request.method}:${get('uri')}`);
  const middle = parameters.has('qop') ? `${get('nc')}:${get('cnonce')}:${get('qop')}:` : '';
  return get('response') === md5(`${ha1}:${get('nonce')}:${middle}${ha2}`);
}
