import type { CallTimings } from '../../call/call-timings';
import type { VoiceErrorCode } from '../../core/error-catalogue';
import type { DeviceOptions } from '../options';
import type { PreflightReason } from './reasons';

/**
 * What `Device.preflight()` takes: the options of the Device that is to be tried. Of those, `token`, `apiBaseUrl`,
 * `fetchCredentials`, `iceServers`, `iceTransportPolicy`, `media` and `logLevel` matter.
 */
export interface PreflightOptions extends DeviceOptions {
  /** A number that plays back what it hears, for a call to it at the end. Default: no call. */
  readonly echo?: {
    /** As in `connect()`. */
    readonly to: string;
    /** As in `connect()`. */
    readonly from?: string;
    /**
     * How long to listen to the echo, in milliseconds from 1000 to 60000. Default 10000. Where it has no score by then, up
     * to 8000 in all: the browser may not know the round trip sooner.
     */
    readonly durationMs?: number;
  };
  /** Stops it, as `stop()` does. */
  readonly signal?: AbortSignal;
}

/** A check, in the order of the report. */
export type PreflightCheckName =
  | 'browser'
  | 'microphone'
  | 'credentials'
  | 'webSocket'
  | 'registration'
  | 'stun'
  | 'turnUdp'
  | 'turnTcp'
  | 'turnTls'
  | 'echoCall';

/** One server, as a check found it. */
export interface PreflightServer {
  /** Without anything that could be secret. */
  readonly url: string;
  /**
   * Until it was of use, in milliseconds: the WebSocket was open, or the server gave a candidate (RFC 8445 section
   * 5.1.1). Null when it never was, and for STUN also where this machine has a public address of its own.
   */
  readonly readyMs: number | null;
  /** TURN: a message through two relays and back, in milliseconds; null when none came back. */
  readonly roundTripMs?: number | null;
  /** Why it gave none: STUN error code (RFC 8489 section 14.8), or 701 for no answer (W3C WebRTC). */
  readonly errorCode?: number;
}

/** What a check found, as far as it applies. Holds no secret, no telephone number and no network address but servers'. */
export interface PreflightDetails {
  /** `microphone`: name of the device. */
  readonly deviceLabel?: string;
  /** `microphone`: the loudest moment while it was listened to, in dBFS; null where the browser measures none. */
  readonly peakDbfs?: number | null;
  /** `credentials`: HTTP status (RFC 9110) that refused them. */
  readonly httpStatus?: number;
  /** `registration`, `echoCall`: SIP status (RFC 3261 section 21) that refused it. */
  readonly sipStatus?: number;
  /** What failed, in the words of the error catalogue. */
  readonly errorCode?: VoiceErrorCode;
  /** `webSocket`, `stun`, `turn…`: each server; of more than four of a kind the first four. */
  readonly servers?: readonly PreflightServer[];
  /** `echoCall`: how long each step of the call took. */
  readonly timings?: CallTimings;
  /** `echoCall`: mean opinion score (ITU-T G.107), 1 to 4.5; null when unknown. Like the next three an average. */
  readonly mos?: number | null;
  /** `echoCall`: round trip time of the media path, in milliseconds. */
  readonly rttMs?: number | null;
  /** `echoCall`: interarrival jitter, in milliseconds. */
  readonly jitterMs?: number | null;
  /** `echoCall`: share of packets that did not arrive, 0 to 1. */
  readonly lossRatio?: number | null;
  /** `echoCall`: how many seconds nothing came, as in the `QualitySummary` of a call. */
  readonly secondsWithoutAudio?: number;
}

/** One finished check. */
export interface PreflightCheck {
  /** Which one. */
  readonly name: PreflightCheckName;
  /** `warned`: works, but not as it should. `skipped`: was not done; `reason` says why. */
  readonly result: 'passed' | 'warned' | 'failed' | 'skipped';
  /** A stable code to switch on; absent when it passed. */
  readonly reason?: PreflightReason;
  /** What the agent's helpdesk can do about it, in English. */
  readonly remedy?: string;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
  /** What it found. */
  readonly details: PreflightDetails;
}

/** What came of it. Plain data: `JSON.stringify()` keeps all of it. */
export interface PreflightReport {
  /**
   * `ready`: calls work. `degraded`: calls work, but some check failed or warned. `notReady`: the agent can take no call,
   * or it was stopped.
   */
  readonly verdict: 'ready' | 'degraded' | 'notReady';
  /** The first reason for the verdict; absent when ready. */
  readonly reason?: PreflightReason;
  /** What to do about that one. */
  readonly remedy?: string;
  /** Every check, in the order of {@link PreflightCheckName}. */
  readonly checks: readonly PreflightCheck[];
  /** When it began. */
  readonly startedAt: Date;
  /** How long all of it took, in milliseconds. */
  readonly durationMs: number;
}

/** The events of a {@link Preflight}. */
export type PreflightEvents = {
  /** A check has finished. */
  check: [check: PreflightCheck];
  /** All have; what `report` resolves with. Once. */
  completed: [report: PreflightReport];
};
