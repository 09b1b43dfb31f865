/** What is published of a customer: how one behaves, and what a test can do with it. */
import type { Subscribable } from '../../core/emitter';
import type { AudioCodec, CustomerCall, WaitOptions } from './customer-call';

/** What a customer does when called, and after. Everything has a default; `{}` answers and plays silence. */
export interface CustomerBehaviour {
  /** Answer, ring until told otherwise, or refuse with a SIP status (300 to 699). Default `answer`. */
  readonly onCall?:
    | 'answer'
    | 'ring'
    | {
        /** 300 to 699 (RFC 3261 section 21), for example 486 (busy here). */
        readonly refuseWith: number;
      };
  /** How long it rings before it answers, in ms. Default 0. */
  readonly answerAfterMs?: number;
  /** Plays before it answers, for as long as this (183 with SDP), in ms. Default: no early media. */
  readonly earlyMediaMs?: number;
  /** `echo` sends back what it hears. Default: `tone` with a `toneHz`, else `silence`. */
  readonly plays?: 'echo' | 'melody' | 'tone' | 'silence';
  /**
   * Pitch of the tone in hertz, 50 to 3500, so that a test recognises who is speaking. Default 440 for
   * `plays: 'tone'`.
   */
  readonly toneHz?: number;
  /**
   * In order of preference. Default PCMU, whose audio can be made and measured here; `echo` takes Opus first,
   * which it returns unopened.
   */
  readonly codecs?: readonly AudioCodec[];
  /** Keyed this long after the answer, in ms. Default 500. */
  readonly digitsAfterMs?: number;
  /** Digits that it keys after the answer, as RFC 4733 events: `0-9 * # A-D`. Default: none. */
  readonly sendsDigits?: string;
  /** Hangs up this long after the answer, in ms. Default: never. */
  readonly hangsUpAfterMs?: number;
  /** Calls the agent back this long after a call has ended, in ms. Default: never. */
  readonly callsBackAfterMs?: number;
}

/** A customer to be made. */
export interface CustomerOptions extends CustomerBehaviour {
  /** `+` and digits, or a short name. Default: the next free number of the reserved range. */
  readonly number?: string;
  /** A short name that can be dialled as well. Default: the number. */
  readonly name?: string;
  /** What the agent's phone shows. Default: the number. */
  readonly displayName?: string;
}

/** One call that a customer places. */
export interface CustomerCallOptions {
  /** Headers of the INVITE, for example `{ 'X-2Chat-Ticket': '42' }`. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the agent's phone shows for this call. Default: the customer's own. */
  readonly displayName?: string;
}

/** The events of a {@link Customer}. A listener that throws is contained and reported. */
export interface CustomerEvents {
  /** Somebody calls this customer. */
  incoming: [call: CustomerCall];
  /** A call of either direction began. */
  call: [call: CustomerCall];
  /** A call of either direction ended. */
  ended: [call: CustomerCall];
}

/** Somebody to talk to. Made by `sandbox.customer()`. */
export interface Customer extends Subscribable<CustomerEvents> {
  /** Its SIP user part: what an agent dials. */
  readonly number: string;
  /** Can be dialled as well; the number where it has no name. */
  readonly name: string;
  /** What the agent's phone shows. */
  readonly displayName: string;
  /** The newest 100 calls, oldest first. */
  readonly calls: readonly CustomerCall[];
  /** The newest call, if there was one. */
  readonly lastCall: CustomerCall | undefined;
  /** The digits received on the newest call; an empty string before the first. */
  readonly received: string;
  /**
   * Calls an agent, or another customer by number or name. Resolves as soon as the INVITE is on its way: wait
   * for `ringing`, `answered` or `ended` of the call to know what becomes of it.
   * @throws Error (rejection) for a header or a name that does not fit into a SIP header, and when the sandbox
   * is closed
   */
  call(agentUserUuid: string, options?: CustomerCallOptions): Promise<CustomerCall>;
  /**
   * Answers the call that rings, and returns it.
   * @throws Error when none does
   */
  answer(): CustomerCall;
  /** Ends all calls of this customer. */
  hangup(): void;
  /**
   * Resolves with a call that came in, has not ended and was not returned by this before, or with the next to
   * come.
   * @throws Error (rejection) at the deadline
   */
  waitForCall(options?: WaitOptions): Promise<CustomerCall>;
}
