/** Stands in front of a WebSocket port, and can cut or freeze what passes. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Passage {
  readonly near: Socket;
  readonly far: Socket;
}

export class Proxy {
  readonly #passages = new Set<Passage>();
  #server: Server | undefined;
  #port = 0;
  #isFrozen = false;

  private constructor(
    private readonly host: string,
    private readonly target: { readonly host: string; readonly port: number },
  ) {}

  /** Listens at a free port of `host`. */
  static async start(host: string, wsUrl: string): Promise<Proxy> {
    const { hostname, port } = new URL(wsUrl);
    const proxy = new Proxy(host, { host: hostname, port: Number(port) });
    await proxy.#listen();
    return proxy;
  }

  get url(): string {
    return `ws://${this.host}:${this.#port}`;
  }

  /** Closes all connections; refuses new ones until `mend` when `refuses`. */
  cut(refuses: boolean): void {
    if (refuses) this.#server?.close();
    if (refuses) this.#server = undefined;
    for (const { near, far } of this.#passages) {
      near.destroy();
      far.destroy();
    }
  }

  async mend(): Promise<void> {
    if (this.#server === undefined) await this.#listen();
  }

  /** Nothing passes any more on the connections that there are, for ever; on new ones not until `thaw`. */
  freeze(): void {
    this.#isFrozen = true;
    for (const passage of this.#passages) halt(passage);
  }

  thaw(): void {
    this.#isFrozen = false;
  }

  close(): void {
    this.cut(true);
  }

  async #listen(): Promise<void> {
    const server = createServer((near) => {
      this.#join(near);
    });
    server.listen(this.#port, this.host);
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  #join(near: Socket): void {
    const far = connect(this.target);
    const passage = { near, far };
    this.#passages.add(passage);
    near.setNoDelay(true);
    far.setNoDelay(true);
    const end = (): void => {
      this.#passages.delete(passage);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on('error', end).on('close', end);
    if (this.#isFrozen) halt(passage);
    else near.pipe(far).pipe(near);
  }
}

/** The kernel goes on acknowledging, so neither side learns anything. */
function halt({ near, far }: Passage): void {
  near.unpipe();
  far.unpipe();
  near.pause();
  far.pause();
  // The end of one side is not to be seen by the other.
  near.removeAllListeners('close').removeAllListeners('end');
  far.removeAllListeners('close').removeAllListeners('end');
}
