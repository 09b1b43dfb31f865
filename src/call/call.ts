import type { VoiceSDKError } from '../core/errors';
import type { Subscribable } from '../core/emitter';
import type { DisconnectInitiator, DisconnectReason } from '../sip/end-reason';
import type { QualitySummary } from '../quality/report';
import type { LostDevice, RecoveredDevice } from '../media/devices';
import type { AudioLevel } from '../media/meters/audio-level';
import type { QualitySample } from '../quality/sample';
import type { QualityWarning, QualityWarningName } from '../quality/warnings';
import type { CallFeedback } from './call-feedback';
import type { CallReport } from './call-report';
import type { CallStatus } from './call-state';
import type { CallTimings } from './call-timings';
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
  /** How the call sounded; absent when it was never accepted, or too short to measure. */
  readonly quality?: QualitySummary;
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
  /**
   * The device that this call used is gone (unplugged, switched off). The call goes on with `replacement`: the one that
   * was used before, or the system's default, muted as it was. Without one the far end hears nothing (an `error` says
   * why) until a device comes. When it returns and cannot be opened for 10 s, an `error` says so.
   */
  deviceLost: [detail: LostDevice];
  /**
   * The device is in use again: one that was lost has come back and the agent has chosen no other meanwhile; or one that
   * stopped by itself, as Bluetooth headsets do that change their profile, could be opened again at once.
   */
  deviceRecovered: [detail: RecoveredDevice];
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
  /** How the call sounds, once a second while it is accepted. */
  quality: [sample: QualitySample];
  /** Something is wrong with the call, and has been for some seconds. Once, until it is cleared. */
  warning: [warning: QualityWarning];
  /** What a `warning` said is over, or makes no sense any more (as a silent microphone that was muted). */
  warningCleared: [
    detail: {
      /** Of the warning. */
      readonly name: QualityWarningName;
    },
  ];
  /**
   * How loud the microphone is as the far end gets it, about ten times a second while somebody listens and the
   * microphone is open: silence (-100 dBFS) while muted or on hold. It follows changes of the microphone. Where it cannot
   * be measured (no AudioWorklet, or a content security policy without `script-src blob:`) an `error` with
   * `UNSUPPORTED` says so once, and none of the three level events comes in this call. Not sent to other tabs (`multiTab`):
   * listen where the audio is.
   */
  inputLevel: [level: AudioLevel];
  /**
   * How loud the far end is as it arrives, before any volume, about ten times a second while somebody listens; early
   * media included. As {@link CallEvents.inputLevel} otherwise.
   */
  outputLevel: [level: AudioLevel];
  /**
   * The agent talks while muted: voice for 300 ms, found by its level over that of the room; gaps count twice against it,
   * so that knocks and typing (up to six keys a second) are none. Said within half a second of steady talk, once for each
   * stretch of it (a second of quiet ends it), at most once in 10 s, and not on hold. While the call is muted and somebody
   * listens, a copy of the microphone's track stays open for it, whose audio goes nowhere else. As
   * {@link CallEvents.inputLevel} otherwise.
   */
  speakingWhileMuted: [];
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
 * | `setVolume` | remembered | done | remembered | done | ignored |
 */
export interface Call extends Subscribable<CallEvents> {
  /**
   * The Call-ID of the SIP dialog (RFC 3261 section 20.8): what servers and recordings know the call by. The same in every
   * tab, over outages and after a reload. Another one only where `recoverCalls` had to put a new call in place of the former
   * one (RFC 3891), because the far end refused to go on with that.
   */
  readonly callId: string;
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
  /**
   * The SIP stack's own session; undocumented on purpose.
   *
   * @throws VoiceSDKError `UNSUPPORTED` with `multiTab`, where another tab carries the call, or none at the moment
   */
  readonly session: RawCallSession;
  /**
   * How long setting the call up has taken so far: a frozen snapshot, read it again for what came since. Undefined with
   * `multiTab` where another tab carries the call.
   */
  readonly timings: CallTimings | undefined;

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
   * server is lost the far end hears of it when that is back: of an accepted call for up to an hour, of one that still
   * rings for up to a minute.
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
   * sent when that is back. All of them resolve then.
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

  /**
   * What is known of the call so far, as plain data: for a record of the call, or a helpdesk. At any time, also when the
   * call is over.
   *
   * @throws VoiceSDKError `UNSUPPORTED` with `multiTab`, where another tab carries the call; the `quality` of
   * `disconnect` comes to all tabs
   */
  getReport(): CallReport;

  /**
   * Keeps what the agent thinks of the call with its report: at any time, also when the call is over. What is given last
   * holds. Nothing is sent anywhere: that is for `getReport()` and `device.exportDiagnostics()`.
   *
   * @throws VoiceSDKError `INVALID_ARGUMENT`; `UNSUPPORTED` with `multiTab`, where another tab carries the call
   */
  setFeedback(feedback: CallFeedback): void;

  /**
   * How loud the far end is heard here: 0 (silent) to 1 (as it comes, the default). Remembered before the call is
   * accepted, ignored when it is over. On iOS it does nothing: Safari leaves the volume to the keys of the phone.
   *
   * @throws VoiceSDKError `INVALID_ARGUMENT` for anything but a number from 0 to 1
   */
  setVolume(volume: number): void;
  /** What `setVolume()` was last told. With `multiTab`, where another tab carries the call, by this tab. */
  getVolume(): number;
}
