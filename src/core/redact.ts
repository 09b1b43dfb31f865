/** Takes out of a log line what must never be in one. Patterns are linear: none nests a quantifier. */

const SECRETS: readonly (readonly [RegExp, string])[] = [
  // A compact JWS (RFC 7515 section 7.1): base64url of `{"...` starts with eyJ.
  [/\beyJ[\w-]+\.[\w-]*\.?[\w-]*/g, '[jwt]'],
  [/^((?:proxy-)?authorization|x-user-api-key)[ \t]*:.*$/gim, '$1: [redacted]'],
  [/\b(Bearer|Basic|Digest) [^\r\n]+/gi, '$1 [redacted]'],
  [
    /\b(password|passwd|ha1|credential|secret|api_?key|access_token|token|response|nonce|cnonce)("?\s?[=:]\s?"?)[^\s"',;&}]+/gi,
    '$1$2[redacted]',
  ],
  [/^a=(ice-pwd|crypto):.*$/gim, 'a=$1:[redacted]'],
];

const PRIVATE: readonly (readonly [RegExp, string])[] = [
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '[ip]'],
  [/\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}/gi, '[ip]'],
  [/\b[0-9a-f-]{36}\.local\b/gi, '[ip]'],
  // From seven digits on it may be a telephone number (E.164 allows 15); the last two are kept to tell calls apart.
  [/\+?\b\d{5,13}(?=\d{2}\b)/g, '[number]'],
];

const SECRET_KEY =
  /^(?:password|passwd|ha1|credential|secret|api_?key|token|access_?token|authorization|jwt)$/i;

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
