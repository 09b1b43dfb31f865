import { describe, expect, it } from 'vitest';
import { assertSingleLine, domainOf, toCallerUser, toTargetUri } from '../../../src/sip/address';
import { checkExtraHeaders, customHeadersOf, parseReasons } from '../../../src/sip/headers';
import type { RawRequest } from '../../../src/sip/jssip';

const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error;

describe('addresses', () => {
  it.each([
    ['sip:agent@pbx.test', 'pbx.test'],
    ['sip:agent@pbx.test;transport=ws', 'pbx.test'],
    ['sip:agent@pbx.test?x=y', 'pbx.test'],
    ['sip:we@ird@pbx.test', 'pbx.test'],
  ])('the domain of %s is %s', (uri, domain) => {
    expect(domainOf(uri)).toBe(domain);
  });

  it.each([
    ['+49 (0) 30-12', 'sip:+4903012@d.test'],
    ['a-b_c.d~e', 'sip:a-b_c.d~e@d.test'],
    ["o'neil", "sip:o'neil@d.test"],
    ['sips:100@D.TEST', 'sip:100@d.test'],
    ['#', 'sip:%23@d.test'],
    ['**#*', 'sip:**%23*@d.test'],
    ['<sips:bob@d.test>', 'sip:bob@d.test'],
    ['<tel:+49(30)1;phone-context=x>', 'sip:+49301@d.test'],
    ['sip:bob@d.test;transport=tcp;lr', 'sip:bob@d.test'],
    ['sip:100;user=phone', 'sip:100@d.test'],
    ['100@d.test;user=phone', 'sip:100@d.test'],
  ])('%j becomes %s', (to, uri) => {
    expect(toTargetUri(to, 'd.test')).toBe(uri);
  });

  it('bounds the length of a user at 128', () => {
    expect(toCallerUser('a'.repeat(128), 'd.test')).toHaveLength(128);
    expect(() => toCallerUser('a'.repeat(129), 'd.test')).toThrow(invalid);
  });

  it.each(['\r', '\n', '\u0000', '\u007f', '\u0085', '\u2028', '\u2029', '\t'])(
    '%j is not on one line',
    (character) => {
      expect(() => {
        assertSingleLine(`a${character}b`, 'name');
      }).toThrow(invalid);
    },
  );

  it('says which argument it is, and not what was in it', () => {
    expect(() => toTargetUri('secret@elsewhere.test', 'd.test')).toThrow(/^to /);
    expect(() => toTargetUri('secret@elsewhere.test', 'd.test')).not.toThrow(/secret/);
  });
});

describe('extra headers', () => {
  it('are none when left out', () => {
    expect(checkExtraHeaders(undefined, 'x')).toEqual([]);
    expect(checkExtraHeaders([], 'x')).toEqual([]);
  });

  it('are normalised to "Name: value"', () => {
    expect(checkExtraHeaders(['X-A:1', ' X-B : 2: 3 '], 'x')).toEqual(['X-A: 1', 'X-B: 2: 3']);
  });

  it.each([
    'Via',
    'FROM',
    'To',
    'call-id',
    'CSeq',
    'Max-Forwards',
    'Route',
    'Record-Route',
    'Require',
    'Supported',
  ])('%s is the stack’s own', (name) => {
    expect(() => checkExtraHeaders([`${name}: x`], 'x')).toThrow(invalid);
  });

  it.each(Array.from('vftimlcekxr'))('%s is the stack’s own, in short', (name) => {
    expect(() => checkExtraHeaders([`${name}: x`], 'x')).toThrow(invalid);
  });

  it('cannot be changed after the check by a getter', () => {
    let reads = 0;
    const lines = new Proxy(['X-A: 1'], {
      get: (target, key, receiver) => {
        if (key === '0') return (reads += 1) === 1 ? 'X-A: 1' : 'X-A: 1\r\nX-Injected: yes';
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
    expect(checkExtraHeaders(lines, 'x')).toEqual(['X-A: 1']);
  });
});

it('custom headers are plain data, whatever their names', () => {
  const headers = Object.fromEntries([
    ['X-2chat-A', [{ raw: '1' }, { raw: '2' }]],
    ['X-2chat-__proto__', [{ raw: 'p' }]],
    ['X-2chat-', []],
    ['X-2chat', [{ raw: 'no' }]],
  ]);
  const result = customHeadersOf({ headers } as unknown as RawRequest);
  expect(Object.entries(result)).toEqual([
    ['A', '1'],
    ['__proto__', 'p'],
  ]);
  expect(Object.isFrozen(result)).toBe(true);
});

describe('Reason headers (RFC 3326)', () => {
  it.each([
    [
      'SIP;cause=200;text="Call completed elsewhere"',
      { protocol: 'SIP', cause: 200, text: 'Call completed elsewhere' },
    ],
    ['SIP ;cause=480 ;text=""', { protocol: 'SIP', cause: 480, text: '' }],
    ['Q.850;text="first";cause=16', { protocol: 'Q.850', cause: 16, text: 'first' }],
    ['q.850 ; CAUSE = 31', { protocol: 'q.850', cause: 31 }],
  ])('%s', (value, expected) => {
    expect(parseReasons([value])).toEqual([expected]);
  });

  it.each(['', ';', 'SIP', 'SIP;cause', 'SIP;cause=abc', '"SIP";cause=1', ';cause=200'])(
    '%j is left out',
    (value) => {
      expect(parseReasons([value, 'SIP;cause=1'])).toEqual([{ protocol: 'SIP', cause: 1 }]);
    },
  );

  it('are read in linear time', () => {
    const started = performance.now();
    parseReasons([';'.repeat(100_000), `SIP;text="${'a'.repeat(100_000)}`, ' '.repeat(100_000)]);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
