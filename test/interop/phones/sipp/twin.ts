/** One process of SIPp with the socket over which it reports and takes orders. */
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { TypedEmitter } from '../../../../src/core/emitter';
import { waitFor } from '../../../../src/sandbox/wait';
import { Program } from '../process';
import { delimiter, orderText, type Order } from './elements';

const startTimeoutMs = 10_000;

interface TwinEvents {
  /** A SIP message arrived in a call: its whole text. */
  message: [callId: string, text: string];
  /** The INVITE of a call of this process left: its whole text. */
  sent: [callId: string, text: string];
  /** An order, or what the scenario does by itself, has been carried out. */
  done: [callId: string, order: string];
  /** SIPp has ended. */
  exit: [status: string];
}

export interface SippOptions {
  /** A directory of this process's own. */
  readonly directory: string;
  readonly scenario: string;
  readonly host: string;
  /** Local SIP port. Default: one that is free. */
  readonly port?: number;
  /** Whom it calls, `host:port`; without it, it waits to be called. */
  readonly server?: string;
  /** Of the call that it places. */
  readonly callId?: string;
  /** `Session-Expires` of the calls, in seconds. */
  readonly sessionExpiresSeconds?: number;
}

export class Sipp extends TypedEmitter<TwinEvents> {
  #received = '';
  #twin: Socket | undefined;

  private constructor(
    private readonly listener: Server,
    readonly program: Program,
  ) {
    super();
    program.on('exit', (status) => {
      this.emit('exit', status);
    });
  }

  static async start(options: SippOptions): Promise<Sipp> {
    const listener = createServer();
    await new Promise<void>((resolve) => {
      listener.listen(0, '127.0.0.1', resolve);
    });
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('A TCP port was expected');
    const scenario = join(options.directory, 'scenario.xml');
    writeFileSync(scenario, options.scenario);
    let sipp: Sipp | undefined;
    try {
      const program = Program.start({
        command: 'sipp',
        args: argumentsOf(options, scenario, address.port),
        debianPackage: 'sip-tester',
        cwd: options.directory,
        logFile: join(options.directory, 'sipp.log'),
      });
      sipp = new Sipp(listener, program);
      await program.orExit(sipp.#connected());
      return sipp;
    } catch (error) {
      await sipp?.close();
      listener.close();
      throw error;
    }
  }

  order(callId: string, order: Order): void {
    if (this.#twin === undefined) throw new Error('SIPp is gone');
    this.#twin.write(orderText(callId, order));
  }

  async close(): Promise<void> {
    this.listener.close();
    await this.program.stop();
    this.#twin?.destroy();
  }

  /** SIPp connects once its SIP socket is open. */
  async #connected(): Promise<void> {
    await waitFor<undefined>('connection of SIPp', startTimeoutMs, (resolve) => {
      const take = (socket: Socket): void => {
        this.#twin = socket.setEncoding('utf8');
        socket.on('data', (text: string) => {
          this.#receive(text);
        });
        socket.on('error', () => undefined);
        resolve(undefined);
      };
      this.listener.once('connection', take);
      return () => this.listener.off('connection', take);
    });
  }

  #receive(text: string): void {
    const parts = (this.#received + text).split(delimiter);
    this.#received = parts.pop() ?? '';
    for (const part of parts) {
      const [, callId, event, message] =
        /^\s*Call-ID: (\S+)\r?\nEvent: ([^\r\n]+)\r?\n\r?\n([\s\S]*)$/.exec(part) ?? [];
      if (callId === undefined || event === undefined) continue;
      const [what, detail = ''] = event.split(' ');
      if (what === 'message') this.emit('message', callId, message ?? '');
      if (what === 'sent') this.emit('sent', callId, message ?? '');
      else if (detail !== '') this.emit('done', callId, detail);
    }
  }
}

function argumentsOf(options: SippOptions, scenario: string, twinPort: number): string[] {
  const { host, port, server, callId, sessionExpiresSeconds = 90 } = options;
  return [
    ...(server === undefined ? [] : [server, '-m', '1']),
    // What comes in the middle of a step is passed over, and comes again: UDP is repeated until it is answered.
    ...['-default_behaviors', 'all,-abortunexp'],
    ...['-sf', scenario, '-i', host, '-mi', host, '-bind_local', '-t', 'u1', '-nostdin'],
    ...(callId === undefined ? [] : ['-cid_str', callId]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...['-3pcc', `127.0.0.1:${twinPort}`, '-s', 'trunk'],
    ...['-key', 'session_expires', String(sessionExpiresSeconds)],
    ...['-trace_err', '-error_file', 'errors.log', '-trace_msg', '-message_file', 'messages.log'],
  ];
}
