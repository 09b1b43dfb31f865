/**
 * Brings back a confirmed INVITE dialog whose page is gone, from what RFC 3261 section 12 calls its state. JsSIP can
 * neither export nor import one, so its session and its dialog are put together here; contract tests watch each hook.
 */
import NameAddrHeader from 'jssip/lib/NameAddrHeader.js';
import RTCSession from 'jssip/lib/RTCSession.js';
import URI from 'jssip/lib/URI.js';
import type { RawDialog, RawNameAddress, RawSession, RawUserAgent } from './jssip';
import { SESSION_STATUS } from './jssip';

/** A dialog from the outside, RFC 3261 section 12. */
export interface DialogState {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly localUri: string;
  readonly remoteUri: string;
  readonly remoteTarget: string;
  readonly routeSet: readonly string[];
  readonly localCseq: number;
  readonly remoteCseq: number;
}

export interface ConfirmedCall {
  readonly dialog: DialogState;
  readonly direction: 'inbound' | 'outbound';
  readonly remoteDisplayName?: string;
}

/**
 * Requests that may have left after the last note of the CSeq: a number that was used already would be answered 500
 * (RFC 3261 section 12.2.2). The numbers may have gaps.
 */
const CSEQ_LEAP = 100;

interface RawUri {
  toString(): string;
}

/** What the dialog's constructor reads of a message. */
interface DialogMessage {
  readonly call_id: string;
  readonly from_tag: string;
  readonly to_tag: string;
  readonly cseq: number;
  hasHeader(name: string): boolean;
  getHeaders(name: string): string[];
  parseHeader(name: string): { readonly uri: RawUri };
}

interface FullDialog extends RawDialog {
  readonly _local_uri: RawUri;
  readonly _remote_uri: RawUri;
  readonly _remote_target: RawUri;
  readonly _route_set: readonly string[];
  readonly _local_seqnum: number | undefined;
  _remote_seqnum: number | undefined;
}

interface BareSession extends Omit<RawSession, '_request' | '_createDialog' | '_is_confirmed'> {
  _id: string;
  _contact: string;
  _direction: string;
  _request: { readonly call_id: string; readonly from_tag: string; readonly to_tag: string };
  _local_identity: RawNameAddress;
  _remote_identity: RawNameAddress;
  _createDialog(message: DialogMessage, type: 'UAC'): boolean;
  _newRTCSession(originator: 'local', request: object): void;
  _createRTCConnection(pcConfig: RTCConfiguration, constraints: null): void;
  _accepted(originator: string): void;
  _confirmed(originator: string): void;
}

const RawSessionClass = RTCSession as unknown as new (userAgent: RawUserAgent) => BareSession;
const RawNameAddressClass = NameAddrHeader as unknown as new (
  uri: RawUri,
  displayName?: string,
) => RawNameAddress;
const RawUriClass = URI as unknown as { parse(text: string): RawUri | undefined };

/** The state of a session's dialog; undefined before there is a confirmed one, and after it. */
export function dialogStateOf(session: RawSession): DialogState | undefined {
  const dialog = session._dialog as FullDialog | null | undefined;
  if (!dialog || session.status !== SESSION_STATUS.confirmed) return undefined;
  const { id } = dialog;
  return {
    callId: id.call_id,
    localTag: id.local_tag,
    remoteTag: id.remote_tag,
    localUri: dialog._local_uri.toString(),
    remoteUri: dialog._remote_uri.toString(),
    remoteTarget: dialog._remote_target.toString(),
    routeSet: [...dialog._route_set],
    localCseq: dialog._local_seqnum ?? 0,
    remoteCseq: dialog._remote_seqnum ?? 0,
  };
}

/**
 * A confirmed session without media, known to the user agent: in-dialog requests reach it, and it can send them.
 *
 * @throws Error for a URI that cannot be one.
 */
export function restoreSession(userAgent: RawUserAgent, call: ConfirmedCall): RawSession {
  const { dialog: state } = call;
  const [localUri, remoteUri, remoteTarget] = [state.localUri, state.remoteUri, state.remoteTarget].map(
    toUri,
  );
  if (!localUri || !remoteUri || !remoteTarget) throw new Error('a dialog has three URIs');
  const session = new RawSessionClass(userAgent);
  const request = { call_id: state.callId, from_tag: state.localTag, to_tag: state.remoteTag };
  session._createDialog(
    {
      ...request,
      cseq: state.localCseq + CSEQ_LEAP,
      hasHeader: () => true,
      // Read from a response, in which it is in the opposite order.
      getHeaders: () => [...state.routeSet].reverse(),
      parseHeader: (name) => ({
        uri: name === 'contact' ? remoteTarget : name === 'from' ? localUri : remoteUri,
      }),
    },
    'UAC',
  );
  (session._dialog as FullDialog)._remote_seqnum = state.remoteCseq || undefined;
  const isInbound = call.direction === 'inbound';
  // JsSIP looks for a session by the Call-ID and the caller's tag.
  session._id = state.callId + (isInbound ? state.remoteTag : state.localTag);
  session._from_tag = isInbound ? state.remoteTag : state.localTag;
  session._to_tag = isInbound ? state.localTag : state.remoteTag;
  session._request = request;
  session._direction = isInbound ? 'incoming' : 'outgoing';
  session._contact = userAgent.contact.toString();
  session._local_identity = new RawNameAddressClass(localUri);
  session._remote_identity = new RawNameAddressClass(remoteUri, call.remoteDisplayName);
  session._status = SESSION_STATUS.confirmed;
  session._newRTCSession('local', request);
  return session as unknown as RawSession;
}

/** Gives a restored session a peer connection with that microphone, and says to its listeners that it is confirmed. */
export function openMedia(session: RawSession, pcConfig: RTCConfiguration, stream: MediaStream): void {
  const bare = session as unknown as BareSession;
  bare._createRTCConnection(pcConfig, null);
  for (const track of stream.getAudioTracks()) bare.connection?.addTrack(track, stream);
  bare._accepted('local');
  bare._confirmed('local');
}

function toUri(text: string): RawUri {
  const uri = RawUriClass.parse(text);
  if (!uri) throw new Error('a URI of the dialog cannot be read');
  return uri;
}
