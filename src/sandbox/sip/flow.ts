/**
 * A flow (RFC 5626 section 3.2): the two-way channel to one user agent. A browser's WebSocket and a
 * customer's in-process pipe look the same from here.
 */
import { randomBytes } from 'node:crypto';

/** Who a flow has proven to be. */
export interface Identity {
  readonly kind: 'agent' | 'customer';
  /** The agent's user_uuid or the customer's number. */
  readonly user: string;
}

export const sameIdentity = (a: Identity | undefined, b: Identity | undefined): boolean =>
  a !== undefined && b !== undefined && a.kind === b.kind && a.user === b.user;

export interface FlowTransport {
  /** Sends one whole message. */
  send(data: string): void;
  /** Cuts the channel. */
  close(): void;
}

export class Flow {
  readonly id = randomBytes(9).toString('base64url');
  /** Digest nonces that this flow has used, with the request counts seen (RFC 7616 section 3.4, `nc`). */
  readonly usedNonces = new Map<string, Set<string>>();
  #identity: Identity | undefined;
  #open = true;
  /** A socket that seems open and carries nothing, as after a change of networks. For tests. */
  isFrozen = false;
  /** Called once, when the flow proves who it is. */
  onProven: (() => void) | undefined;
  #waiting: (() => Promise<void>)[] | undefined;

  constructor(
    private readonly transport: FlowTransport,
    readonly remoteAddress: string,
    trusted?: Identity,
  ) {
    this.#identity = trusted;
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Binds the flow to the first identity that it proves. False when it already belongs to another. */
  prove(identity: Identity): boolean {
    if (this.#identity === undefined) {
      this.#identity = identity;
      this.onProven?.();
    }
    return sameIdentity(this.#identity, identity);
  }

  /**
   * Runs a task at once, or after those before it: while one waits, the order of what the peer sent is kept. What
   * is left when the flow closes is dropped.
   */
  inOrder(task: () => Promise<void>): void {
    if (this.#waiting === undefined) void this.#runAll(task);
    else this.#waiting.push(task);
  }

  async #runAll(first: () => Promise<void>): Promise<void> {
    const waiting: (() => Promise<void>)[] = [];
    this.#waiting = waiting;
    await first();
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) if (this.#open) await next();
    this.#waiting = undefined;
  }

  send(data: string): void {
    if (this.#open && !this.isFrozen) this.transport.send(data);
  }

  markClosed(): void {
    this.#open = false;
  }

  close(): void {
    if (!this.#open) return;
    this.transport.close();
  }
}
