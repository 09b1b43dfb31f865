/**
 * How loud a track was over the last tenth of a second, in dBFS from -100 (silence) to 0 (full scale), to a tenth of a
 * decibel. 0 dBFS is the power of a full-scale square wave, as dBov of ITU-T G.100.1, which ITU-T P.56 measures speech
 * in: a full-scale sine is -3.01 here, where AES17 says 0. Speech at a headset lies between -40 and -15.
 */
export interface AudioLevel {
  /** Root mean square over about 100 ms. */
  readonly levelDbfs: number;
  /** The highest sample of it; 0 means that it may be clipped. */
  readonly peakDbfs: number;
}
