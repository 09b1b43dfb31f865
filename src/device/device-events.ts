import type { Call } from '../call/call';
import type { VoiceSDKError } from '../core/errors';

/**
 * Why a call of a former page is lost: `expired` it was left more than a minute ago · `ended` the far end hung up or no
 * longer knows it · `refused` the far end takes no other page · `microphone` this page got none · `failed` anything else.
 */
export type CallLostReason = 'expired' | 'ended' | 'refused' | 'microphone' | 'failed';

/** A call of a former page that is over. */
export interface LostCall {
  /** As in {@link Call.callId}. */
  readonly callId: string;
  /** The far end, as in {@link Call.remoteIdentity}. */
  readonly remoteIdentity?: string;
  /** Why it could not be taken up, or that it was over already. */
  readonly reason: CallLostReason;
}

/** The events of a {@link Device}, each with what its listeners receive. */
export type DeviceEvents = {
  /** The server confirmed the registration (200 to REGISTER, RFC 3261 section 10): calls can come in and go out. */
  registered: [];
  /** The registration is gone, on request or because the server refused it; in the latter case also for want of a token. */
  unregistered: [
    detail: {
      /** `requested` after `unregister()`, else the SIP status and reason phrase or what is missing; for people, not for decisions. */
      readonly reason?: string;
    },
  ];
  /**
   * An inbound call rings; with `multiTab` in every tab, and the ringtone in the one that leads. Listeners that reject it at once
   * keep the caller from hearing ringing.
   */
  incoming: [call: Call];
  /** Once per token, `tokenExpiryLeadMs` before its expiry: pass a fresh one to `updateToken()`. */
  tokenWillExpire: [
    detail: {
      /** The `exp` of the token (RFC 7519 section 4.1.4). */
      readonly expiresAt: Date;
    },
  ];
  /** The connection was lost and is being got back. Live calls keep their audio. */
  reconnecting: [
    detail: {
      /** Which attempt since the loss, from 1 on. */
      readonly attempt: number;
    },
  ];
  /** Registered again after a loss. */
  reconnected: [];
  /** With `multiTab`: this tab holds the registration from now on (true), or no longer does. */
  leadership: [
    detail: {
      /** As `isLeader()`. */
      readonly isLeader: boolean;
    },
  ];
  /**
   * With `multiTab`: a call that this tab has neither placed nor announced as `incoming`. Another tab placed it, or it
   * was there already when this tab joined.
   */
  callShared: [call: Call];
  /**
   * With `recoverCalls`: a call that a former page of this agent left behind (a reload, a crash) goes on here, with its
   * mute and hold as they were. The Call is `accepted` already. With `multiTab` not in a tab that showed the call before:
   * there the same Call goes on (`reconnecting`, `reconnected`).
   */
  recovered: [call: Call];
  /** With `recoverCalls`: a call that a former page left behind could not be taken up. It is over. */
  callLost: [detail: LostCall];
  /** Something failed that no awaited promise has reported. */
  error: [error: VoiceSDKError];
  /**
   * The browser does not play the ringtone, or another sound of the Device that goes on, until the agent interacts with
   * the page (the autoplay policy of the HTML standard); it starts at the next gesture. With `multiTab` a blocked
   * ringtone is said in every tab, and rings in the first that the agent uses or has used.
   */
  audioBlocked: [];
  /** What was blocked has started; with `multiTab` the ringtone perhaps in another tab. */
  audioUnblocked: [];
};
