/**
 * The SIP side of the sandbox: what comes in from any flow is read, checked and handed to the registrar or
 * to the proxy. Nothing that a flow sends can throw past `receive`.
 */
import type { SipVerifier } from '../../server/sip-verifier';
import { parseCseq, parseNameAddr, parseUri } from './headers';
import { DialogTable } from './dialogs';
import type { Flow } from './flow';
import { parseMessage, serializeMessage, SipSyntaxError, type SipMessage } from './message';
import type { SipRequest, SipResponse } from './message';
import { makeResponse, type HeaderPair } from './reply';
import { ServerTransaction, ServerTransactions, transactionKey } from './server-transaction';
import { Proxy, type Directory, type ProxyOptions } from './proxy';
import { Gatekeeper, type LoginCheck } from './gatekeeper';
import type { Registrar } from './registrar';
import type { SipTrace } from './trace';

export interface GatewayOptions extends ProxyOptions {
  readonly domain: string;
}

export interface GatewayParts {
  readonly credentials: SipVerifier;
  readonly registrar: Registrar;
  readonly directory: Directory;
  readonly trace: SipTrace;
}

/** The keep-alive of RFC 5626 section 3.5.1 and its answer; over WebSocket as RFC 7118 section 6 allows. */
const ping = '\r\n\r\n';
const pong = '\r\n';

const knownMethods = [
  'INVITE',
  'ACK',
  'CANCEL',
  'BYE',
  'OPTIONS',
  'MESSAGE',
  'INFO',
  'UPDATE',
  'REFER',
  'NOTIFY',
];
const allow = [...knownMethods, 'REGISTER'].join(', ');
/** What may begin something outside a dialog. */
const initialMethods = new Set(['INVITE', 'MESSAGE', 'OPTIONS']);

export class Gateway {
  readonly dialogs = new DialogTable();
  readonly #flows = new Set<Flow>();
  readonly #transactions = new ServerTransactions();
  readonly #proxy: Proxy;
  readonly #gatekeeper: Gatekeeper;
  readonly #trace: SipTrace;
  readonly #registrar: Registrar;

  constructor(
    private readonly options: GatewayOptions,
    parts: GatewayParts,
  ) {
    this.#trace = parts.trace;
    this.#registrar = parts.registrar;
    this.#gatekeeper = new Gatekeeper(options.domain, parts.credentials);
    const send = (flow: Flow, message: SipMessage): void => {
      this.#send(flow, message);
    };
    this.#proxy = new Proxy(options, { ...parts, dialogs: this.dialogs, send });
  }

  get flows(): ReadonlySet<Flow> {
    return this.#flows;
  }

  opened(flow: Flow): void {
    this.#flows.add(flow);
  }

  closed(flow: Flow): void {
    flow.markClosed();
    if (!this.#flows.delete(flow)) return;
    this.#registrar.flowClosed(flow);
    this.#proxy.flowClosed(flow);
    this.#transactions.flowClosed(flow);
  }

  close(): void {
    this.#proxy.close();
    this.#transactions.close();
    this.dialogs.clear();
  }

  /** One frame from a flow: a SIP message or a keep-alive. */
  receive(flow: Flow, data: Buffer): void {
    if (data.length <= ping.length && data.toString('latin1') === ping) {
      flow.send(pong);
      return;
    }
    if (data.length <= pong.length) return;
    let message: SipMessage;
    try {
      message = parseMessage(data);
    } catch (error) {
      this.#unreadable(flow, data, error);
      return;
    }
    flow.inOrder(async () => {
      this.#trace.record('received', flow, message);
      if (message.kind === 'response') this.#proxy.receiveResponse(message, flow);
      else await this.#receiveRequest(message, flow);
    });
  }

  /** Answers a request whose body or start line is wrong but whose headers can be read. */
  #unreadable(flow: Flow, data: Buffer, error: unknown): void {
    const status = error instanceof SipSyntaxError ? error.status : 400;
    if (status !== 505) return;
    try {
      const end = data.indexOf(' SIP/');
      const repaired = Buffer.concat([
        data.subarray(0, end),
        Buffer.from(' SIP/2.0'),
        data.subarray(data.indexOf('\r\n')),
      ]);
      const message = parseMessage(repaired);
      if (message.kind === 'request' && this.#flaw(message) === undefined) this.#reply(flow, message, 505);
    } catch {
      // Nothing in it can be answered.
    }
  }

  async #receiveRequest(received: SipRequest, flow: Flow): Promise<void> {
    const flaw = this.#flaw(received);
    if (flaw === 'unanswerable') return;
    const request = withReceived(received, flow);
    if (request.method === 'ACK') {
      if (flaw === undefined) this.#acknowledge(request, flow);
      return;
    }
    const key = transactionKey(request, flow);
    if (flaw !== undefined || key === undefined) {
      this.#reply(flow, request, 400, [], flaw);
      return;
    }
    const known = this.#transactions.get(key);
    if (known !== undefined) {
      known.repeat();
      return;
    }
    const transaction = new ServerTransaction(request, flow, (to, response) => {
      this.#send(to, response);
    });
    this.#transactions.add(key, transaction);
    await this.#process(transaction);
  }

  /** What is wrong with a request, in words; `unanswerable` when a response would not find its way. */
  #flaw({ headers, method }: SipRequest): string | undefined {
    for (const name of ['Via', 'From', 'To', 'Call-ID', 'CSeq'])
      if (!headers.has(name)) return 'unanswerable';
    const cseq = parseCseq(headers.get('CSeq') ?? '');
    if (cseq?.method !== method) return 'Bad CSeq';
    const from = parseNameAddr(headers.get('From') ?? '');
    if (from === undefined || !from.params.get('tag')) return 'Bad From';
    if (parseNameAddr(headers.get('To') ?? '') === undefined) return 'Bad To';
    const hops = headers.get('Max-Forwards') ?? '70';
    if (!(Number(hops) >= 0 && Number(hops) <= 255)) return 'Bad Max-Forwards';
    return undefined;
  }

  async #process(transaction: ServerTransaction): Promise<void> {
    const { request } = transaction;
    const refuse = (status: number, headers: readonly HeaderPair[] = [], reason?: string): void => {
      transaction.respond(
        makeResponse(request, status, { headers, ...(reason === undefined ? {} : { reason }) }),
      );
    };
    if (request.method === 'CANCEL') {
      this.#cancel(transaction);
      return;
    }
    const uri = parseUri(request.uri);
    if (uri === undefined) {
      refuse(request.uri.includes(':') && !request.uri.toLowerCase().startsWith('sip') ? 416 : 400);
      return;
    }
    if (Number(request.headers.get('Max-Forwards') ?? '70') === 0) {
      refuse(483);
      return;
    }
    const extensions = request.headers.elements('Proxy-Require');
    if (extensions.length > 0) {
      refuse(420, [['Unsupported', extensions.join(', ')]]);
      return;
    }
    if (request.method === 'REGISTER') {
      await this.#register(transaction);
      return;
    }
    if (!knownMethods.includes(request.method)) {
      refuse(405, [['Allow', allow]]);
      return;
    }
    const onward = this.#proxy.withoutOwnRoute(request);
    if (onward === undefined) {
      refuse(403, [], 'Relaying Denied');
      return;
    }
    const isInDialog = parseNameAddr(request.headers.get('To') ?? '')?.params.has('tag') === true;
    if (isInDialog) await this.#inDialog(transaction, onward);
    else if (request.method === 'OPTIONS' && uri.user === '') {
      refuse(200, [
        ['Allow', allow],
        ['Accept', 'application/sdp'],
        ['Supported', 'path, outbound, gruu'],
      ]);
    } else if (!initialMethods.has(request.method))
      refuse(request.method === 'BYE' ? 481 : 405, [['Allow', allow]]);
    else await this.#initial(transaction, onward);
  }

  async #register(transaction: ServerTransaction): Promise<void> {
    const { request, flow } = transaction;
    const login = await this.#logIn(transaction, 'Authorization');
    if (login === undefined) return;
    const to = parseUri(parseNameAddr(request.headers.get('To') ?? '')?.uri ?? '');
    if (to?.user !== login.identity.user || to.host !== this.options.domain) {
      transaction.respond(makeResponse(request, 403, { reason: 'Not Your Address Of Record' }));
      return;
    }
    const answer = this.#registrar.register(login.identity.user, request, flow, login.expiresAtMs);
    transaction.respond(
      makeResponse(request, answer.status, { reason: answer.reason, headers: answer.headers }),
    );
  }

  async #initial(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    const { flow } = transaction;
    if (flow.identity?.kind === 'customer') {
      this.#proxy.routeInitial(transaction, request, flow.identity);
      return;
    }
    const login = await this.#logIn(transaction, 'Proxy-Authorization');
    if (login === undefined) return;
    if (!this.#mayCallAs(login.identity.user, request)) {
      transaction.respond(makeResponse(request, 403, { reason: 'From Belongs To Another Agent' }));
    } else this.#proxy.routeInitial(transaction, request, login.identity);
  }

  /** A caller ID of one's own choice is fine, another agent's name is not. */
  #mayCallAs(user: string, request: SipRequest): boolean {
    const from = parseUri(parseNameAddr(request.headers.get('From') ?? '')?.uri ?? '');
    if (from === undefined) return false;
    return from.user === user || this.#registrar.contacts(from.user).length === 0;
  }

  async #inDialog(transaction: ServerTransaction, request: SipRequest): Promise<void> {
    // A socket that replaces another proves who it is before it may speak in the old one's calls.
    const isKnown = transaction.flow.identity !== undefined;
    if (!isKnown && (await this.#logIn(transaction, 'Proxy-Authorization')) === undefined) return;
    this.#proxy.routeInDialog(transaction, request);
  }

  /** Who a request is from; undefined when it has been refused, or when nobody is left to answer. */
  async #logIn(
    transaction: ServerTransaction,
    headerName: 'Authorization' | 'Proxy-Authorization',
  ): Promise<Extract<LoginCheck, { kind: 'ok' }> | undefined> {
    const { request, flow } = transaction;
    const login = await this.#gatekeeper.check(request, flow, headerName);
    if (!flow.isOpen) return undefined;
    if (login.kind === 'ok') return login;
    const options = login.kind === 'refused' ? { reason: login.reason } : { headers: [login.header] };
    transaction.respond(makeResponse(request, login.status, options));
    return undefined;
  }

  #cancel(transaction: ServerTransaction): void {
    const { request, flow } = transaction;
    const invite = this.#transactions.get(transactionKey(request, flow, 'INVITE') ?? '');
    transaction.respond(makeResponse(request, invite === undefined ? 481 : 200));
    if (invite !== undefined) this.#proxy.cancel(invite, request.headers.all('Reason'));
  }

  #acknowledge(request: SipRequest, flow: Flow): void {
    const invite = this.#transactions.get(transactionKey(request, flow, 'INVITE') ?? '');
    // The ACK of a failure response ends here; that of a 2xx has a branch of its own and goes on.
    if (invite !== undefined || Number(request.headers.get('Max-Forwards') ?? '70') === 0) return;
    const onward = this.#proxy.withoutOwnRoute(request);
    if (onward !== undefined) this.#proxy.forwardAck(onward, flow);
  }

  #reply(
    flow: Flow,
    request: SipRequest,
    status: number,
    headers: readonly HeaderPair[] = [],
    reason?: string,
  ): void {
    this.#send(flow, makeResponse(request, status, { headers, ...(reason === undefined ? {} : { reason }) }));
  }

  #send(flow: Flow, message: SipRequest | SipResponse): void {
    if (!flow.isOpen) return;
    this.#trace.record('sent', flow, message);
    flow.send(serializeMessage(message));
  }
}

/** Notes on the top Via where the request really came from (RFC 3261 section 18.2.1). */
function withReceived(request: SipRequest, flow: Flow): SipRequest {
  const [top = '', ...others] = request.headers.elements('Via');
  if (flow.identity?.kind === 'customer' || top.includes('received=')) return request;
  const headers = request.headers.clone().set('Via', `${top};received=${flow.remoteAddress}`, ...others);
  return { ...request, headers };
}
