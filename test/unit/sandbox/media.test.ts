import { describe, expect, it, vi } from 'vitest';
import { FrameClock } from '../../../src/sandbox/media/frame-clock';
import { Meter, silenceDbfs } from '../../../src/sandbox/media/meter';
import { decodeSample, encodePcmu, encodeSample } from '../../../src/sandbox/media/pcmu';
import { chooseCodec, withoutHiddenCandidates } from '../../../src/sandbox/media/sdp-codecs';
import { EventReader, eventFrames, isDigits, readEvent } from '../../../src/sandbox/media/telephone-event';
import { melodySource, silenceSource, toneSource } from '../../../src/sandbox/media/tone';

const decode = (frame: Buffer): Int16Array => Int16Array.from(frame, decodeSample);

describe('mu-law', () => {
  it.each([
    // ITU-T G.711 table 2a: the ends of the scale and zero.
    [0, 0xff],
    [32635, 0x80],
    [-32635, 0x00],
    [-1, 0x7f],
  ])('encodes %d as %d', (sample, byte) => {
    expect(encodeSample(sample)).toBe(byte);
  });

  it('comes back within a step of its segment', () => {
    for (let sample = -32000; sample <= 32000; sample += 97) {
      const back = decodeSample(encodeSample(sample));
      expect(Math.abs(back - sample)).toBeLessThanOrEqual(Math.max(8, Math.abs(sample) / 16));
    }
  });
});

describe('tones and the meter', () => {
  it.each([200, 440, 1000, 3000])('measures a tone of %d Hz at -18 dBFS', (hz) => {
    const meter = new Meter();
    const source = toneSource(hz);
    for (let frame = 0; frame < 10; frame += 1) meter.push(decode(source.next()));
    const { dominantHz, levelDbfs } = meter.measure();
    expect(Math.abs((dominantHz ?? 0) - hz)).toBeLessThan(2);
    expect(Math.abs(levelDbfs + 18)).toBeLessThan(0.5);
  });

  it('hears nothing in silence', () => {
    const meter = new Meter();
    meter.push(decode(silenceSource().next()));
    expect(meter.measure()).toEqual({ levelDbfs: silenceDbfs, dominantHz: null });
  });

  it('plays a melody of whole frames that does not click where it begins again', () => {
    const source = melodySource();
    const frames = Array.from({ length: 400 }, () => source.next());
    expect(frames.every((frame) => frame.length === 160)).toBe(true);
    const samples = frames.flatMap((frame) => [...decode(frame)]);
    const steps = samples.slice(1).map((sample, at) => Math.abs(sample - (samples[at] ?? 0)));
    // The steepest step of an 880 Hz sine of this level is 4,030.
    expect(Math.max(...steps)).toBeLessThan(4500);
  });

  it('encodes a whole frame', () => {
    expect(encodePcmu([0, 32635])).toEqual(Buffer.from([0xff, 0x80]));
  });
});

describe('telephone events', () => {
  const frames = [...eventFrames('1#', { frameDuration: 160, toneFrames: 3, gapFrames: 2 })];

  it('are sent with a growing duration, three ends and a pause', () => {
    const first = frames.slice(0, 5).map((frame) => readEvent(frame?.payload ?? Buffer.alloc(0)));
    expect(first.map((event) => event?.duration)).toEqual([160, 320, 480, 480, 480]);
    expect(first.map((event) => event?.isEnd)).toEqual([false, false, true, true, true]);
    expect(frames[0]?.marker).toBe(true);
    expect(frames[1]?.marker).toBe(false);
    expect(frames.slice(5, 7)).toEqual([undefined, undefined]);
    expect(readEvent(frames[7]?.payload ?? Buffer.alloc(0))?.digit).toBe('#');
  });

  it('are read once each, whatever is lost, repeated or late', () => {
    const reader = new EventReader();
    const payload = (digit: number, isEnd: boolean): Buffer =>
      Buffer.from([digit, isEnd ? 0x8a : 0x0a, 0, 160]);
    const read = [
      reader.push(payload(1, false), 1000),
      reader.push(payload(1, true), 1000),
      reader.push(payload(2, true), 3000),
      reader.push(payload(1, true), 1000),
      reader.push(payload(2, false), 5000),
      reader.push(Buffer.from([99, 0, 0, 0]), 7000),
      reader.push(Buffer.alloc(2), 9000),
    ];
    expect(read).toEqual(['1', undefined, '2', undefined, '2', undefined, undefined]);
  });

  it('knows digits', () => {
    expect(isDigits('0123456789*#abcd')).toBe(true);
    expect(isDigits('1w')).toBe(false);
  });
});

describe('choosing a codec', () => {
  const offer = [
    'v=0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 110 126',
    'a=rtpmap:111 opus/48000/2',
    'a=fmtp:111 useinbandfec=1',
    'a=rtcp-fb:111 transport-cc',
    'a=rtpmap:9 G722/8000',
    'a=rtpmap:110 telephone-event/48000',
    'a=rtpmap:126 telephone-event/8000',
    'a=candidate:1 1 udp 1 192.0.2.1 9 typ host',
    'a=candidate:2 1 udp 1 a-b.local 9 typ host',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'a=rtpmap:96 VP8/90000',
  ].join('\r\n');

  it('takes PCMU with the events of its clock, though nothing maps payload type 0', () => {
    const choice = chooseCodec(offer, ['PCMU', 'opus']);
    expect(choice?.codec).toBe('PCMU');
    expect(choice?.sdp).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 0 126\r\n');
    expect(choice?.sdp).not.toContain('opus');
    expect(choice?.sdp).not.toContain('a=rtcp-fb');
    expect(choice?.sdp).toContain('a=rtpmap:96 VP8/90000');
  });

  it('takes Opus with the events of its clock', () => {
    const choice = chooseCodec(offer, ['opus', 'PCMU']);
    expect(choice?.sdp).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 111 110\r\n');
    expect(choice?.sdp).toContain('a=fmtp:111 useinbandfec=1');
  });

  it('has nothing to say without audio or a codec in common', () => {
    expect(chooseCodec('v=0\r\n', ['PCMU'])).toBeUndefined();
    expect(chooseCodec('m=audio 9 RTP/AVP 9\r\n', ['PCMU', 'opus'])).toBeUndefined();
  });

  it('drops the candidates that nobody can resolve', () => {
    const sdp = withoutHiddenCandidates(`${offer}\r\na=end-of-candidates`);
    expect(sdp).not.toContain('.local');
    expect(sdp).not.toContain('end-of-candidates');
    expect(sdp).toContain('192.0.2.1');
  });
});

describe('the frame clock', () => {
  it('keeps to 50 frames a second and makes up for a stall', () => {
    vi.useFakeTimers();
    try {
      const clock = new FrameClock();
      let frames = 0;
      const stop = clock.subscribe(() => {
        frames += 1;
      });
      vi.advanceTimersByTime(1000);
      expect(frames).toBe(50);
      stop();
      vi.advanceTimersByTime(1000);
      expect(frames).toBe(50);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('sends what a late beat owes, at most 100 ms of it', () => {
    vi.useFakeTimers();
    try {
      const now = vi.spyOn(performance, 'now').mockReturnValue(0);
      let frames = 0;
      const stop = new FrameClock().subscribe(() => {
        frames += 1;
      });
      now.mockReturnValue(65);
      vi.advanceTimersToNextTimer();
      expect(frames).toBe(3);
      now.mockReturnValue(5000);
      vi.advanceTimersToNextTimer();
      expect(frames).toBe(8);
      stop();
    } finally {
      vi.restoreAllMocks();
      vi.useRealTimers();
    }
  });
});
