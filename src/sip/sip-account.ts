import type { CodecOptions } from './codecs';

/** A password, or the hash that stands for it at one realm (RFC 2617 section 3.2.2.2). */
export type SipSecret = { readonly password: string } | { readonly ha1: string; readonly realm: string };

/** What one user agent registers with. */
export interface SipAccount {
  readonly wsUrls: readonly string[];
  /** Address of record, `sip:user@domain`. */
  readonly uri: string;
  readonly authorizationUsername: string;
  readonly secret: SipSecret;
  readonly displayName?: string;
  readonly registerExpiresSeconds: number;
  readonly iceServers: readonly RTCIceServer[];
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly codecs?: CodecOptions | undefined;
  /** UUID of this phone (RFC 5626 section 4.1): the same one keeps one binding at the registrar. */
  readonly instanceId: string;
}
