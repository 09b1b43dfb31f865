/**
 * The words of a SIPp scenario (XML) that ours are made of. A call of SIPp waits for two things at once: a SIP
 * message, or an order from the test over the socket that SIPp keeps for its 3PCC mode. It reports each SIP
 * message, and the end of each order, on the same socket; so nothing has to be timed.
 */

/** Messages are cut by this byte on that socket. */
export const delimiter = '\x1b';

/** The fields of an order. All are sent with every order: a variable of SIPp keeps its last value. */
export interface Order {
  /** The label of the scenario to go to. */
  readonly do: string;
  /** RTP port of this phone. */
  readonly port: number;
  /** Direction of this phone's SDP. */
  readonly direction: string;
  /** Payload type of RFC 4733 digits in this phone's SDP. */
  readonly events: number;
  /** Grows with each order: the version of the SDP, and the CSeq and branch of a request. */
  readonly serial: number;
}

const fields: readonly (keyof Order)[] = ['do', 'port', 'direction', 'events', 'serial'];

export function orderText(callId: string, order: Order): string {
  const lines = fields.map((field) => `${field}=${order[field]};`);
  return `Call-ID: ${callId}\r\nOrder: ${lines.join('')}\r\n\r\n${delimiter}`;
}

const cdata = (lines: readonly string[]): string => `<![CDATA[\n${lines.join('\n')}\n]]>`;

/** SIPp adds the carriage returns, and [len]. */
function message(lines: readonly string[], body: readonly string[]): string {
  const type = body.length > 0 ? ['Content-Type: application/sdp'] : [];
  return cdata([...lines, ...type, 'Content-Length: [len]', '', ...body]);
}

export interface SendOptions {
  /** Repeats it until an answer comes (RFC 3261 timers A, E and G). */
  readonly repeats?: boolean;
  readonly body?: readonly string[];
  readonly next?: string;
}

export function send(lines: readonly string[], { repeats, body = [], next }: SendOptions = {}): string {
  const attributes = `${repeats === true ? ' retrans="500"' : ''}${next === undefined ? '' : ` next="${next}"`}`;
  return `<send${attributes}>${message(lines, body)}</send>`;
}

export const label = (id: string): string => `<label id="${id}"/>`;
export const goTo = (id: string): string => `<nop next="${id}"/>`;

/** Waits for a request, or goes on when another message or an order comes. */
export const ifRequest = (method: string, next: string, actions = ''): string =>
  `<recv request="${method}" optional="true" next="${next}">${actions}</recv>`;

/** Takes a request wherever the scenario is below this line, also between two steps. */
export const whenever = (method: string, next: string): string =>
  `<recv request="${method}" optional="global" next="${next}"/>`;

export const ifResponse = (status: number, next: string): string =>
  `<recv response="${status}" optional="true" next="${next}"/>`;

export const request = (method: string): string => `<recv request="${method}"/>`;

/** Waits for the INVITE that begins a call, and keeps its route set (RFC 3261 section 12.1.1). */
export const firstInvite = (actions: string, next: string): string =>
  `<recv request="INVITE" rrs="true" next="${next}">${actions}</recv>`;

/** Keeps a header, without its name, in a variable. */
export const keepHeader = (header: string, variable: string): string =>
  `<ereg regexp=".*" search_in="hdr" header="${header}:" assign_to="${variable}"/>`;

/**
 * Keeps all lines of a header, with its name and line ends: an answer that is sent after another message needs all
 * Vias of its request. Empty where there is none.
 */
export const keepLines = (header: string, variable: string): string =>
  `<ereg regexp="(${header}:[^\n]*\n)+" search_in="msg" assign_to="${variable},unused"/>`;

export const keep = (variable: string, value: string): string =>
  `<assignstr assign_to="${variable}" value="${value}"/>`;

export const action = (...actions: readonly string[]): string => `<action>${actions.join('')}</action>`;

/**
 * A step takes SIPp a millisecond or more, and an order that comes between two ends the call: to tell the test and
 * to wait again is one step.
 */
const tell = (event: string, lines: readonly string[], next: string | undefined): string => {
  const attribute = next === undefined ? '' : ` next="${next}"`;
  return `<sendCmd${attribute}>${cdata(['Call-ID: [call_id]', `Event: ${event}`, '', ...lines])}</sendCmd>`;
};

/** Sends the message that came last to the test; with `order`, that has been carried out. */
export const report = (order = '', next?: string): string =>
  tell(order === '' ? 'message' : `message ${order}`, ['[last_message]'], next);

/** Sends the test what will be sent. */
export const reportSent = (lines: readonly string[], body: readonly string[]): string =>
  tell('sent', [...lines, '', ...body], undefined);

/** Tells the test that an order has been carried out. */
export const done = (order: string, next: string): string => tell(`done ${order}`, [''], next);

/** Waits for an order and goes to the label that it names; an order for none of them is passed over. */
export function awaitOrder(orders: readonly string[]): string {
  const read = fields.map(
    (field) =>
      `<ereg regexp="[:;]? ?${field}=([^;]*);" search_in="msg" assign_to="unused,${field}" check_it="true"/>`,
  );
  const compare = orders.flatMap((order) => [
    `<strcmp assign_to="difference" variable="do" value="${order}"/>`,
    `<test assign_to="is_${order}" variable="difference" compare="equal" value="0"/>`,
  ]);
  const jumps = orders.map((order) => `<nop next="${order}" test="is_${order}"/>`);
  return `<recvCmd>${action(...read, ...compare)}</recvCmd>\n${jumps.join('\n')}`;
}

export function scenario(name: string, elements: readonly string[]): string {
  const text = elements.join('\n');
  // A variable that is only written, or only read, is an error of a scenario, unless it stands here.
  const written = [...text.matchAll(/assign_to="([^"]+)"/g)].flatMap(([, names = '']) => names.split(','));
  const read = [...text.matchAll(/\[\$(\w+)\]/g)].map(([, name = '']) => name);
  const references = `<Reference variables="${[...new Set([...written, ...read])].join(',')}"/>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="${name}">\n${text}\n${references}\n</scenario>\n`;
}
