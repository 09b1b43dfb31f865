/**
 * Server transactions (RFC 3261 section 17.2, RFC 6026): a request that arrives twice is answered twice but
 * acted on once.
 */
import type { Flow } from './flow';
import { parseVia } from './headers';
import type { SipRequest, SipResponse } from './message';

/** Timer H and Timer L, 64 * T1: how long an answered INVITE is remembered. */
export const inviteLingerMs = 32_000;
/** Timer K, T4: how long any other answered request is remembered. */
const otherLingerMs = 5_000;

export type SendResponse = (flow: Flow, response: SipResponse) => void;

export class ServerTransaction {
  #last: SipResponse | undefined;
  #forgetAtMs = Infinity;

  constructor(
    readonly request: SipRequest,
    readonly flow: Flow,
    private readonly send: SendResponse,
  ) {}

  get isAnswered(): boolean {
    return (this.#last?.status ?? 0) >= 200;
  }

  get forgetAtMs(): number {
    return this.#forgetAtMs;
  }

  /** After a final answer only further 2xx pass: another fork's, or the same again (RFC 6026 section 7.1). */
  respond(response: SipResponse): void {
    const isSuccess = response.status >= 200 && response.status < 300;
    const wasSuccess = this.#last !== undefined && this.#last.status >= 200 && this.#last.status < 300;
    if (this.isAnswered && !(isSuccess && wasSuccess && this.request.method === 'INVITE')) return;
    this.#last = response;
    if (this.isAnswered) {
      this.#forgetAtMs = Date.now() + (this.request.method === 'INVITE' ? inviteLingerMs : otherLingerMs);
    }
    this.send(this.flow, response);
  }

  /** The same request again: the same answer again. */
  repeat(): void {
    if (this.#last !== undefined) this.send(this.flow, this.#last);
  }
}

/** Where a request's transaction is found; ACK and CANCEL name the INVITE they belong to. */
export function transactionKey(request: SipRequest, flow: Flow, method = request.method): string | undefined {
  const via = parseVia(request.headers.elements('Via')[0] ?? '');
  const branch = via?.params.get('branch');
  if (via === undefined || branch === undefined || branch === '') return undefined;
  // The flow is part of the key: no other socket can touch the transaction.
  return [flow.id, branch, via.sentBy, method].join(' ');
}

export class ServerTransactions {
  readonly #byKey = new Map<string, ServerTransaction>();
  readonly #sweep: NodeJS.Timeout;

  constructor() {
    this.#sweep = setInterval(() => {
      const now = Date.now();
      for (const [key, transaction] of this.#byKey)
        if (transaction.forgetAtMs <= now) this.#byKey.delete(key);
    }, 1000);
    this.#sweep.unref();
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): ServerTransaction | undefined {
    return this.#byKey.get(key);
  }

  add(key: string, transaction: ServerTransaction): void {
    this.#byKey.set(key, transaction);
  }

  flowClosed(flow: Flow): void {
    for (const [key, transaction] of this.#byKey) if (transaction.flow === flow) this.#byKey.delete(key);
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#byKey.clear();
  }
}
