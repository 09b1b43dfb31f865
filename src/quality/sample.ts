/**
 * What a second of a call sounds like, by its mean opinion score: `excellent` from 4.2 · `good` from 4.03 · `fair`
 * from 3.6 · `poor` from 3.1 · `bad` below. The bounds are those of ITU-T G.107 Annex B, table B.1 ("satisfied", "some"
 * and "many users dissatisfied"), but for the first: the 4.34 of "very satisfied" is more than G.722 reaches at its best.
 */
export type QualityGrade = 'excellent' | 'good' | 'fair' | 'poor' | 'bad';

/** The codec of what arrives, or of what is sent while nothing has arrived (W3C WebRTC statistics, RTCCodecStats). */
export interface UsedCodec {
  /** For example `audio/opus`, `audio/PCMU`. */
  readonly mimeType: string;
  /** RTP clock rate in hertz; of G.722 it says 8000 (RFC 3551 section 4.5.2). */
  readonly clockRateHz: number;
  /** 1 where the browser does not say. */
  readonly channels: number;
  /** Format parameters of the session description (`a=fmtp`), where there are any. */
  readonly fmtp?: string;
}

/** The way that the audio takes (RFC 8445). Without addresses: they are nobody's business but the network's. */
export interface CandidatePair {
  /** Kind of this side's candidate: `host`, `srflx` and `prflx` (through a NAT), `relay` (through a TURN server). */
  readonly localType: string;
  /** Kind of the far end's candidate. */
  readonly remoteType: string;
  /** `udp` or `tcp`. */
  readonly protocol: string;
  /** Of `relay`: how this browser reaches the TURN server, `udp`, `tcp` or `tls`. */
  readonly relayProtocol?: string;
  /** `wifi`, `ethernet`, `cellular`, `vpn`; only where the browser tells (Chromium). */
  readonly networkType?: string;
}

/** How a call sounds, over the last second. A figure that is not known is null, never NaN or a guess. */
export interface QualitySample {
  /** When it was taken. */
  readonly at: Date;
  /**
   * Mean opinion score of what is heard here, 1 to 4.5, by the E-model (ITU-T G.107; G.107.1 and G.107.2 for codecs
   * of more bandwidth), on the scale of the codec's own bandwidth. Null while nothing arrives, while the call is held,
   * before the first round trip was measured, and for codecs that ITU-T G.113 and the literature have no figures of.
   */
  readonly mos: number | null;
  /** In one word; null where `mos` is. */
  readonly grade: QualityGrade | null;
  /**
   * Round trip time of the media path, in milliseconds: by RTCP (RFC 3550 section 6.4.1) or by ICE (RFC 8445 section
   * 14.3), whichever is longer.
   */
  readonly rttMs: number | null;
  /** Interarrival jitter of what arrives, in milliseconds (RFC 3550 section 6.4.1). */
  readonly jitterMs: number | null;
  /** Share of packets that did not arrive, 0 to 1. */
  readonly lossRatio: number | null;
  /** How much longer bursts of loss are than random loss has them, 1 to 2 (ITU-T G.107, BurstR), over 5 s. */
  readonly burstRatio: number | null;
  /** Share of what was played that the browser had to make up, 0 to 1; silence that nobody sent does not count. */
  readonly concealmentRatio: number | null;
  /** How long what arrives waits in the jitter buffer, in milliseconds. */
  readonly jitterBufferMs: number | null;
  /** What arrives, in bits a second, headers not counted. */
  readonly inboundBitsPerSecond: number | null;
  /** What is sent, in bits a second, headers not counted. */
  readonly outboundBitsPerSecond: number | null;
  /**
   * Level of the microphone as it is sent, in dBFS (0 is a full-scale square wave, RFC 6464), -100 for digital silence;
   * null where the browser does not measure it (Firefox).
   */
  readonly inputLevelDbfs: number | null;
  /** Level of what is heard, in dBFS, -100 for digital silence. */
  readonly outputLevelDbfs: number | null;
  /** What the audio is coded with; null before it is known. */
  readonly codec: UsedCodec | null;
  /** The way that the audio takes; null before there is one. */
  readonly candidatePair: CandidatePair | null;
}
