/** What is published of the record of SIP messages. */
import type { Subscribable } from '../../core/emitter';
import type { WaitOptions } from './customer-call';

/** One SIP message. */
export interface TraceEntry {
  /** When it was read or written. */
  readonly at: Date;
  /** As seen from the sandbox. */
  readonly direction: 'received' | 'sent';
  /** The agent's user_uuid or the customer's number; undefined before the socket has authenticated. */
  readonly peer: string | undefined;
  /** Whom `peer` names. */
  readonly peerKind: 'agent' | 'customer' | undefined;
  /** Names the socket, so that two of one agent can be told apart. */
  readonly flowId: string;
  /** The method of a request, and of the request that a response answers. */
  readonly method: string;
  /** The status of a response; undefined for a request. */
  readonly status: number | undefined;
  /** The Call-ID. */
  readonly callId: string;
  /** The whole message, with the values of Authorization and the like replaced. */
  readonly text: string;
}

/** The events of a {@link Trace}. A listener that throws is contained and reported. */
export interface TraceEvents {
  /** A message came in or went out. */
  message: [entry: TraceEntry];
}

/** The SIP messages between the sandbox, its agents and its customers. Secrets are taken out. */
export interface Trace extends Subscribable<TraceEvents> {
  /** The newest 2000 messages or a few more, oldest first. */
  readonly entries: readonly TraceEntry[];
  /** Those of them that match, oldest first. */
  find(matches: (entry: TraceEntry) => boolean): TraceEntry[];
  /**
   * The first message that matches: of those already seen, or the next to come.
   * @param options.onlyNew passes over those already seen, default false
   * @throws Error (rejection) when none came in time
   */
  waitFor(
    matches: (entry: TraceEntry) => boolean,
    options?: WaitOptions & { readonly onlyNew?: boolean },
  ): Promise<TraceEntry>;
}
