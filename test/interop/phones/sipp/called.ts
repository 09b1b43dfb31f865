/** SIPp as the phone that is called. */
import { dialog, inviteAnswer, lastAnswer, sessionDescription, timer } from './dialog';
import {
  action,
  awaitOrder,
  done,
  firstInvite,
  goTo,
  keep,
  keepHeader,
  keepLines,
  label,
  report,
  request,
  scenario,
  send,
  whenever,
} from './elements';

/** What it can refuse with: SIPp wants each status written out. */
export const refusalLines: Readonly<Record<number, string>> = {
  403: '403 Forbidden',
  404: '404 Not Found',
  408: '408 Request Timeout',
  480: '480 Temporarily Unavailable',
  486: '486 Busy Here',
  488: '488 Not Acceptable Here',
  500: '500 Server Internal Error',
  503: '503 Service Unavailable',
  600: '600 Busy Everywhere',
  603: '603 Decline',
};

const statuses = Object.keys(refusalLines).map(Number);
const orders = ['ring', 'progress', 'arm', 'ring_arm', 'answer', 'answer_timed'];
const refuse = (status: number): string => `refuse_${status}`;

const invite = action(
  keepLines('Via', 'vias'),
  keepLines('Record-Route', 'routes'),
  keepHeader('CSeq', 'cseq'),
  keepHeader('From', 'remote'),
  keepHeader('To', 'to'),
  keep('local', '[$to];tag=[pid]-[call_number]'),
);

function answer(order: string, extra: readonly string[]): string[] {
  return [
    label(order),
    send(inviteAnswer('200 OK', extra), { repeats: true, body: sessionDescription }),
    request('ACK'),
    report(order, 'talk'),
  ];
}

function refusal(status: number): string[] {
  const extra = status === 503 ? ['Retry-After: 30'] : [];
  return [
    label(refuse(status)),
    send(inviteAnswer(refusalLines[status] ?? '', extra), { repeats: true }),
    request('ACK'),
    done(refuse(status), 'end'),
  ];
}

/** The answer leaves in the moment of the CANCEL, as when both were on the wire. */
const crossing = [
  report(),
  send(lastAnswer('200 OK')),
  send(inviteAnswer('200 OK'), { repeats: true, body: sessionDescription }),
  request('ACK'),
  report('crossing', 'talk'),
];

/** One call: the INVITE, then what the test orders, until it is over. */
export const called = scenario('called', [
  firstInvite(invite, 'begin'),
  // Never reached: SIPp connects to the test, and not the test to SIPp, where a report stands above all orders.
  report(),

  label('ringing'),
  whenever('CANCEL', 'cancelled'),
  whenever('BYE', 'agent_bye'),
  awaitOrder([...orders, ...statuses.map(refuse)]),
  goTo('ringing'),

  label('ring'),
  send(inviteAnswer('180 Ringing')),
  done('ring', 'ringing'),
  label('progress'),
  send(inviteAnswer('183 Session Progress'), { body: sessionDescription }),
  done('progress', 'ringing'),

  label('ring_arm'),
  send(inviteAnswer('180 Ringing')),
  done('ring_arm', 'armed'),
  label('arm'),
  done('arm', 'armed'),
  label('armed'),
  request('CANCEL'),
  ...crossing,

  ...answer('answer', []),
  ...answer('answer_timed', timer),
  ...statuses.flatMap(refusal),

  label('cancelled'),
  report('cancelled'),
  send(lastAnswer('200 OK')),
  send(inviteAnswer('487 Request Terminated'), { repeats: true }),
  request('ACK'),
  goTo('end'),

  ...dialog,
  goTo('over'),

  // Below the lines that take a CANCEL at any time: one comes at the first provisional answer (RFC 3261 section 9.1).
  label('begin'),
  send(lastAnswer('100 Trying')),
  report('', 'ringing'),
  label('over'),
]);
