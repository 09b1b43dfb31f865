import { monotonicMs, startTimer, stopTimer, type TimerHandle } from '../core/clock';
import type { LogBook } from '../core/log-book';
import { startSteadyTimer } from '../core/steady-timer';
import type { RawSocket } from './jssip';

// Three round trips (TCP, TLS, upgrade) on a satellite link of 600 ms leave room for one lost SYN (RFC 6298: 1 s, 3 s).
const CONNECT_TIMEOUT_MS = 8_000;
/** Where another server could be tried meanwhile: without the lost SYN. */
const CONNECT_TIMEOUT_WITH_OTHERS_MS = 4_000;

// RFC 7118 section 4.1: the WebSocket subprotocol of SIP.
const SUBPROTOCOL = 'sip';

/**
 * A WebSocket to one server. It always says how a connection attempt ended: also when the constructor
 * throws (`ws:` on an `https:` page), when a content security policy blocks it (Chromium then fires `error` and
 * never `close`), and when the server accepts the TCP connection but never answers the upgrade.
 */
export class SipWebSocket implements RawSocket {
  readonly url: string;
  readonly sip_uri: string;
  readonly via_transport: string;
  onconnect: () => void = () => undefined;
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => undefined;
  ondata: (data: string) => void = () => undefined;

  #socket: WebSocket | undefined;
  #connectTimer: TimerHandle | undefined;
  #startedAtMs = 0;
  readonly #book: LogBook;
  /** What may be told of the URL: a path or a query may hold a token. */
  readonly #shown: string;

  /** @param book what is sent and received is noted there */
  constructor(url: string, book: LogBook) {
    this.#book = book;
    const parsed = new URL(url);
    this.url = url;
    this.via_transport = parsed.protocol === 'wss:' ? 'WSS' : 'WS';
    this.#shown = `${parsed.protocol}//${parsed.host}`;
    this.sip_uri = `sip:${parsed.host};transport=ws`;
  }

  /** @param hasOthers whether there are other servers, so that this one gets less time */
  connect(hasOthers = false): void {
    if (this.#socket) return;
    this.#startedAtMs = monotonicMs();
    const book = this.#book;
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.url, SUBPROTOCOL);
    } catch {
      this.#connectTimer = startTimer(0, () => {
        this.#gone(undefined, 1006, 'the browser refused the URL');
      });
      return;
    }
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      stopTimer(this.#connectTimer);
      book.addMessage('opened', this.#shown);
      this.onconnect();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      const { data } = event;
      const text = data instanceof ArrayBuffer ? new TextDecoder().decode(data) : data;
      if (typeof text !== 'string') return;
      book.addMessage('received', text);
      this.ondata(text);
    };
    socket.onclose = (event) => {
      this.#gone(socket, event.code, event.reason);
    };
    socket.onerror = () => {
      // A close event follows unless a policy blocked the connection; one turn is enough to tell.
      startTimer(0, () => {
        if (socket.readyState === socket.CLOSED) this.#gone(socket, 1006, 'blocked');
      });
    };
    const timeoutMs = hasOthers ? CONNECT_TIMEOUT_WITH_OTHERS_MS : CONNECT_TIMEOUT_MS;
    this.#connectTimer = startSteadyTimer(timeoutMs, () => {
      this.#gone(socket, 1006, 'timeout');
    });
  }

  disconnect(): void {
    stopTimer(this.#connectTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) abandon(socket);
  }

  /** For how long an attempt to connect has been going on; 0 when none is. */
  get connectingForMs(): number {
    return this.isConnecting() ? monotonicMs() - this.#startedAtMs : 0;
  }

  /** Takes a connection for lost, or an attempt for failed: nobody tells a browser that the path behind it is dead. */
  giveUp(reason: string): void {
    if (this.#socket) this.#gone(this.#socket, 1006, reason);
  }

  send(message: string): boolean {
    if (!this.isConnected()) return false;
    this.#socket?.send(message);
    this.#book.addMessage('sent', message);
    return true;
  }

  isConnected(): boolean {
    const socket = this.#socket;
    return socket !== undefined && socket.readyState === socket.OPEN;
  }

  isConnecting(): boolean {
    const socket = this.#socket;
    return socket !== undefined && socket.readyState === socket.CONNECTING;
  }

  #gone(socket: WebSocket | undefined, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    stopTimer(this.#connectTimer);
    this.#socket = undefined;
    if (socket) abandon(socket);
    this.#book.addMessage('closed', `${this.#shown} ${code} ${reason}`);
    this.ondisconnect(true, code, reason);
  }
}

function abandon(socket: WebSocket): void {
  socket.onopen = null;
  socket.onmessage = null;
  socket.onclose = null;
  socket.onerror = null;
  socket.close();
}
