/** One call of baresip: its SIP from baresip's trace, its turns from baresip's events. */
import { parseSipMessage, SipRequest } from '../../../support/wire/sip-message';
import type { FarEnding } from '../../support/far-end';
import type { Ear } from '../hearing';
import { endedBy, PlainCall } from '../plain-call';
import type { BaresipControl, BaresipEvent } from './control';

const answerTimeoutMs = 10_000;

export class BaresipCall extends PlainCall {
  /** Set by what will end the call, so that its end is told right. */
  #isHangingUp = false;
  #lastRequest: SipRequest | undefined;
  #refusal: number | undefined;
  #isAnnounced = false;
  #inviteAnswers: readonly number[] = [];

  constructor(
    direction: PlainCall['direction'],
    readonly id: string,
    private readonly control: BaresipControl,
    protected readonly ear: Ear,
  ) {
    super(direction);
  }

  /** A SIP message of this call. */
  trace(text: string, isMine: boolean): void {
    const message = isMine ? parseSipMessage(text) : this.note(text);
    if (message instanceof SipRequest) {
      if (message.method === 'INVITE') this.invite ||= text;
      if (!isMine) this.#lastRequest = message;
      return;
    }
    if (message.method !== 'INVITE' || message.status < 200) return;
    if (message.status >= 300 && this.state === 'ringing') this.#refusal = message.status;
    if (!isMine) this.#inviteAnswers = [...this.#inviteAnswers, message.status];
    this.emit('change');
  }

  /** Both have come: the INVITE, and baresip's word that it knows of the call. */
  get isKnown(): boolean {
    return this.invite !== '' && (this.direction === 'outbound' || this.#isAnnounced);
  }

  /** An event of this call. */
  take({ type, param }: BaresipEvent): void {
    if (type === 'CALL_INCOMING') this.#isAnnounced = true;
    if (type === 'CALL_RINGING' || type === 'CALL_PROGRESS' || type === 'CALL_INCOMING') this.rang();
    else if (type === 'CALL_ESTABLISHED') this.answered();
    else if (type === 'CALL_DTMF_START' && param !== undefined) this.keyed(param);
    else if (type === 'CALL_CLOSED') this.ended(this.#ending(), param);
  }

  async answer(): Promise<void> {
    await this.control.command('accept');
    await this.waitFor('answered');
  }

  /** Its refusal is always 486. */
  async hangup(status = 486): Promise<void> {
    if (this.state === 'ended') return;
    if (this.state === 'ringing' && this.direction === 'inbound' && status !== 486) {
      throw new Error('baresip refuses with 486 only');
    }
    this.#isHangingUp = true;
    await this.control.command('hangup');
    await this.waitFor('ended');
  }

  async hold(direction: 'sendonly' | 'inactive' = 'sendonly'): Promise<void> {
    if (direction !== 'sendonly') throw new Error('baresip holds with sendonly only');
    await this.#reInvite('hold');
  }

  async resume(): Promise<void> {
    await this.#reInvite('resume');
  }

  async refresh(
    method: 'INVITE' | 'UPDATE',
    { offer = true }: { readonly offer?: boolean } = {},
  ): Promise<number> {
    if (method === 'UPDATE' || !offer) throw new Error('baresip sends re-INVITE with an offer only');
    return this.#reInvite('reinvite');
  }

  async sendDigits(digits: string): Promise<void> {
    for (const digit of digits) await this.control.command('sndcode', digit);
  }

  async #reInvite(command: string): Promise<number> {
    const before = this.#inviteAnswers.length;
    await this.control.command(command);
    await this.until(`answer to ${command}`, answerTimeoutMs, () => this.#inviteAnswers.length > before);
    const status = this.#inviteAnswers.at(-1) ?? 0;
    if (command !== 'reinvite' && status !== 200) {
      throw new Error(`The agent answered the re-INVITE with ${status}`);
    }
    return status;
  }

  #ending(): FarEnding {
    if (this.#isHangingUp) {
      const isCancel = this.direction === 'outbound' && this.state === 'ringing';
      const how = this.state === 'answered' ? 'BYE' : isCancel ? 'CANCEL' : 'refused';
      return { by: 'far-end', how, status: this.#refusal, reason: undefined };
    }
    const request = this.#lastRequest;
    if (request?.method === 'BYE' || request?.method === 'CANCEL') return endedBy(request, 'agent');
    if (this.#refusal !== undefined) {
      return { by: 'agent', how: 'refused', status: this.#refusal, reason: undefined };
    }
    return { by: 'network', how: 'timeout', status: undefined, reason: undefined };
  }
}
