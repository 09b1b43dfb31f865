/** SIP over WebSocket (RFC 7118) on the port of the HTTP server, under `/sip`. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket, WebSocketServer } from 'ws';
import type { SandboxLimits } from '../options';
import { Flow } from '../sip/flow';
import type { Gateway } from '../sip/gateway';
import { TokenBucket } from './rate-limit';

export const sipPath = '/sip';

/** RFC 6455 section 7.4.1: policy violation. */
const policyViolation = 1008;
/** RFC 6455 section 7.4.1: going away. */
const goingAway = 1001;
/** A peer that does not read is cut before it fills our memory. */
const maxBufferedBytes = 4 * 1024 * 1024;

/** Loads ws, an optional peer dependency that only a running sandbox needs. */
export async function loadWebSocketServer(): Promise<typeof WebSocketServer> {
  try {
    return (await import('ws')).WebSocketServer;
  } catch (cause) {
    throw new Error('The sandbox needs the package "ws": npm install --save-dev ws werift@0.24.4', { cause });
  }
}

export class SipSocketServer {
  readonly #server: WebSocketServer;
  readonly #sockets = new Map<WebSocket, Flow>();

  constructor(
    Server: typeof WebSocketServer,
    private readonly gateway: Gateway,
    private readonly limits: SandboxLimits,
  ) {
    this.#server = new Server({
      noServer: true,
      maxPayload: limits.messageBytes,
      perMessageDeflate: false,
      handleProtocols: () => 'sip',
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Without a listener an error on the raw socket would end the process.
    socket.on('error', () => socket.destroy());
    const refuse = (status: string): void => {
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    };
    const path = (request.url ?? '').split('?', 1)[0];
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (path !== sipPath) refuse('404 Not Found');
    else if (!offered.includes('sip')) refuse('400 Bad Request');
    else if (this.#sockets.size >= this.limits.sockets) refuse('503 Service Unavailable');
    else {
      this.#server.handleUpgrade(request, socket, head, (webSocket) => {
        this.#accept(webSocket, request.socket.remoteAddress ?? '');
      });
    }
  }

  close(): void {
    for (const [webSocket, flow] of this.#sockets) {
      webSocket.close(goingAway);
      webSocket.terminate();
      this.gateway.closed(flow);
    }
    this.#sockets.clear();
    this.#server.close();
  }

  #accept(webSocket: WebSocket, remoteAddress: string): void {
    const flow = new Flow(
      {
        send: (data) => {
          if (webSocket.bufferedAmount > maxBufferedBytes) webSocket.terminate();
          else webSocket.send(data);
        },
        close: () => {
          webSocket.terminate();
        },
      },
      remoteAddress,
    );
    const { messagesPerSecond } = this.limits;
    const bucket = new TokenBucket(messagesPerSecond, messagesPerSecond * 2);
    const deadline = setTimeout(() => {
      if (flow.identity === undefined) webSocket.close(policyViolation, 'not authenticated in time');
    }, this.limits.authenticationMs);
    this.#sockets.set(webSocket, flow);
    this.gateway.opened(flow);
    flow.onProven = () => {
      this.#limitSockets(flow);
    };
    webSocket.on('message', (data: Buffer) => {
      if (!flow.isOpen || flow.isFrozen) return;
      if (!bucket.take()) {
        webSocket.close(policyViolation, 'too many messages');
        return;
      }
      this.gateway.receive(flow, data);
    });
    // ws reports broken frames and oversized messages here, then closes.
    webSocket.on('error', () => undefined);
    webSocket.on('close', () => {
      clearTimeout(deadline);
      this.#sockets.delete(webSocket);
      this.gateway.closed(flow);
    });
  }

  #limitSockets(newest: Flow): void {
    const own = [...this.#sockets].filter(([, flow]) => flow.identity?.user === newest.identity?.user);
    const surplus = own.length - this.limits.socketsPerUser;
    for (const [webSocket] of own.slice(0, Math.max(0, surplus))) {
      webSocket.close(policyViolation, 'too many sockets of one agent');
    }
  }
}
