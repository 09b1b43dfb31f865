/**
 * The words of SIP (RFC 3261 section 25.1) as sticky patterns. None of them may repeat a repetition over the same
 * characters: each reads hostile text in a time that grows with its length alone.
 */

const sticky = (...sources: string[]): RegExp => new RegExp(sources.join(''), 'iy');

const LWS = String.raw`(?:[ \t]*\r\n)?[ \t]+`;
const SWS = `(?:${LWS})?`;
const spaced = (mark: string): string => SWS + mark + SWS;

const TOKEN = "[\\w.!%*+`'~-]+";
const WORD = '[\\w.!%*+`\'~()<>:\\\\"/[\\]?{}-]+';
/** Within it, white space is single characters: runs of it could be taken apart in very many ways. */
const QDTEXT = String.raw`[ \t!#-[\]-~\x80-\uFFFF]*`;
const QUOTED = String.raw`"(${QDTEXT}(?:(?:\r\n[ \t]|\\[\0-\t\v\f\x0e-\x7f])${QDTEXT})*)"`;

const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
/** Anything in brackets: whether it is an IPv6 address is looked at afterwards. */
const IPV6 = String.raw`\[[\da-f:.]+\]`;
const HOST = String.raw`((?:[a-z\d][\w-]*\.)*[a-z][\w-]*\.?|(?:${OCTET}\.){3}${OCTET}|${IPV6})`;

/** One of the `unreserved` characters, an `escaped` one or one of `others`. */
const char = (others: string): string => String.raw`(?:[\w.!~*'()${others}-]|%[\da-f]{2})`;
const USERINFO = `${char('&=+$,;?/')}+(?::${char('&=+$,')}*)?`;
const PARAM = `${char(String.raw`[\]/:&+$`)}+`;
const HEADER = String.raw`${char(String.raw`[\]/?:+$`)}+=${char(String.raw`[\]/?:+$`)}*`;

export const DIGITS = /\d+/y;
export const EQUAL = sticky(spaced('='));
export const SEMI = sticky(spaced(';'));
export const COMMA = sticky(spaced(','));
export const NAME = sticky(TOKEN);
export const VALUE = sticky(`${TOKEN}|${QUOTED}|${IPV6}`);
export const QUOTED_STRING = sticky(SWS, QUOTED);
export const QUOTED_PAIR = /\\([^])/g;

export const LEFT_ANGLE = sticky(SWS, '<');
export const RIGHT_ANGLE = sticky('>', SWS);
/** Groups: bare words, or the text between quotes. */
export const DISPLAY_NAME = sticky(`(${TOKEN}(?:${LWS}${TOKEN})*)|${SWS}${QUOTED}`);
export const FOLDS = new RegExp(LWS, 'g');

export const URI_FOLLOWS = /(?=sips?:)/iy;
/** Groups: scheme, user with password, host, port. */
export const URI = sticky(`(sips?):(?:(${USERINFO})@)?${HOST}(?::(\\d{0,5}))?`);
/** Groups: `;name=value` pairs, `name=value` pairs behind the question mark. */
export const URI_TAIL = sticky(`((?:;${PARAM}(?:=${PARAM})?)*)(?:\\?(${HEADER}(?:&${HEADER})*))?`);

export const METHOD = sticky(`(${TOKEN}) `);
export const SIP_VERSION = / sip\/\d+\.\d+/iy;
export const STATUS_FOLLOWS = /(?=sip\/)/iy;
/** Any phrase: a final response must not be lost for a bracket in it. */
export const STATUS_LINE = /sip\/\d+\.\d+ ([1-9]\d\d) ([^\r\n]*)/iy;

export const CALL_ID = sticky(`${WORD}(?:@${WORD})?`);
export const CSEQ = sticky(`(\\d+)${LWS}(${TOKEN})`);
export const EVENT = sticky("[\\w!%*+`'~-]+(?:\\.[\\w!%*+`'~-]+)*");
export const MEDIA_TYPE = sticky(TOKEN, spaced('/'), TOKEN);
export const SENT_BY = sticky(
  ...[TOKEN, spaced('/'), TOKEN, spaced('/'), TOKEN, LWS, HOST],
  `(?:${spaced(':')}\\d{0,5})?`,
);
/** What the general parameter does not allow: an IPv6 address without brackets, a number that is missing. */
export const VIA_ADDRESS = sticky(
  `received${spaced('=')}[\\da-f.]*:[\\da-f:.]*|rport${spaced('=')}(?=\\s*(?:[;,]|$))`,
);

export const SCHEME = sticky(`(${TOKEN})${LWS}`);
/** Groups: name, token, text between quotes. */
export const AUTH_PARAM = sticky(`(${TOKEN})${spaced('=')}(?:(${TOKEN})|${QUOTED})`);
export const QOP = new RegExp(`^${TOKEN}(?:,${TOKEN})*`);

export const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/iy;
