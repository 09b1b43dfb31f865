/**
 * Takes out of a log line what must never be in one. Every pattern takes linear time on hostile text: none nests a
 * quantifier, and none can fail after an unbounded run that another start lies within. Hiding too much is fine.
 */

const SECRETS: readonly (readonly [RegExp, string])[] = [
  // A compact JWS or JWE (RFC 7515 section 7.1, RFC 7516), also cut short: base64url of `{"...` starts with eyJ.
  [/\beyJ[\w-]+(?:\.[\w-]*){0,4}/g, '[jwt]'],
  [/((?:proxy-)?authorization|x-user-api-key)["' \t]*[:=][^\r\n]*/gi, '$1: [redacted]'],
  [/\b(Bearer|Basic|Digest) [^\r\n]+/gi, '$1 [redacted]'],
  // key=value, key: value and JSON, also JSON within JSON; a quoted value goes as a whole.
  [
    /(password|passwd|pwd|ha1|credential|secret|api[-_]?key|token|jwt)(\\?["']?\s?[=:]\s?\\?)(?:"(?:[^"\\]|\\[^])*"?|'(?:[^'\\]|\\[^])*'?|[^\s"'&]+)/gi,
    '$1$2[redacted]',
  ],
  // RFC 7616 section 3.4.
  [/\b(c?nonce|response)=(?:"[^"]*"?|[^\s",]+)/gi, '$1=[redacted]'],
  [/a=(ice-pwd|crypto):[^\r\n\\]*/gi, 'a=$1:[redacted]'],
  [/:\/\/[^\s/@]+@/g, '://[redacted]@'],
];

const PRIVATE: readonly (readonly [RegExp, string])[] = [
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '[ip]'],
  [/\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}\b/gi, '[ip]'],
  [/\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}/gi, '[ip]'],
  [/\b[0-9a-f-]{36}\.local\b/gi, '[ip]'],
  // From seven digits on it may be a telephone number (E.164 allows 15); the last two are kept to tell calls apart.
  [/\+?\b\d{5,13}(?=\d{2}\b)/g, '[number]'],
];

const SECRET_KEY = /(?:password|passwd|pwd|ha1|credential|secret|api[-_]?key|token|authorization|jwt)$/i;

/** Removes secrets; with `hidePersons` also telephone numbers and network addresses. */
export function redactText(text: string, hidePersons: boolean): string {
  let result = text;
  for (const [pattern, replacement] of hidePersons ? [...SECRETS, ...PRIVATE] : SECRETS) {
    result = result.replace(pattern, replacement);
  }
  return result;
}

/** The same for a value of any shape; Errors keep name, code and message only. Depth is bounded. */
export function redactValue(value: unknown, hidePersons: boolean, depth = 4): unknown {
  if (typeof value === 'string') return redactText(value, hidePersons);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) {
    const code: unknown = 'code' in value ? value.code : undefined;
    return `${value.name}${typeof code === 'string' ? ` ${code}` : ''}: ${redactText(value.message, hidePersons)}`;
  }
  if (depth === 0) return '[...]';
  if (Array.isArray(value)) return value.map((item) => redactValue(item, hidePersons, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET_KEY.test(key) ? '[redacted]' : redactValue(item, hidePersons, depth - 1),
    ]),
  );
}
