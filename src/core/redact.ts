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
  // The path of a WebSocket and the query of any URL may be a ticket.
  [/\b(wss?:\/\/[^\s/?#"'<>\\]*)[^\s"'<>\\]*/gi, '$1'],
  [/\b(https?:\/\/[^\s?#"'<>\\]*)(?:[?#][^\s"'<>\\]*)?/gi, '$1'],
];

const ADDRESSES: readonly (readonly [RegExp, string])[] = [
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '[ip]'],
  [/\b(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}\b/gi, '[ip]'],
  [/\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{0,4}/gi, '[ip]'],
  [/\b[0-9a-f-]{36}\.local\b/gi, '[ip]'],
];

// E.164 allows 15 digits; the last two are kept to tell calls apart.
const UNBROKEN_NUMBER = /\+?\b\d{5,13}(?=\d{2}\b)/g;

// A date is matched first, so that it is no number. Between digits of a number there are the separators of RFC 3966
// section 5.1.1, blanks, dashes and slashes, up to three in a row: `+49 (0) 30 / 1234-5678`.
const DATE_OR_NUMBER = new RegExp(
  String.raw`\b(?:(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])|` +
    String.raw`(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d)(?![-/.]?\d)|` +
    String.raw`\(?\+?\b\d(?:[ \t\u00a0\u2000-\u200a\u2010-\u2015\u202f()./-]{0,3}\d)+`,
  'g',
);
// From seven digits on it may be a telephone number.
const FEWEST_DIGITS = 7;

const SECRET_KEY = /(?:password|passwd|pwd|ha1|credential|secret|api[-_]?key|token|authorization|jwt)$/i;

/** Removes secrets; with `hidePersons` also telephone numbers, however they are written, and network addresses. */
export function redactText(text: string, hidePersons: boolean): string {
  if (!hidePersons) return replaceAll(text, SECRETS);
  const readable = replaceAll(text, [...SECRETS, ...ADDRESSES]);
  return readable.replace(
    DATE_OR_NUMBER,
    (match: string, yearFirst: string | undefined, yearLast: string | undefined, at: number) =>
      (yearFirst ?? yearLast) === undefined
        ? hideNumber(match, readable.slice(at + match.length, at + match.length + 3))
        : match,
  );
}

/** The same for a line of a protocol, in which numbers that stand side by side are as many numbers. */
export function redactGrammar(line: string): string {
  return replaceAll(line, [...SECRETS, ...ADDRESSES, [UNBROKEN_NUMBER, '[number]']]);
}

function replaceAll(text: string, patterns: readonly (readonly [RegExp, string])[]): string {
  return patterns.reduce((result, [pattern, by]) => result.replace(pattern, by), text);
}

/** @param next how the text goes on */
function hideNumber(run: string, next: string): string {
  // The last digits begin a word: part of a UUID, not of a number (`123x45` and `123ext45` are extensions).
  if (/^[\d-]+$/.test(run) && /^[a-z_]/i.test(next) && !/^(?:x|ext)/i.test(next)) {
    const end = run.lastIndexOf('-');
    return end === -1 ? run : hideNumber(run.slice(0, end), '') + run.slice(end);
  }
  const digits = run.replace(/\D/g, '');
  // `131.0.6778.86`: browsers count so, and no telephone network.
  const isVersion = /^[\d.]+$/.test(run) && run.includes('.0.');
  return digits.length < FEWEST_DIGITS || isVersion ? run : `[number]${digits.slice(-2)}`;
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
