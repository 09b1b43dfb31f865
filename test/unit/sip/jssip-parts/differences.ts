/** One way in which our parser is meant to read another thing than the one that JsSIP ships. */
export interface Difference {
  readonly what: string;
  readonly why: string;
  /** Rule, value, and what the two make of it. */
  readonly example: readonly [rule: string, input: string, theirs: unknown, ours: unknown];
  /** Whether it can be the cause of another result for this text. */
  readonly explains: (rule: string, input: string, theirs: unknown, ours: unknown) => boolean;
}

const address = (host: string, more: object = {}): object => ({
  _scheme: 'sip',
  _host: host,
  _parameters: {},
  _headers: {},
  ...more,
});

const refuses = (outcome: unknown): boolean => outcome === -1;

/** A word that JsSIP knows, and more of it: the generated parser takes the known part and fails at the rest. */
const LONGER_WORDS: Readonly<Record<string, RegExp>> = {
  CSeq: /(INVITE|ACK|OPTIONS|BYE|CANCEL|REGISTER|SUBSCRIBE|NOTIFY|REFER)[^\s]+$/,
  Content_Type: /^(text|image|audio|video|application)[^\s/]/i,
  Replaces: /;\s*early-only[^;]/i,
  Request_Response: /^\w/,
  Session_Expires: /refresher\s*=\s*ua[cs][^;\s]/i,
  Via: /^(sip[^\s/]|.*\/\s*(udp|tcp|tls|sctp)[^\s])|(ttl|maddr|received)\s*=|rport/is,
  WWW_Authenticate: /(stale\s*=\s*(true|false)|algorithm\s*=\s*md5)[^,\s]/i,
};
const LONGER_URI_WORDS =
  /;(lr[^;?>\s]|transport=(udp|tcp|sctp|tls)[^;?>\s]|user=(phone|ip)[^;?>\s]|(method|ttl|maddr)=)/i;

/** Every deliberate difference. `differences` of the fuzzing tests have to be among them. */
export const DIFFERENCES: readonly Difference[] = [
  {
    what: 'never throws',
    why: 'JsSIP lets errors of its actions out, into the listener of the socket: one hostile header is an error of the page',
    example: ['From', '<sip:%FF@example.com>;tag=1', 'throws', -1],
    explains: (_rule, _input, theirs) => theirs === 'throws',
  },
  {
    what: 'a host may end with a dot',
    why: 'RFC 3261 allows it; the generated parser has no way back',
    example: ['SIP_URI', 'sip:example.com.', -1, address('example.com.')],
    explains: (_rule, input, theirs) =>
      (refuses(theirs) || !JSON.stringify(theirs).includes('"uri"')) && /[\w-]\.(?=[:;?>,\s]|$)/.test(input),
  },
  {
    what: 'words that begin like a known word',
    why: 'they are other words: the method UPDATED, `transport=udp-x`, `;lrx`, the type `textual`',
    example: ['CSeq', '1 INVITED', -1, { value: 1, method: 'INVITED' }],
    explains: (rule, input, theirs) =>
      refuses(theirs) && (LONGER_WORDS[rule]?.test(input) === true || LONGER_URI_WORDS.test(input)),
  },
  {
    what: 'every reason phrase',
    why: 'a final response must not be lost for a bracket or a quotation mark in words that nobody parses',
    example: ['Status_Line', 'SIP/2.0 486 "Busy" [x]', -1, { status_code: 486, reason_phrase: '"Busy" [x]' }],
    explains: (rule, input, theirs) =>
      refuses(theirs) && ['Status_Line', 'Request_Response'].includes(rule) && /^sip\//i.test(input),
  },
  {
    what: 'every form of an IPv6 address',
    why: 'RFC 3261 section 25.1; the generated parser misses some with `::`',
    example: ['SIP_URI', 'sip:[::]', -1, address('[::]')],
    explains: (_rule, input, theirs) => refuses(theirs) && input.includes('::'),
  },
  {
    what: 'parameters of a media type without a value',
    why: 'they are read as any other parameter; JsSIP never looks at them',
    example: ['Content_Type', 'text/plain;flag', -1, 'text/plain;flag'],
    explains: (rule, _input, theirs) => refuses(theirs) && rule === 'Content_Type',
  },
  {
    what: 'a status code of at least 100',
    why: 'JsSIP takes the code 000 for a request without a method',
    example: ['Request_Response', 'SIP/2.0 000 None', { status_code: 0, reason_phrase: 'None' }, -1],
    explains: (_rule, input) => /^sip\/\S+ 0/i.test(input),
  },
  {
    what: 'a request for a SIP URI only',
    why: 'JsSIP hands on a request without a target, and fails at it with an error of the page',
    example: ['Request_Response', 'INVITE tel:+15551234567 SIP/2.0', { method: 'INVITE' }, -1],
    explains: (rule, _input, theirs) =>
      rule === 'Request_Response' && !refuses(theirs) && !Object.hasOwn(theirs as object, 'uri'),
  },
  {
    what: 'one display name',
    why: 'RFC 3261 has one; no header that JsSIP reads asks for this rule',
    example: [
      'Name_Addr_Header',
      '"A" "B" <sip:c>',
      { _uri: address('c'), _parameters: {}, _display_name: 'B' },
      -1,
    ],
    explains: (rule, _input, _theirs, ours) => rule === 'Name_Addr_Header' && refuses(ours),
  },
  {
    what: 'parameters of a URI by its own characters',
    why: 'RFC 3261: `paramchar`; the generated parser also takes the others of a token for `transport` and `user`',
    example: ['SIP_URI', 'sip:a;transport=w`s', address('a', { _parameters: { transport: 'w`s' } }), -1],
    explains: (_rule, input, _theirs, ours) =>
      refuses(ours) && /;(transport|user|method|lr)=[^;?>]*[`%]/i.test(input),
  },
  {
    what: 'transport, user and maddr without regard to case',
    why: 'as RFC 3261 compares them, also where the value is no token',
    example: [
      'SIP_URI',
      'sip:a;transport=&WS',
      address('a', { _parameters: { transport: '&WS' } }),
      address('a', { _parameters: { transport: '&ws' } }),
    ],
    explains: (_rule, input) => /;(transport|user|maddr)=/i.test(input),
  },
  {
    what: '`maddr` and `ttl` change nothing but themselves',
    why: 'JsSIP puts maddr in the place of the host, and ttl among the parameters of the header',
    example: [
      'SIP_URI',
      'sip:a@b.c;maddr=239.1.1.1;ttl=15',
      address('239.1.1.1', { _user: 'a', _parameters: { maddr: '239.1.1.1' } }),
      address('b.c', { _user: 'a', _parameters: { maddr: '239.1.1.1', ttl: '15' } }),
    ],
    explains: (_rule, input) => /;(maddr|ttl)=/i.test(input),
  },
  {
    what: '`method` of a URI is not the method of the request',
    why: 'JsSIP takes an INVITE to such a URI for what the parameter says',
    example: [
      'Request_Response',
      'INVITE sip:a;method=BYE SIP/2.0',
      { method: 'BYE', uri: address('a', { _parameters: { method: 'BYE' } }) },
      { method: 'INVITE', uri: address('a', { _parameters: { method: 'BYE' } }) },
    ],
    explains: (rule, input) => rule === 'Request_Response' && /;method=/i.test(input),
  },
  {
    what: 'headers of a URI stay with it',
    why: 'JsSIP gives them to every later address of the list as well',
    example: [
      'Record_Route',
      '<sip:a?X=1>,<sip:b>',
      [
        {
          possition: 11,
          offset: 0,
          parsed: { _uri: address('a', { _headers: { X: ['1'] } }), _parameters: {} },
        },
        {
          possition: 19,
          offset: 12,
          parsed: { _uri: address('b', { _headers: { X: ['1'] } }), _parameters: {} },
        },
      ],
      [
        {
          possition: 11,
          offset: 0,
          parsed: { _uri: address('a', { _headers: { X: ['1'] } }), _parameters: {} },
        },
        { possition: 19, offset: 12, parsed: { _uri: address('b'), _parameters: {} } },
      ],
    ],
    explains: (rule, input) => ['Contact', 'Record_Route'].includes(rule) && /\?.*,/s.test(input),
  },
  {
    what: 'the last parameter of a name',
    why: 'as for every other name; JsSIP remembers a tag with a value where a bare one follows',
    example: [
      'From',
      '<sip:a>;tag=1;tag',
      { _uri: address('a'), _parameters: { tag: '1' } },
      { _uri: address('a'), _parameters: { tag: null } },
    ],
    explains: (_rule, input) => /tag\s*=.*;\s*tag\s*(;|$|=\s*["[])/is.test(input),
  },
  {
    what: 'the topmost Via',
    why: 'JsSIP takes the branch of the last one on the line, and then the CANCEL, which has one Via, finds no INVITE',
    example: [
      'Via',
      'SIP/2.0/WS a;branch=top, SIP/2.0/UDP b;branch=low',
      { branch: 'low' },
      { branch: 'top' },
    ],
    explains: (rule, input) => rule === 'Via' && input.includes(','),
  },
  {
    what: 'a branch between quotation marks',
    why: 'it is a value like any other; without it JsSIP has no transaction',
    example: ['Via', 'SIP/2.0/WS a;branch="x"', {}, { branch: '"x"' }],
    explains: (rule, input) => rule === 'Via' && /branch\s*=\s*["[]/i.test(input),
  },
  {
    what: 'only whole seconds in `expires`',
    why: 'JsSIP makes a timer of the text: NaN registers again at once, without end',
    example: [
      'Contact',
      '<sip:a>;expires="60"',
      [{ possition: 20, offset: 0, parsed: { _uri: address('a'), _parameters: { expires: '"60"' } } }],
      [{ possition: 20, offset: 0, parsed: { _uri: address('a'), _parameters: {} } }],
    ],
    explains: (_rule, input) => /expires/i.test(input),
  },
  {
    what: '`q` and `expires` as they were written',
    why: 'JsSIP writes numbers anew, 0.50 as 0.5, and refuses 0.1234; it compares neither as text',
    example: [
      'Contact',
      'sip:a;q=0.50',
      [{ possition: 12, offset: 0, parsed: { _uri: address('a'), _parameters: { q: '0.5' } } }],
      [{ possition: 12, offset: 0, parsed: { _uri: address('a'), _parameters: { q: '0.50' } } }],
    ],
    explains: (rule, input) => rule === 'Contact' && /(q|expires)\s*=\s*0/i.test(input),
  },
  {
    what: 'tags of Replaces without regard to case',
    why: 'RFC 3261 section 7.3.1: names of parameters are so',
    example: [
      'Replaces',
      'x;To-Tag=1;From-Tag=2',
      { call_id: 'x' },
      { call_id: 'x', to_tag: '1', from_tag: '2' },
    ],
    explains: (rule, input) =>
      rule === 'Replaces' && /(to|from)-tag/i.test(input.replace(/(to|from)-tag/g, '')),
  },
  {
    what: 'tags of Replaces between quotation marks',
    why: 'they are values like any other, and equal to no tag',
    example: ['Replaces', 'x;to-tag="1"', { call_id: 'x' }, { call_id: 'x', to_tag: '"1"' }],
    explains: (rule, input) => rule === 'Replaces' && /-tag\s*(=\s*["[]|;|$)/i.test(input),
  },
  {
    what: 'the names of event packages with a template',
    why: 'JsSIP puts a comma into them',
    example: [
      'Event',
      'conference.winfo',
      { event: 'conference.,winfo', params: {} },
      { event: 'conference.winfo', params: {} },
    ],
    explains: (rule, input) => rule === 'Event' && input.includes('.'),
  },
  {
    what: '`qop` by whole words, and the last one',
    why: 'JsSIP takes authx for auth, and gathers the words of several qop',
    example: [
      'WWW_Authenticate',
      'Digest realm="r", nonce="n", qop="authx"',
      { realm: 'r', nonce: 'n', qop: ['auth'] },
      { realm: 'r', nonce: 'n', qop: ['authx'] },
    ],
    explains: (rule, input) =>
      rule.endsWith('Authenticate') && /qop\s*=\s*"([^"]*auth[^",]|.*qop)/is.test(input),
  },
  {
    what: 'a challenge for MD5-sess',
    why: 'the generated parser fails at what follows MD5; read, it is refused by its name',
    example: [
      'WWW_Authenticate',
      'Digest algorithm=MD5-sess, realm="r", nonce="n"',
      -1,
      { realm: 'r', nonce: 'n', algorithm: 'MD5-SESS' },
    ],
    explains: (rule, input) =>
      rule.endsWith('Authenticate') && /(algorithm\s*=\s*md5|stale\s*=\s*(true|false))[^,\s]/i.test(input),
  },
];
