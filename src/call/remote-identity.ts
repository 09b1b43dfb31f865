import type { RawNameAddress, RawRequest } from '../sip/jssip';

export interface RemoteIdentity {
  /** Telephone number or SIP URI. */
  readonly address: string;
  readonly displayName?: string;
}

/** What is looked at of a header, whatever it holds. */
const LONGEST_HEADER = 1024;
/** Names longer than this are cut: a header may be as long as a message. */
const LONGEST_NAME = 128;

/**
 * Who calls: the identity that the trusted network asserts (P-Asserted-Identity, RFC 3325 section 9.1) before the
 * one that the caller claims (From).
 */
export function callerOf(request: RawRequest): RemoteIdentity {
  const asserted = request.getHeader('P-Asserted-Identity');
  const parsed = asserted === undefined ? undefined : parseNameAddress(asserted.slice(0, LONGEST_HEADER));
  const claimed = identityOf(request.from);
  // Networks assert the number and seldom a name; the claimed name is then better than none.
  return parsed ? withName(parsed.address, parsed.displayName ?? claimed.displayName) : claimed;
}

function identityOf({ uri, display_name: name }: RawNameAddress): RemoteIdentity {
  const user = uri.user ?? '';
  return withName(shorten(user, `sip:${user === '' ? '' : `${user}@`}${uri.host}`), name ?? undefined);
}

function parseNameAddress(value: string): RemoteIdentity | undefined {
  const uri = /<(sips?|tel):([^>]*)>/i.exec(value) ?? /^\s*(sips?|tel):([^\s;,]*)/i.exec(value);
  const [, scheme, rest] = uri ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  const address = rest.replace(/[;?].*$/, '');
  const quoted = /^\s*"((?:[^"\\]|\\.)*)"/.exec(value)?.[1];
  const name = quoted?.replace(/\\(.)/g, '$1') ?? /^\s*([^"<]*)</.exec(value)?.[1]?.trim();
  const user = address.split('@')[0] ?? '';
  return withName(
    scheme.toLowerCase() === 'tel' ? shorten(address, address) : shorten(user, `sip:${address}`),
    name,
  );
}

/** What was dialled, in the words of the caller's own domain. */
export function calleeOf(targetUri: string): RemoteIdentity {
  const user = decodeURIComponent(targetUri.slice('sip:'.length, targetUri.lastIndexOf('@')));
  return { address: shorten(user, targetUri) };
}

/** A telephone number stands for itself; anything else needs its domain. */
function shorten(user: string, uri: string): string {
  return /^\+?\d{2,20}$/.test(user) ? user : uri;
}

function withName(address: string, name: string | undefined): RemoteIdentity {
  return { address, ...(name ? { displayName: name.slice(0, LONGEST_NAME) } : {}) };
}
