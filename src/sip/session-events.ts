import type { SipEnd } from './end-reason';
import type { RawTransaction } from './jssip';

/** What happens to one INVITE dialog and its peer connection. */
export type SipSessionEvents = {
  /** The INVITE is about to leave. */
  sending: [];
  /** A provisional response other than 100; `hasEarlyMedia` when it carried a session description. */
  progress: [progress: { readonly statusCode: number; readonly hasEarlyMedia: boolean }];
  /** The dialog is confirmed: 2xx and ACK were exchanged. */
  confirmed: [];
  /** Once, whatever the reason. */
  ended: [end: SipEnd];
  /** The far end put us on hold, or resumed. */
  remoteHold: [isHeld: boolean];
  /** The peer connection exists; nothing is negotiated yet. */
  peerConnection: [connection: RTCPeerConnection];
  /** No request can be sent: the socket is gone. */
  lost: [];
  /** Requests can be sent again. */
  restored: [];
  /** A request begins in this dialog, either way. */
  transaction: [transaction: RawTransaction];
};
