import type { UsedCodec } from './sample';

/** What a codec does to speech, with and without loss. */
export interface CodecImpairment {
  /** Which version of the E-model the figures belong to. */
  readonly band: 'narrow' | 'wide' | 'full';
  /** Equipment impairment factor Ie without loss. */
  readonly impairment: number;
  /** Packet-loss robustness factor Bpl, with the concealment that browsers do. */
  readonly lossRobustness: number;
  /** One frame of 20 ms, and how far the encoder looks ahead, in milliseconds. */
  readonly codingDelayMs: number;
}

const FRAME_MS = 20;

/** ITU-T G.113 Appendix I: Ie of table I.1, Bpl with concealment and random loss of table I.3. */
const G711: CodecImpairment = {
  band: 'narrow',
  impairment: 0,
  lossRobustness: 25.1,
  codingDelayMs: FRAME_MS,
};

/**
 * Ie,WB of ITU-T G.113 Appendix IV at 64 kbit/s. A Bpl of G.722 with concealment is not published there; this is the
 * most cautious one of the wideband codecs in table IV.4. Its filter bank takes 1.5 ms.
 */
const G722: CodecImpairment = {
  band: 'wide',
  impairment: 13,
  lossRobustness: 4.3,
  codingDelayMs: FRAME_MS + 1.5,
};

/**
 * Opus with variable bit rate: bit rate, Ie and Bpl for random loss, in the bandwidth that its encoder chooses for speech at
 * that rate. From Alahmadi, Počta and Melvin, "An Adaptive Bitrate Switching Algorithm for Speech Applications in Context
 * of WebRTC", ACM TOMM 17(4) 133, 2021.
 */
const OPUS: Readonly<
  Record<
    CodecImpairment['band'],
    readonly (readonly [bitsPerSecond: number, impairment: number, lossRobustness: number])[]
  >
> = {
  narrow: [
    [6_000, 23, 24.56],
    [7_000, 21.26, 22.46],
    [8_000, 16.02, 20.26],
    [9_000, 11.74, 18.91],
  ],
  wide: [
    [11_000, 28.41, 23.94],
    [12_000, 23.3, 22.22],
    [13_000, 19.96, 19.5],
  ],
  full: [
    [14_000, 38.06, 16.51],
    [19_000, 23.81, 10.67],
    [25_000, 20.21, 11.28],
    [31_000, 16.83, 10.44],
    [40_000, 10.67, 9.79],
  ],
};
/** Up to where libopus 1.4 encodes mono speech in narrowband, and from where on in superwideband. */
const OPUS_NARROW_TO = 9_000;
const OPUS_FULL_FROM = 13_500;
/** What Chromium sends without a `maxaveragebitrate` (measured). */
const OPUS_BITS_PER_SECOND = 32_000;
/** One frame, and the 6.5 ms that the encoder looks ahead. */
const OPUS_DELAY_MS = FRAME_MS + 6.5;

/** The figures of a codec; undefined where none are published. */
export function impairmentOf({ mimeType, fmtp }: UsedCodec): CodecImpairment | undefined {
  switch (mimeType.toLowerCase()) {
    case 'audio/pcmu':
    case 'audio/pcma':
      return G711;
    case 'audio/g722':
      return G722;
    case 'audio/opus':
      return opusAt(
        Number(/(?:^|;)\s*maxaveragebitrate=(\d+)/.exec(fmtp ?? '')?.[1] ?? OPUS_BITS_PER_SECOND),
      );
    default:
      return undefined;
  }
}

/** Between the rates that were measured along a straight line; beyond those of a bandwidth as the nearest one. */
function opusAt(bitsPerSecond: number): CodecImpairment {
  const band = bitsPerSecond <= OPUS_NARROW_TO ? 'narrow' : bitsPerSecond < OPUS_FULL_FROM ? 'wide' : 'full';
  const rates = OPUS[band];
  const above = rates.find(([rate]) => rate >= bitsPerSecond) ?? rates.at(-1) ?? [0, 0, 1];
  const below = rates.filter(([rate]) => rate <= bitsPerSecond).at(-1) ?? above;
  const share = above[0] > below[0] ? (bitsPerSecond - below[0]) / (above[0] - below[0]) : 0;
  const between = (at: 1 | 2) => below[at] + share * (above[at] - below[at]);
  return {
    band,
    impairment: between(1),
    lossRobustness: between(2),
    codingDelayMs: OPUS_DELAY_MS,
  };
}
