/**
 * One request on its way to one or several user agents (RFC 3261 section 16): collects their answers, passes
 * on the ones that matter, cancels who lost.
 */
import type { Flow, Identity } from './flow';
import { Headers, type SipRequest, type SipResponse } from './message';
import { makeAck, makeCancel, makeResponse, newBranch } from './reply';
import type { ServerTransaction } from './server-transaction';

/** Where to send, and who answers there. */
export interface Target {
  readonly flow: Flow;
  readonly uri: string;
  readonly identity: Identity;
  /** `+sip.instance` of an agent's device, where it gave one. */
  readonly instanceId?: string | undefined;
}

export interface Branch {
  readonly id: string;
  readonly target: Target;
  readonly request: SipRequest;
  readonly fork: Fork;
}

/** Whom an INVITE is for: an agent, or one device of it. */
export interface Callee {
  readonly user: string;
  readonly instanceId: string | undefined;
}

export interface ForkOptions {
  /** Whose devices may still join; undefined for none. */
  readonly callee: Callee | undefined;
  /** The Via element of this proxy without its branch. */
  readonly via: string;
  /** The Record-Route value, for requests that begin a dialog. */
  readonly recordRoute: string | undefined;
  /** Timer C: how long a target may ring, in ms. */
  readonly ringTimeoutMs: number;
  /** Timer F, 64 * T1, in ms: how long a request other than INVITE may stay without an answer. */
  readonly answerTimeoutMs: number;
  /**
   * How long an INVITE waits for a target whose socket is gone to come back on another one, in ms; 0: not at all.
   */
  readonly returnGraceMs: number;
  /** What the sender hears when every target's socket is gone: 430 inside a dialog (RFC 5626), else 480. */
  readonly unreachableStatus: 430 | 480;
  readonly send: (flow: Flow, message: SipRequest) => void;
  /** Every response on its way back, before it is sent: dialogs are noted here. */
  readonly onResponse: (response: SipResponse, target: Target) => void;
  /** The last branch is done. */
  readonly onFinal: (status: number) => void;
}

/** RFC 3326: so that a phone that stops ringing does not list a missed call. */
const answeredElsewhere = 'SIP ;cause=200 ;text="Call completed elsewhere"';

interface BranchState {
  readonly branch: Branch;
  /** `calling` until the first response of any kind. */
  phase: 'calling' | 'proceeding' | 'done';
  /** Set by a CANCEL that came before any response: it must wait (RFC 3261 section 9.1). */
  cancelWith: readonly string[] | undefined;
  cancelSent: boolean;
  /** Its socket is gone, and it may still come back on another one. */
  isStranded: boolean;
  final: SipResponse | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class Fork {
  readonly #states = new Map<string, BranchState>();
  #isFinished = false;
  #isCanceled = false;

  constructor(
    private readonly server: ServerTransaction,
    /** As it is to be sent on: the routes that led here are gone from it. */
    private readonly onward: SipRequest,
    private readonly options: ForkOptions,
  ) {}

  get branches(): Branch[] {
    return [...this.#states.values()].map(({ branch }) => branch);
  }

  get callee(): Callee | undefined {
    return this.options.callee;
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  get upstream(): Flow {
    return this.server.flow;
  }

  /** @returns the branches, for the caller to file before the first answer can come. */
  prepare(targets: readonly Target[]): Branch[] {
    for (const target of targets) this.#prepare(target);
    return this.branches;
  }

  start(): void {
    for (const state of this.#states.values()) {
      if (!state.branch.target.flow.isOpen) this.#failLocally(state, 430);
      else this.#send(state);
    }
  }

  /**
   * A device of the callee has registered while the INVITE is pending: it rings as well (RFC 5626 section 7 has it reach
   * a device by its newest flow).
   *
   * @returns its branch, for the caller to file before `start`; undefined when there is nothing to ask it
   */
  join(target: Target): { readonly branch: Branch; readonly start: () => void } | undefined {
    if (this.#isFinished || this.server.isAnswered || this.#isCanceled) return undefined;
    const states = [...this.#states.values()];
    const former = states.filter(
      ({ branch }) => target.instanceId !== undefined && branch.target.instanceId === target.instanceId,
    );
    const isAsked = states.some(({ branch }) => branch.target.flow === target.flow);
    const hasAnswered = former.some(({ final }) => final !== undefined && final.status !== 430);
    if (isAsked || hasAnswered) return undefined;
    const state = this.#prepare(target);
    return {
      branch: state.branch,
      start: () => {
        for (const left of former) this.#finish(left, makeResponse(left.branch.request, 430));
        this.#send(state);
      },
    };
  }

  receive(branchId: string, response: SipResponse): void {
    const state = this.#states.get(branchId);
    if (state === undefined) return;
    if (response.status < 200) this.#provisional(state, response);
    else if (response.status < 300) this.#success(state, response);
    else this.#failure(state, response);
  }

  /** Asks everyone who has not answered to stop. */
  cancel(reasons: readonly string[]): void {
    this.#isCanceled = true;
    for (const state of this.#states.values()) this.#cancelBranch(state, reasons);
  }

  /** A target's socket is gone. */
  targetClosed(flow: Flow): void {
    for (const state of this.#states.values()) {
      if (state.branch.target.flow !== flow || state.phase === 'done' || state.isStranded) continue;
      const mayReturn = this.#isInvite && !this.#isCanceled && this.options.returnGraceMs > 0;
      if (mayReturn && state.branch.target.identity.kind === 'agent') this.#strand(state);
      else this.#failLocally(state, 430);
    }
  }

  dispose(): void {
    for (const { timer } of this.#states.values()) clearTimeout(timer);
  }

  get #isInvite(): boolean {
    return this.server.request.method === 'INVITE';
  }

  #requestFor(target: Target, branchId: string): SipRequest {
    const headers = this.onward.headers.clone();
    const hops = Number(headers.get('Max-Forwards') ?? '71');
    headers.set('Max-Forwards', `${hops - 1}`);
    headers.remove('Proxy-Authorization');
    if (this.options.recordRoute !== undefined) headers.prepend('Record-Route', this.options.recordRoute);
    headers.prepend('Via', `${this.options.via};branch=${branchId}`);
    return { ...this.onward, uri: target.uri, headers };
  }

  #prepare(target: Target): BranchState {
    const id = newBranch();
    const state: BranchState = {
      branch: { id, target, request: this.#requestFor(target, id), fork: this },
      phase: 'calling',
      cancelWith: undefined,
      cancelSent: false,
      isStranded: false,
      final: undefined,
      timer: undefined,
    };
    this.#states.set(id, state);
    return state;
  }

  #send(state: BranchState): void {
    this.#armTimer(state);
    this.options.send(state.branch.target.flow, state.branch.request);
  }

  #strand(state: BranchState): void {
    clearTimeout(state.timer);
    state.isStranded = true;
    state.timer = setTimeout(() => {
      this.#failLocally(state, 430);
    }, this.options.returnGraceMs);
  }

  #armTimer(state: BranchState): void {
    clearTimeout(state.timer);
    const timeoutMs = this.#isInvite ? this.options.ringTimeoutMs : this.options.answerTimeoutMs;
    state.timer = setTimeout(() => {
      this.#cancelBranch(state, []);
      this.#failLocally(state, 408);
    }, timeoutMs);
  }

  #provisional(state: BranchState, response: SipResponse): void {
    if (state.phase === 'done') return;
    state.phase = 'proceeding';
    if (this.#isInvite && response.status > 100) this.#armTimer(state);
    if (state.cancelWith !== undefined) this.#cancelBranch(state, state.cancelWith);
    if (response.status > 100) this.#passOn(state, response);
  }

  #success(state: BranchState, response: SipResponse): void {
    this.#finish(state, response);
    this.#passOn(state, response);
    if (!this.#isInvite) return;
    for (const other of this.#states.values()) {
      if (other !== state) this.#cancelBranch(other, [answeredElsewhere]);
    }
  }

  #failure(state: BranchState, response: SipResponse): void {
    // Also when it comes again: then the ACK was lost.
    if (this.#isInvite) this.options.send(state.branch.target.flow, makeAck(state.branch.request, response));
    if (state.phase === 'done') return;
    this.#finish(state, response);
    // A global failure speaks for all of the user's devices (RFC 3261 section 16.7, step 5).
    if (response.status >= 600 && this.#isInvite) this.cancel([]);
    this.#concludeIfDone();
  }

  #failLocally(state: BranchState, status: number): void {
    this.#finish(state, makeResponse(state.branch.request, status));
    this.#concludeIfDone();
  }

  #finish(state: BranchState, final: SipResponse): void {
    clearTimeout(state.timer);
    state.isStranded = false;
    state.phase = 'done';
    state.final = final;
  }

  #passOn(state: BranchState, response: SipResponse): void {
    const isFinal = response.status >= 200;
    if (this.server.isAnswered && !isFinal) return;
    const upstream = withoutTopVia(response);
    this.options.onResponse(upstream, state.branch.target);
    this.server.respond(upstream);
    if (isFinal) this.#conclude(response.status);
  }

  #concludeIfDone(): void {
    const states = [...this.#states.values()];
    if (this.server.isAnswered || states.some(({ phase }) => phase !== 'done')) return;
    const best = bestOf(states.map(({ final }) => final).filter((final) => final !== undefined));
    if (best === undefined) return;
    // A proxy sends no 408 for anything but INVITE: the sender's own timer is as fast (RFC 4320 section 4.2).
    if (best.status === 430) {
      this.server.respond(makeResponse(this.server.request, this.options.unreachableStatus));
    } else if (best.status !== 408 || this.#isInvite) this.server.respond(withoutTopVia(best));
    this.#conclude(best.status);
  }

  #conclude(status: number): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.options.onFinal(status);
  }

  #cancelBranch(state: BranchState, reasons: readonly string[]): void {
    if (!this.#isInvite || state.phase === 'done' || state.cancelSent) return;
    if (state.isStranded) {
      this.#failLocally(state, 487);
      return;
    }
    if (state.phase === 'calling') {
      state.cancelWith = reasons;
      return;
    }
    state.cancelSent = true;
    this.options.send(state.branch.target.flow, makeCancel(state.branch.request, reasons));
  }
}

export function withoutTopVia(response: SipResponse): SipResponse {
  const headers = new Headers(response.headers.list);
  headers.set('Via', ...response.headers.elements('Via').slice(1));
  return { ...response, headers };
}

/** Answers that tell the caller what to do come before those that only say no (RFC 3261 section 16.7). */
const preferred = [401, 407, 415, 420, 484, 486];

function bestOf(finals: readonly SipResponse[]): SipResponse | undefined {
  const rank = ({ status }: SipResponse): number => {
    if (status >= 600) return 0;
    const index = preferred.indexOf(status);
    if (index >= 0) return 1 + index;
    // A device that is gone or silent says less than one that answered.
    return status === 430 || status === 408 ? 2000 + status : 100 + status;
  };
  return [...finals].sort((a, b) => rank(a) - rank(b))[0];
}
