/** The proxy: where a request goes, and what becomes of its responses (RFC 3261 section 16). */
import type { DialogTable, Party } from './dialogs';
import { sameIdentity, type Flow, type Identity } from './flow';
import { Fork, type Branch, type Callee, type Target } from './fork';
import { parseCseq, parseNameAddr, parseUri, parseVia } from './headers';
import type { SipMessage, SipRequest, SipResponse } from './message';
import { makeResponse, newBranch } from './reply';
import type { Binding, Registrar } from './registrar';
import { inviteLingerMs, type ServerTransaction } from './server-transaction';

export interface ProxyOptions {
  readonly domain: string;
  /** `host:port` of the WebSocket, for Via and Record-Route. */
  readonly sentBy: string;
  /** Timer C. */
  readonly ringTimeoutMs: number;
  /** Timer F. */
  readonly answerTimeoutMs: number;
  /** How long a pending INVITE waits for an agent whose socket is gone, in ms. */
  readonly returnGraceMs: number;
}

/** Who answers at an address that is not an agent's. */
export type Destination =
  | { readonly kind: 'customer'; readonly number: string; readonly flow: Flow }
  | { readonly kind: 'status'; readonly status: number; readonly reason: string };

export interface Directory {
  /** Customers, by the user part of the address. */
  find(user: string): Destination | undefined;
  /** True for an agent who exists, registered or not. */
  isAgent(user: string): boolean;
}

export interface ProxyParts {
  readonly registrar: Registrar;
  readonly directory: Directory;
  readonly dialogs: DialogTable;
  readonly send: (flow: Flow, message: SipMessage) => void;
}

export class Proxy {
  readonly #branches = new Map<string, Branch>();
  readonly #forks = new Map<ServerTransaction, Fork>();
  readonly #linger = new Set<NodeJS.Timeout>();
  readonly #recordRoute: string;
  readonly #via: string;

  constructor(
    private readonly options: ProxyOptions,
    private readonly parts: ProxyParts,
  ) {
    this.#via = `SIP/2.0/WS ${options.sentBy}`;
    parts.registrar.on('bound', (binding) => {
      // After the answer to its REGISTER.
      queueMicrotask(() => {
        this.#ringAlso(binding);
      });
    });
    this.#recordRoute = `<sip:${options.sentBy};transport=ws;lr>`;
  }

  get pendingBranches(): number {
    return this.#branches.size;
  }

  close(): void {
    for (const timer of this.#linger) clearTimeout(timer);
    for (const fork of this.#forks.values()) fork.dispose();
    this.#forks.clear();
    this.#branches.clear();
  }

  flowClosed(flow: Flow): void {
    for (const fork of new Set(this.#forks.values())) {
      if (fork.isFinished) continue;
      // Nobody is left to talk to: the phones that ring must stop.
      if (fork.upstream === flow) fork.cancel([]);
      fork.targetClosed(flow);
    }
  }

  /** The request without the Route that led here; undefined when it names a further, foreign hop. */
  withoutOwnRoute(request: SipRequest): SipRequest | undefined {
    const routes = request.headers.elements('Route');
    while (routes.length > 0 && this.#isOwn(routes[0] ?? '')) routes.shift();
    if (routes.length > 0) return undefined;
    return { ...request, headers: request.headers.clone().remove('Route') };
  }

  #isOwn(route: string): boolean {
    const uri = parseUri(parseNameAddr(route)?.uri ?? '');
    if (uri === undefined) return false;
    const hostPort = uri.port === undefined ? uri.host : `${uri.host}:${uri.port}`;
    return hostPort === this.options.sentBy || uri.host === this.options.domain;
  }

  routeInitial(transaction: ServerTransaction, request: SipRequest, identity: Identity): void {
    const targets = this.#targetsOf(request);
    if (typeof targets === 'number' || 'status' in targets) {
      const { status, reason } =
        typeof targets === 'number' ? { status: targets, reason: undefined } : targets;
      transaction.respond(makeResponse(request, status, reason === undefined ? {} : { reason }));
      return;
    }
    const callId = request.headers.get('Call-ID') ?? '';
    if (request.method === 'INVITE') {
      if (this.parts.dialogs.isTakenByOther(callId, identity)) {
        transaction.respond(makeResponse(request, 403, { reason: 'Call-ID In Use' }));
        return;
      }
      transaction.respond(makeResponse(request, 100));
      this.parts.dialogs.start(
        callId,
        this.#party(request.headers.get('From'), request, transaction.flow, identity),
      );
    }
    const onward = this.#asserted(request, identity);
    this.#forward(transaction, onward, targets, 480);
  }

  routeInDialog(transaction: ServerTransaction, request: SipRequest): void {
    const match = this.#findDialog(request);
    if (match === undefined) {
      transaction.respond(makeResponse(request, 481));
      return;
    }
    if (!sameIdentity(match.sender.identity, transaction.flow.identity)) {
      transaction.respond(makeResponse(request, 403, { reason: 'Not Your Dialog' }));
      return;
    }
    this.#refreshTarget(match.sender, request, transaction.flow);
    const target = this.#reach(match.receiver);
    if (target === undefined) transaction.respond(makeResponse(request, 430));
    else this.#forward(transaction, request, [target], 430);
    if (request.method === 'BYE') this.parts.dialogs.end(match.dialog);
  }

  /** The ACK of a 2xx: goes on without a transaction. */
  forwardAck(request: SipRequest, flow: Flow): void {
    const match = this.#findDialog(request);
    if (match === undefined || !sameIdentity(match.sender.identity, flow.identity)) return;
    const target = this.#reach(match.receiver);
    if (target === undefined) return;
    const headers = request.headers.clone();
    headers.set('Max-Forwards', `${Number(headers.get('Max-Forwards') ?? '70') - 1}`);
    headers.prepend('Via', `${this.#via};branch=${newBranch()}`);
    this.parts.send(target.flow, { ...request, uri: target.uri, headers });
  }

  /** An INVITE that is pending at an agent reaches the devices that the agent registers meanwhile. */
  #ringAlso({ user, instanceId, contact, flow }: Binding): void {
    if (!flow.isOpen) return;
    const identity: Identity = { kind: 'agent', user };
    for (const fork of new Set(this.#forks.values())) {
      const { callee } = fork;
      if (callee?.user !== user || (callee.instanceId !== undefined && callee.instanceId !== instanceId))
        continue;
      const joined = fork.join({ flow, uri: contact, identity, instanceId });
      if (joined === undefined) continue;
      this.#branches.set(joined.branch.id, joined.branch);
      joined.start();
    }
  }

  cancel(invite: ServerTransaction, reasons: readonly string[]): void {
    this.#forks.get(invite)?.cancel(reasons);
  }

  receiveResponse(response: SipResponse, flow: Flow): void {
    const branchId = parseVia(response.headers.elements('Via')[0] ?? '')?.params.get('branch');
    const branch = this.#branches.get(branchId ?? '');
    // Only who was asked may answer, and only what was asked.
    if (branch === undefined || branch.target.flow !== flow) return;
    const { request } = branch;
    const cseq = parseCseq(response.headers.get('CSeq') ?? '');
    if (
      cseq?.method !== request.method ||
      response.headers.get('Call-ID') !== request.headers.get('Call-ID')
    ) {
      return;
    }
    branch.fork.receive(branch.id, response);
  }

  #forward(
    transaction: ServerTransaction,
    request: SipRequest,
    targets: readonly Target[],
    unreachableStatus: 430 | 480,
  ): void {
    const isInitial = unreachableStatus === 480;
    const fork = new Fork(transaction, request, {
      via: this.#via,
      recordRoute: isInitial && request.method === 'INVITE' ? this.#recordRoute : undefined,
      ringTimeoutMs: this.options.ringTimeoutMs,
      answerTimeoutMs: this.options.answerTimeoutMs,
      returnGraceMs: isInitial ? this.options.returnGraceMs : 0,
      callee: isInitial && request.method === 'INVITE' ? this.#calleeOf(request) : undefined,
      unreachableStatus,
      send: this.parts.send,
      onResponse: (response, target) => {
        this.#note(request, response, target, isInitial);
      },
      onFinal: (status) => {
        if (isInitial && status >= 300) this.#abandon(request);
        this.#forgetLater(transaction, fork);
      },
    });
    this.#forks.set(transaction, fork);
    for (const branch of fork.prepare(targets)) this.#branches.set(branch.id, branch);
    fork.start();
  }

  #targetsOf(request: SipRequest): readonly Target[] | { status: number; reason: string } | number {
    const uri = parseUri(request.uri);
    if (uri === undefined || (uri.host !== this.options.domain && !this.#isOwn(`<${request.uri}>`)))
      return 404;
    const destination = this.parts.directory.find(uri.user);
    if (destination?.kind === 'status') return destination;
    if (destination?.kind === 'customer') {
      const identity: Identity = { kind: 'customer', user: destination.number };
      return [{ flow: destination.flow, uri: `sip:${destination.number}@${this.options.domain}`, identity }];
    }
    const device = uri.params.get('gr');
    const contacts = this.parts.registrar
      .contacts(uri.user)
      .filter((binding) => device === undefined || binding.instanceId === `<${device}>`);
    if (contacts.length === 0) return this.parts.directory.isAgent(uri.user) ? 480 : 404;
    const identity: Identity = { kind: 'agent', user: uri.user };
    return contacts.map(({ flow, contact, instanceId }) => ({ flow, uri: contact, identity, instanceId }));
  }

  /** The agent, or the one device of it, that a request to us is for. */
  #calleeOf(request: SipRequest): Callee | undefined {
    const uri = parseUri(request.uri);
    if (uri === undefined || this.parts.directory.find(uri.user) !== undefined) return undefined;
    const device = uri.params.get('gr');
    return { user: uri.user, instanceId: device === undefined ? undefined : `<${device}>` };
  }

  /** RFC 3325: who is really calling, whatever From shows; never taken over from the caller. */
  #asserted(request: SipRequest, identity: Identity): SipRequest {
    const headers = request.headers
      .clone()
      .remove('P-Asserted-Identity')
      .append('P-Asserted-Identity', `<sip:${identity.user}@${this.options.domain}>`);
    return { ...request, headers };
  }

  #party(address: string | undefined, message: SipMessage, flow: Flow, identity: Identity): Party {
    const contact = parseNameAddr(message.headers.elements('Contact')[0] ?? '')?.uri ?? '';
    const binding = this.parts.registrar.contacts(identity.user).find((candidate) => candidate.flow === flow);
    return {
      identity,
      tag: parseNameAddr(address ?? '')?.params.get('tag') ?? '',
      instanceId: identity.kind === 'agent' ? binding?.instanceId : undefined,
      contact,
      flow,
    };
  }

  #note(request: SipRequest, response: SipResponse, target: Target, isInitial: boolean): void {
    if (request.method !== 'INVITE' || response.status <= 100 || response.status >= 300) return;
    const callId = request.headers.get('Call-ID') ?? '';
    if (isInitial) {
      const callee = this.#party(response.headers.get('To'), response, target.flow, target.identity);
      const callerTag = parseNameAddr(request.headers.get('From') ?? '')?.params.get('tag') ?? '';
      if (callee.tag !== '') this.parts.dialogs.addCallee(callId, callerTag, callee, response.status >= 200);
    } else {
      const match = this.#findDialog(request);
      if (match !== undefined) this.#refreshTarget(match.receiver, response, target.flow);
    }
  }

  #abandon(request: SipRequest): void {
    const callerTag = parseNameAddr(request.headers.get('From') ?? '')?.params.get('tag') ?? '';
    this.parts.dialogs.abandon(request.headers.get('Call-ID') ?? '', callerTag);
  }

  #findDialog({ headers }: SipRequest): ReturnType<DialogTable['find']> {
    const tagOf = (name: string): string => parseNameAddr(headers.get(name) ?? '')?.params.get('tag') ?? '';
    return this.parts.dialogs.find(headers.get('Call-ID') ?? '', tagOf('From'), tagOf('To'));
  }

  /** A re-INVITE or UPDATE, or its 2xx, may move the remote target (RFC 3261 section 12.2). */
  #refreshTarget(party: Party, message: SipMessage, flow: Flow): void {
    party.flow = flow;
    const contact = parseNameAddr(message.headers.elements('Contact')[0] ?? '')?.uri;
    if (contact !== undefined && parseUri(contact) !== undefined) party.contact = contact;
  }

  /** The socket by which a party can be reached now: that of its device, wherever it has moved. */
  #reach(party: Party): Target | undefined {
    const { identity, instanceId } = party;
    const device =
      instanceId === undefined ? undefined : this.parts.registrar.device(identity.user, instanceId);
    if (device !== undefined) return { flow: device.flow, uri: device.contact, identity };
    return party.flow.isOpen ? { flow: party.flow, uri: party.contact, identity } : undefined;
  }

  /** Kept for as long as answers may come again (Timer L). */
  #forgetLater(transaction: ServerTransaction, fork: Fork): void {
    const timer = setTimeout(() => {
      this.#linger.delete(timer);
      this.#forks.delete(transaction);
      for (const { id } of fork.branches) this.#branches.delete(id);
    }, inviteLingerMs);
    timer.unref();
    this.#linger.add(timer);
  }
}
