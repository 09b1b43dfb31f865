/** What a SIPp call does once it is answered, whoever called: one loop that both scenarios end in. */
import {
  action,
  awaitOrder,
  done,
  goTo,
  ifRequest,
  ifResponse,
  keepHeader,
  keepLines,
  label,
  report,
  request,
  send,
} from './elements';

/** Expiry in seconds of session timers that the phone asks for; a keyword of SIPp (`-key`). */
const expires = '[session_expires]';

export const sessionDescription = [
  'v=0',
  'o=- [call_number] [$serial] IN IP4 [media_ip]',
  's=-',
  'c=IN IP4 [media_ip]',
  't=0 0',
  'm=audio [$port] RTP/AVP 0 [$events]',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:[$events] telephone-event/8000',
  'a=fmtp:[$events] 0-15',
  'a=ptime:20',
  'a=[$direction]',
];

const contact = 'Contact: <sip:[service]@[local_ip]:[local_port]>';
export const allow = 'Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE';
export const timer = ['Supported: timer', `Session-Expires: ${expires};refresher=uas`];

/** An answer to the INVITE whose headers are kept in variables, whatever came after it; the lines kept end themselves. */
export const inviteAnswer = (line: string, extra: readonly string[] = []): string[] => [
  `SIP/2.0 ${line}`,
  '[$vias][$routes]From:[$remote]',
  'To:[$local]',
  'Call-ID: [call_id]',
  'CSeq:[$cseq]',
  contact,
  allow,
  ...extra,
];

/** An answer to the message that came last. */
export const lastAnswer = (line: string): string[] => [
  `SIP/2.0 ${line}`,
  '[last_Via:]',
  '[last_From:]',
  '[last_To:]',
  '[last_Call-ID:]',
  '[last_CSeq:]',
  contact,
];

/** A request in the dialog. The number makes its own branch: SIPp's depends on the place in the scenario only. */
const inDialog = (method: string, branch: string, extra: readonly string[] = []): string[] => [
  `${method} [next_url] SIP/2.0`,
  `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-[call_number]-${branch}`,
  '[routes]',
  'From:[$local]',
  'To:[$remote]',
  'Call-ID: [call_id]',
  `CSeq: [$serial] ${method}`,
  contact,
  'Max-Forwards: 70',
  allow,
  ...extra,
];

/** Final answers that refuse a request (RFC 3261 section 21; 422 of RFC 4028, 430 of RFC 5626). */
export const refusals = [
  ...[
    400, 401, 403, 404, 405, 406, 407, 408, 410, 415, 420, 422, 430, 480, 481, 482, 483, 484, 486, 487, 488,
    491,
  ],
  ...[500, 501, 502, 503, 504, 513, 580, 600, 603, 604, 606],
];

const requestOrders = ['invite', 'offerless', 'update', 'bye'];
const timed = ['invite_timed', 'update_timed'];

function reInvite(order: string, extra: readonly string[], hasOffer: boolean): string[] {
  const body = { body: sessionDescription };
  return [
    label(order),
    send(inDialog('INVITE', '[$serial]', extra), { repeats: true, ...(hasOffer ? body : {}) }),
    label(`${order}_pending`),
    ifResponse(100, `${order}_pending`),
    ...refusals.map((status) => ifResponse(status, `${order}_refused`)),
    '<recv response="200"/>',
    // The ACK to a 2xx is a transaction of its own (RFC 3261 section 13.2.2.4).
    send(inDialog('ACK', '[$serial]-ack'), hasOffer ? {} : body),
    report(order, 'talk'),
    label(`${order}_refused`),
    send(inDialog('ACK', '[$serial]')),
    report(order, 'talk'),
  ];
}

function update(order: string, extra: readonly string[]): string[] {
  return [
    label(order),
    send(inDialog('UPDATE', '[$serial]', extra), { repeats: true }),
    ...refusals.map((status) => ifResponse(status, `${order}_answered`)),
    '<recv response="200"/>',
    label(`${order}_answered`),
    report(order, 'talk'),
  ];
}

const keepInvite = action(keepLines('Via', 'vias'), keepHeader('CSeq', 'cseq'));
const refresher = ['Supported: timer', `Session-Expires: ${expires};refresher=uac`];

export const dialog: readonly string[] = [
  label('talk'),
  ifRequest('ACK', 'talk'),
  ifRequest('INVITE', 'agent_invite', keepInvite),
  ifRequest('UPDATE', 'agent_request'),
  ifRequest('INFO', 'agent_request'),
  ifRequest('OPTIONS', 'agent_request'),
  awaitOrder([...requestOrders, ...timed]),
  goTo('talk'),

  label('agent_request'),
  send(lastAnswer('200 OK'), { next: 'talk' }),

  label('agent_invite'),
  report(),
  label('agent_invite_pending'),
  awaitOrder(['accept']),
  goTo('agent_invite_pending'),
  label('accept'),
  send(inviteAnswer('200 OK'), { repeats: true, body: sessionDescription }),
  request('ACK'),
  report('accept', 'talk'),

  ...reInvite('invite', [], true),
  ...reInvite('invite_timed', refresher, true),
  ...reInvite('offerless', [], false),
  ...update('update', []),
  ...update('update_timed', refresher),

  label('bye'),
  send(inDialog('BYE', '[$serial]'), { repeats: true }),
  ...refusals.map((status) => ifResponse(status, 'bye_answered')),
  ifRequest('BYE', 'byes_crossed'),
  '<recv response="200"/>',
  label('bye_answered'),
  report('bye', 'end'),
  label('byes_crossed'),
  send(lastAnswer('200 OK')),
  done('bye', 'end'),

  label('agent_bye'),
  report('agent_bye'),
  send(lastAnswer('200 OK')),
  label('end'),
];
