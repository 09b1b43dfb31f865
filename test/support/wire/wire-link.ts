import type { FakeWebSocket } from './fake-web-socket';
import type { Journal } from './journal';
import {
  formatSipMessage,
  reasonPhrase,
  type SipHeader,
  SipRequest,
  type SipResponse,
  toHeaders,
} from './sip-message';

/** What the parts of the scripted server share. */
export interface WireLink {
  readonly journal: Journal;
  readonly contactUri: string;
  /** Sends to the agent on `socket`, or on the newest open one. */
  send(text: string, socket?: FakeWebSocket): void;
  /** A value that no other call of this server returned. */
  unique(prefix: string): string;
  /** Finds the first request or response from the agent that no wait has consumed, and consumes it. */
  consumeRequest(matches: (request: ReceivedRequest) => boolean): ReceivedRequest | undefined;
  responses(): readonly SipResponse[];
  /** Called with each response to the request of that branch. */
  onResponse(branch: string, listener: (response: SipResponse) => void): void;
}

export interface ReplyOptions {
  /** Which fork answers; the first one when left out. */
  readonly toTag?: string;
  readonly body?: string;
  readonly reason?: string;
  /** Header lines, `Name: value`. */
  readonly headers?: readonly string[];
  /** Contact URI of this fork; `null` leaves the header out. */
  readonly contact?: string | null;
  readonly recordRoute?: readonly string[];
  /** Another connection of the agent than the one that the request came in on. */
  readonly socket?: FakeWebSocket;
}

/** A request that came from the agent, and the means to answer it. */
export class ReceivedRequest extends SipRequest {
  /** The socket that it came in on; responses leave the same way, RFC 3261 section 18.2.2. */
  readonly socket: FakeWebSocket;
  /** Set once a final response was sent. */
  finalStatus: number | undefined;
  readonly #link: WireLink;
  readonly #defaultTag: string;

  constructor(parsed: SipRequest, socket: FakeWebSocket, link: WireLink) {
    super(parsed);
    this.socket = socket;
    this.#link = link;
    this.#defaultTag = parsed.toTag ?? link.unique('uas');
  }

  /** The To tag that `reply` uses when it is given none. */
  get defaultTag(): string {
    return this.#defaultTag;
  }

  /** Sends a response. Sending the same one twice is a retransmission. */
  reply(status: number, options: ReplyOptions = {}): void {
    if (status >= 200) this.finalStatus ??= status;
    const to = this.header('to') ?? '';
    const tag = options.toTag ?? this.#defaultTag;
    const tagged = this.toTag !== undefined || status === 100 ? to : `${to};tag=${tag}`;
    const headers: SipHeader[] = [
      ...this.all('via').map((value) => ({ name: 'Via', value })),
      { name: 'From', value: this.header('from') ?? '' },
      { name: 'To', value: tagged },
      { name: 'Call-ID', value: this.callId },
      { name: 'CSeq', value: this.header('cseq') ?? '' },
      ...(options.recordRoute ?? []).map((value) => ({ name: 'Record-Route', value })),
    ];
    const contact = options.contact === undefined ? this.#contactFor(status) : options.contact;
    if (contact !== null) headers.push({ name: 'Contact', value: `<${contact}>` });
    const startLine = `SIP/2.0 ${status} ${options.reason ?? reasonPhrase(status)}`;
    this.#link.send(
      formatSipMessage(startLine, [...headers, ...toHeaders(options.headers)], options.body),
      options.socket ?? this.socket,
    );
  }

  #contactFor(status: number): string | null {
    const dialogForming = ['INVITE', 'UPDATE', 'REFER', 'SUBSCRIBE'].includes(this.method);
    return dialogForming && status > 100 && status < 300 ? this.#link.contactUri : null;
  }
}
