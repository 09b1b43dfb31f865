import { describe, expect, it } from 'vitest';
import { KnownSecrets } from '../../../src/core/known-secrets';

function cut(text: string, ...secrets: unknown[]): string {
  return new KnownSecrets(secrets).cut(text);
}

describe('known secrets', () => {
  it('go wherever they stand', () => {
    expect(cut('with hunter2-hunter2, xhunter2-hunter2x', 'hunter2-hunter2')).toBe(
      'with [redacted], x[redacted]x',
    );
  });

  it('go in the forms that JSON and URLs give them', () => {
    const secret = 'a"b\\c d&e/ü';
    expect(cut(JSON.stringify({ x: secret }), secret)).toBe('{"x":"[redacted]"}');
    expect(cut(`https://h/?p=${encodeURIComponent(secret)}`, secret)).toBe('https://h/?p=[redacted]');
  });

  it('of four to seven characters go as words, so that they do not show in others', () => {
    expect(cut('1000 of 10000, 1000 ms; calls call', '1000', 'call')).toBe(
      '[redacted] of 10000, [redacted] ms; calls [redacted]',
    );
  });

  it('of one to three characters shred nothing', () => {
    expect(cut('a call of 100 s', 'a', '100', ' ', 's', '')).toBe('a call of 100 s');
  });

  it('may hold one another, in any order', () => {
    expect(cut('secret-long and secret-', 'secret-', 'secret-long')).toBe('[redacted] and [redacted]');
    expect(cut('xx12345678 12345678', '12345678', 'xx12345678')).toBe('[redacted] [redacted]');
  });

  it('are taken as text and not as patterns', () => {
    expect(cut('a.*b$&x and aXXb$&x', 'a.*b$&xyz', 'a.*b$&x ')).toBe('[redacted]and aXXb$&x');
  });

  it.each([[undefined], [null], [1_000], [{}], ['\ud800half-a-pair']])('may be anything: %j', (secret) => {
    expect(cut('1000 things', secret)).toBe('1000 things');
  });
});
