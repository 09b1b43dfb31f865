import { createHash } from 'node:crypto';
import Utils from 'jssip/lib/Utils.js';
import { describe, expect, it } from 'vitest';
import { md5 } from '../../../../src/sip/jssip-parts/md5';
import { seeded } from './mutate';

const original = Utils as unknown as { calculateMD5(text: string): string };

describe('MD5', () => {
  it.each([
    ['', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['a', '0cc175b9c0f1b6a831c399e269772661'],
    ['abc', '900150983cd24fb0d6963f7d28e17f72'],
    ['message digest', 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['abcdefghijklmnopqrstuvwxyz', 'c3fcd3d76192e4007dfb496cca67e13b'],
    ['1234567890'.repeat(8), '57edf4a22be3c955ac49da2e2107b67a'],
  ])('of %j is as RFC 1321 has it', (text, digest) => {
    expect(md5(text)).toBe(digest);
  });

  it('is the one of JsSIP and of Node, at every length around a block', () => {
    const random = seeded(1);
    for (let length = 0; length < 300; length++) {
      const text = Array.from({ length }, () => String.fromCharCode(random() * 0xd7ff)).join('');
      expect(md5(text)).toBe(original.calculateMD5(text));
      expect(md5(text)).toBe(createHash('md5').update(text).digest('hex'));
    }
  });

  it('has UTF-8 for what JsSIP encodes wrongly: the characters of surrogate pairs', () => {
    const text = 'agent:realm:\u{1f511}';
    expect(md5(text)).toBe(createHash('md5').update(text).digest('hex'));
    expect(original.calculateMD5(text)).not.toBe(md5(text));
  });
});
