import { stopTimer, type TimerHandle } from '../core/clock';
import type { LogBook } from '../core/log-book';
import { startSteadyTimer } from '../core/steady-timer';
import type { RawSocket, RawTransport } from './jssip';
import { KeepAlive } from './keep-alive';
import { PreferredServer } from './preferred-server';
import { ReconnectLoop } from './reconnect';
import { SipWebSocket } from './web-socket';

/** An attempt that has waited this long may wait for a packet that the former network lost (RFC 6298: 1 s). */
const STALE_ATTEMPT_MS = 1_000;
/** Connecting to the preferred server and registering there. */
const MOVE_TIMEOUT_MS = 10_000;
/** For answers and requests under way over the connection that was left. */
const LINGER_MS = 3_000;
/** For calls that came over it and ring: longer than any rings here, with 64*T1 for its ACK (RFC 3261 section 13.3.1.4). */
const LINGER_AT_MOST_MS = 280_000;

export interface ConnectionOptions {
  readonly book: LogBook;
  /** WebSocket URLs, the preferred one first. */
  readonly urls: readonly string[];
  /** Address of record, for the keep-alive. */
  readonly uri: string;
  readonly isInCall: () => boolean;
  /** Whether an INVITE that has come waits for our answer, or our answer for its ACK. */
  readonly owesAnswer: () => boolean;
  /** The machine or the page has slept, or the clock was put forward. */
  readonly onOverslept: () => void;
}

/**
 * The one connection that JsSIP sees, over whichever of the servers is reachable: in order of preference, one that
 * failed behind the others. Reconnects, keeps alive, and returns to the preferred server while no call is live.
 */
export class SipConnection implements RawSocket {
  onconnect: () => void = () => undefined;
  ondisconnect: (error: boolean, code?: number, reason?: string) => void = () => undefined;
  ondata: (data: string) => void = () => undefined;
  /** A second connection, to the preferred server, is open: REGISTER goes there. */
  onmoveready: () => void = () => undefined;
  /** It is gone before REGISTER was answered there. */
  onmovefailed: () => void = () => undefined;

  readonly #options: ConnectionOptions;
  readonly #servers: readonly SipWebSocket[];
  readonly #loop: ReconnectLoop;
  readonly #keepAlive: KeepAlive;
  readonly #preferred: PreferredServer;
  #transport: RawTransport | undefined;
  #order: readonly SipWebSocket[];
  #current: SipWebSocket;
  #isOpen = false;
  #isStopped = false;
  /** To the preferred server, while the current one still serves. */
  #next: SipWebSocket | undefined;
  #isRegisteringThere = false;
  /** Via branches of requests that came over another connection than the current one: answers go back there. */
  readonly #origins = new Map<string, SipWebSocket>();
  #moveTimer: TimerHandle | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#servers = options.urls.map((url) => this.#serve(new SipWebSocket(url, options.book)));
    this.#order = this.#servers;
    const [first] = this.#servers;
    if (!first) throw new Error('no WebSocket URL');
    this.#current = first;
    this.#loop = new ReconnectLoop({
      serverCount: this.#servers.length,
      isInCall: options.isInCall,
      connect: () => this.#transport?.connect(),
    });
    this.#keepAlive = new KeepAlive({
      uri: options.uri,
      isInCall: options.isInCall,
      send: (text) => this.#current.send(text),
      onDead: () => {
        this.#current.giveUp('silent');
      },
      onLate: options.onOverslept,
    });
    this.#preferred = new PreferredServer(() => {
      this.#move();
    });
  }

  get url(): string {
    return this.#current.url;
  }

  get sip_uri(): string {
    return this.#current.sip_uri;
  }

  get via_transport(): string {
    return this.#current.via_transport;
  }

  /** Number of the current connection attempt in this outage, from 1. */
  get attempt(): number {
    return this.#loop.attempts;
  }

  /** Open, and its signs of life came in time. */
  get isAlive(): boolean {
    return this.#isOpen && this.#keepAlive.isAlive;
  }

  /** Alive, and not only because it is too new to tell. */
  get isProven(): boolean {
    return this.isAlive && this.#keepAlive.hasSpoken;
  }

  /** A connection to the preferred server is open beside the current one. */
  get isMoving(): boolean {
    return this.#next?.isConnected() === true;
  }

  /** Takes over from JsSIP's recovery timer, which waits 2 s before anything. */
  attach(transport: RawTransport): void {
    this.#transport = transport;
    transport._reconnect = () => undefined;
  }

  /** Opens the connection, without waiting any longer. One under way goes on, unless it may wait for a lost packet. */
  reconnectNow(): void {
    if (this.#isStopped || this.#isOpen) return;
    if (this.#current.connectingForMs > STALE_ATTEMPT_MS) this.#current.giveUp('stale');
    if (this.#transport?.isConnecting() === false) this.#loop.now();
  }

  /** Asks for a sign of life now; a connection that stays silent is given up within 2 s. */
  probe(): void {
    this.#keepAlive.probe();
  }

  /** Gives the connection up when nothing at all has come in for that long. */
  giveUpIfSilentFor(ms: number): void {
    if (this.#keepAlive.silentForMs >= ms) this.#current.giveUp('silent');
  }

  /** A call has begun or ended. */
  callsChanged(): void {
    this.#keepAlive.callsChanged();
  }

  /** Neither reconnects nor moves any more; the connection stays until JsSIP closes it. */
  stop(): void {
    this.#isStopped = true;
    this.#loop.stop();
    this.#preferred.stop();
    this.stay();
  }

  /**
   * The second connection takes over when REGISTER was confirmed there and no call came meanwhile; else it is
   * dropped, and tried again later. True when it took over.
   */
  settleMove(isConfirmed: boolean): boolean {
    const next = this.#next;
    if (!next) return false;
    if (!isConfirmed || !this.#isRegisteringThere || this.#options.isInCall()) {
      this.stay();
      this.#preferred.away();
      return false;
    }
    const former = this.#current;
    this.#next = undefined;
    this.#isRegisteringThere = false;
    this.#current = next;
    this.#keepAlive.opened(next.url);
    stopTimer(this.#moveTimer);
    this.#leave(former, LINGER_AT_MOST_MS);
    return true;
  }

  #leave(former: SipWebSocket, atMostMs: number): void {
    this.#moveTimer = startSteadyTimer(LINGER_MS, () => {
      if (this.#options.owesAnswer() && former.isConnected() && atMostMs > LINGER_MS) {
        this.#leave(former, atMostMs - LINGER_MS);
        return;
      }
      former.disconnect();
      this.#origins.clear();
    });
  }

  /** Drops a second connection. */
  stay(): void {
    if (!this.#next) return;
    stopTimer(this.#moveTimer);
    this.#next.disconnect();
    this.#next = undefined;
    this.#isRegisteringThere = false;
  }

  // For JsSIP.

  connect(): void {
    this.#closeAll();
    const [first, ...others] = this.#order;
    this.#current = first ?? this.#current;
    this.#current.connect(others.length > 0);
  }

  disconnect(): void {
    this.#isOpen = false;
    this.#loop.stop();
    this.#closeAll();
  }

  send(message: string): boolean {
    return this.#wayOf(message).send(message);
  }

  isConnected(): boolean {
    return this.#current.isConnected();
  }

  isConnecting(): boolean {
    return this.#current.isConnecting();
  }

  #serve(socket: SipWebSocket): SipWebSocket {
    socket.onconnect = () => {
      this.#opened(socket);
    };
    socket.ondata = (text) => {
      if (socket === this.#current) this.#keepAlive.heard(text);
      else if (!text.startsWith('SIP/2.0')) this.#origins.set(branchOf(text), socket);
      this.ondata(text);
    };
    socket.ondisconnect = (_error, code, reason) => {
      this.#gone(socket, code, reason);
    };
    return socket;
  }

  #opened(socket: SipWebSocket): void {
    if (socket === this.#next) {
      this.onmoveready();
      return;
    }
    this.#isOpen = true;
    this.#loop.stop();
    this.#order = this.#servers;
    this.#keepAlive.opened(socket.url);
    if (socket !== this.#servers[0]) this.#preferred.away();
    this.onconnect();
  }

  #gone(socket: SipWebSocket, code?: number, reason?: string): void {
    if (socket === this.#next) this.#moveFailed();
    if (socket !== this.#current) return;
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    this.#closeAll();
    this.#order = [...this.#order.filter((server) => server !== socket), socket];
    if (!this.#isStopped) {
      if (wasOpen) this.#loop.lost();
      else this.#loop.failed();
    }
    this.ondisconnect(true, code, reason);
  }

  #closeAll(): void {
    this.#keepAlive.closed();
    this.#preferred.stop();
    stopTimer(this.#moveTimer);
    this.#next = undefined;
    this.#isRegisteringThere = false;
    this.#origins.clear();
    for (const server of this.#servers) server.disconnect();
  }

  #move(): void {
    const [preferred] = this.#servers;
    if (this.#options.isInCall() || !preferred) {
      this.#preferred.away();
      return;
    }
    this.#next = preferred;
    this.#moveTimer = startSteadyTimer(MOVE_TIMEOUT_MS, () => {
      this.#moveFailed();
    });
    preferred.connect();
  }

  #moveFailed(): void {
    const wasRegistering = this.#isRegisteringThere;
    this.settleMove(false);
    if (wasRegistering) this.onmovefailed();
  }

  #wayOf(message: string): SipWebSocket {
    if (message.startsWith('SIP/2.0')) {
      const origin = this.#origins.get(branchOf(message));
      // RFC 3261 section 18.2.2: where it is gone, any other way to the server.
      return origin?.isConnected() ? origin : this.#current;
    }
    if (!this.#next?.isConnected() || !message.startsWith('REGISTER')) return this.#current;
    this.#isRegisteringThere = true;
    return this.#next;
  }
}

/** The transaction that a message belongs to: the branch of its topmost Via (RFC 3261 section 17.2.3). */
function branchOf(message: string): string {
  return /;\s*branch\s*=\s*([^\s;,]+)/i.exec(message)?.[1] ?? '';
}
