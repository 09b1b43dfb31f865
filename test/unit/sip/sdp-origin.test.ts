import { describe, expect, it } from 'vitest';
import { SdpOrigin } from '../../../src/sip/sdp-origin';

const sdp = (id: string, version: number | string, username = '-') =>
  `v=0\r\no=${username} ${id} ${version} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n`;

describe('the origin of our descriptions', () => {
  it('is left as the browser writes it while there is one peer connection', () => {
    const origin = new SdpOrigin();
    for (const version of [2, 3, 4]) expect(origin.stamp(sdp('11', version))).toBe(sdp('11', version));
    expect(origin.line).toBe('- 11 4 IN IP4 127.0.0.1');
  });

  it('stays with a second peer connection, and its version grows', () => {
    const origin = new SdpOrigin();
    origin.stamp(sdp('11', 7));
    expect(origin.stamp(sdp('22', 2))).toBe(sdp('11', 107));
    expect(origin.stamp(sdp('22', 3))).toBe(sdp('11', 108));
    expect(origin.stamp(sdp('33', 2))).toBe(sdp('11', 208));
  });

  it('goes on from that of another page', () => {
    const origin = new SdpOrigin();
    origin.continue('mozilla 11 7 IN IP4 0.0.0.0');
    expect(origin.stamp(sdp('22', 2))).toContain('o=mozilla 11 107 IN IP4 0.0.0.0\r\n');
  });

  it('is not changed twice in one description', () => {
    const origin = new SdpOrigin();
    origin.stamp(sdp('11', 7));
    const once = origin.stamp(sdp('22', 2));
    expect(origin.stamp(once)).toBe(once);
    expect(origin.stamp(sdp('22', 3))).toBe(sdp('11', 108));
  });

  it.each(['- 11 x IN IP4 h', '- 11 2', 'a\r\nb 11 2 IN IP4 h', '- 11 9007199254740991 IN IP4 h', ''])(
    'takes nothing from %j',
    (line) => {
      const origin = new SdpOrigin();
      origin.continue(line);
      expect(origin.stamp(sdp('22', 2))).toBe(sdp('22', 2));
    },
  );

  it.each(['', 'v=0\r\n', sdp('22', '18446744073709551615')])('leaves %j alone', (text) => {
    expect(new SdpOrigin().stamp(text)).toBe(text);
  });
});
