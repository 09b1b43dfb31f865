/**
 * Work-arounds for what the pinned JsSIP does to good calls. Each is applied to one session, touches one hook,
 * and has a contract test that fails when an upgrade makes it wrong or superfluous.
 */
import { startTimer, stopTimer } from '../core/clock';
import {
  type RawDialog,
  type RawRequest,
  type RawResponse,
  type RawSession,
  type RawTransaction,
  SESSION_STATUS,
} from './jssip';

// RFC 3261 sections 21.4.24 and 21.6.2.
const STATUS_BUSY = 486;
const STATUS_DECLINE = 603;

// A day is longer than any phone rings and far below where a timer overflows (24.8 days).
const LONGEST_RINGING_SECONDS = 86_400;

// Not from a standard: many times what a proxy needs from its 100 to the INVITE of the next hop.
const FORWARDED_MS = 200;

/**
 * The microphone belongs to the call: JsSIP would re-enable it whenever the far end resumes, whatever mute or
 * local hold say.
 */
export function keepTracksUntouched(session: RawSession): void {
  session._toggleMuteAudio = () => undefined;
  session._toggleMuteVideo = () => undefined;
}

/**
 * JsSIP ignores a 200 that crosses our CANCEL (the far end then talks to nobody), and answers a 200 of a second
 * fork with a BYE inside the *first* dialog, which ends the good call. RFC 3261 section 13.2.2.4: every 2xx is
 * acknowledged, and those that are not wanted get a BYE of their own.
 */
export function answerEvery2xx(session: RawSession): void {
  const original = session._receiveInviteResponse.bind(session);
  const released = new Map<string, RawDialog>();
  let answeredBy: string | undefined;

  session._receiveInviteResponse = (response) => {
    const is2xx = response.status_code >= 200 && response.status_code < 300;
    const isWanted = !session.isEnded() && (answeredBy === undefined || answeredBy === response.to_tag);
    if (!is2xx || isWanted) {
      if (is2xx) answeredBy = response.to_tag;
      original(response);
      return;
    }
    const known = released.get(response.to_tag);
    const dialog = known ?? separateDialog(session, response);
    if (!dialog) return;
    dialog.sendRequest('ACK');
    if (known) return;
    released.set(response.to_tag, dialog);
    dialog.sendRequest('BYE');
    dialog.terminate();
  };
}

/**
 * Between the arrival of the 200 and its ACK lies the answer's way into the browser. JsSIP would end a call there
 * with a BYE and leave the 200 unacknowledged, so that the far end repeats it (RFC 3261 section 13.2.2.4).
 */
export function acknowledgeBeforeBye(session: RawSession): void {
  const original = session.terminate.bind(session);
  session.terminate = (options) => {
    if (
      session.direction === 'outgoing' &&
      session.status === SESSION_STATUS.confirmed &&
      !session._is_confirmed
    )
      session.sendRequest('ACK');
    original(options);
  };
}

/**
 * A 200 that cannot be used (no SDP, or one that the browser refuses) is acknowledged and ended; but JsSIP then
 * takes the session for closed already and leaves its peer connection and dialog behind.
 */
export function closeAfterUnusableAnswer(session: RawSession): void {
  const original = session._acceptAndTerminate.bind(session);
  session._acceptAndTerminate = (...args) => {
    // The answer failed because the call was ended meanwhile: that has sent ACK and BYE.
    if (session.isEnded()) return;
    original(...args);
    session._status = SESSION_STATUS.canceled;
  };
}

/**
 * Hanging up before anything rang. A proxy says 100 before it forwards the INVITE, and a CANCEL that is faster than that
 * finds nothing to cancel: Kamailio confirms it and lets the phone ring. So it waits until the INVITE is on its way, but
 * not where the page goes away.
 *
 * A challenge that crosses our hang-up: JsSIP would answer it with a fresh INVITE, and the far phone would ring for a
 * call that is over here. So it would where the challenge came after a 100: JsSIP then takes the fresh INVITE for one
 * that can be cancelled at once, which its transaction refuses (RFC 3261 section 9.1), and never tries again.
 */
export function stopAfterCancel(
  session: RawSession,
  transaction: RawTransaction,
  isLeaving: () => boolean,
): void {
  if (transaction.type !== 'ict') return;
  if (session.status === SESSION_STATUS.provisional) session._status = SESSION_STATUS.inviteSent;
  let isPlaced = false;
  const handlers = transaction.eventHandlers;
  const original = handlers.onReceiveResponse.bind(handlers);
  handlers.onReceiveResponse = (response) => {
    isPlaced ||= response.status_code > 100;
    const isChallenge = response.status_code === 401 || response.status_code === 407;
    if (!(isChallenge && session.isEnded())) original(response);
  };
  const cancel = transaction.cancel?.bind(transaction);
  transaction.cancel = (reason) => {
    // One more, where something rang meanwhile, is taken for a repetition (RFC 3261 section 17.2.1).
    if (isPlaced || isLeaving()) cancel?.(reason);
    else startTimer(FORWARDED_MS, () => cancel?.(reason));
  };
}

/** A dialog made from a 2xx, without disturbing the one that the session lives in. */
function separateDialog(session: RawSession, response: RawResponse): RawDialog | undefined {
  // Without a Contact there is nobody to send an ACK to, and JsSIP would fail the whole session over it.
  if (!response.hasHeader('contact')) return undefined;
  const { _dialog: own, _from_tag: fromTag, _to_tag: toTag } = session;
  session._createDialog(response, 'UAC');
  const separate = session._dialog;
  session._dialog = own;
  session._from_tag = fromTag;
  session._to_tag = toTag;
  return separate ?? undefined;
}

/**
 * REFER: JsSIP accepts every one with 202 and then tells the sender nothing. We do not follow references, and
 * RFC 3515 section 2.4.2 lets us say so. INVITE with Replaces (RFC 3891) would be left at 100 for ever.
 */
export function refuseReferences(session: RawSession): void {
  interceptRequests(session, (request) => {
    const replaces = request.method === 'INVITE' && request.hasHeader('replaces');
    if (request.method !== 'REFER' && !replaces) return false;
    // One inside the dialog that meets our own re-INVITE has had a 491 from JsSIP; a second answer is dropped.
    request.reply(replaces ? STATUS_BUSY : STATUS_DECLINE);
    return true;
  });
}

/** JsSIP has armed a timer with the INVITE's Expires: at once for a negative one, and for one that overflows. */
export function ignoreOddExpires(session: RawSession, request: RawRequest): void {
  const expiresSeconds = Number(request.getHeader('Expires'));
  if (expiresSeconds < 0 || expiresSeconds > LONGEST_RINGING_SECONDS)
    stopTimer(session._timers.expiresTimer ?? undefined);
}

/** A far end that offers video is answered with audio alone: it would be sent, and paid for, with nobody to see it. */
export function refuseVideo(connection: RTCPeerConnection): void {
  // Fires before the answer is made (WebRTC section 4.4.1.5).
  connection.addEventListener('track', ({ track, transceiver }) => {
    if (track.kind !== 'audio') transceiver.direction = 'inactive';
  });
}

/** Lets `handle` see in-dialog requests first; those it takes (true) do not reach JsSIP. */
export function interceptRequests(session: RawSession, handle: (request: RawRequest) => boolean): void {
  const original = session.receiveRequest.bind(session);
  session.receiveRequest = (request) => {
    if (!handle(request)) original(request);
  };
}

/** Whether a request opens an offer/answer exchange (RFC 3264; RFC 3311 for UPDATE). */
export function isOffer(request: RawRequest): boolean {
  return request.method === 'INVITE' || (request.method === 'UPDATE' && Boolean(request.body));
}
