/**
 * The other end of the line, whoever plays it: a customer of the sandbox, baresip, SIPp. Scenarios know only what
 * stands here, so that the same scenario runs against each of them.
 */

/** Answers on its way to a refusal or to a conversation. */
export interface AnswerScript {
  /**
   * `answer` after `afterMs`, `ring` until `FarCall.answer()` or the caller gives up, `refuse` with `status`, or
   * `cross`: answers 200 at the moment the CANCEL arrives, as when the two meet on the wire. Default `answer`.
   */
  readonly on: 'answer' | 'ring' | 'refuse' | 'cross';
  /** How long it rings (180) before it answers or refuses, in ms. Default 0. */
  readonly afterMs?: number;
  /** The refusal, 300 to 699. Default 486. */
  readonly status?: number;
  /** Instead of 180: 183 with SDP, and this tone until the answer (RFC 3960). Default: 180 without SDP. */
  readonly earlyToneHz?: number;
  /** Sends no provisional answer at all but 100. Default false. */
  readonly silent?: boolean;
}

/** A phone of its own number. */
export interface FarPhoneOptions {
  /** What an agent dials. Default: the next free one of the far end. */
  readonly number?: string;
  /** Pitch that it plays once answered, in whole hertz from 200 to 1500. Default 800. */
  readonly toneHz?: number;
  /** What it does when called. Default: answers at once. */
  readonly script?: AnswerScript;
  /**
   * `Session-Expires` in seconds that it asks for with itself as refresher (RFC 4028). Default: no session timer.
   * Phones of the lab go below the 90 s that the RFC asks for.
   */
  readonly sessionExpiresSeconds?: number;
  /** Refreshes the session by this method. Default `UPDATE`. */
  readonly refreshBy?: 'UPDATE' | 'INVITE';
  /** Payload encodings in order of preference. Default PCMU alone (RFC 3551). */
  readonly codecs?: readonly ('PCMU' | 'PCMA' | 'opus')[];
}

/** How it calls an agent. */
export interface FarCallOptions {
  /** Display name of From, any UTF-8. Default: none. */
  readonly displayName?: string;
  /** User part of From: the number shown. Default: the phone's own number. */
  readonly from?: string;
  /** A whole value for `P-Asserted-Identity` (RFC 3325), for example `"Jane" <sip:+4930@carrier.test>`. */
  readonly assertedIdentity?: string;
  /** More headers, for example `{ 'X-2Chat-Ticket': '42' }`; values may be UTF-8. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Grows the SDP with further attribute lines to this many bytes at least. Default: as it is. */
  readonly sdpBytes?: number;
}

export type SdpDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** What the far end has heard, over a stretch of time. */
export interface FarHearing {
  /** The strongest pitch in hertz; null in silence and without packets. */
  readonly hz: number | null;
  /** RMS level in dB relative to full scale; -127 in silence and without packets. */
  readonly dbfs: number;
  /** RTP packets with audio that arrived during the stretch. */
  readonly packets: number;
}

/** How a call ended, seen from the far end. */
export interface FarEnding {
  /** Who ended it. `network`: a timeout or a lost connection. */
  readonly by: 'agent' | 'far-end' | 'network';
  /** The method that ended it, or `refused` for a final status from 300 on. */
  readonly how: 'BYE' | 'CANCEL' | 'refused' | 'timeout';
  /** The final status of the INVITE, if there was one. */
  readonly status: number | undefined;
  /** The `Reason` header of the BYE or CANCEL that it received (RFC 3326). */
  readonly reason: string | undefined;
}

/** One call at the far end. Every wait rejects with an Error that says what did not happen, after 10 s by default. */
export interface FarCall {
  /** `inbound`: the agent called. */
  readonly direction: 'inbound' | 'outbound';
  readonly state: 'ringing' | 'answered' | 'ended';
  /** The INVITE that began it, as the far end received (or sent) it: the whole text. */
  readonly invite: string;
  /** Direction in the agent's newest offer or answer, from the agent's side: `sendonly` while the agent holds. */
  readonly agentDirection: SdpDirection | undefined;
  /** RFC 4733 digits received so far, in order. */
  readonly digits: string;
  readonly ending: FarEnding | undefined;
  /** The text of each SIP message of this call that came from the agent, in order. */
  readonly agentMessages: readonly string[];

  waitFor(what: 'ringing' | 'answered' | 'ended', timeoutMs?: number): Promise<void>;
  /** Resolves when the agent's newest SDP has this direction. */
  waitForDirection(direction: SdpDirection, timeoutMs?: number): Promise<void>;
  /** Resolves when `digits` ends with these; with all of them. */
  waitForDigits(digits: string, timeoutMs?: number): Promise<string>;
  /** What arrives during the next stretch. Default 400 ms. */
  listen(forMs?: number): Promise<FarHearing>;
  /** Resolves with the first stretch in which this pitch, +-15 Hz, is louder than -40 dBFS. */
  hears(hz: number, timeoutMs?: number): Promise<FarHearing>;
  /** Resolves with the first stretch of a second under -60 dBFS, packets or not. */
  hearsNobody(timeoutMs?: number): Promise<FarHearing>;

  /** Inbound and ringing: answers. */
  answer(): Promise<void>;
  /** Ends it in any state: BYE, CANCEL, or a refusal with this status (default 486). */
  hangup(status?: number): Promise<void>;
  /** Holds the agent by re-INVITE. Resolves with the agent's 200. */
  hold(direction?: 'sendonly' | 'inactive'): Promise<void>;
  /** Takes the agent off hold. Resolves with the agent's 200. */
  resume(): Promise<void>;
  /**
   * Sends re-INVITE or UPDATE (RFC 3311) with the SDP unchanged. Resolves with the final status.
   * @param options.offer false sends a re-INVITE without SDP: the agent offers in its 200 and this end answers in
   * the ACK (RFC 3261 section 14.1). Default true
   */
  refresh(method: 'INVITE' | 'UPDATE', options?: { readonly offer?: boolean }): Promise<number>;
  /** Session timer refreshes that the agent has answered with 200 so far. */
  readonly sessionRefreshes: number;
  /** Keys RFC 4733 digits towards the agent. */
  sendDigits(digits: string): Promise<void>;
}

/** One phone that an agent can dial and that can call agents. */
export interface FarPhone {
  /** What an agent dials to reach it. */
  readonly number: string;
  /** Changes what it does with the next call. */
  setScript(script: AnswerScript): Promise<void>;
  /** The next inbound call that was not returned before. */
  nextCall(timeoutMs?: number): Promise<FarCall>;
  /** Calls an agent. Resolves once the INVITE is sent. */
  call(userUuid: string, options?: FarCallOptions): Promise<FarCall>;
  /** Ends its calls and its process. Safe twice. */
  close(): Promise<void>;
}

/** Everything that a far end may be unable to do by its nature; scenarios name what they need. */
export type FarAbility =
  | 'audio'
  | 'digits'
  | 'early-media'
  | 'hold'
  | 'refresh'
  | 'update'
  | 'session-timer'
  | 'refuse'
  | 'cross'
  | 'asserted-identity'
  | 'headers'
  | 'large-sdp';

/** Maker of phones: one for each program that plays them. */
export interface FarEnd {
  /** For the table of results: `customer`, `baresip`, `sipp`. */
  readonly name: string;
  readonly abilities: ReadonlySet<FarAbility>;
  phone(options?: FarPhoneOptions): Promise<FarPhone>;
  /** Closes every phone that it made. Safe twice. */
  close(): Promise<void>;
}

/** Where a far end of another program finds its server. */
export interface FarEndAddress {
  /** `host:port` of the server's SIP over UDP. */
  readonly server: string;
  readonly domain: string;
  /** `host:port` at which the trunk is expected to listen; only for a far end that plays the trunk. */
  readonly trunk: string;
  /** Digest credentials of a phone that registers. */
  credentials(user: string): Promise<{ readonly username: string; readonly password: string }>;
}
