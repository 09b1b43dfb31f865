import { STATUS_NO_DIALOG } from './dialog-probe';
import type { RawRequest, RawTransaction, RawUserAgent } from './jssip';

/**
 * OPTIONS inside a dialog asks whether the dialog is still known (RFC 3261 section 12.2.2: 481 when not). JsSIP says 200
 * to each, so that the far end of a call that is over here would believe in it. To be called before it is answered.
 */
export function answerOptionsByDialog(userAgent: RawUserAgent, transaction: RawTransaction): void {
  if (transaction.type !== 'nist' || transaction.request.method !== 'OPTIONS') return;
  const request = transaction.request as unknown as RawRequest;
  if (!request.to_tag || knowsDialog(userAgent, request)) return;
  const reply = request.reply.bind(request);
  request.reply = () => {
    reply(STATUS_NO_DIALOG);
  };
}

function knowsDialog({ _sessions: sessions }: RawUserAgent, request: RawRequest): boolean {
  const { call_id: callId, from_tag: theirTag, to_tag: ourTag } = request;
  // JsSIP names a session by the caller's tag. Before an answer a caller may have been told of a dialog or not.
  const session = sessions[callId + theirTag] ?? sessions[callId + ourTag];
  const known = session?._dialog?.id.remote_tag;
  return session !== undefined && (known === undefined || known === theirTag);
}
