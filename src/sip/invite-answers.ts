import { type RawTransaction, TRANSACTION_STATE } from './jssip';
import type { SipSession } from './session';

export interface InviteAnswers {
  /** Outbound: an answer of any kind came, a 100 or a challenge included. */
  readonly onResponse: () => void;
  /** A 2xx came, or was sent. */
  readonly onAccepted: () => void;
}

/** Tells of the answers to the INVITE of a session in the moment they pass, before anything is done about them. */
export function watchInviteAnswers(session: SipSession, { onResponse, onAccepted }: InviteAnswers): void {
  const watch = (transaction: RawTransaction) => {
    transaction.on('stateChanged', () => {
      if (transaction.state === TRANSACTION_STATE.calling) return;
      if (session.direction === 'outbound') onResponse();
      if (transaction.state === TRANSACTION_STATE.accepted) onAccepted();
    });
  };
  if (session.direction === 'inbound') {
    // A call that was taken up after a reload has none.
    if (session.request?.server_transaction) watch(session.request.server_transaction);
    return;
  }
  // One more for each challenge.
  session.on('transaction', (transaction) => {
    if (transaction.type === 'ict') watch(transaction);
  });
}
