/** SIPp as the phone that calls: one scenario for one call, because SIPp has no variables for whole headers. */
import {
  action,
  awaitOrder,
  goTo,
  ifResponse,
  keep,
  keepHeader,
  label,
  report,
  reportSent,
  scenario,
  send,
  whenever,
} from './elements';
import { allow, dialog, refusals, sessionDescription } from './dialog';

export interface Invitation {
  /** Request-URI. */
  readonly target: string;
  /** The whole From, without its tag. */
  readonly from: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The SDP is filled up with attribute lines to this size in bytes. */
  readonly sdpBytes: number;
  readonly port: number;
  readonly events: number;
}

const filler = 'a=x-filler:';
const longestLine = 70;

/** SIPp reads words in brackets as keywords and ends the XML at `]]>`. */
function plain(text: string): string {
  if (/[[\]\r\n]/.test(text)) throw new Error(`Not for a SIPp scenario: ${JSON.stringify(text)}`);
  return text;
}

function firstOffer({ port, events, sdpBytes }: Invitation): string[] {
  const lines = sessionDescription.map((line) =>
    line
      .replaceAll('[$port]', String(port))
      .replaceAll('[$events]', String(events))
      .replace('[$serial]', '1')
      .replace('[$direction]', 'sendrecv'),
  );
  const missing = sdpBytes - lines.join('\r\n').length;
  const filling = 'x'.repeat(longestLine - filler.length);
  for (let bytes = 0; bytes < missing; bytes += longestLine + 2) lines.push(`${filler}${filling}`);
  return lines;
}

const branch = 'z9hG4bK-[pid]-[call_number]-1';
const localTag = ';tag=[pid]-[call_number]';

function first(method: string, invitation: Invitation, extra: readonly string[] = [], to = ''): string[] {
  return [
    `${method} ${plain(invitation.target)} SIP/2.0`,
    `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${branch}`,
    `From: ${plain(invitation.from)}${localTag}`,
    `To: ${to === '' ? `<${invitation.target}>` : to}`,
    'Call-ID: [call_id]',
    `CSeq: 1 ${method}`,
    'Max-Forwards: 70',
    ...extra,
  ];
}

export function calling(invitation: Invitation): string {
  const headers = Object.entries(invitation.headers).map(
    ([name, value]) => `${plain(name)}: ${plain(value)}`,
  );
  const contact = 'Contact: <sip:[service]@[local_ip]:[local_port]>';
  const invite = first('INVITE', invitation, [contact, allow, ...headers]);
  const offer = firstOffer(invitation);
  const refused = (id: string): string[] => [
    label(id),
    // The ACK of a refusal belongs to the INVITE's transaction (RFC 3261 section 17.1.1.3).
    send([
      ...first('ACK', invitation, [], '[$remote]').filter((line) => !line.startsWith('To:')),
      '[last_To:]',
    ]),
    report('refused', 'end'),
  ];
  return scenario('calling', [
    // Before it: SIPp tells the test nothing while it waits for an answer.
    reportSent(invite, offer),
    send(invite, { repeats: true, body: offer }),
    whenever('BYE', 'agent_bye'),
    label('early'),
    ifResponse(100, 'early'),
    ...[180, 181, 182, 183].map((status) => ifResponse(status, 'provisional')),
    ...refusals.map((status) => ifResponse(status, 'refused')),
    `<recv response="200" optional="true" rrs="true" next="accepted">${action(keepHeader('To', 'remote'))}</recv>`,
    awaitOrder(['cancel']),
    goTo('early'),

    label('provisional'),
    report('', 'early'),
    ...refused('refused'),

    label('cancel'),
    send(first('CANCEL', invitation)),
    label('cancelling'),
    ifResponse(200, 'cancelling'),
    '<recv response="487"/>',
    goTo('refused'),

    label('accepted'),
    `<nop>${action(keep('local', ` ${invitation.from.replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;')}${localTag}`))}</nop>`,
    send([
      'ACK [next_url] SIP/2.0',
      `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=${branch}-ack`,
      '[routes]',
      'From:[$local]',
      'To:[$remote]',
      'Call-ID: [call_id]',
      'CSeq: 1 ACK',
      'Max-Forwards: 70',
    ]),
    report('accepted', 'talk'),
    ...dialog,
  ]);
}
