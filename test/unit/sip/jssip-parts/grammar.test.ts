import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Classes, parse } from '../../../../src/sip/jssip-parts/grammar';
import { DIFFERENCES } from './differences';
import { HEADER_CORPUS } from './header-corpus';
import { mutated, seeded } from './mutate';
import { byJsSip, byOurs } from './oracle';

/** Per rule; a hundred times as many have been run by hand. */
const MUTATIONS = 1_000;

const RULES = Object.entries(HEADER_CORPUS);

/** What is wrong with our result for this text; undefined for the same result or a deliberate difference. */
function surprise(rule: string, input: string): string | undefined {
  const theirs = byJsSip(rule, input);
  const ours = byOurs(rule, input);
  if (isDeepStrictEqual(theirs, ours)) return undefined;
  if (ours !== 'throws' && DIFFERENCES.some(({ explains }) => explains(rule, input, theirs, ours)))
    return undefined;
  return `${rule} ${JSON.stringify({ input, theirs, ours })}`;
}

function secondsOf(rule: string, line: string): number {
  const startedMs = performance.now();
  byOurs(rule, line);
  return (performance.now() - startedMs) / 1_000;
}

describe('the parser beside the one that JsSIP ships', () => {
  it.each(RULES)('reads %s as that does', (rule, values) => {
    expect(values.map((value) => surprise(rule, value)).filter(Boolean)).toEqual([]);
  });

  it.each(RULES)(
    'reads what is left of %s after accidents as that does',
    { timeout: 60_000 },
    (rule, values) => {
      const random = seeded(rule.length);
      const surprises = new Set<string | undefined>();
      for (let index = 0; index < MUTATIONS; index++) {
        const value = values[index % values.length] ?? '';
        const other = values[Math.floor(random() * values.length)] ?? '';
        surprises.add(surprise(rule, mutated(value, other, random)));
      }
      surprises.delete(undefined);
      expect([...surprises].slice(0, 20)).toEqual([]);
    },
  );

  it.each(DIFFERENCES)('differs on purpose: $what', ({ example: [rule, input, theirs, ours], explains }) => {
    expect(byJsSip(rule, input)).toEqual(theirs);
    expect(byOurs(rule, input)).toEqual(ours);
    expect(explains(rule, input, theirs, ours)).toBe(true);
  });

  it('knows no rule that JsSIP does not ask for', () => {
    const classes = {} as Classes;
    for (const rule of ['absoluteURI', 'via', '']) expect(() => parse('x', rule, classes)).toThrow(TypeError);
  });

  it('reads hostile lines of 60 kB in a moment', { timeout: 120_000 }, () => {
    const pieces = [
      'a',
      ' ',
      '"',
      '\\',
      '\r\n ',
      'a.',
      '1.',
      '%41',
      ';a',
      ';a=',
      'a ',
      ',',
      '&a=',
      'a:',
      ':1',
    ];
    const starts = ['', '"', '<sip:', 'sip:a;', 'Digest a="', 'SIP/2.0/WS a'];
    const slow = RULES.flatMap(([rule, [value = '']]) =>
      [...starts, value].flatMap((start) =>
        pieces.filter((piece) => {
          const line = `${start}${piece.repeat(60_000 / piece.length)}\u0001`;
          // Anything that is not linear takes seconds, each time; a busy machine does not.
          return secondsOf(rule, line) > 1 && secondsOf(rule, line) > 1;
        }),
      ),
    );
    expect(slow).toEqual([]);
  });

  it('keeps no names of the network where properties of objects are', () => {
    expect(byOurs('From', '<sip:a;__proto__=1?__proto__=2&constructor=3>;__proto__=4;tag=5')).toEqual({
      _uri: {
        _scheme: 'sip',
        _host: 'a',
        _parameters: {},
        _headers: { '--Proto--': ['2'], Constructor: ['3'] },
      },
      _parameters: { tag: '5' },
    });
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
