import { describe, expect, it } from 'vitest';
import { authorityFromHost } from '../../../src/sandbox/http/listen';

describe('the host that a client asked under', () => {
  it.each([
    ['localhost', 'localhost'],
    ['Phones.Example:8787', 'phones.example:8787'],
    ['voice_sandbox-1:80', 'voice_sandbox-1:80'],
    ['192.0.2.7:1', '192.0.2.7:1'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
    ['[::1]:65535', '[::1]:65535'],
  ])('is read from "%s"', (header, authority) => {
    expect(authorityFromHost(header)).toBe(authority);
  });

  it.each([
    undefined,
    '',
    ' localhost',
    'localhost ',
    'localhost\r\nX: 1',
    'user@host',
    'user:password@host',
    'host/path',
    'host?query',
    'host#part',
    'host:',
    'host:port',
    'host:0',
    'host:65536',
    'host:080',
    'host:1:2',
    'ws://host',
    '-host',
    '.',
    'ho st',
    'höst',
    'h%6fst',
    '::1',
    '[::1',
    '[::1]x',
    '[::g]',
    '[1:2:3]',
    '999.1.1.1',
    'a'.repeat(300),
  ])('is not read from %j', (header) => {
    expect(authorityFromHost(header)).toBeUndefined();
  });
});
