import type { VoiceErrorCode } from '../core/error-catalogue';
import type { SipFailure } from '../core/errors';
import { parseReasons, type ReasonHeader } from './headers';
import { CAUSE, type RawEnd, type RawMessage, type RawRequest, type RawResponse } from './jssip';

/**
 * Why a call ended:
 * `hangup` somebody hung up · `canceled` the caller gave up before an answer · `answered_elsewhere` another
 * device of the same agent took it · `rejected` refused by this agent, or by the far end with a status that has
 * no name of its own · `busy` · `declined` · `not_found` · `unavailable` · `unanswered` · `forbidden` ·
 * `media_rejected` no common audio format · `server_error` · `timeout` no answer to a request at all ·
 * `network` the connection to the server, or the far end's, is gone · `remote` the far end had ended the call while we
 * could not hear of it · `media` the audio path failed ·
 * `destroyed` the Device was destroyed, or its tab lost the lead among several · `internal` the browser could not go on.
 */
export type DisconnectReason =
  | 'hangup'
  | 'canceled'
  | 'answered_elsewhere'
  | 'rejected'
  | 'busy'
  | 'declined'
  | 'not_found'
  | 'unavailable'
  | 'unanswered'
  | 'forbidden'
  | 'media_rejected'
  | 'server_error'
  | 'timeout'
  | 'network'
  | 'remote'
  | 'media'
  | 'destroyed'
  | 'internal';

/** Who ended the call; `network` where neither side meant to. */
export type DisconnectInitiator = 'local' | 'remote' | 'network';

export interface SipEnd {
  readonly reason: DisconnectReason;
  readonly initiator: DisconnectInitiator;
  /** SIP status code, where a response or a Reason header carried one. */
  readonly code?: number;
  /** The words of the far end or of the SIP stack; for logs. */
  readonly cause: string;
  /** Set when the end is a failure. */
  readonly errorCode?: VoiceErrorCode;
}

type Outcome = readonly [DisconnectReason, VoiceErrorCode];

/** Final responses to an INVITE (RFC 3261 section 21 and later registrations) that have a meaning of their own. */
const BY_STATUS: Readonly<Record<number, Outcome>> = {
  401: ['forbidden', 'AUTH_ERROR'],
  403: ['forbidden', 'CALL_REJECTED'],
  404: ['not_found', 'CALL_NOT_FOUND'],
  406: ['media_rejected', 'CALL_MEDIA_REJECTED'],
  407: ['forbidden', 'AUTH_ERROR'],
  408: ['unanswered', 'CALL_UNANSWERED'],
  410: ['not_found', 'CALL_NOT_FOUND'],
  415: ['media_rejected', 'CALL_MEDIA_REJECTED'],
  480: ['unavailable', 'CALL_UNAVAILABLE'],
  484: ['not_found', 'CALL_NOT_FOUND'],
  486: ['busy', 'CALL_BUSY'],
  487: ['canceled', 'CALL_CANCELED'],
  488: ['media_rejected', 'CALL_MEDIA_REJECTED'],
  600: ['busy', 'CALL_BUSY'],
  603: ['declined', 'CALL_DECLINED'],
  604: ['not_found', 'CALL_NOT_FOUND'],
  606: ['media_rejected', 'CALL_MEDIA_REJECTED'],
  607: ['declined', 'CALL_DECLINED'],
  608: ['declined', 'CALL_DECLINED'],
};

function byStatus(statusCode: number): Outcome {
  return (
    BY_STATUS[statusCode] ??
    (statusCode >= 500 && statusCode < 600
      ? ['server_error', 'CALL_SERVER_ERROR']
      : ['rejected', 'CALL_REJECTED'])
  );
}

/** What we know of an end before JsSIP reports it; it calls most of them `Canceled`. */
export type EndIntent =
  | { readonly kind: 'hangup' | 'destroyed' }
  | { readonly kind: 'reject' | 'internal' | 'gone'; readonly statusCode: number }
  | { readonly kind: 'transport' | 'timeout' | 'media' };

/** An end with a SIP message, or without one. */
export interface ReportedEnd {
  readonly originator: RawEnd['originator'];
  readonly message: RawRequest | RawResponse | null;
  readonly cause: string;
}

/** Turns an end that JsSIP reports, and what we intended or saw ourselves, into one honest answer. */
export function classifyEnd(end: ReportedEnd, intent: EndIntent | undefined, wasConfirmed: boolean): SipEnd {
  const cause = end.cause;
  switch (intent?.kind) {
    case 'hangup':
      return { reason: wasConfirmed ? 'hangup' : 'canceled', initiator: 'local', cause };
    case 'destroyed':
      return { reason: 'destroyed', initiator: 'local', cause };
    case 'reject':
      return { reason: 'rejected', initiator: 'local', code: intent.statusCode, cause };
    case 'internal':
      return {
        reason: 'internal',
        initiator: 'local',
        code: intent.statusCode,
        cause,
        errorCode: 'MEDIA_FAILED',
      };
    case 'transport':
      return {
        reason: 'network',
        initiator: 'network',
        cause: CAUSE.connectionError,
        errorCode: 'SIGNALING_LOST',
      };
    case 'timeout':
      return {
        reason: 'timeout',
        initiator: 'network',
        cause: CAUSE.requestTimeout,
        errorCode: 'CALL_TIMEOUT',
      };
    case 'gone':
      return {
        reason: wasConfirmed ? 'remote' : 'canceled',
        initiator: 'remote',
        code: intent.statusCode,
        cause,
      };
    case 'media':
      return { reason: 'media', initiator: 'network', cause, errorCode: 'ICE_FAILED' };
    case undefined:
      return classifyUnexpected(end, wasConfirmed);
  }
}

function classifyUnexpected({ originator, message, cause }: ReportedEnd, wasConfirmed: boolean): SipEnd {
  const words = wordsOf(message) ?? cause;
  if (cause === CAUSE.noAck || cause === CAUSE.connectionError)
    return { reason: 'network', initiator: 'network', cause, errorCode: 'SIGNALING_LOST' };
  if (cause === CAUSE.noAnswer || cause === CAUSE.expires) {
    return { reason: 'unanswered', initiator: cause === CAUSE.noAnswer ? 'local' : 'remote', cause };
  }
  if (originator === 'remote' && message) {
    if (isResponse(message)) {
      // A 2xx ends a call only when what it answers with is of no use.
      if (message.status_code < 300)
        return { reason: 'media_rejected', initiator: 'local', cause, errorCode: 'CALL_MEDIA_REJECTED' };
      const [reason, errorCode] = byStatus(message.status_code);
      return { reason, initiator: 'remote', code: message.status_code, cause: words, errorCode };
    }
    const reasons = parseReasons(message.getHeaders('reason'));
    const sip = reasons.find(({ protocol }) => protocol.toUpperCase() === 'SIP');
    if (message.method === 'CANCEL') {
      // RFC 3326 section 3.1: a proxy that cancels the other branches of a fork says so with cause 200.
      const reason = sip?.cause === 200 ? 'answered_elsewhere' : 'canceled';
      return { reason, initiator: 'remote', cause: words, ...codeOf(sip) };
    }
    return {
      reason: wasConfirmed ? 'hangup' : 'canceled',
      initiator: 'remote',
      cause: words,
      ...codeOf(sip),
    };
  }
  return { reason: 'internal', initiator: 'local', cause, errorCode: 'MEDIA_FAILED' };
}

function codeOf(reason: ReasonHeader | undefined): { code?: number } {
  return reason ? { code: reason.cause } : {};
}

function wordsOf(message: RawMessage | null): string | undefined {
  if (!message) return undefined;
  if (isResponse(message)) return message.reason_phrase;
  return parseReasons(message.getHeaders('reason')).find(({ text }) => text !== undefined)?.text;
}

function isResponse(message: RawMessage): message is RawResponse {
  return 'status_code' in message && typeof message.status_code === 'number';
}

/** The `cause` of an error that a SIP response led to. */
export function sipFailure(response: RawResponse): SipFailure {
  return { statusCode: response.status_code, reasonPhrase: response.reason_phrase };
}
