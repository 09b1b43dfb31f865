/**
 * SIPp 3.6 as the carrier's side: every number that is dialled arrives at one process, each call out is a process
 * of its own.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../../src/sandbox/wait';
import { parseSipMessage, SipRequest } from '../../support/wire/sip-message';
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
import { RtpEndpoint } from './rtp-endpoint';
import { defaultEventPayloadType } from './sdp';
import { called } from './sipp/called';
import { calling } from './sipp/calling';
import { SippCall } from './sipp/sipp-call';
import { Sipp, type SippOptions } from './sipp/twin';

const abilities: ReadonlySet<FarAbility> = new Set<FarAbility>([
  ...(['audio', 'digits', 'early-media', 'hold', 'refresh', 'session-timer', 'refuse', 'cross'] as const),
  ...(['asserted-identity', 'headers', 'large-sdp'] as const),
]);
const firstNumber = 4_930_900_001;

export async function sipp(address: FarEndAddress): Promise<FarEnd> {
  const directory = await mkdtemp(join(tmpdir(), 'sipp-'));
  const trunk = new Trunk(address, directory);
  try {
    await trunk.start();
  } catch (error) {
    await trunk.close();
    throw error;
  }
  return trunk;
}

/** Splits `host:port`. */
function hostAndPort(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

class Trunk implements FarEnd {
  readonly name = 'sipp';
  readonly abilities = abilities;
  readonly #phones = new Map<string, SippPhone>();
  readonly #processes = new Set<Sipp>();
  readonly #host: string;
  readonly #port: number;
  #nextNumber = firstNumber;
  #nextProcess = 1;

  constructor(
    private readonly address: FarEndAddress,
    private readonly directory: string,
  ) {
    ({ host: this.#host, port: this.#port } = hostAndPort(address.trunk));
  }

  async start(): Promise<void> {
    const process = await this.#process(called, { port: this.#port });
    process.on('message', (callId, text) => {
      const message = parseSipMessage(text);
      if (!(message instanceof SipRequest) || message.method !== 'INVITE' || message.toTag !== undefined)
        return;
      const number = decodeURIComponent(/^sips?:([^@]+)@/.exec(message.uri)?.[1] ?? '');
      void this.#phones.get(number)?.ring(process, callId, text);
    });
  }

  phone(options: FarPhoneOptions = {}): Promise<FarPhone> {
    if (options.codecs !== undefined && options.codecs.join() !== 'PCMU') {
      return Promise.reject(new Error('The audio of SIPp phones is PCMU'));
    }
    const number = options.number ?? `+${this.#nextNumber++}`;
    const phone = new SippPhone(number, options, this.#host, (call) => this.#call(number, call));
    this.#phones.set(number, phone);
    return Promise.resolve(phone);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#phones.values()].map((phone) => phone.close()));
    await Promise.all([...this.#processes].map((process) => process.close()));
    await rm(this.directory, { recursive: true, force: true });
  }

  async #call(number: string, { userUuid, options, callId, port }: OutboundCall): Promise<Sipp> {
    const { domain, server } = this.address;
    const name =
      options.displayName === undefined ? '' : `"${options.displayName.replace(/["\\]/g, '\\$&')}" `;
    const asserted = options.assertedIdentity;
    return this.#process(
      calling({
        target: `sip:${userUuid}@${domain}`,
        from: `${name}<sip:${options.from ?? number}@${this.#host}>`,
        headers: {
          ...(asserted === undefined ? {} : { 'P-Asserted-Identity': asserted }),
          ...options.headers,
        },
        sdpBytes: options.sdpBytes ?? 0,
        port,
        events: defaultEventPayloadType,
      }),
      { server, callId },
    );
  }

  async #process(scenario: string, where: Where): Promise<Sipp> {
    const directory = join(this.directory, String(this.#nextProcess++));
    await mkdir(directory);
    const process = await Sipp.start({ directory, scenario, host: this.#host, ...where });
    this.#processes.add(process);
    process.on('exit', () => this.#processes.delete(process));
    return process;
  }
}

type Where = Pick<SippOptions, 'port' | 'server' | 'callId'>;

interface OutboundCall {
  readonly userUuid: string;
  readonly options: FarCallOptions;
  readonly callId: string;
  readonly port: number;
}

class SippPhone implements FarPhone {
  readonly #calls = new Set<SippCall>();
  readonly #waiting: SippCall[] = [];
  readonly #onCall = new Set<() => void>();
  #script: AnswerScript;

  constructor(
    readonly number: string,
    private readonly options: FarPhoneOptions,
    private readonly host: string,
    private readonly start: (call: OutboundCall) => Promise<Sipp>,
  ) {
    this.#script = options.script ?? { on: 'answer' };
  }

  setScript(script: AnswerScript): Promise<void> {
    this.#script = script;
    return Promise.resolve();
  }

  async ring(process: Sipp, callId: string, invite: string): Promise<void> {
    const call = new SippCall('inbound', callId, process, await RtpEndpoint.open(this.host), this.options);
    call.invite = invite;
    call.receive(invite);
    this.#calls.add(call);
    this.#waiting.push(call);
    for (const check of [...this.#onCall]) check();
    // Whatever goes wrong shows in the call, which ends.
    await call.play(this.#script).catch(() => undefined);
  }

  nextCall(timeoutMs = 10_000): Promise<FarCall> {
    return waitFor<FarCall>(`call to ${this.number}`, timeoutMs, (resolve) => {
      const check = (): void => {
        const call = this.#waiting.shift();
        if (call === undefined) return;
        this.#onCall.delete(check);
        resolve(call);
      };
      this.#onCall.add(check);
      check();
      return () => this.#onCall.delete(check);
    });
  }

  async call(userUuid: string, options: FarCallOptions = {}): Promise<FarCall> {
    const rtp = await RtpEndpoint.open(this.host);
    // SIPp asks no more than that it is new.
    const callId = randomUUID();
    const process = await this.start({ userUuid, options, callId, port: rtp.port });
    const call = new SippCall('outbound', callId, process, rtp, this.options);
    this.#calls.add(call);
    await call.sent();
    return call;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#calls].map((call) => call.hangup().catch(() => undefined)));
    for (const call of this.#calls) call.dispose();
    this.#calls.clear();
  }
}
