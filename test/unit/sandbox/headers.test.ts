import { describe, expect, it } from 'vitest';
import {
  decodePercent,
  parseCseq,
  parseDigest,
  parseNameAddr,
  parseUri,
  parseVia,
} from '../../../src/sandbox/sip/headers';

describe('SIP URIs', () => {
  it('reads user, host, port and parameters', () => {
    const uri = parseUri('SIP:%2B49:secret@Host.Example:5060;gr=urn:uuid:1;ob?Subject=x');
    expect(uri).toMatchObject({ scheme: 'sip', user: '+49', host: 'host.example', port: 5060 });
    expect(uri?.params.get('gr')).toBe('urn:uuid:1');
    expect(uri?.params.has('ob')).toBe(true);
  });

  it('reads an IPv6 host', () => {
    expect(parseUri('sips:[::1]:443')).toMatchObject({ scheme: 'sips', user: '', host: '[::1]', port: 443 });
  });

  it.each([
    '',
    'sip:',
    'tel:+1',
    'sip:a@',
    'sip:%zz@x',
    'sip:a@x:99999',
    'sip:a@x y',
    'sip:a@[::1',
    'sip:a@x:',
  ])('refuses "%s"', (text) => {
    expect(parseUri(text)).toBeUndefined();
  });

  it('decodes escapes without throwing', () => {
    expect(decodePercent('%41')).toBe('A');
    expect(decodePercent('%e0%a4')).toBeUndefined();
  });
});

describe('addresses and other headers', () => {
  it('reads a display name, quoted or not', () => {
    expect(parseNameAddr('"Ann \\"A\\" <x>" <sip:a@b>;tag=1')).toMatchObject({
      displayName: 'Ann "A" <x>',
      uri: 'sip:a@b',
    });
    expect(parseNameAddr('Ann <sip:a@b;x=1>;tag=2')?.params.get('tag')).toBe('2');
    expect(parseNameAddr('sip:a@b;tag=3')?.params.get('tag')).toBe('3');
  });

  it.each(['', '<sip:a', '<>', '"unclosed <sip:a@b>'])('refuses "%s" or finds no URI in brackets', (text) => {
    expect(parseNameAddr(text)?.uri.startsWith('sip:') ?? false).toBe(false);
  });

  it('reads a Via', () => {
    const via = parseVia('SIP/2.0/WS Host.invalid:1;branch=z9hG4bK1;rport');
    expect(via).toMatchObject({ transport: 'WS', sentBy: 'host.invalid:1' });
    expect(via?.params.get('branch')).toBe('z9hG4bK1');
    expect(parseVia('SIP/1.0/WS host')).toBeUndefined();
    expect(parseVia('host')).toBeUndefined();
  });

  it('reads a CSeq within its bounds', () => {
    expect(parseCseq('2147483647 INVITE')).toEqual({ number: 2147483647, method: 'INVITE' });
    expect(parseCseq('2147483648 INVITE')).toBeUndefined();
    expect(parseCseq('-1 INVITE')).toBeUndefined();
    expect(parseCseq('1')).toBeUndefined();
  });

  it('reads digest parameters only', () => {
    expect(parseDigest(['Digest username="a,b"', 'nc=1'])?.get('username')).toBe('a,b');
    expect(parseDigest(['Basic abc'])).toBeUndefined();
  });
});
