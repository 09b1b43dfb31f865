import { describe, expect, it } from 'vitest';
import { Logger } from '../../../src/core/logger';
import { type CodecOptions, Codecs } from '../../../src/sip/codecs';

const SDP = [
  'v=0',
  'o=- 1 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 0 126',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:126 telephone-event/8000',
  'a=fmtp:126 0-16',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=rtpmap:96 VP8/90000',
  '',
].join('\r\n');

function codecs(options: CodecOptions): Codecs {
  return new Codecs(options, new Logger('silent'));
}

/** The parameters of Opus in what becomes of a description. */
function opusOf(options: CodecOptions, sdp = SDP): string | undefined {
  return /^a=fmtp:111 (.*)\r$/m.exec(codecs(options).describe(sdp))?.[1];
}

describe('parameters of Opus', () => {
  it('leave a description alone where none are asked for', () => {
    expect(codecs({}).describe(SDP)).toBe(SDP);
    expect(codecs({ preferred: ['pcmu'], opus: {} }).describe(SDP)).toBe(SDP);
  });

  it('are set in their place, and nothing else is touched', () => {
    const changed = codecs({ opus: { dtx: true } }).describe(SDP);
    expect(changed).toBe(SDP.replace('useinbandfec=1', 'useinbandfec=1;usedtx=1'));
  });

  it('replace what is there', () => {
    expect(opusOf({ opus: { fec: false } })).toBe('minptime=10;useinbandfec=0');
    expect(opusOf({ opus: { fec: true, dtx: false } })).toBe('minptime=10;useinbandfec=1;usedtx=0');
  });

  it('never raise what the far end allows', () => {
    const theirs = SDP.replace('minptime=10', 'maxaveragebitrate=16000');
    const bitrateOf = (bits: number, sdp: string) =>
      /maxaveragebitrate=(\d+)/.exec(opusOf({ opus: { maxAverageBitsPerSecond: bits } }, sdp) ?? '')?.[1];
    expect(bitrateOf(24_000, theirs)).toBe('16000');
    expect(bitrateOf(12_000, theirs)).toBe('12000');
    expect(bitrateOf(24_000, SDP)).toBe('24000');
  });

  it('are added where Opus has none', () => {
    const bare = SDP.replace('a=fmtp:111 minptime=10;useinbandfec=1\r\n', '');
    expect(opusOf({ opus: { maxAverageBitsPerSecond: 20_000 } }, bare)).toBe('maxaveragebitrate=20000');
    expect(codecs({ opus: { maxAverageBitsPerSecond: 20_000 } }).describe(bare)).toContain(
      'a=rtpmap:111 opus/48000/2\r\na=fmtp:111 maxaveragebitrate=20000\r\na=rtpmap:0',
    );
  });

  it('reach the last section too, also without a line break at its end', () => {
    const last = SDP.slice(0, SDP.indexOf('m=video')).trimEnd();
    expect(codecs({ opus: { dtx: true } }).describe(last)).toBe(
      last.replace('useinbandfec=1', 'useinbandfec=1;usedtx=1'),
    );
  });

  it('reach each payload of Opus', () => {
    const two = SDP.replace('111 0 126', '111 112 113 0 126').replace(
      'a=rtpmap:0 PCMU/8000',
      [
        'a=rtpmap:112 opus/48000/2',
        'a=rtpmap:113 opus/48000/2',
        'a=fmtp:113 cbr=1',
        'a=rtpmap:0 PCMU/8000',
      ].join('\r\n'),
    );
    const described = codecs({ opus: { dtx: true } }).describe(two);
    expect(described.match(/^a=fmtp:11\d .*$/gm)).toEqual([
      'a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1',
      'a=fmtp:112 usedtx=1',
      'a=fmtp:113 cbr=1;usedtx=1',
    ]);
    expect(described.replace(/^a=fmtp:112 .*\r\n/m, '').replace(/;usedtx=1/g, '')).toBe(two);
  });

  it.each(['', '0', '-1', '1e4', 'abc', ' '])('pass over a maxaveragebitrate of "%s"', (value) => {
    const theirs = SDP.replace('minptime=10', `minptime=10;maxaveragebitrate=${value}`);
    expect(opusOf({ opus: { dtx: true } }, theirs)).toBe('minptime=10;useinbandfec=1;usedtx=1');
    expect(opusOf({ opus: { maxAverageBitsPerSecond: 20_000 } }, theirs)).toBe(
      'minptime=10;useinbandfec=1;maxaveragebitrate=20000',
    );
  });

  it('are not given to other codecs', () => {
    const pcmu = SDP.replace('a=rtpmap:111 opus/48000/2\r\n', '');
    expect(codecs({ opus: { dtx: true } }).describe(pcmu)).toBe(pcmu);
  });

  it.each([
    ['nothing', ''],
    ['a fmtp of nothing', SDP.replace('minptime=10;useinbandfec=1', ';;=;')],
    ['many sections', 'm=audio 9 x\r\n'.repeat(5_000)],
    ['long lines', SDP.replace('minptime=10', `x=${'='.repeat(100_000)}`)],
  ])('take hostile text: %s', (_, sdp) => {
    expect(codecs({ opus: { dtx: true } }).describe(sdp).length).toBeGreaterThanOrEqual(sdp.length - 4);
  });
});

describe('a browser that cannot order codecs', () => {
  it('makes its offers as ever', async () => {
    const transceiver = {
      receiver: { track: { kind: 'audio' } },
      setCodecPreferences: () => {
        throw new TypeError('not a function');
      },
    };
    const connection = {
      getTransceivers: () => [transceiver],
      createOffer: (options: unknown) => Promise.resolve({ type: 'offer', options }),
      createAnswer: () => Promise.resolve({ type: 'answer' }),
    } as unknown as RTCPeerConnection;
    codecs({ preferred: ['pcmu'] }).adopt(connection);
    expect(await connection.createOffer({ iceRestart: true })).toEqual({
      type: 'offer',
      options: { iceRestart: true },
    });
  });
});
