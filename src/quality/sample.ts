/** How a call sounds, over the last second. A figure that is not known is null, never NaN or a guess. */
export interface QualitySample {
  /** When it was taken. */
  readonly at: Date;
  /** Mean opinion score of what is heard here, 1 to 4.5, by the E-model (ITU-T G.107); null while nothing arrives. */
  readonly mos: number | null;
  /** Round trip time of the media path, in milliseconds (RTCP, RFC 3550 section 6.4.1, or ICE). */
  readonly rttMs: number | null;
  /** Interarrival jitter of what arrives, in milliseconds (RFC 3550 section 6.4.1). */
  readonly jitterMs: number | null;
  /** Share of packets that did not arrive, 0 to 1. */
  readonly lossRatio: number | null;
  /** What arrives, in bits a second, headers not counted. */
  readonly inboundBitsPerSecond: number | null;
  /** What is sent, in bits a second, headers not counted. */
  readonly outboundBitsPerSecond: number | null;
}
