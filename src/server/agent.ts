/** What may name an agent, and what may be shown of one. */

/**
 * RFC 3986 section 2.3, the unreserved characters: they need no escape in a SIP URI, in a quoted string or in a
 * user name that a colon divides.
 */
const userUuidPattern = /^[A-Za-z0-9._~-]{1,64}$/;

/** Control characters (C0, DEL, C1), line and paragraph separators, halves of surrogate pairs. */
const notOnOneLine = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** In UTF-16 code units, as `String.length` counts. */
const maxLabelLength = 128;

export function isUserUuid(value: unknown): value is string {
  return typeof value === 'string' && userUuidPattern.test(value);
}

export function isLabel(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxLabelLength && !notOnOneLine.test(value);
}
