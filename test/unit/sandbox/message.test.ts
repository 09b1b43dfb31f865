import { describe, expect, it } from 'vitest';
import {
  Headers,
  isToken,
  parseMessage,
  serializeMessage,
  SipSyntaxError,
  splitList,
} from '../../../src/sandbox/sip/message';

const request = (...lines: string[]): Buffer =>
  Buffer.from(['OPTIONS sip:a@b SIP/2.0', ...lines, '', ''].join('\r\n'));

const statusOf = (data: Buffer): number => {
  try {
    parseMessage(data);
    return 200;
  } catch (error) {
    if (error instanceof SipSyntaxError) return error.status;
    throw error;
  }
};

describe('reading a SIP message', () => {
  it('reads a request with its body', () => {
    const message = parseMessage(
      Buffer.from(
        'INVITE sip:bob@x SIP/2.0\r\nVia: SIP/2.0/WS a;branch=z\r\nContent-Length: 5\r\n\r\nhällo!',
      ),
    );
    expect(message).toMatchObject({ kind: 'request', method: 'INVITE', uri: 'sip:bob@x', body: 'häll' });
  });

  it('reads a response', () => {
    const message = parseMessage(Buffer.from('SIP/2.0 180 Ringing on\r\nCSeq: 1 INVITE\r\n\r\n'));
    expect(message).toMatchObject({ kind: 'response', status: 180, reason: 'Ringing on' });
  });

  it('expands compact names, joins folded lines and ignores case', () => {
    const { headers } = parseMessage(request('i: 1', 'v: one', 'VIA: two', 'Subject: a', '  b'));
    expect(headers.get('call-id')).toBe('1');
    expect(headers.all('Via')).toEqual(['one', 'two']);
    expect(headers.get('Subject')).toBe('a b');
  });

  it.each([
    ['no blank line', Buffer.from('OPTIONS sip:a SIP/2.0\r\nTo: x\r\n'), 400],
    ['another version', Buffer.from('OPTIONS sip:a SIP/3.0\r\n\r\n'), 505],
    ['a start line of two words', Buffer.from('OPTIONS sip:a\r\n\r\n'), 505],
    ['a status that is none', Buffer.from('SIP/2.0 999 x\r\n\r\n'), 400],
    ['a header without a colon', request('nonsense'), 400],
    ['a header without a name', request(': x'), 400],
    ['a name with a space', request('To To: x'), 400],
    ['a bare line feed', request('Subject: a\nX: b'), 400],
    ['a bare carriage return', request('Subject: a\rX: b'), 400],
    ['a NUL', request('Subject: \0'), 400],
    ['a Content-Length beyond the end', request('Content-Length: 1'), 400],
    ['a Content-Length in words', request('Content-Length: two'), 400],
    ['a folded first line', request(' x'), 400],
    ['an endless header', request(`Subject: ${'a'.repeat(9000)}`), 413],
    ['too many headers', request(...Array<string>(200).fill('X: y')), 413],
  ])('refuses %s', (_what, data, status) => {
    expect(statusOf(data)).toBe(status);
  });

  it('writes what it read, with a true Content-Length', () => {
    const text = 'INFO sip:a SIP/2.0\r\nTo: x\r\nContent-Length: 2\r\n\r\nä';
    expect(serializeMessage(parseMessage(Buffer.from(text)))).toBe(text);
  });
});

describe('header lists', () => {
  it('splits at commas that separate', () => {
    expect(splitList('"a, \\" b" <sip:x,y>, <sip:z>;q=1,')).toEqual(['"a, \\" b" <sip:x,y>', '<sip:z>;q=1']);
  });

  it('replaces all lines at the place of the first', () => {
    const headers = new Headers([
      { name: 'Via', value: '1' },
      { name: 'To', value: 't' },
      { name: 'via', value: '2' },
    ]);
    expect(headers.set('Via', '3').list.map(({ value }) => value)).toEqual(['3', 't']);
  });

  it('knows tokens', () => {
    expect(isToken("a-Z0.!%*_+`'~")).toBe(true);
    expect(isToken('')).toBe(false);
    expect(isToken('a b')).toBe(false);
  });
});
