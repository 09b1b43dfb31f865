/** What calls of all plain phones have in common: what they remember, and waiting for it. */
import { TypedEmitter } from '../../../src/core/emitter';
import { waitFor } from '../../../src/sandbox/wait';
import { sdpDirection } from '../../support/wire/sdp';
import { parseSipMessage, SipRequest, SipResponse } from '../../support/wire/sip-message';
import type { FarCall, FarEnding, FarHearing, SdpDirection } from '../support/far-end';
import { hears, hearsNobody, listen, type Ear } from './hearing';

const defaultTimeoutMs = 10_000;
const defaultListenMs = 400;

interface PlainCallEvents {
  /** Something that can be waited for is different now. */
  change: [];
}

export abstract class PlainCall extends TypedEmitter<PlainCallEvents> implements FarCall {
  readonly agentMessages: string[] = [];
  agentDirection: SdpDirection | undefined;
  digits = '';
  sessionRefreshes = 0;
  invite = '';
  #state: FarCall['state'] = 'ringing';
  #hasRung = false;
  #ending: FarEnding | undefined;
  #trouble = '';
  protected abstract readonly ear: Ear;

  constructor(readonly direction: FarCall['direction']) {
    super();
  }

  get state(): FarCall['state'] {
    return this.#state;
  }

  get ending(): FarEnding | undefined {
    return this.#ending;
  }

  abstract answer(): Promise<void>;
  abstract hangup(status?: number): Promise<void>;
  abstract hold(direction?: 'sendonly' | 'inactive'): Promise<void>;
  abstract resume(): Promise<void>;
  abstract refresh(method: 'INVITE' | 'UPDATE', options?: { readonly offer?: boolean }): Promise<number>;
  abstract sendDigits(digits: string): Promise<void>;

  async waitFor(what: 'ringing' | 'answered' | 'ended', timeoutMs = defaultTimeoutMs): Promise<void> {
    await this.until(what, timeoutMs, () => {
      if (what === 'ended') return this.#state === 'ended';
      return what === 'answered' ? this.#state === 'answered' : this.#hasRung;
    });
  }

  async waitForDirection(direction: SdpDirection, timeoutMs = defaultTimeoutMs): Promise<void> {
    await this.until(`SDP with ${direction}`, timeoutMs, () => this.agentDirection === direction);
  }

  async waitForDigits(digits: string, timeoutMs = defaultTimeoutMs): Promise<string> {
    await this.until(`digits ${digits}`, timeoutMs, () => this.digits.endsWith(digits));
    return this.digits;
  }

  listen(forMs = defaultListenMs): Promise<FarHearing> {
    return listen(this.ear, forMs);
  }

  hears(hz: number, timeoutMs = defaultTimeoutMs): Promise<FarHearing> {
    return hears(this.ear, hz, timeoutMs);
  }

  hearsNobody(timeoutMs = defaultTimeoutMs): Promise<FarHearing> {
    return hearsNobody(this.ear, timeoutMs);
  }

  /** Takes note of a message from the agent's side. */
  protected note(text: string): SipRequest | SipResponse {
    const message = parseSipMessage(text);
    this.agentMessages.push(text);
    if (/^m=audio/m.test(message.body)) this.agentDirection = sdpDirection(message.body);
    if (message instanceof SipResponse && message.status > 100 && message.status < 200) this.rang();
    this.emit('change');
    return message;
  }

  protected rang(): void {
    this.#hasRung = true;
    this.emit('change');
  }

  protected answered(): void {
    if (this.#state === 'ringing') this.#state = 'answered';
    this.rang();
  }

  protected keyed(digit: string): void {
    this.digits += digit;
    this.emit('change');
  }

  /**
   * Ends are told once; the first is the true one.
   * @param trouble what the program said last, where it went wrong
   */
  protected ended(ending: FarEnding, trouble = ''): void {
    if (this.#state === 'ended') return;
    this.#trouble = trouble;
    this.#state = 'ended';
    this.#ending = ending;
    this.emit('change');
  }

  /** Resolves when `isSo`; rejects at the deadline, and when the call ends before. */
  protected until(what: string, timeoutMs: number, isSo: () => boolean): Promise<undefined> {
    return waitFor<undefined>(
      () => `${what} at the far end (${this.#describe()})`,
      timeoutMs,
      (resolve, reject) => {
        const check = (): void => {
          if (isSo()) resolve(undefined);
          else if (this.#state === 'ended') {
            reject(new Error(`the call ended at the far end before ${what} (${this.#describe()})`));
          }
        };
        this.on('change', check);
        check();
        return () => this.off('change', check);
      },
    );
  }

  #describe(): string {
    const lines = this.agentMessages.map((text) => text.split('\r\n', 1)[0] ?? '');
    const ending = this.#ending === undefined ? '' : `, ${JSON.stringify(this.#ending)} ${this.#trouble}`;
    return `${this.#state}${ending}, digits "${this.digits}", from the agent: ${lines.join(' | ') || 'nothing'}`;
  }
}

/** How the request that ended a call says it. */
export function endedBy(request: SipRequest, by: FarEnding['by']): FarEnding {
  const how = request.method === 'CANCEL' ? 'CANCEL' : 'BYE';
  return { by, how, status: how === 'CANCEL' ? 487 : undefined, reason: request.header('reason') };
}
