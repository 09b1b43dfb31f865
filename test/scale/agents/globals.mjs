// What the SDK and JsSIP look for in a browser, as far as agents without media need it.
import WebSocket from 'ws';

/** Sockets that have not closed yet. */
export const openSockets = new Set();

let sockets = 0;

/** Addresses of loopback that nothing else uses: agents at home come from one each, and the edge counts by address. */
function nextAddress() {
  sockets += 1;
  return `127.1.${(sockets >> 8) & 255}.${sockets & 255}`;
}

class AgentWebSocket extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { localAddress: nextAddress(), perMessageDeflate: false });
    openSockets.add(this);
    this.once('close', () => openSockets.delete(this));
    // In a browser an `error` that nobody listens to is nothing; in Node it would end the process.
    this.on('error', () => undefined);
  }
}

/** Nobody talks here: it is enough that there is such a thing. */
class NoPeerConnection {
  constructor() {
    throw new Error('agents of this simulation have no media');
  }
}

globalThis.window = globalThis;
globalThis.WebSocket = AgentWebSocket;
globalThis.RTCPeerConnection = NoPeerConnection;
