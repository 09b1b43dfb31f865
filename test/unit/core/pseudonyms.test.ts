import { describe, expect, it } from 'vitest';
import { Pseudonyms } from '../../../src/core/pseudonyms';

describe('pseudonyms', () => {
  it('are the same for the same person, in any case and encoding', () => {
    const names = new Pseudonyms();
    expect(names.of('Ada%20L')).toBe('party-1');
    expect(names.of('ada l')).toBe('party-1');
    expect(names.of('bob')).toBe('party-2');
    expect(names.of(' ')).toBe('');
    expect(names.of('%')).toBe('party-3');
  });

  it('replace whole words, the longest first', () => {
    const names = new Pseudonyms();
    names.of('1001');
    names.of('1001-2');
    names.of('bob');
    expect(names.hide('1001-2 called 1001, Bob: not Bobby, not 10011')).toBe(
      'party-2 called party-1, party-3: not Bobby, not 10011',
    );
  });

  it('leave dates alone, whatever extension is the number of a year', () => {
    const names = new Pseudonyms();
    names.of('2026');
    expect(names.hide('2026 called, 2026-11-29T16:54:11.123Z and 2026-11-29')).toBe(
      'party-1 called, 2026-11-29T16:54:11.123Z and 2026-11-29',
    );
  });

  it('are not taken for persons themselves', () => {
    const names = new Pseudonyms();
    names.of('Ada King');
    for (let number = 100; number < 300; number += 1) names.of(String(number));
    names.of('party');
    expect(names.hide('Ada King, 298, 299, party')).toBe('party-1, party-200, party-201, party-202');
  });

  it('leave two letters alone, which would be in everything', () => {
    const names = new Pseudonyms();
    names.of('to');
    expect(names.hide('to be')).toBe('to be');
  });

  it('hide a text whose lower case has another length', () => {
    const names = new Pseudonyms();
    names.of('ada');
    expect(names.hide('İ ada')).toBe('[hidden]');
    expect(names.hide('İ')).toBe('İ');
  });

  it('of a flood of callers do not keep the page busy', () => {
    const names = new Pseudonyms();
    // As many as 400 000 characters of SIP messages can name.
    for (let number = 0; number < 40_000; number += 1) names.of(`caller${number}`);
    const startedAt = performance.now();
    for (let line = 0; line < 500; line += 1)
      expect(names.hide(`caller${line} could not be heard at all in the call of 12:30`)).toContain('party-');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
