/**
 * What keeps calls alive when the socket under them is lost. JsSIP fails every open transaction then; but a
 * transaction is known by the branch of its Via and not by its connection (RFC 3261 sections 17.1.3 and 17.2.3), so
 * those of an INVITE can go on over the next socket.
 */
import { startTimer, stopTimer } from '../core/clock';
import {
  type RawInvite,
  type RawRequest,
  type RawResponse,
  type RawSession,
  type RawTransaction,
  type RawTransactionHandlers,
  TRANSACTION_STATE,
} from './jssip';
import type { Outage } from './outage';
import { BYE_KEPT_MS, type Outbox } from './outbox';

// RFC 3261 section 21.4.20.
const STATUS_LOOP_DETECTED = 482;

// Between two copies of one INVITE: enough for a CANCEL to go its way and for the 487 to come back (T2, RFC 3261
// section 17.1.2.2), and far from what a caller would hang up over.
const PLACED_AGAIN_MS = 4_000;
const MOST_PLACED = 3;

// 64*T1, RFC 3261 section 9.1: how long a cancelled INVITE may still be answered.
const CANCELLED_FOR_MS = 32_000;

/** How JsSIP itself ends the transactions that `keepInviteOpen` keeps. */
const endOf = new WeakMap<RawTransaction, () => void>();

/** An INVITE of the far end: its transaction stays, so that it can be answered over the next socket. */
export function keepInviteOpen(request: RawRequest): void {
  const transaction = request.server_transaction;
  const original = transaction.onTransportError.bind(transaction);
  endOf.set(transaction, original);
  transaction.onTransportError = () => {
    const { proceeding, accepted } = TRANSACTION_STATE;
    if (transaction.state !== proceeding && transaction.state !== accepted) original();
  };
}

/** Nobody will answer that INVITE any more. JsSIP would repeat its last 180 every minute for ever. */
function dropInvite({ server_transaction: transaction }: RawRequest): void {
  endOf.get(transaction)?.();
}

/** Sends once more what an INVITE was answered with last. */
export function repeatAnswer({ server_transaction: transaction }: RawRequest): void {
  transaction.transport.send(transaction.last_response);
}

/** Final responses of an inbound session wait for the next socket; a 200 only as long as the call rings. */
export function holdBackAnswers(
  session: RawSession,
  request: RawRequest,
  { outage, outbox }: { readonly outage: Outage; readonly outbox: Outbox },
): void {
  const original = request.reply.bind(request);
  request.reply = (statusCode, ...details) => {
    if (!outage.isOn || statusCode < 200) {
      original(statusCode, ...details);
      return;
    }
    const isRefusal = statusCode >= 300;
    outbox.add({
      send: () => {
        if (isRefusal || !session.isEnded()) original(statusCode, ...details);
      },
      // A call whose 200 comes too late is refused after it.
      drop: () => {
        if (isRefusal) dropInvite(request);
      },
    });
  };
}

/** How often the INVITE of a session has been placed anew. */
const placed = new WeakMap<RawSession, number>();

/**
 * Our INVITE: it goes on ringing when the socket is lost under it. One that was placed anew may meet the former one, whose
 * CANCEL is still under way: the far end takes that for a loop (482, RFC 3261 section 8.2.2.2), and gets it once more later.
 */
export function keepRinging(session: RawSession, transaction: RawTransaction): void {
  if (transaction.type !== 'ict' || transaction.request !== session._request) return;
  const handlers = transaction.eventHandlers;
  const onReceiveResponse = handlers.onReceiveResponse.bind(handlers);
  handlers.onReceiveResponse = (response) => {
    const times = placed.get(session) ?? 0;
    const isMet = response.status_code === STATUS_LOOP_DETECTED && times > 0 && times < MOST_PLACED;
    if (isMet && !session.isEnded()) placeLater(session, transaction);
    else onReceiveResponse(response);
  };
  const original = transaction.onTransportError.bind(transaction);
  // One that no socket took fails at once, as it always did.
  const wasSent = transaction.transport.isConnected();
  transaction.onTransportError = () => {
    // Timer B would end the call in the middle of the outage.
    if (wasSent && isOpen(transaction) && !session.isEnded()) stopTimer(transaction.B);
    else {
      // One that was challenged has an answer: the call is about the next one.
      if (!isOpen(transaction)) transaction.eventHandlers.onTransportError = () => undefined;
      original();
    }
  };
}

function placeLater(session: RawSession, former: RawTransaction): void {
  const timer = startTimer(PLACED_AGAIN_MS, () => {
    if (!former.transport.isConnected()) placeLater(session, former);
    else if (!session.isEnded()) place(session, former, former.eventHandlers);
  });
  session.on('failed', () => {
    stopTimer(timer);
  });
}

/**
 * A proxy sends its responses to the connection that the INVITE came from (RFC 3261 section 18.2.2) and cannot open
 * one to a browser. So after a loss the INVITE is withdrawn and sent anew: same Call-ID and tag, next CSeq. The offer is
 * the same as well, like that of a forked INVITE: whichever of the two is answered, the answer fits it.
 */
export function inviteAnew(session: RawSession): void {
  const invite = session._request as RawInvite;
  const old = invite.transaction;
  if (!old || !isOpen(old)) return;
  const { eventHandlers } = old;
  old.request = invite.clone();
  withdraw(session, old);
  placed.set(session, 0);
  const onReceiveResponse = (response: RawResponse) => {
    // JsSIP answers one challenge to an INVITE, and a second one only when it calls the first one stale.
    const challenge =
      response.status_code === 407
        ? 'proxy-authenticate'
        : response.status_code === 401
          ? 'www-authenticate'
          : '';
    const parsed = challenge && response.parseHeader(challenge);
    if (parsed) parsed.stale = true;
    eventHandlers.onReceiveResponse(response);
  };
  place(session, old, { ...eventHandlers, onReceiveResponse });
}

function place(session: RawSession, former: RawTransaction, handlers: RawTransactionHandlers): void {
  const invite = session._request as RawInvite;
  placed.set(session, (placed.get(session) ?? 0) + 1);
  // What would answer a challenge holds this very object.
  invite.cseq += 1;
  invite.setHeader('cseq', `${invite.cseq} INVITE`);
  new former.constructor(session._ua, former.transport, invite, { ...handlers }).send?.();
}

/** CANCEL; where the far end was faster with its 200, the call is that one and the newer INVITE is withdrawn. */
export function withdraw(session: RawSession, transaction: RawTransaction | null): void {
  if (!transaction || !isOpen(transaction)) return;
  const { proceeding, completed } = TRANSACTION_STATE;
  transaction.eventHandlers = {
    onReceiveResponse: (response) => {
      if (response.status_code < 200 || response.status_code >= 300) return;
      const newer = (session._request as RawInvite).transaction;
      if (newer !== transaction) withdraw(session, newer);
      session._receiveInviteResponse(response);
    },
    onTransportError: () => undefined,
    onRequestTimeout: () => undefined,
  };
  // Its 100 may be what was lost. Without any, nobody knows the INVITE and the CANCEL gets 481.
  transaction.state = proceeding;
  transaction.cancel?.();
  const timer = startTimer(CANCELLED_FOR_MS, () => {
    transaction.state = completed;
    transaction.onTransportError();
  });
  transaction.on('stateChanged', () => {
    if (transaction.state !== proceeding) stopTimer(timer);
  });
}

/**
 * The proxy has sent us the INVITE of a call once more, to our new connection: while it rings here, that one is
 * answered from now on; where our 200 to the former one was not heard, it gets the same. The same from a caller who
 * lost the connection and places the call anew. Else one answer is enough (RFC 3261 section 8.2.2.2).
 */
export function meetTwin(
  session: RawSession,
  twin: RawSession,
  request: RawRequest,
  answer: 'ring' | 'accept' | 'refuse',
): void {
  twin._close();
  // The newer one has taken its place there.
  session._ua._sessions[session.id] = session;
  if (answer === 'refuse') {
    request.reply(STATUS_LOOP_DETECTED);
    return;
  }
  const former = session._request as RawRequest;
  const contact = [`Contact: ${session.contact}`];
  // To the caller it is the same dialog.
  request.to_tag = former.to_tag;
  if (answer === 'accept') {
    request.reply(200, null, contact, bodyOf(former.server_transaction.last_response));
    return;
  }
  dropInvite(former);
  // JsSIP may be at work on the answer to the former one.
  former.reply = (...response) => {
    request.reply(...response);
  };
  session._request = request;
  request.reply(180, null, contact);
}

function bodyOf(message: unknown): string {
  const text = String(message);
  const end = text.indexOf('\r\n\r\n');
  return end < 0 ? '' : text.slice(end + 4);
}

function isOpen({ state }: RawTransaction): boolean {
  return state === TRANSACTION_STATE.calling || state === TRANSACTION_STATE.proceeding;
}

/** BYE: one that no socket took, or whose answer was lost, is sent again; a far end that had it answers 481. */
export function repeatBye(session: RawSession, transaction: RawTransaction, outbox: Outbox): void {
  const dialog = session._dialog;
  if (transaction.request.method !== 'BYE' || transaction.type !== 'nict' || !dialog) return;
  const original = transaction.eventHandlers.onTransportError.bind(transaction.eventHandlers);
  transaction.eventHandlers.onTransportError = () => {
    const keep = () => {
      const send = () => {
        dialog.sendRequest('BYE', { eventHandlers: { onTransportError: keep } });
      };
      outbox.add({ send, keptMs: BYE_KEPT_MS });
    };
    keep();
    original();
  };
}
