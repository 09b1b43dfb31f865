import type { DisconnectInitiator, DisconnectReason } from '../sip/end-reason';
import type { QualityReport } from '../quality/report';
import type { ReportedFeedback } from './call-feedback';
import type { CallStatus } from './call-state';
import type { ReportedTimings } from './call-timings';
import type { ReconnectingCause } from './continuity';

/** A time in which a call was cut off. */
export interface ReportedReconnection {
  /** What from. */
  readonly cause: ReconnectingCause;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** ISO 8601, UTC; absent while it lasts, and where the call ended in it. */
  readonly endedAt?: string;
}

/**
 * All that is known of one call, at the time of asking, as plain data: `JSON.stringify` keeps it whole. It grows to some
 * 60 kB and no further, however long the call is. It names neither the far end nor any address.
 */
export interface CallReport extends QualityReport {
  /** Call-ID of the SIP dialog (RFC 3261 section 8.1.1.4): what servers know the call by. */
  readonly callId: string;
  /** `inbound` when the far end has called. */
  readonly direction: 'inbound' | 'outbound';
  /** Where the call is now. */
  readonly status: CallStatus;
  /** When the call began; of one that a page before has begun, when it was accepted. ISO 8601, UTC. */
  readonly startedAt: string;
  /** When both sides were connected; ISO 8601, UTC. */
  readonly acceptedAt?: string;
  /** When it was over; ISO 8601, UTC. */
  readonly endedAt?: string;
  /** How long both sides have been connected, in milliseconds; 0 when the call was never accepted. */
  readonly durationMs: number;
  /** How it ended. */
  readonly end?: {
    /** As in the `disconnect` event. */
    readonly reason: DisconnectReason;
    /** SIP status code, where one came. */
    readonly code?: number;
    /** The words of the far end or of the SIP stack. */
    readonly cause: string;
    /** Who ended it. */
    readonly initiator: DisconnectInitiator;
  };
  /** How long setting it up took. */
  readonly timings?: ReportedTimings;
  /** What the agent thinks of it, where `setFeedback()` was called. */
  readonly feedback?: ReportedFeedback;
  /** The last 50 times in which it was cut off, oldest first. */
  readonly reconnections: readonly ReportedReconnection[];
}
