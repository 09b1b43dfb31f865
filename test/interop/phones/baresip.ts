/** baresip 1.0 as a desk phone: it registers over UDP with credentials like an agent's, and speaks PCMU. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../../src/sandbox/wait';
import { parseSipMessage } from '../../support/wire/sip-message';
import type {
  AnswerScript,
  FarAbility,
  FarCall,
  FarCallOptions,
  FarEnd,
  FarEndAddress,
  FarPhone,
  FarPhoneOptions,
} from '../support/far-end';
import { BaresipCall } from './baresip/baresip-call';
import { account, configuration } from './baresip/config';
import { BaresipControl, type BaresipEvent } from './baresip/control';
import { prepareRecordings, Recording } from './baresip/recording';
import { SipTrace } from './baresip/trace';
import { Program } from './process';

const abilities: ReadonlySet<FarAbility> = new Set<FarAbility>(['audio', 'digits', 'hold', 'refresh']);
const host = '127.0.0.1';
const defaultToneHz = 800;
const registerTimeoutMs = 10_000;
const commandTimeoutMs = 5_000;
const recordings = 'heard';
const callMethods = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'UPDATE'];

export function baresip(address: FarEndAddress): Promise<FarEnd> {
  return Promise.resolve(new Desk(address));
}

class Desk implements FarEnd {
  readonly name = 'baresip';
  readonly abilities = abilities;
  readonly #phones: BaresipPhone[] = [];
  #nextNumber = 1;

  constructor(private readonly address: FarEndAddress) {}

  async phone(options: FarPhoneOptions = {}): Promise<FarPhone> {
    const number = options.number ?? `desk-${this.#nextNumber++}`;
    const phone = await BaresipPhone.start(number, options, this.address);
    this.#phones.push(phone);
    return phone;
  }

  async close(): Promise<void> {
    await Promise.all(this.#phones.map((phone) => phone.close()));
  }
}

/** A phone of baresip that is about to be: what must be undone when it fails. */
interface Running {
  readonly number: string;
  readonly domain: string;
  readonly directory: string;
  /** `host:port` of its own SIP. */
  readonly contact: string;
  readonly program: Program;
  readonly control: BaresipControl;
}

class BaresipPhone implements FarPhone {
  readonly number: string;
  readonly #calls = new Map<string, BaresipCall>();
  readonly #returned = new Set<BaresipCall>();
  readonly #onCall = new Set<() => void>();
  readonly #trace = new SipTrace();
  #recording: Recording;
  #script: AnswerScript;
  #answerTimer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly running: Running,
    script: AnswerScript,
  ) {
    this.number = running.number;
    this.#script = checked(script);
    this.#recording = this.#newRecording();
    running.program.on('output', (output) => {
      for (const { from, text } of this.#trace.push(output)) this.#message(text, from === running.contact);
    });
    running.control.on('event', (event) => {
      this.#event(event);
    });
  }

  static async start(
    number: string,
    options: FarPhoneOptions,
    address: FarEndAddress,
  ): Promise<BaresipPhone> {
    checkOptions(options);
    const { server, domain } = address;
    const directory = await mkdtemp(join(tmpdir(), 'baresip-'));
    const sipPort = await freePorts();
    const controlPort = await freePorts();
    const place = { host, sipPort, controlPort, recordings: join(directory, recordings) };
    prepareRecordings(place.recordings);
    await writeFile(
      join(directory, 'config'),
      configuration({ ...place, toneHz: options.toneHz ?? defaultToneHz }),
    );
    // It would write examples of its own if these were missing.
    for (const name of ['accounts', 'contacts']) await writeFile(join(directory, name), '\n');
    const program = Program.start({
      command: 'baresip',
      args: ['-f', directory, '-s'],
      debianPackage: 'baresip-core',
      cwd: directory,
      // Recordings are named by local time.
      environment: { TZ: 'UTC' },
      logFile: join(directory, 'baresip.log'),
    });
    try {
      await program.waitForOutput(/baresip is ready/);
      const control = await BaresipControl.connect(controlPort);
      const running = { number, domain, directory, contact: `${host}:${sipPort}`, program, control };
      const phone = new BaresipPhone(running, options.script ?? { on: 'answer' });
      const own = account({ user: number, domain, server, ...(await address.credentials(number)) });
      // Made only now: a registration at the start would be over before anybody listens.
      await program.orExit(Promise.all([registered(control), control.command('uanew', own)]));
      return phone;
    } catch (error) {
      await program.stop();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  setScript(script: AnswerScript): Promise<void> {
    this.#script = checked(script);
    return Promise.resolve();
  }

  nextCall(timeoutMs = 10_000): Promise<FarCall> {
    return this.#next('inbound', `call to ${this.number}`, timeoutMs);
  }

  async call(userUuid: string, options: FarCallOptions = {}): Promise<FarCall> {
    if (Object.keys(options).length > 0) throw new Error('baresip calls with its own name and headers only');
    this.#recording = this.#newRecording();
    await this.running.control.command('dial', `sip:${userUuid}@${this.running.domain}`);
    return this.#next('outbound', 'INVITE of baresip', commandTimeoutMs);
  }

  async close(): Promise<void> {
    clearTimeout(this.#answerTimer);
    // An orderly end hangs up, and takes the registration back.
    await this.running.program.stop();
    this.running.control.close();
    await rm(this.running.directory, { recursive: true, force: true });
  }

  #next(direction: FarCall['direction'], what: string, timeoutMs: number): Promise<FarCall> {
    return waitFor<FarCall>(what, timeoutMs, (resolve) => {
      const check = (): void => {
        const call = [...this.#calls.values()].find(
          (candidate) =>
            candidate.direction === direction && candidate.isKnown && !this.#returned.has(candidate),
        );
        if (call === undefined) return;
        this.#onCall.delete(check);
        this.#returned.add(call);
        resolve(call);
      };
      this.#onCall.add(check);
      check();
      return () => this.#onCall.delete(check);
    });
  }

  #newRecording(): Recording {
    return new Recording(join(this.running.directory, recordings));
  }

  #message(text: string, isMine: boolean): void {
    const { callId, cseqMethod } = parseSipMessage(text);
    if (!callMethods.includes(cseqMethod)) return;
    this.#call(callId, isMine ? 'outbound' : 'inbound').trace(text, isMine);
    this.#check();
  }

  #event(event: BaresipEvent): void {
    const { id, direction, type } = event;
    if (id === undefined || direction === undefined) return;
    const call = this.#call(id, direction === 'incoming' ? 'inbound' : 'outbound');
    call.take(event);
    if (type === 'CALL_INCOMING') this.#play(call);
    this.#check();
  }

  #check(): void {
    for (const check of [...this.#onCall]) check();
  }

  /** A call begins in the trace or in an event, whichever is read first. */
  #call(id: string, direction: FarCall['direction']): BaresipCall {
    const known = this.#calls.get(id);
    if (known !== undefined) return known;
    if (direction === 'inbound') this.#recording = this.#newRecording();
    const call = new BaresipCall(direction, id, this.running.control, this.#recording);
    this.#calls.set(id, call);
    return call;
  }

  #play(call: BaresipCall): void {
    const { on, afterMs = 0, status } = this.#script;
    if (on === 'ring') return;
    this.#answerTimer = setTimeout(() => {
      if (call.state !== 'ringing') return;
      // What goes wrong shows in the call: it does not get there.
      (on === 'answer' ? call.answer() : call.hangup(status)).catch(() => undefined);
    }, afterMs);
  }
}

function registered(control: BaresipControl): Promise<undefined> {
  return waitFor<undefined>('registration of baresip', registerTimeoutMs, (resolve, reject) => {
    const check = ({ type, param }: BaresipEvent): void => {
      if (type === 'REGISTER_OK') resolve(undefined);
      else if (type === 'REGISTER_FAIL')
        reject(new Error(`baresip is not registered: ${param ?? 'no answer'}`));
    };
    control.on('event', check);
    return () => control.off('event', check);
  });
}

function checkOptions({ codecs, sessionExpiresSeconds }: FarPhoneOptions): void {
  if (codecs !== undefined && codecs.join() !== 'PCMU') throw new Error('Here baresip speaks PCMU only');
  if (sessionExpiresSeconds !== undefined) throw new Error('baresip has no session timers');
}

function checked(script: AnswerScript): AnswerScript {
  const { on, status = 486, earlyToneHz, silent } = script;
  if (on === 'cross' || earlyToneHz !== undefined || silent === true || (on === 'refuse' && status !== 486)) {
    throw new Error('baresip answers, rings, or refuses with 486');
  }
  return script;
}

/** Below those that the system gives out, so that nobody takes one between its trial and its use. */
let nextPort = 20_000;

/** The first of two TCP and UDP ports that are free: baresip takes the second for SIP over TLS, whoever wants it. */
async function freePorts(): Promise<number> {
  for (;;) {
    const port = nextPort;
    nextPort += 2;
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const socket = createSocket('udp4');
  try {
    server.listen(port, host);
    await once(server, 'listening');
    socket.bind(port, host);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
    socket.close();
  }
}
