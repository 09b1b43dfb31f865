/** A JsSIP socket whose other end is the gateway in the same process: no network, no serialisation twice. */
import { Flow, type Identity } from '../sip/flow';
import type { JsSipSocket } from './jssip-types';

/** The gateway's side of a pipe. */
export interface PipeEnd {
  /** A message from the customer. */
  receive(flow: Flow, data: Buffer): void;
  opened(flow: Flow): void;
  closed(flow: Flow): void;
}

export class PipeSocket implements JsSipSocket {
  readonly via_transport = 'WS';
  readonly url = 'pipe://sandbox';
  readonly sip_uri = 'sip:sandbox.invalid;transport=ws';
  onconnect?: () => void;
  ondisconnect?: (error: boolean, code?: number, reason?: string) => void;
  ondata?: (data: string) => void;
  readonly flow: Flow;
  #connected = false;

  constructor(
    private readonly gateway: PipeEnd,
    identity: Identity,
    private readonly log: (line: string) => void,
  ) {
    const transport = {
      send: (data: string) => {
        // As a network would: never inside the call that sent it.
        setImmediate(() => {
          if (this.#connected) this.#deliver(data);
        });
      },
      close: () => {
        this.disconnect();
      },
    };
    this.flow = new Flow(transport, 'in-process', identity);
  }

  /** What an agent sent may be too strange for JsSIP; that is the end of the message, not of the process. */
  #deliver(data: string): void {
    try {
      this.ondata?.(data);
    } catch (error) {
      this.log(`a customer could not read a message: ${String(error)}`);
    }
  }

  connect(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.gateway.opened(this.flow);
    setImmediate(() => this.onconnect?.());
  }

  disconnect(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.flow.markClosed();
    this.gateway.closed(this.flow);
    this.ondisconnect?.(false);
  }

  send(data: string): boolean {
    if (!this.#connected) return false;
    setImmediate(() => {
      this.gateway.receive(this.flow, Buffer.from(data, 'utf8'));
    });
    return true;
  }
}
