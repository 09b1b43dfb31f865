import type { VoiceSDKError } from '../core/errors';
import type { Subscribable } from '../core/emitter';
import type { DisconnectInitiator, DisconnectReason } from '../sip/end-reason';
import type { QualitySample } from '../quality/sample';
import type { CallStatus } from './call-state';
import type { ReconnectingCause } from './continuity';

/** How and why a call ended. */
export interface DisconnectInfo {
  /** A stable name to switch on. */
  readonly reason: DisconnectReason;
  /** SIP status code (RFC 3261 section 21), where a response or a Reason header (RFC 3326) carried one. */
  readonly code?: number;
  /** The words of the far end or of the SIP stack; for logs. */
  readonly cause: string;
  /** Who ended it; `network` where neither side meant to. */
  readonly initiator: DisconnectInitiator;
  /** How long both sides were connected, in milliseconds; 0 when the call was never accepted. */
  readonly durationMs: number;
}

/** The events of a {@link Call}, each with what its listeners receive. */
export type CallEvents = {
  /**
   * Outbound: the far end rings. `hasEarlyMedia`: it sends its own ringing or an announcement as audio; when that
   * begins later than the ringing, the event fires once more.
   */
  ringing: [
    detail: {
      /** Whether the provisional response carried a session description (RFC 3960). */
      readonly hasEarlyMedia: boolean;
    },
  ];
  /** Both sides are connected: 200 and ACK were exchanged (RFC 3261 section 13). Once. */
  accepted: [];
  /**
   * The call is over. Fires exactly once for every call. Only the `error` of a method that nobody awaited can
   * follow it.
   */
  disconnect: [info: DisconnectInfo];
  /** Something failed that no awaited promise has reported. A call that never came about reports why here. */
  error: [error: VoiceSDKError];
  /** The microphone was muted (true) or unmuted. */
  mute: [isMuted: boolean];
  /**
   * The system or a switch on the headset silences the microphone (true), or no longer does. Beside `mute()`, which it
   * does not change: the far end hears the agent only while neither holds.
   */
  inputMuted: [isMuted: boolean];
  /** This side put the call on hold (true) or resumed it, and the far end has agreed. */
  hold: [isOnHold: boolean];
  /** The far end put the call on hold (true) or resumed it. */
  remoteHold: [isOnHold: boolean];
  /**
   * The call is cut off and the SDK is at work on it: from the server (`signaling`: audio goes on, requests wait), or
   * from the far end's audio (`media`). Once for each cause.
   */
  reconnecting: [
    detail: {
      /** What the call is cut off from. */
      readonly cause: ReconnectingCause;
    },
  ];
  /** Nothing is cut off any more. */
  reconnected: [];
  /** How the call sounds, once a second while it is accepted and somebody listens. */
  quality: [sample: QualitySample];
  /**
   * The browser plays no sound until the agent interacts with the page (the autoplay policy of the HTML standard); it
   * starts at the next gesture.
   */
  audioBlocked: [];
  /** Blocked sound has started. */
  audioUnblocked: [];
};

/**
 * The raw session of the SIP stack, as an escape hatch. Its shape belongs to the stack, not to this SDK, and may
 * change with any release.
 */
export interface RawCallSession {
  /** The stack's own name of the session: Call-ID and the tag of From. */
  readonly id: string;
  /** The W3C peer connection; null before there is one. */
  readonly connection: RTCPeerConnection | null;
  // A method's type, whose parameters compare loosely: a listener may say what it expects, or take unknown.
  /** Listens to an event of the stack, by the stack's name of it. */
  on(event: string, listener: { listen(...data: unknown[]): void }['listen']): void;
}

/**
 * One call. Comes from `device.connect()` or the `incoming` event.
 *
 * Methods that return a promise may be called without awaiting it: a failure that nobody handles arrives as an
 * `error` event and is never an unhandled rejection.
 *
 * | method | pending | ringing, outbound | ringing, inbound | accepted | over |
 * |---|---|---|---|---|---|
 * | `accept` | `INVALID_STATE` | `INVALID_STATE` | answers | inbound: resolves, nothing to do; outbound: `INVALID_STATE` | `INVALID_STATE` |
 * | `reject` | `INVALID_STATE` | `INVALID_STATE` | refuses | `INVALID_STATE` | ignored |
 * | `disconnect` | cancels | cancels | refuses (486) | hangs up | resolves, nothing to do |
 * | `mute` | remembered | remembered | remembered | mutes | ignored |
 * | `hold`, `sendDigits` | `INVALID_STATE` | `INVALID_STATE` | `INVALID_STATE` | done | `INVALID_STATE` |
 * | `setInputDevice`, `setOutputDevice` | done | done | remembered | done | `INVALID_STATE` |
 */
export interface Call extends Subscribable<CallEvents> {
  /** `inbound` when the far end has called. */
  readonly direction: 'inbound' | 'outbound';
  /** The far end: a telephone number (E.164 digits, with `+` where given) or a SIP URI. */
  readonly remoteIdentity?: string;
  /** The name that the far end goes by, where it sent one. Show it as text: it is whatever the caller chose. */
  readonly remoteDisplayName?: string;
  /**
   * Inbound: the INVITE's `X-2Chat-*` headers with the prefix stripped, names in the spelling of the SIP stack
   * (`X-2Chat-Customer-Id` is `Customer-Id`). Empty for outbound calls.
   */
  readonly customHeaders: Readonly<Record<string, string>>;
  /** The SIP stack's own session; undocumented on purpose. */
  readonly session: RawCallSession;

  /** Where the call is now. */
  getStatus(): CallStatus;

  /**
   * Answers an inbound call: opens the microphone, then sends the 200. Resolves when the caller is connected.
   * When the microphone fails the call goes on ringing and can be accepted again. While the connection to the server is
   * lost the answer waits for it, for as long as the call rings.
   *
   * @throws VoiceSDKError `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`, `MICROPHONE_BUSY`, `MICROPHONE_FAILED`;
   * `BROWSER_UNSUPPORTED` where there is no microphone access (a page without HTTPS); `CALL_CANCELED` when the caller
   * was faster; `SIGNALING_LOST`; `MEDIA_FAILED`; `DESTROYED`; `INVALID_STATE`, also when the call was refused or hung
   * up here meanwhile.
   */
  accept(): Promise<void>;

  /**
   * Refuses an inbound call.
   *
   * @param statusCode SIP status 400 to 699, default 486 (busy). With 603 a proxy stops ringing the agent's other
   * devices as well (RFC 3261 section 16.7).
   * @throws VoiceSDKError `INVALID_ARGUMENT`, `INVALID_STATE`
   */
  reject(statusCode?: number): void;

  /**
   * Hangs up, in any state. Resolves when the call is over on this side; never rejects. While the connection to the
   * server is lost the far end hears of it when the Device is registered again, within a minute.
   */
  disconnect(): Promise<void>;

  /**
   * Mutes the microphone (true) or unmutes it. Before the call is accepted it is remembered.
   *
   * @throws VoiceSDKError `INVALID_ARGUMENT` for anything but true and false
   */
  mute(on: boolean): void;
  /** Whether `mute()` silences the microphone. Hold and a switch on the headset do not count. */
  isMuted(): boolean;

  /**
   * Puts the far end on hold (true) or resumes, by re-INVITE with `a=sendonly`/`a=sendrecv` (RFC 3264 section 8.4).
   * Requests are done one after another; the one that changes nothing resolves without a re-INVITE. While the
   * connection to the server is lost they wait: the microphone is silent from `hold(true)` on, and the latest request is
   * sent when the Device is registered again. All of them resolve then.
   *
   * @throws VoiceSDKError `HOLD_FAILED`, `CALL_TIMEOUT` (the call goes on as it was); `INVALID_ARGUMENT`,
   * `INVALID_STATE`.
   */
  hold(on: boolean): Promise<void>;
  /** Whether this side holds the call and the far end has agreed. */
  isOnHold(): boolean;
  /** Whether the far end holds the call. */
  isOnRemoteHold(): boolean;

  /**
   * Sends DTMF digits in order, as RFC 4733 telephone events; by SIP INFO only where the far end negotiated no
   * telephone events. Resolves when the last digit was sent. Digits asked for meanwhile follow after. Telephone events
   * go on while the connection to the server is lost; INFO is refused then (`SIGNALING_LOST`).
   *
   * @param digits 1 to 256 of `0-9 * # A-D`; a comma pauses for 2 s (W3C WebRTC, insertDTMF).
   * @throws VoiceSDKError `INVALID_ARGUMENT`, `INVALID_STATE`, `DTMF_FAILED`, `SIGNALING_LOST`
   */
  sendDigits(digits: string): Promise<void>;

  /**
   * Chooses the microphone of this call, without a re-INVITE and keeping mute. From then on the call does not
   * follow `device.setInputDevice()`.
   *
   * @param deviceId from `device.enumerateDevices()`; `''` or `'default'` is the system's default.
   * @throws VoiceSDKError `MICROPHONE_DENIED`, `MICROPHONE_NOT_FOUND`, `MICROPHONE_BUSY`, `MICROPHONE_FAILED` (the
   * previous microphone goes on), `INVALID_ARGUMENT`, `INVALID_STATE`
   */
  setInputDevice(deviceId: string): Promise<void>;

  /**
   * Chooses the speaker of this call. From then on it does not follow `device.setOutputDevice()`.
   *
   * @param deviceId from `device.enumerateDevices()`; `''` or `'default'` is the system's default.
   * @throws VoiceSDKError `UNSUPPORTED` (Safari has no W3C Audio Output Devices API), `OUTPUT_DEVICE_FAILED`,
   * `INVALID_ARGUMENT`, `INVALID_STATE`
   */
  setOutputDevice(deviceId: string): Promise<void>;
}
