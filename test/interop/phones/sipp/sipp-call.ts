/** One call of a phone that SIPp plays: its SIP by orders to SIPp, its audio by an RTP endpoint. */
import { parseSipMessage, SipRequest, SipResponse } from '../../../support/wire/sip-message';
import type { AnswerScript, FarEnding, FarPhoneOptions, SdpDirection } from '../../support/far-end';
import { endedBy, PlainCall } from '../plain-call';
import type { RtpEndpoint } from '../rtp-endpoint';
import { answerTo, defaultEventPayloadType, lets, mediaAddress } from '../sdp';
import { refusalLines } from './called';
import type { Sipp } from './twin';

const orderTimeoutMs = 10_000;
const defaultToneHz = 800;
const STATUS_RINGING = 180;
const STATUS_OK = 200;

export class SippCall extends PlainCall {
  protected readonly ear: RtpEndpoint;
  #myDirection: SdpDirection = 'sendrecv';
  #serial = 1;
  #events = defaultEventPayloadType;
  #orders: Promise<unknown> = Promise.resolve();
  #done: string | undefined;
  #refresh: NodeJS.Timeout | undefined;
  #answerTimer: NodeJS.Timeout | undefined;
  #lastStatus = 0;
  /** Set by what will end the call, so that its end is told right. */
  #isHangingUp = false;

  constructor(
    direction: PlainCall['direction'],
    readonly callId: string,
    private readonly sipp: Sipp,
    private readonly rtp: RtpEndpoint,
    private readonly options: FarPhoneOptions,
  ) {
    super(direction);
    this.ear = rtp;
    rtp.on('digit', (digit) => {
      this.keyed(digit);
    });
    sipp.on('message', this.#onMessage);
    sipp.on('sent', this.#onSent);
    sipp.on('done', this.#onDone);
    sipp.on('exit', this.#onExit);
  }

  /** Plays the script of an inbound call. */
  async play(script: AnswerScript): Promise<void> {
    if (script.on === 'cross') {
      await this.#order(script.silent === true ? 'arm' : 'ring_arm');
      this.rang();
      return;
    }
    if (script.earlyToneHz !== undefined) {
      this.rtp.play(script.earlyToneHz);
      await this.#order('progress');
    } else if (script.silent !== true) await this.#order('ring');
    this.rang();
    if (script.on === 'ring') return;
    await new Promise<void>((resolve) => {
      this.#answerTimer = setTimeout(resolve, script.afterMs ?? 0);
    });
    if (this.state !== 'ringing') return;
    await (script.on === 'answer' ? this.answer() : this.hangup(script.status));
  }

  /** Resolves when the INVITE of an outbound call has left. */
  async sent(): Promise<void> {
    const { program } = this.sipp;
    await program.orExit(this.until('INVITE', orderTimeoutMs, () => this.invite !== ''));
  }

  async answer(): Promise<void> {
    if (this.direction !== 'inbound' || this.state !== 'ringing') throw new Error('It does not ring');
    this.#playTone();
    await this.#order(this.options.sessionExpiresSeconds === undefined ? 'answer' : 'answer_timed');
  }

  async hangup(status = 486): Promise<void> {
    if (this.state === 'ended') return;
    try {
      await this.#hangup(status);
    } catch (error) {
      // The agent may have been faster.
      if ((this.state as string) !== 'ended') throw error;
    }
  }

  async #hangup(status: number): Promise<void> {
    if (this.direction === 'outbound' && this.state !== 'answered') await this.#untilOrdersCount();
    if (this.state === 'answered') {
      this.#isHangingUp = true;
      await this.#order('bye');
    } else if (this.direction === 'outbound') {
      this.#isHangingUp = true;
      await this.#order('cancel', 'refused');
    } else {
      if (refusalLines[status] === undefined) throw new Error(`No refusal with ${status} is prepared`);
      this.#lastStatus = status;
      await this.#order(`refuse_${status}`);
    }
  }

  /**
   * RFC 3261 section 9.1 wants a provisional answer before a CANCEL; and the agent's page may know of the call before
   * its 180 is here: SIPp loses an order that meets one on its way.
   */
  async #untilOrdersCount(): Promise<void> {
    await this.until('180', orderTimeoutMs, () => this.#lastStatus >= STATUS_RINGING);
    if (this.#lastStatus >= STATUS_OK)
      await this.until('answered', orderTimeoutMs, () => (this.state as string) === 'answered');
  }

  async hold(direction: 'sendonly' | 'inactive' = 'sendonly'): Promise<void> {
    await this.#change(direction);
  }

  async resume(): Promise<void> {
    await this.#change('sendrecv');
  }

  async refresh(
    method: 'INVITE' | 'UPDATE',
    { offer = true }: { readonly offer?: boolean } = {},
  ): Promise<number> {
    await this.#order(method === 'UPDATE' ? 'update' : offer ? 'invite' : 'offerless');
    return this.#lastStatus;
  }

  async sendDigits(digits: string): Promise<void> {
    await this.rtp.sendDigits(digits);
  }

  /** Lets go of everything; the call itself is not ended. */
  dispose(): void {
    clearTimeout(this.#refresh);
    clearTimeout(this.#answerTimer);
    this.sipp
      .off('message', this.#onMessage)
      .off('sent', this.#onSent)
      .off('done', this.#onDone)
      .off('exit', this.#onExit);
    this.rtp.close();
  }

  async #change(direction: SdpDirection): Promise<void> {
    const before = this.#myDirection;
    this.#myDirection = direction;
    await this.#order('invite');
    if (this.#lastStatus !== 200) {
      this.#myDirection = before;
      throw new Error(`The agent answered the re-INVITE with ${this.#lastStatus}`);
    }
    this.#playTone();
  }

  /** One order at a time: SIPp takes the next only when it waits for one. */
  #order(name: string, ends = name): Promise<void> {
    const carriedOut = this.#orders.then(async () => {
      if (this.state === 'ended') throw new Error(`The call has ended, no ${name}`);
      this.#serial += 1;
      this.#done = undefined;
      const { port } = this.rtp;
      const order = { do: name, port, direction: this.#myDirection, events: this.#events };
      this.sipp.order(this.callId, { ...order, serial: this.#serial });
      await this.until(`end of ${name}`, orderTimeoutMs, () => this.#done === ends);
    });
    this.#orders = carriedOut.catch(() => undefined);
    return carriedOut;
  }

  readonly #onMessage = (callId: string, text: string): void => {
    if (callId === this.callId) this.receive(text);
  };

  readonly #onSent = (callId: string, text: string): void => {
    if (callId !== this.callId) return;
    this.invite = text;
    this.emit('change');
  };

  receive(text: string): void {
    const message = this.note(text);
    if (/^m=audio/m.test(message.body)) this.#setRemote(message.body);
    if (message instanceof SipResponse) {
      this.#lastStatus = message.status;
      this.emit('change');
    } else if (message.method === 'INVITE' && message.toTag !== undefined) {
      this.#myDirection = answerTo(this.agentDirection ?? 'sendrecv');
      this.#playTone();
      // A refusal shows as a call that ended.
      void this.#order('accept').catch(() => undefined);
    }
  }

  readonly #onDone = (callId: string, what: string): void => {
    if (callId !== this.callId) return;
    this.#done = what;
    if (['answer', 'answer_timed', 'crossing', 'accepted'].includes(what)) {
      this.#playTone();
      this.answered();
      this.#refreshLater();
    } else if (what === 'bye') {
      this.#end({ by: 'far-end', how: 'BYE', status: undefined, reason: undefined });
    } else if (what === 'agent_bye' || what === 'cancelled') {
      const request = this.#newest(what === 'cancelled' ? 'CANCEL' : 'BYE');
      if (request !== undefined) this.#end(endedBy(request, 'agent'));
    } else if (what.startsWith('refuse')) {
      const isCancelled = what === 'refused' && this.#isHangingUp;
      const how = isCancelled ? 'CANCEL' : 'refused';
      const by = what === 'refused' && !isCancelled ? 'agent' : 'far-end';
      this.#end({ by, how, status: this.#lastStatus, reason: undefined });
    } else this.emit('change');
  };

  readonly #onExit = (): void => {
    const { lastLines } = this.sipp.program;
    this.#end({ by: 'network', how: 'timeout', status: undefined, reason: undefined }, lastLines);
  };

  #newest(method: string): SipRequest | undefined {
    const requests = this.agentMessages
      .map(parseSipMessage)
      .filter((message) => message instanceof SipRequest);
    return requests.reverse().find((request) => request.method === method);
  }

  #end(ending: FarEnding, trouble?: string): void {
    this.dispose();
    this.ended(ending, trouble);
  }

  #setRemote(sdp: string): void {
    const remote = mediaAddress(sdp);
    this.#events = remote.eventPayloadType;
    this.rtp.setRemote(remote);
  }

  /** Sends where both directions let it. */
  #playTone(): void {
    const may = lets.send(this.#myDirection) && lets.receive(this.agentDirection ?? 'sendrecv');
    this.rtp.play(may ? (this.options.toneHz ?? defaultToneHz) : undefined);
  }

  /** Half of the interval (RFC 4028 section 7.2). */
  #refreshLater(): void {
    const { sessionExpiresSeconds, refreshBy = 'UPDATE' } = this.options;
    if (sessionExpiresSeconds === undefined) return;
    this.#refresh = setTimeout(() => {
      this.#order(refreshBy === 'UPDATE' ? 'update_timed' : 'invite_timed').then(
        () => {
          if (this.#lastStatus === 200) this.sessionRefreshes += 1;
          this.emit('change');
          this.#refreshLater();
        },
        () => undefined,
      );
    }, sessionExpiresSeconds * 500);
  }
}
