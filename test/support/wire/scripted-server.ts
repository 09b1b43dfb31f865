import {
  type ConnectBehaviour,
  type FakeWebSocket,
  installFakeWebSocket,
  type WebSocketPeer,
} from './fake-web-socket';
import { Journal } from './journal';
import { type ReplyOptions, ReceivedRequest, type WireLink } from './wire-link';
import { ScriptedRegistrar } from './registrar';
import { parseSipMessage, type SipHeader, SipResponse, toHeaders } from './sip-message';
import { type RequestOptions, SentRequest, WireDialog } from './wire-dialog';

export interface ServerOptions {
  /** Host part of every address of this server. Default `pbx.test`. */
  readonly domain?: string;
}

export interface InviteOptions extends RequestOptions {
  /** Request-URI. Default: the newest registered contact. */
  readonly to?: string;
  /** User part, or a whole SIP URI, of the caller. Default `customer`. */
  readonly from?: string;
  readonly displayName?: string;
  /** Address of record of the agent, for the To header. Default: the Request-URI. */
  readonly toUri?: string;
}

/**
 * A SIP server on the far side of a fake WebSocket. It does by itself what `auto` says, keeps a journal of every
 * message, and leaves the rest to the test: `await server.next('INVITE')`, then `reply`.
 */
export class ScriptedServer implements WebSocketPeer {
  readonly domain: string;
  readonly registrar: ScriptedRegistrar;
  readonly journal = new Journal();
  /** What is done without a test asking. */
  readonly auto = {
    /** Answer REGISTER by `registrar`. */
    register: true,
    /** 100 to each INVITE, as any stateful proxy. */
    trying: true,
    /** 407 to an INVITE without right credentials (realm of the registrar). */
    challengeInvite: false,
    /** 200 to CANCEL and 487 to its INVITE. */
    cancel: true,
    /** 200 to these methods. */
    ok: new Set(['OPTIONS', 'BYE', 'NOTIFY']),
    /** CR LF to each double CR LF, RFC 5626 section 4.4.1. */
    pong: true,
  };
  /** What becomes of connection attempts (counted from 1). */
  connection: ConnectBehaviour | ((attempt: number, url: string) => ConnectBehaviour) = 'accept';
  /** URLs of all attempts to connect, in order. */
  readonly attempts: string[] = [];
  /** Sockets that opened, in order. */
  readonly sockets: FakeWebSocket[] = [];
  /** Number of double CR LF received. */
  pings = 0;

  readonly #received: ReceivedRequest[] = [];
  readonly #responses: SipResponse[] = [];
  readonly #consumed = new WeakSet();
  readonly #listeners = new Map<string, (response: SipResponse) => void>();
  readonly #link: WireLink;
  #count = 0;

  constructor(options: ServerOptions = {}) {
    this.domain = options.domain ?? 'pbx.test';
    this.registrar = new ScriptedRegistrar(this.domain);
    this.#link = {
      journal: this.journal,
      contactUri: `sip:customer@media.${this.domain};transport=ws`,
      send: (text, socket) => {
        this.send(text, socket);
      },
      unique: (prefix) => this.#unique(prefix),
      consumeRequest: (matches) => this.#consume(this.#received, matches),
      responses: () => this.#responses,
      onResponse: (branch, listener) => this.#listeners.set(branch, listener),
    };
  }

  /** Makes `globalThis.WebSocket` connect here; returns the undoing. */
  install(): () => void {
    return installFakeWebSocket(this);
  }

  /** The newest open socket. */
  get socket(): FakeWebSocket | undefined {
    return this.sockets.filter((socket) => socket.readyState === socket.OPEN).at(-1);
  }

  /** Loses the newest connection without a closing handshake. */
  cut(): void {
    this.#openSocket().cut();
  }

  /** Makes the newest connection swallow everything both ways, unnoticed. */
  freeze(): void {
    this.#openSocket().freeze();
  }

  /** Sends any text to the agent. Nothing is sent, and the journal says so, when no socket is open. */
  send(text: string, socket = this.socket): void {
    const open = socket?.readyState === socket?.OPEN;
    const message = /^[A-Z]+ \S+ SIP|^SIP\/2\.0 \d/.test(text) ? parseSipMessage(text) : undefined;
    this.journal.record('to agent', message, open ? (message ? '' : 'raw text') : 'lost: no open socket');
    if (open) socket?.deliver(text);
  }

  /** Every request that came, in order, including those answered by `auto`. */
  requests(method?: string): ReceivedRequest[] {
    return this.#received.filter((request) => method === undefined || request.method === method);
  }

  /** Every response that came, in order. */
  responses(status?: number, method?: string): SipResponse[] {
    return this.#responses.filter(
      (response) =>
        (status === undefined || response.status === status) &&
        (method === undefined || response.method === method),
    );
  }

  /** The next request of that method that no wait has returned yet. */
  next(method: string, deadlineMs?: number): Promise<ReceivedRequest> {
    const find = () => this.#consume(this.#received, (request) => request.method === method);
    return this.journal.wait(method, find, deadlineMs);
  }

  /** The next response of that status that no wait has returned yet. */
  nextResponse(status: number, method: string, deadlineMs?: number): Promise<SipResponse> {
    const find = () =>
      this.#consume(this.#responses, (response) => response.status === status && response.method === method);
    return this.journal.wait(`${status} to ${method}`, find, deadlineMs);
  }

  /** Resolves when the agent has opened a connection (its `count`-th). */
  opened(count = 1, deadlineMs?: number): Promise<FakeWebSocket> {
    return this.journal.wait(`connection number ${count}`, () => this.sockets[count - 1], deadlineMs);
  }

  /** The dialog that answering `invite` makes, one per fork. */
  dialog(invite: ReceivedRequest, toTag = invite.defaultTag, routeSet: readonly string[] = []): WireDialog {
    return WireDialog.asCallee(this.#link, invite, toTag, routeSet);
  }

  /** Answers `invite` with a 200 and returns its dialog. */
  accept(invite: ReceivedRequest, options: ReplyOptions & { readonly body: string }): WireDialog {
    invite.reply(200, options);
    return this.dialog(invite, options.toTag);
  }

  /** Calls the agent. Leave `body` out for a late offer. */
  invite(options: InviteOptions = {}): OutgoingCall {
    const to = options.to ?? [...this.registrar.bindings.keys()].at(-1);
    if (to === undefined) throw new Error('Nobody is registered: give invite() a `to`');
    const from = options.from ?? 'customer';
    const fromUri = from.startsWith('sip:') ? from : `sip:${from}@${this.domain}`;
    const name = options.displayName === undefined ? '' : `"${options.displayName}" `;
    const given = toHeaders(options.headers);
    const usual: SipHeader[] = [
      { name: 'Max-Forwards', value: '70' },
      { name: 'From', value: `${name}<${fromUri}>;tag=${this.#unique('uac')}` },
      { name: 'To', value: `<${options.toUri ?? to}>` },
      { name: 'Call-ID', value: `${this.#unique('call')}@${this.domain}` },
      { name: 'CSeq', value: `${options.cseq ?? 1} INVITE` },
      { name: 'Contact', value: `<${this.#link.contactUri}>` },
      { name: 'Allow', value: 'INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, REFER, NOTIFY' },
    ];
    const headers = [...usual.filter(({ name }) => !given.some((one) => one.name === name)), ...given];
    return new OutgoingCall(this.#link, to, headers, options.body, options.autoAck ?? false);
  }

  // The agent's socket calls these.

  behaviourOf(url: string, attempt: number): ConnectBehaviour {
    return typeof this.connection === 'function' ? this.connection(attempt, url) : this.connection;
  }

  onAttempt(url: string): number {
    this.journal.record('event', undefined, `connecting to ${url}`);
    return this.attempts.push(url);
  }

  onOpen(socket: FakeWebSocket): void {
    this.sockets.push(socket);
    this.journal.record('event', undefined, 'connected');
  }

  onClosed(_socket: FakeWebSocket, by: 'agent' | 'server'): void {
    this.journal.record('event', undefined, `closed by the ${by}`);
  }

  onText(socket: FakeWebSocket, text: string): void {
    if (text === '\r\n\r\n') {
      this.pings += 1;
      this.journal.record('event', undefined, 'ping');
      if (this.auto.pong) socket.deliver('\r\n');
      return;
    }
    if (text === '\r\n') return;
    const message = parseSipMessage(text);
    if (message instanceof SipResponse) this.#onResponse(message);
    else this.#onRequest(new ReceivedRequest(message, socket, this.#link));
  }

  #onResponse(response: SipResponse): void {
    this.#responses.push(response);
    this.journal.record('from agent', response);
    if (response.method === 'INVITE') this.#listeners.get(response.branch)?.(response);
  }

  #onRequest(request: ReceivedRequest): void {
    this.#received.push(request);
    const challenged = this.#mustAuthenticate(request);
    if (challenged || this.#acksChallenge(request)) this.#consumed.add(request);
    this.journal.record('from agent', request);
    if (challenged) {
      const headers = this.registrar.challenge().map((value) => `Proxy-Authenticate: ${value}`);
      request.reply(407, { headers });
    } else this.#answer(request);
  }

  #mustAuthenticate(request: ReceivedRequest): boolean {
    if (request.method !== 'INVITE' || request.toTag !== undefined || !this.auto.challengeInvite)
      return false;
    return !this.registrar.authorised(request, 'Proxy-Authorization');
  }

  #acksChallenge(ack: ReceivedRequest): boolean {
    if (ack.method !== 'ACK') return false;
    return this.#received.some(
      (request) =>
        request.method === 'INVITE' && request.branch === ack.branch && request.finalStatus === 407,
    );
  }

  #answer(request: ReceivedRequest): void {
    const { auto } = this;
    if (request.method === 'REGISTER' && auto.register) {
      const answer = this.registrar.answer(request);
      if (answer) request.reply(answer.status, { headers: answer.headers });
    } else if (request.method === 'INVITE' && auto.trying) request.reply(100);
    else if (request.method === 'CANCEL' && auto.cancel) this.#cancelled(request);
    else if (auto.ok.has(request.method)) request.reply(200);
  }

  #cancelled(cancel: ReceivedRequest): void {
    const invite = this.#received.find(
      (request) => request.method === 'INVITE' && request.branch === cancel.branch,
    );
    cancel.reply(invite ? 200 : 481);
    if (invite && invite.finalStatus === undefined) invite.reply(487);
  }

  #consume<T extends object>(messages: readonly T[], matches: (message: T) => boolean): T | undefined {
    const found = messages.find((message) => !this.#consumed.has(message) && matches(message));
    if (found) this.#consumed.add(found);
    return found;
  }

  #openSocket(): FakeWebSocket {
    const { socket } = this;
    if (!socket) throw new Error('No open connection');
    return socket;
  }

  #unique(prefix: string): string {
    this.#count += 1;
    return `${prefix}-${this.#count}`;
  }
}

/** A call that the server places to the agent. */
export class OutgoingCall extends SentRequest {
  readonly #link: WireLink;

  constructor(link: WireLink, uri: string, headers: readonly SipHeader[], body?: string, autoAck?: boolean) {
    super(link, 'INVITE', uri, headers, body, autoAck);
    this.#link = link;
  }

  /** Waits for the 200, acknowledges it (with `body` after a late offer) and returns the dialog. */
  async answered(options: { readonly body?: string } = {}): Promise<WireDialog> {
    await this.response(200);
    this.ack(options);
    return this.dialog();
  }

  /** The dialog of the newest response that has a To tag, early or confirmed. */
  dialog(): WireDialog {
    const tagged = this.responses.filter((response) => response.toTag !== undefined).at(-1);
    if (!tagged) throw new Error('No response with a To tag yet');
    return WireDialog.asCaller(this.#link, tagged);
  }
}
