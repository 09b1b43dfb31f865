/** What is published of one call of a customer. */
import type { Subscribable } from '../../core/emitter';

/** A codec that customers speak, by its name in SDP. PCMU is G.711 mu-law. */
export type AudioCodec = 'opus' | 'PCMU';

/** The deadline of a wait. */
export interface WaitOptions {
  /** In ms. Default 5000. The promise rejects with an Error that says what did not happen. */
  readonly timeoutMs?: number;
}

/**
 * `ringing` from the INVITE on, `answered` once accepted (200), `ended` however it came to its end. A call that
 * is refused, cancelled or fails goes from `ringing` to `ended`.
 */
export type CustomerCallState = 'ringing' | 'answered' | 'ended';

/** How a call ended. */
export interface CallEnd {
  /** Who ended it: `network` for a lost connection, a timeout and a sandbox that closed. */
  readonly by: 'agent' | 'customer' | 'network';
  /** JsSIP's word for it, for example `Terminated`, `Canceled`, `Busy`. */
  readonly cause: string;
  /** The SIP status that refused an outbound call; undefined for every other end. */
  readonly status: number | undefined;
}

/** The events of a {@link CustomerCall}. A listener that throws is contained and reported. */
export interface CustomerCallEvents {
  /** The agent's phone rings (outbound), or the customer's does (inbound). At most once. */
  ringing: [];
  /** The call was answered, by either end. At most once. */
  answered: [];
  /** The first audio packet of the agent arrived. At most once. */
  audio: [];
  /** The agent keyed a digit: as an RFC 4733 event in the audio, or in a SIP INFO. */
  digit: [digit: string, transport: 'rtp' | 'info'];
  /** The agent put the customer on hold, or took it off. */
  hold: [isOnHold: boolean];
  /** The call is over. Once. */
  ended: [end: CallEnd];
}

/** What a customer hears at this moment. */
export interface Hearing {
  /** Undefined before the codec is negotiated. */
  readonly codec: AudioCodec | undefined;
  /** RTP packets of audio received since the call began. */
  readonly packets: number;
  /** When the last of them came; undefined before the first. */
  readonly lastPacketAt: Date | undefined;
  /**
   * RMS level of the last 128 ms in dB relative to full scale; -127 is silence or no packets. Null with Opus,
   * which is not decoded.
   */
  readonly levelDbfs: number | null;
  /** The strongest frequency of the last 128 ms, in hertz; null when silent, and with Opus. */
  readonly dominantHz: number | null;
}

/** Which pitch to wait for. */
export interface HearsOptions extends WaitOptions {
  /** In hertz. */
  readonly hz: number;
  /** How far from `hz` it may be, in hertz. Default 15: two bins of the meter. */
  readonly toleranceHz?: number;
  /** How loud it is at least. Default -40; a customer's tone has -18. */
  readonly minDbfs?: number;
}

/** One call of a customer, seen from the customer's end of the line. */
export interface CustomerCall extends Subscribable<CustomerCallEvents> {
  /** `inbound` when the agent called the customer. */
  readonly direction: 'inbound' | 'outbound';
  /** The agent's user_uuid, or the number of a customer who calls. */
  readonly agent: string;
  /** Inbound: the caller ID that the agent shows. Outbound: whom the customer called. */
  readonly callerId: string;
  /** The X- headers of an inbound INVITE, with their names in lower case; empty for an outbound call. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the call is. */
  readonly state: CustomerCallState;
  /** How it ended; undefined while it has not. */
  readonly end: CallEnd | undefined;
  /** The digits that the agent has keyed so far, in order; an empty string before the first. */
  readonly received: string;
  /** True while the agent holds the call. */
  readonly isOnHold: boolean;
  /** What the customer hears now. */
  readonly hearing: Hearing;
  /**
   * The negotiated SDP direction seen from the customer: `recvonly` while the agent holds with `sendonly`.
   * Undefined before it is negotiated.
   */
  readonly mediaDirection: string | undefined;
  /**
   * Answers an inbound call.
   * @throws Error when it is not ringing, or is outbound
   */
  answer(): void;
  /**
   * Ends the call in any state; one that has ended stays as it is.
   * @param status refuses an inbound call that rings: 300 to 699, default 486 (busy here)
   * @throws Error for a status that refuses nothing
   */
  hangup(status?: number): void;
  /**
   * Puts the agent on hold, or takes it off, with a re-INVITE. Resolves when the agent has accepted it.
   * @throws Error (rejection) when the call cannot be held now, or no answer came in time
   */
  hold(on: boolean, options?: WaitOptions): Promise<void>;
  /**
   * Keys digits as RFC 4733 events, after those already waiting. Resolves when the last has been sent, or when
   * the call ended.
   * @throws Error (rejection) for anything but `0-9 * # A-D`, and where the agent takes no such events
   */
  sendDigits(digits: string): Promise<void>;
  /**
   * Resolves at the event, or at once when it has already been.
   * @throws Error (rejection) at the deadline, and when the call ends before the event
   */
  waitFor(event: 'ringing' | 'answered' | 'audio' | 'ended', options?: WaitOptions): Promise<void>;
  /**
   * Resolves when the digits received end with these, with all that were received.
   * @throws Error (rejection) at the deadline, with what was received instead
   */
  waitForDigits(digits: string, options?: WaitOptions): Promise<string>;
  /**
   * Resolves when the customer hears this pitch. With PCMU only, which is what a customer speaks unless told
   * otherwise; `echo` prefers Opus.
   * @throws Error (rejection) at the deadline, and with Opus, which is not decoded
   */
  hears(options: HearsOptions): Promise<Hearing>;
  /**
   * Resolves when the customer hears nothing, or packets of silence. With PCMU only.
   * @param options.maxDbfs what still counts as silence, default -60
   * @throws Error (rejection) at the deadline, and with Opus, which is not decoded
   */
  hearsSilence(options?: WaitOptions & { readonly maxDbfs?: number }): Promise<Hearing>;
}
