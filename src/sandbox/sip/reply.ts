/** Responses made here, and the hop-by-hop requests that a proxy sends of its own (ACK, CANCEL). */
import { randomBytes } from 'node:crypto';
import { parseCseq, parseNameAddr } from './headers';
import { Headers, type SipRequest, type SipResponse } from './message';

/** RFC 3261 section 19.3: at least 32 bits of randomness. */
export const newTag = (): string => randomBytes(8).toString('hex');

/** RFC 3261 section 8.1.1.7: the magic cookie, then anything unique. */
export const newBranch = (): string => `z9hG4bK${randomBytes(12).toString('hex')}`;

export const reasonPhrases: Readonly<Record<number, string>> = {
  100: 'Trying',
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  413: 'Request Entity Too Large',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  430: 'Flow Failed',
  480: 'Temporarily Unavailable',
  481: 'Call/Transaction Does Not Exist',
  483: 'Too Many Hops',
  486: 'Busy Here',
  487: 'Request Terminated',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  505: 'Version Not Supported',
  603: 'Decline',
};

export type HeaderPair = readonly [name: string, value: string];

/** RFC 3261 section 8.2.6: Via, From, To, Call-ID and CSeq come from the request. */
export function makeResponse(
  request: SipRequest,
  status: number,
  options: { readonly reason?: string; readonly headers?: readonly HeaderPair[] } = {},
): SipResponse {
  const headers = new Headers();
  for (const via of request.headers.all('Via')) headers.append('Via', via);
  headers.append('From', request.headers.get('From') ?? '');
  const to = request.headers.get('To') ?? '';
  const isTagged = parseNameAddr(to)?.params.has('tag') === true;
  headers.append('To', status === 100 || isTagged ? to : `${to};tag=${newTag()}`);
  headers.append('Call-ID', request.headers.get('Call-ID') ?? '');
  headers.append('CSeq', request.headers.get('CSeq') ?? '');
  for (const [name, value] of options.headers ?? []) headers.append(name, value);
  const reason = options.reason ?? reasonPhrases[status] ?? 'Unknown';
  return { kind: 'response', status, reason, headers, body: '' };
}

function hopByHop(invite: SipRequest, method: 'ACK' | 'CANCEL', to: string): SipRequest {
  const headers = new Headers()
    .append('Via', invite.headers.elements('Via')[0] ?? '')
    .append('Max-Forwards', '70')
    .append('From', invite.headers.get('From') ?? '')
    .append('To', to)
    .append('Call-ID', invite.headers.get('Call-ID') ?? '')
    .append('CSeq', `${parseCseq(invite.headers.get('CSeq') ?? '')?.number ?? 0} ${method}`);
  return { kind: 'request', method, uri: invite.uri, headers, body: '' };
}

/** The ACK of a failure response belongs to the hop (RFC 3261 section 17.1.1.3). */
export const makeAck = (invite: SipRequest, response: SipResponse): SipRequest =>
  hopByHop(invite, 'ACK', response.headers.get('To') ?? '');

/** RFC 3261 section 9.1, with the reasons of RFC 3326. */
export function makeCancel(invite: SipRequest, reasons: readonly string[]): SipRequest {
  const cancel = hopByHop(invite, 'CANCEL', invite.headers.get('To') ?? '');
  for (const reason of reasons) cancel.headers.append('Reason', reason);
  return cancel;
}
