/** The control port of baresip (module ctrl_tcp): commands and events as JSON in netstrings. */
import { connect, type Socket } from 'node:net';
import { TypedEmitter } from '../../../../src/core/emitter';
import { waitFor } from '../../../../src/sandbox/wait';

const answerTimeoutMs = 5_000;

export interface BaresipEvent {
  /** For example `CALL_ESTABLISHED`. */
  readonly type: string;
  /** The Call-ID, where it concerns a call. */
  readonly id?: string;
  readonly direction?: 'incoming' | 'outgoing';
  readonly param?: string;
}

interface Answer {
  readonly response: true;
  readonly ok: boolean;
  readonly data: string;
  readonly token?: string;
}

interface ControlEvents {
  event: [event: BaresipEvent];
  answer: [answer: Answer];
}

export class BaresipControl extends TypedEmitter<ControlEvents> {
  #received = Buffer.alloc(0);
  #nextToken = 1;

  private constructor(private readonly socket: Socket) {
    super();
    socket.on('data', (bytes: Buffer) => {
      this.#receive(bytes);
    });
    socket.on('error', () => undefined);
  }

  static async connect(port: number): Promise<BaresipControl> {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new BaresipControl(socket);
  }

  /**
   * Runs one of baresip's commands (`/help` lists them).
   * @throws Error (rejection) when it refuses, with its words
   */
  async command(command: string, params?: string): Promise<string> {
    const token = String(this.#nextToken++);
    const json = JSON.stringify({ command, token, ...(params === undefined ? {} : { params }) });
    const answer = waitFor<Answer>(`answer of baresip to ${command}`, answerTimeoutMs, (resolve) => {
      const take = (got: Answer): void => {
        if (got.token === token) resolve(got);
      };
      this.on('answer', take);
      return () => this.off('answer', take);
    });
    this.socket.write(`${Buffer.byteLength(json)}:${json},`);
    const { ok, data } = await answer;
    if (!ok) throw new Error(`baresip does not ${command}: ${data.trim()}`);
    return data;
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const colon = this.#received.indexOf(':');
      if (colon < 0) return;
      const start = colon + 1;
      const end = start + Number(this.#received.toString('latin1', 0, colon));
      // A comma ends each.
      if (this.#received.length <= end) return;
      const message = JSON.parse(this.#received.toString('utf8', start, end)) as Answer | BaresipEvent;
      this.#received = this.#received.subarray(end + 1);
      if ('response' in message) this.emit('answer', message);
      else this.emit('event', message);
    }
  }
}
