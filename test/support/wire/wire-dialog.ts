import {
  addressUri,
  formatSipMessage,
  type SipHeader,
  type SipRequest,
  SipResponse,
  toHeaders,
} from './sip-message';
import type { ReceivedRequest, WireLink } from './wire-link';

export interface RequestOptions {
  /** Header lines, `Name: value`. */
  readonly headers?: readonly string[];
  readonly body?: string;
  /** Overrides the next CSeq number, to play a confused peer. */
  readonly cseq?: number;
  /** Whether a 2xx to an INVITE is acknowledged by itself. Default: when the INVITE carried a body. */
  readonly autoAck?: boolean;
}

export interface DialogState {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly localUri: string;
  readonly remoteUri: string;
  /** Where requests to the agent go: its Contact. */
  remoteTarget: string;
  readonly routeSet: readonly string[];
  localCseq: number;
}

/** A request that the server sent to the agent. */
export class SentRequest {
  readonly method: string;
  readonly branch: string;
  readonly cseq: number;
  readonly #link: WireLink;
  readonly #request: { readonly uri: string; readonly headers: readonly SipHeader[] };

  constructor(
    link: WireLink,
    method: string,
    uri: string,
    headers: readonly SipHeader[],
    body?: string,
    autoAck = false,
  ) {
    this.method = method;
    this.#link = link;
    this.branch = link.unique('z9hG4bK-srv');
    this.cseq = Number(headers.find(({ name }) => name === 'CSeq')?.value.split(' ')[0]);
    const via = { name: 'Via', value: `SIP/2.0/WS server.invalid;branch=${this.branch}` };
    this.#request = { uri, headers: [via, ...headers] };
    if (method === 'INVITE') {
      link.onResponse(this.branch, (response) => {
        if (response.status >= 300) this.#acknowledge(response, this.branch);
        else if (autoAck && response.status >= 200) this.#acknowledge(response, link.unique('z9hG4bK-ack'));
      });
    }
    link.send(formatSipMessage(`${method} ${uri} SIP/2.0`, this.#request.headers, body));
  }

  /** Every response so far. */
  get responses(): SipResponse[] {
    return this.#link.responses().filter((response) => this.#isMine(response));
  }

  /** The first response of that status, or the first final one; waits for it where it has not come yet. */
  response(status?: number, deadlineMs?: number): Promise<SipResponse> {
    const wanted = status === undefined ? 'final response' : `response ${status}`;
    return this.#link.journal.wait(
      `${wanted} to ${this.method} (CSeq ${this.cseq})`,
      () =>
        this.responses.find((response) =>
          status === undefined ? response.status >= 200 : response.status === status,
        ),
      deadlineMs,
    );
  }

  /** Withdraws an INVITE, RFC 3261 section 9.1. `reason` is the value of a Reason header (RFC 3326). */
  cancel(options: { readonly reason?: string } = {}): void {
    const headers = this.#same(['Via', 'From', 'To', 'Call-ID', 'Max-Forwards', 'Route']);
    headers.push({ name: 'CSeq', value: `${this.cseq} CANCEL` });
    if (options.reason !== undefined) headers.push({ name: 'Reason', value: options.reason });
    this.#link.send(formatSipMessage(`CANCEL ${this.#request.uri} SIP/2.0`, headers));
  }

  /** Acknowledges the newest 2xx to an INVITE; `body` answers an offer that came in it. */
  ack(options: { readonly body?: string } = {}): void {
    const accepted = this.responses
      .filter((response) => response.status >= 200 && response.status < 300)
      .at(-1);
    if (!accepted) throw new Error(`ACK before any 2xx to ${this.method} (CSeq ${this.cseq})`);
    this.#acknowledge(accepted, this.#link.unique('z9hG4bK-ack'), options.body);
  }

  #acknowledge(response: SipResponse, branch: string, body?: string): void {
    const success = response.status < 300;
    const headers: SipHeader[] = [
      { name: 'Via', value: `SIP/2.0/WS server.invalid;branch=${branch}` },
      ...this.#same(['From', 'Call-ID', 'Max-Forwards', 'Route']),
      { name: 'To', value: response.header('to') ?? '' },
      { name: 'CSeq', value: `${this.cseq} ACK` },
    ];
    const uri = (success ? response.contactUri : undefined) ?? this.#request.uri;
    this.#link.send(formatSipMessage(`ACK ${uri} SIP/2.0`, headers, body));
  }

  #same(names: readonly string[]): SipHeader[] {
    return this.#request.headers.filter(({ name }) => names.includes(name));
  }

  #isMine(response: SipResponse): boolean {
    return response.branch === this.branch && response.method === this.method;
  }
}

/** One dialog with the agent, seen from the server's side. */
export class WireDialog {
  readonly #link: WireLink;
  readonly state: DialogState;

  constructor(link: WireLink, state: DialogState) {
    this.#link = link;
    this.state = state;
  }

  /** The dialog that a response with `localTag` to the agent's INVITE makes. */
  static asCallee(
    link: WireLink,
    invite: SipRequest,
    localTag: string,
    routeSet: readonly string[] = [],
  ): WireDialog {
    return new WireDialog(link, {
      callId: invite.callId,
      localTag,
      remoteTag: invite.fromTag ?? '',
      localUri: addressUri(invite.header('to') ?? ''),
      remoteUri: addressUri(invite.header('from') ?? ''),
      remoteTarget: invite.contactUri ?? '',
      routeSet,
      localCseq: 100,
    });
  }

  /** The dialog that the agent's tagged response to the server's INVITE makes. */
  static asCaller(link: WireLink, response: SipResponse): WireDialog {
    return new WireDialog(link, {
      callId: response.callId,
      localTag: response.fromTag ?? '',
      remoteTag: response.toTag ?? '',
      localUri: addressUri(response.header('from') ?? ''),
      remoteUri: addressUri(response.header('to') ?? ''),
      remoteTarget: response.contactUri ?? '',
      routeSet: response.all('record-route').reverse(),
      localCseq: response.cseq,
    });
  }

  /** Sends a request in this dialog. */
  request(method: string, options: RequestOptions = {}): SentRequest {
    const { state } = this;
    state.localCseq = options.cseq ?? state.localCseq + 1;
    const headers: SipHeader[] = [
      { name: 'Max-Forwards', value: '70' },
      ...state.routeSet.map((value) => ({ name: 'Route', value })),
      { name: 'From', value: `<${state.localUri}>;tag=${state.localTag}` },
      { name: 'To', value: `<${state.remoteUri}>;tag=${state.remoteTag}` },
      { name: 'Call-ID', value: state.callId },
      { name: 'CSeq', value: `${state.localCseq} ${method}` },
      { name: 'Contact', value: `<${this.#link.contactUri}>` },
      ...toHeaders(options.headers),
    ];
    const autoAck = options.autoAck ?? options.body !== undefined;
    return new SentRequest(this.#link, method, state.remoteTarget, headers, options.body, autoAck);
  }

  /** The next request of that method which the agent sends in this dialog. */
  expect(method: string, deadlineMs?: number): Promise<ReceivedRequest> {
    return this.#link.journal.wait(
      `${method} in the dialog with tag ${this.state.localTag}`,
      () => this.#link.consumeRequest((request) => request.method === method && this.owns(request)),
      deadlineMs,
    );
  }

  /** Whether a request from the agent belongs to this dialog. */
  owns(request: SipRequest): boolean {
    const { callId, localTag, remoteTag } = this.state;
    return request.callId === callId && request.toTag === localTag && request.fromTag === remoteTag;
  }
}
