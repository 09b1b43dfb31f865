/** Far ends played by the customers of the sandbox. */
import type { Customer, CustomerCall, Sandbox } from '../../../src/sandbox/index';
import { CustomerFarCall } from './customer-call';
import type { AnswerScript, FarAbility, FarCall, FarCallOptions, FarEnd, FarPhone } from './far-end';
import type { FarPhoneOptions } from './far-end';

const ABILITIES: readonly FarAbility[] = ['audio', 'digits', 'early-media', 'hold', 'refuse', 'headers'];
const DEFAULT_HZ = 800;
const WAIT_MS = 10_000;

export function customers(sandbox: Sandbox): FarEnd {
  const phones: CustomerPhone[] = [];
  return {
    name: 'customer',
    abilities: new Set(ABILITIES),
    phone: (options = {}) => {
      const phone = new CustomerPhone(sandbox, options);
      phones.push(phone);
      return Promise.resolve(phone);
    },
    close: async () => {
      await Promise.all(phones.splice(0).map((phone) => phone.close()));
    },
  };
}

class CustomerPhone implements FarPhone {
  readonly #customer: Customer;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #calls = new WeakMap<CustomerCall, CustomerFarCall>();
  readonly #early: number | undefined;
  #script: AnswerScript;

  constructor(
    private readonly sandbox: Sandbox,
    options: FarPhoneOptions,
  ) {
    const { number, toneHz = DEFAULT_HZ, script = { on: 'answer' }, codecs } = options;
    if (options.sessionExpiresSeconds !== undefined) throw new Error('customers have no session timers');
    if (codecs?.includes('PCMA')) throw new Error('customers speak PCMU and Opus');
    if (script.earlyToneHz !== undefined && script.earlyToneHz !== toneHz) {
      throw new Error('customers play one tone: earlyToneHz is toneHz');
    }
    this.#early = script.earlyToneHz === undefined ? undefined : (script.afterMs ?? 0);
    this.#script = script;
    // It rings until this file says otherwise, so that the script can change. With early media it answers itself.
    this.#customer = sandbox.customer({
      toneHz,
      ...(number === undefined ? {} : { number }),
      codecs: (codecs ?? ['PCMU']) as ('PCMU' | 'opus')[],
      ...(this.#early === undefined ? { onCall: 'ring' } : { onCall: 'answer', earlyMediaMs: this.#early }),
    });
    this.#customer.on('incoming', (call) => {
      this.#calls.set(call, this.#adopt(call));
      this.#play(call);
    });
  }

  get number(): string {
    return this.#customer.number;
  }

  setScript(script: AnswerScript): Promise<void> {
    if (this.#early !== undefined || script.earlyToneHz !== undefined) {
      return Promise.reject(new Error('a customer has early media from its beginning or never'));
    }
    this.#script = script;
    return Promise.resolve();
  }

  async nextCall(timeoutMs = WAIT_MS): Promise<FarCall> {
    const call = await this.#customer.waitForCall({ timeoutMs });
    return this.#calls.get(call) ?? this.#adopt(call);
  }

  async call(userUuid: string, options: FarCallOptions = {}): Promise<FarCall> {
    const { displayName, headers = {}, from, assertedIdentity, sdpBytes } = options;
    if (from !== undefined || assertedIdentity !== undefined || sdpBytes !== undefined) {
      throw new Error('customers show their own number, and their SDP is as it is');
    }
    const before = this.sandbox.trace.entries.length;
    const call = await this.#customer.call(userUuid, {
      headers,
      ...(displayName === undefined ? {} : { displayName }),
    });
    // The INVITE is on its way, but has not been read yet.
    const { callId } = await this.sandbox.trace.waitFor(
      (entry) =>
        this.#isInvite(entry.peer, entry.method) && this.sandbox.trace.entries.indexOf(entry) >= before,
    );
    return new CustomerFarCall(call, this.sandbox.trace, callId, this.number);
  }

  close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#customer.hangup();
    return Promise.resolve();
  }

  #adopt(call: CustomerCall): CustomerFarCall {
    const invites = this.sandbox.trace.find(({ peer, method }) => this.#isInvite(peer, method));
    return new CustomerFarCall(call, this.sandbox.trace, invites.at(-1)?.callId ?? '', this.number);
  }

  #isInvite(peer: string | undefined, method: string): boolean {
    return peer === this.number && method === 'INVITE';
  }

  #play(call: CustomerCall): void {
    const { on, afterMs = 0, status, silent } = this.#script;
    if (silent === true || on === 'cross')
      throw new Error(`customers cannot play ${JSON.stringify(this.#script)}`);
    if (this.#early !== undefined || on === 'ring') return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (call.state !== 'ringing') return;
      if (on === 'answer') call.answer();
      else call.hangup(status);
    }, afterMs);
    this.#timers.add(timer);
  }
}
