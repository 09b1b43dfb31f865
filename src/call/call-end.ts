/** The end of a call, in the words of errors. */
import type { VoiceErrorCode } from '../core/error-catalogue';
import type { SipEnd } from '../sip/end-reason';

/** What an action that the end overtook rejects with, where the end itself is no failure. */
export function quietEndCode({ reason, initiator }: SipEnd): VoiceErrorCode {
  if (reason === 'destroyed') return 'DESTROYED';
  return initiator === 'local' ? 'INVALID_STATE' : 'CALL_CANCELED';
}

export function describeEnd(end: SipEnd): string {
  return end.code === undefined ? `${end.reason}: ${end.cause}.` : `${end.reason}: ${end.code} ${end.cause}.`;
}

export function causeOf(end: SipEnd): unknown {
  return end.code === undefined ? undefined : { statusCode: end.code, reasonPhrase: end.cause };
}
