import { describe, expect, it } from 'vitest';
import { redactGrammar, redactText, redactValue } from '../../../src/core/redact';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX3V1aWQiOiJ1In0.c2lnbmF0dXJl-_part';

describe('secrets in text', () => {
  it.each([
    ['a token', `got ${JWT} here`, ['eyJ', 'c2lnbmF0']],
    ['a token without signature', 'eyJhbGciOiJub25lIn0.eyJ1IjoxfQ.', ['eyJ']],
    ['a token in a URL', `https://api.test/open?token=${JWT}&x=1`, ['eyJ']],
    ['Bearer', 'Authorization: Bearer s3cr3t', ['s3cr3t']],
    ['Bearer anywhere', 'sent header Bearer s3cr3t', ['s3cr3t']],
    ['Basic', 'Authorization: Basic dXNlcjpzM2NyM3Q=', ['dXNl']],
    ['a header in a SIP message', 'REGISTER\r\nProxy-Authorization: Foo s3cr3t\r\nX: 1', ['s3cr3t']],
    ['digest', 'Digest username="a", nonce="s3cr3t", response="s3cr3t"', ['s3cr3t']],
    ['digest parts alone', 'nonce="s3cr3t",cnonce="s3cr3t",response="s3cr3t"', ['s3cr3t']],
    ['the key of a backend', 'X-User-API-Key: s3cr3t', ['s3cr3t']],
    ['the key of a backend, mid-line', 'headers: X-User-API-Key: s3cr3t', ['s3cr3t']],
    ['the key of a backend in JSON', '{"X-User-API-Key":"s3cr3t"}', ['s3cr3t']],
    ['a password', 'password=s3cr3t', ['s3cr3t']],
    ['a password in JSON', '{"password":"s3cr3t"}', ['s3cr3t']],
    ['a password in JSON, spaced', '{ "password" : "s3cr3t" }', ['s3cr3t']],
    ['a password of several words', '{"password":"correct horse s3cr3t"}', ['correct', 'horse', 's3cr3t']],
    ['a password with commas and quotes', '{"password":"a,b;c\'d\\"s3cr3t"}', ['s3cr3t', 'd\\']],
    ['a prefixed password', 'sip_password=s3cr3t turnPassword: "s3cr3t"', ['s3cr3t']],
    ['a password in JSON within JSON', '{"body":"{\\"password\\":\\"s3cr3t\\"}"}', ['s3cr3t']],
    ['a password as an inspected object', "{ password: 'correct s3cr3t' }", ['correct', 's3cr3t']],
    ['HA1', 'ha1: 0123456789abcdef0123456789abcdef', ['0123456789abcdef']],
    ['a TURN credential', '{"urls":"turn:t","username":"u","credential":"s3cr3t="}', ['s3cr3t']],
    ['refresh and access tokens', 'access_token=s3cr3t&refresh_token=s3cr3t&accessToken=s3cr3t', ['s3cr3t']],
    ['the ICE password', 'v=0\r\na=ice-pwd:s3cr3t\r\n', ['s3cr3t']],
    ['the ICE password in escaped SDP', '{"sdp":"v=0\\r\\na=ice-pwd:s3cr3t\\r\\na=x"}', ['s3cr3t']],
    ['an SDES key', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:s3cr3t\r\n', ['s3cr3t']],
    ['user information in a URL', 'wss://agent:s3cr3t@sip.test/ws', ['s3cr3t']],
    [
      'the path and query of a WebSocket',
      'to wss://pbx.test:8443/Zq8x7?ticket=Sesame77 now',
      ['Zq8', 'Sesame'],
    ],
    ['the query of a URL', 'GET https://api.test/v1?sig=Abc99#Zq8x7, failed', ['Abc99', 'Zq8x7']],
  ])('%s', (_, text, secrets) => {
    for (const hidePersons of [false, true]) {
      const redacted = redactText(text, hidePersons);
      for (const secret of secrets) expect(redacted).not.toContain(secret);
    }
  });

  it('leaves the rest readable', () => {
    expect(redactText('REGISTER sip:test\r\nAuthorization: Digest x="y"\r\nExpires: 300', false)).toBe(
      'REGISTER sip:test\r\nAuthorization: [redacted]\r\nExpires: 300',
    );
    expect(redactText('{"password":"x","realm":"sip.test"}', false)).toBe(
      '{"password":[redacted],"realm":"sip.test"}',
    );
    expect(redactText('response: 486 Busy Here', true)).toBe('response: 486 Busy Here');
    expect(redactText('no answer within 5000 ms (attempt 3)', true)).toBe(
      'no answer within 5000 ms (attempt 3)',
    );
    expect(redactText('wss://pbx.test:8443/ws?x=1 and https://api.test/v1/x?y', false)).toBe(
      'wss://pbx.test:8443 and https://api.test/v1/x',
    );
    expect(redactText('keyJar responseTime tokenWillExpire', true)).toBe(
      'keyJar responseTime tokenWillExpire',
    );
  });
});

describe('persons in text', () => {
  it.each([
    ['+4915112345678', '[number]78'],
    ['sip:4915112345678@sip.test', 'sip:[number]78@sip.test'],
    ['5551234', '[number]34'],
    ['c=IN IP4 192.0.2.7', 'c=IN IP4 [ip]'],
    ['at fe80::1%eth0', 'at [ip]%eth0'],
    ['at 2001:db8::8a2e:370:7334', 'at [ip]'],
    ['at 12:34:56 it rang', 'at 12:34:56 it rang'],
    ['2001:db8:0:0:1:2:3:4 here', '[ip] here'],
    ['candidate 8f14e45f-ceea-467f-9a2b-3c1d5e6f7a8b.local 9', 'candidate [ip] 9'],
  ])('%s is hidden unless asked for', (text, hidden) => {
    expect(redactText(text, true)).toBe(hidden);
    expect(redactText(text, false)).toBe(text);
  });
});

describe('telephone numbers as people write them', () => {
  it.each([
    ['+49 30 1234 5678', '[number]78'],
    ['call (0)30 1234-5678 back', 'call [number]78 back'],
    ['+49 (0) 30 / 1234 - 5678', '[number]78'],
    ['030.1234.5678', '[number]78'],
    ['+1 (555) 123-4567x89', '[number]67x89'],
    ['555\u00a0123\u202f4567', '[number]67'],
    ['card 4111 1111 1111 1111, 4111111111111111', 'card [number]11, [number]11'],
    ['04-05-2012345', '[number]45'],
    ['2026-11-29 030 1234567', '2026-11-29 [number]67'],
  ])('%s', (text, hidden) => {
    expect(redactText(text, true)).toBe(hidden);
    expect(redactText(text, false)).toBe(text);
  });

  it.each([
    'at 2026-11-29T16:54:11.123Z and 2026-11-29 16:54:11',
    'on 29.11.2026 16:54, 11/29/2026 and 2026/11/29',
    'at 12:34:56.789',
    'Chrome/131.0.6778.86 Safari/605.1.15, version 1.2.3',
    '8f14e45f-ceea-467f-9a2b-3c1d5e6f7a8b',
    '70332566-1234-4abc-bfdd-90ac73982d4a'.slice(9),
    'no answer within 5000 ms (attempt 3), 1 of 20',
  ])('are not: %s', (text) => {
    expect(redactText(text, true)).toBe(text);
  });

  it('are not the numbers that stand side by side in a protocol', () => {
    const line = 'm=audio 50000 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126';
    expect(redactGrammar(line)).toBe(line);
    expect(redactGrammar('a=x:4930123456 192.0.2.7 wss://h/x?y=1')).toBe('a=x:[number]56 [ip] wss://h');
  });
});

describe('hostile text', () => {
  const SIZE = 300_000;
  const fill = (unit: string) => unit.repeat(Math.ceil(SIZE / unit.length));

  // A quadratic pattern needs many seconds for each of these; a linear one milliseconds.
  it.each([
    ['token heads', 'eyJ-'],
    ['token heads, joined', 'eyJ'],
    ['token heads with dots', 'eyJ.'],
    ['dots', 'eyJa.a.'],
    ['word characters', 'a'],
    ['dashes', 'a-'],
    ['key names', 'password '],
    ['key names, joined', 'password'],
    ['key names with underscores', 'password_'],
    ['key names and colons', 'password:'],
    ['key names and open quotes', 'password:"'],
    ['escapes', '\\"'],
    ['spaces', ' '],
    ['schemes', 'Bearer '],
    ['URL heads', '://'],
    ['URL heads with letters', 'a://a'],
    ['digits', '1'],
    ['dotted digits', '1.'],
    ['hexadecimal', 'a:'],
    ['ice-pwd heads', 'a=ice-pwd'],
    ['line ends', '\r\n'],
    ['header heads', 'authorization \t'],
    ['spaced digits', '1 '],
    ['digits far apart', '1    '],
    ['digits and dashes', '1-'],
    ['digits and letters', '11-1a'],
    ['dates', '2026-11-29 '],
    ['dates, joined', '2026-11-29-'],
    ['brackets', '(+'],
    ['brackets and digits', '(1)('],
    ['WebSocket heads', 'wss://'],
    ['web heads', 'http://'],
    ['web heads with queries', 'http://?'],
  ])('%s take linear time', (_, unit) => {
    expectLinear(fill(unit));
  });

  it.each([
    ['an endless quoted password', 'password="', 'a'],
    ['an endless quoted password of escapes', 'password="', '\\\\'],
    ['an endless password', 'password=', 'a'],
    ['an endless header', 'Authorization', ' '],
    ['an endless token', 'eyJ', 'a'],
    ['an endless user', 'wss://', 'a'],
  ])('%s takes linear time', (_, head, unit) => {
    expectLinear(head + fill(unit));
  });

  function expectLinear(text: string): void {
    redactText(text.slice(0, 1_000), true);
    const startedAt = performance.now();
    expect(redactText(text, true).length).toBeGreaterThan(0);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  }
});

describe('values', () => {
  it('hide what their keys call secret, at any depth that is shown', () => {
    const value = {
      user: 'agent',
      token: 'x',
      iceServers: [{ urls: 'turn:t', username: 'u', credential: 'x' }],
      headers: { Authorization: 'x', 'Proxy-Authorization': 'x', 'X-User-API-Key': 'x' },
      keys: {
        ha1: 'x',
        passwd: 'x',
        sipPassword: 'x',
        access_token: 'x',
        refreshToken: 'x',
        jwt: 'x',
        secret: 'x',
      },
    };
    const hidden = '[redacted]';
    expect(redactValue(value, false)).toEqual({
      user: 'agent',
      token: hidden,
      iceServers: [{ urls: 'turn:t', username: 'u', credential: hidden }],
      headers: { Authorization: hidden, 'Proxy-Authorization': hidden, 'X-User-API-Key': hidden },
      keys: {
        ha1: hidden,
        passwd: hidden,
        sipPassword: hidden,
        access_token: hidden,
        refreshToken: hidden,
        jwt: hidden,
        secret: hidden,
      },
    });
  });

  it('keep keys that only resemble a secret', () => {
    const value = { tokenExpiresAt: 5, credentialsUrl: '/x', keyCode: 3 };
    expect(redactValue(value, false)).toEqual(value);
  });

  it('go through strings inside', () => {
    expect(redactValue(['Bearer abc'], false)).toEqual(['Bearer [redacted]']);
    expect(redactValue({ to: '+4915112345678' }, true)).toEqual({ to: '[number]78' });
  });

  it('keep name, code and message of errors', () => {
    const error = Object.assign(new TypeError('password=x'), { code: 'E_FAIL', password: 'x' });
    expect(redactValue(error, false)).toBe('TypeError E_FAIL: password=[redacted]');
    expect(redactValue(new Error('plain', { cause: 'token=x' }), false)).toBe('Error: plain');
  });

  it('pass what is no text', () => {
    for (const value of [undefined, null, 0, 1.5, true]) expect(redactValue(value, true)).toBe(value);
  });

  it('survive cycles and endless depth', () => {
    const cycle: Record<string, unknown> = { name: 'a' };
    cycle.self = cycle;
    expect(JSON.stringify(redactValue(cycle, false))).toContain('[...]');
  });

  it('do not change what they are given', () => {
    const value = { password: 'x' };
    redactValue(value, true);
    expect(value).toEqual({ password: 'x' });
  });
});
