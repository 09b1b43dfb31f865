import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { parse, write } from '../../../../src/sip/jssip-parts/session-description';
import { mutated, seeded } from './mutate';
import { SDP_CORPUS } from './sdp-corpus';

/** The part of a description that JsSIP looks at. */
interface Read {
  direction?: string | undefined;
  media: { type?: string | undefined; direction?: string | undefined }[];
}

const read = ({ direction, media }: Read): unknown => ({
  direction,
  media: media.map(({ type, direction: own }) => ({ type, direction: own })),
});

// It has no declarations.
const original = createRequire(import.meta.url)('sdp-transform') as {
  parse(sdp: string): Read;
  write(description: Read): string;
};
const CORPUS = Object.entries(SDP_CORPUS);
const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'];

describe('session descriptions', () => {
  it.each(CORPUS)('of %s are read as sdp-transform reads them', (_name, sdp) => {
    expect(read(parse(sdp))).toEqual(read(original.parse(sdp)));
  });

  it.each(CORPUS)('of %s are written as they were', (_name, sdp) => {
    expect(write(parse(sdp))).toBe(sdp);
  });

  it.each(CORPUS.filter(([name]) => name !== 'empty'))(
    'of %s change their direction and nothing else',
    (_name, sdp) => {
      for (const direction of DIRECTIONS) {
        const [ours, theirs] = [parse(sdp), original.parse(sdp)];
        for (const media of [...ours.media, ...theirs.media]) media.direction = direction;
        const written = write(ours);
        expect(original.parse(written)).toEqual(original.parse(original.write(theirs)));
        const others = (text: string): string[] =>
          text
            .split(/^(?=m=)/m)
            .flatMap((part, index) =>
              part.split('\r\n').filter((line) => index === 0 || !DIRECTIONS.includes(line.slice(2))),
            );
        expect(others(written)).toEqual(others(sdp));
      }
    },
  );

  it('keep line feeds alone, and the end of the text, unless an attribute has to be added', () => {
    const sdp = 'v=0\nm=audio 9 RTP/AVP 0\na=sendrecv \na=x\nm=video 0 RTP/AVP 31';
    const description = parse(sdp);
    for (const media of description.media) media.direction = 'inactive';
    expect(write(description)).toBe(
      'v=0\nm=audio 9 RTP/AVP 0\na=inactive\na=x\nm=video 0 RTP/AVP 31\r\na=inactive\r\n',
    );
  });

  it('can be written again and again, and side by side', () => {
    const sdp = SDP_CORPUS['chromium'] ?? '';
    const held = parse(sdp);
    for (const media of held.media) media.direction = 'sendonly';
    const first = write(held);
    expect(write(held)).toBe(first);
    expect(parse(first).media.map(({ direction }) => direction)).toEqual(['sendonly']);
    expect(write(parse(sdp))).toBe(sdp);
  });

  it('take the last of several directions, as sdp-transform does', () => {
    const sdp = 'v=0\r\nm=audio 9 RTP/AVP 0\r\na=sendonly\r\na=inactive\r\n';
    expect(read(parse(sdp))).toEqual(read(original.parse(sdp)));
  });

  it('differ from sdp-transform where a line only begins like a direction, and in a number of ports', () => {
    const sdp = 'm=audio 9 RTP/AVP 0\r\na=inactive-since:5\r\n';
    expect(original.parse(sdp).media).toMatchObject([{ direction: 'inactive' }]);
    expect(parse(sdp).media).toMatchObject([{ direction: undefined }]);
    expect(original.parse('m=audio 9/2 RTP/AVP 0\r\n').media[0]).not.toHaveProperty('type');
    expect(parse('m=audio 9/2 RTP/AVP 0\r\n').media).toMatchObject([{ type: 'audio' }]);
  });

  it('survive accidents without an error and without a loss', () => {
    const random = seeded(7);
    const texts = CORPUS.map(([, sdp]) => sdp);
    for (let index = 0; index < 3_000; index++) {
      const sdp = mutated(texts[index % texts.length] ?? '', texts[index % 3] ?? '', random);
      expect(write(parse(sdp))).toBe(sdp);
    }
  });

  it.each(['m=', 'a=sendrecv\r\n', '\r\n', ' ', 'a=sendrecv '])(
    'of 600 kB of %j are read in a moment',
    (piece) => {
      const startedMs = performance.now();
      const description = parse(`m=audio 9 x\r\n${piece.repeat(600_000 / piece.length)}`);
      for (const media of description.media) media.direction = 'inactive';
      expect(write(description)).toContain('a=inactive');
      // Anything that is not linear takes minutes.
      expect(performance.now() - startedMs).toBeLessThan(4_000);
    },
  );
});
