import { DomTarget, domEvent } from './dom-target';
import { runAsTask } from './next-task';

/**
 * What becomes of one attempt to connect: `accept`; `refuse` (error and close 1006, as for a closed port);
 * `hang` (CONNECTING for ever, as for a TCP port that never upgrades); `throw` (the constructor throws, as for
 * ws:// on an https page); `error-only` (an error and never a close, as for a CSP block in Chromium).
 */
export type ConnectBehaviour = 'accept' | 'refuse' | 'hang' | 'throw' | 'error-only';

/** The far side of the socket. */
export interface WebSocketPeer {
  behaviourOf(url: string, attempt: number): ConnectBehaviour;
  onAttempt(url: string): number;
  onOpen(socket: FakeWebSocket): void;
  onText(socket: FakeWebSocket, text: string): void;
  onClosed(socket: FakeWebSocket, by: 'agent' | 'server'): void;
}

type Handler<E extends Event = Event> = ((event: E) => void) | null;
type MessageLike = Event & { readonly data: string | ArrayBuffer };
type CloseLike = Event & { readonly code: number; readonly reason: string; readonly wasClean: boolean };

/** The part of the DOM WebSocket that signalling uses, with a scripted server instead of a network. */
export class FakeWebSocket extends DomTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;

  readonly url: string;
  readonly protocol: string;
  readonly bufferedAmount = 0;
  readonly extensions = '';
  binaryType: BinaryType = 'blob';
  readyState = 0;
  onopen: Handler = null;
  onerror: Handler = null;
  onmessage: Handler<MessageLike> = null;
  onclose: Handler<CloseLike> = null;

  readonly #peer: WebSocketPeer;
  #frozen = false;
  #lost = false;

  constructor(peer: WebSocketPeer, url: string, protocols?: string | string[]) {
    super();
    this.url = url;
    this.protocol = (Array.isArray(protocols) ? protocols[0] : protocols) ?? '';
    this.#peer = peer;
    const attempt = peer.onAttempt(url);
    const behaviour = peer.behaviourOf(url, attempt);
    if (behaviour === 'throw') throw new DOMException('The operation is insecure.', 'SecurityError');
    runAsTask(() => {
      this.#connect(behaviour);
    });
  }

  send(data: string | ArrayBufferLike): void {
    if (this.readyState === this.CONNECTING) {
      throw new DOMException('Still in CONNECTING state.', 'InvalidStateError');
    }
    if (this.readyState !== this.OPEN) return;
    const text = typeof data === 'string' ? data : new TextDecoder().decode(new Uint8Array(data));
    const leftWhileFrozen = this.#frozen;
    runAsTask(() => {
      // What was sent before close() still arrives; what met a dead path never does.
      if (!leftWhileFrozen && !this.#frozen && !this.#lost) this.#peer.onText(this, text);
    });
  }

  close(code = 1005, reason = ''): void {
    if (this.readyState >= this.CLOSING) return;
    const neverOpened = this.readyState === this.CONNECTING;
    this.readyState = this.CLOSING;
    // On a dead path the closing handshake is never answered.
    if (this.#frozen) return;
    runAsTask(() => {
      if (this.readyState === this.CLOSED) return;
      if (neverOpened) this.dispatchEvent(domEvent('error'));
      this.#closed(neverOpened ? 1006 : code, reason, !neverOpened, 'agent');
    });
  }

  /** Server side: sends a text frame. */
  deliver(data: string | ArrayBuffer): void {
    const sentWhileFrozen = this.#frozen;
    runAsTask(() => {
      if (sentWhileFrozen || this.#frozen || this.readyState !== this.OPEN) return;
      this.dispatchEvent(domEvent('message', { data }));
    });
  }

  /** Server side: the connection is lost without a closing handshake (1006). */
  cut(): void {
    if (this.readyState === this.CLOSED) return;
    this.readyState = this.CLOSED;
    this.#lost = true;
    runAsTask(() => {
      this.#closed(1006, '', false, 'server');
    });
  }

  /** Server side: an orderly close. */
  shut(code = 1001, reason = ''): void {
    if (this.readyState === this.CLOSED) return;
    this.readyState = this.CLOSED;
    runAsTask(() => {
      this.#closed(code, reason, true, 'server');
    });
  }

  /** From now on nothing passes in either direction and neither side is told, as behind a dead NAT binding. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Lets frames pass again. What was sent in between is lost. */
  thaw(): void {
    this.#frozen = false;
  }

  #connect(behaviour: ConnectBehaviour): void {
    if (this.readyState !== this.CONNECTING || behaviour === 'hang') return;
    if (behaviour === 'accept') {
      this.readyState = this.OPEN;
      this.#peer.onOpen(this);
      this.dispatchEvent(domEvent('open'));
      return;
    }
    this.readyState = this.CLOSED;
    this.dispatchEvent(domEvent('error'));
    if (behaviour === 'refuse') this.#closed(1006, '', false, 'server');
  }

  #closed(code: number, reason: string, wasClean: boolean, by: 'agent' | 'server'): void {
    this.readyState = this.CLOSED;
    this.#peer.onClosed(this, by);
    this.dispatchEvent(domEvent('close', { code, reason, wasClean }));
  }
}

/** Makes `globalThis.WebSocket` connect to `peer`. Returns what puts the former one back. */
export function installFakeWebSocket(peer: WebSocketPeer): () => void {
  const former = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  class InstalledWebSocket extends FakeWebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(peer, url, protocols);
    }
  }
  Object.defineProperty(globalThis, 'WebSocket', {
    value: InstalledWebSocket,
    configurable: true,
    writable: true,
  });
  return () => {
    if (former) Object.defineProperty(globalThis, 'WebSocket', former);
    else Reflect.deleteProperty(globalThis, 'WebSocket');
  };
}
