/** One call of a customer: a JsSIP session, its audio, and what a test can ask of both. */
import { TypedEmitter } from '../../core/emitter';
import type {
  CallEnd,
  CustomerCall,
  CustomerCallEvents,
  CustomerCallState,
  Hearing,
  HearsOptions,
  WaitOptions,
} from '../contract/customer-call';
import type { CallAudio } from '../media/call-audio';
import { isDigits } from '../media/telephone-event';
import { waitFor } from '../wait';
import type { JsSipSession, SessionOptions } from './jssip-types';

/** How often a wait for audio looks, in ms: five packets. */
const lookEveryMs = 100;
const defaultTimeoutMs = 5000;

/** What is known of a call when it begins. */
export type CallFacts = Pick<CustomerCall, 'direction' | 'agent' | 'callerId' | 'headers'>;

export class JsSipCall extends TypedEmitter<CustomerCallEvents> implements CustomerCall {
  readonly direction: CustomerCall['direction'];
  readonly agent: string;
  readonly callerId: string;
  readonly headers: Readonly<Record<string, string>>;
  #session: JsSipSession | undefined;
  #state: CustomerCallState = 'ringing';
  #end: CallEnd | undefined;
  #received = '';
  #isOnHold = false;
  #hasRung = false;
  #wasAnswered = false;

  constructor(
    facts: CallFacts,
    private readonly audio: CallAudio,
    private readonly sessionOptions: SessionOptions,
  ) {
    super();
    this.direction = facts.direction;
    this.agent = facts.agent;
    this.callerId = facts.callerId;
    this.headers = facts.headers;
  }

  get state(): CustomerCallState {
    return this.#state;
  }

  get end(): CallEnd | undefined {
    return this.#end;
  }

  get received(): string {
    return this.#received;
  }

  get isOnHold(): boolean {
    return this.#isOnHold;
  }

  get hearing(): Hearing {
    return this.audio.hearing;
  }

  get mediaDirection(): string | undefined {
    return this.audio.direction;
  }

  answer(): void {
    if (this.direction !== 'inbound' || this.#state !== 'ringing' || this.#session === undefined) {
      throw new Error(`cannot answer: the call is ${this.direction} and ${this.#state}`);
    }
    this.#session.answer(this.sessionOptions);
  }

  hangup(status = 486): void {
    if (this.#state === 'ended' || this.#session === undefined || this.#session.isEnded()) return;
    if (!isRefusal(status)) throw new Error('a call is refused with a SIP status from 300 to 699');
    const isRefused = this.direction === 'inbound' && this.#state === 'ringing';
    this.#session.terminate(isRefused ? { status_code: status } : {});
  }

  hold(on: boolean, options: WaitOptions = {}): Promise<void> {
    const session = this.#session;
    return waitFor('answer to the re-INVITE', options.timeoutMs ?? defaultTimeoutMs, (resolve, reject) => {
      const done = (): void => {
        resolve(undefined);
      };
      const isSent = on ? session?.hold({}, done) : session?.unhold({}, done);
      if (isSent !== true) reject(new Error('the call cannot be held now'));
      return () => undefined;
    });
  }

  async sendDigits(digits: string): Promise<void> {
    if (!isDigits(digits)) throw new Error('digits are 0-9, *, # and A-D');
    if (!this.audio.canSendDigits) throw new Error('the agent negotiated no telephone-event');
    await this.audio.sendDigits(digits);
  }

  waitFor(event: 'ringing' | 'answered' | 'ended' | 'audio', options: WaitOptions = {}): Promise<void> {
    const has = {
      ringing: this.#hasRung,
      answered: this.#wasAnswered,
      ended: this.#state === 'ended',
      audio: this.hearing.packets > 0,
    };
    if (has[event]) return Promise.resolve();
    if (this.#end !== undefined) return Promise.reject(endedBefore(event, this.#end));
    return waitFor(`"${event}" of the call`, options.timeoutMs ?? defaultTimeoutMs, (resolve, reject) => {
      const onEvent = (): void => {
        resolve(undefined);
      };
      const onEnd = (end: CallEnd): void => {
        if (event !== 'ended') reject(endedBefore(event, end));
      };
      this.once(event, onEvent);
      this.once('ended', onEnd);
      return () => {
        this.off(event, onEvent);
        this.off('ended', onEnd);
      };
    });
  }

  hears(options: HearsOptions): Promise<Hearing> {
    const { hz, toleranceHz = 15, minDbfs = -40, timeoutMs } = options;
    return this.#look(
      `tone of ${hz} Hz`,
      timeoutMs,
      ({ dominantHz, levelDbfs }) =>
        dominantHz !== null && Math.abs(dominantHz - hz) <= toleranceHz && (levelDbfs ?? -127) >= minDbfs,
    );
  }

  hearsSilence(options: WaitOptions & { readonly maxDbfs?: number } = {}): Promise<Hearing> {
    const maxDbfs = options.maxDbfs ?? -60;
    return this.#look(
      'silence',
      options.timeoutMs,
      ({ levelDbfs }) => levelDbfs !== null && levelDbfs <= maxDbfs,
    );
  }

  #look(
    what: string,
    timeoutMs = defaultTimeoutMs,
    matches: (hearing: Hearing) => boolean,
  ): Promise<Hearing> {
    return waitFor(what, timeoutMs, (resolve, reject) => {
      const look = (): void => {
        const { hearing } = this;
        if (hearing.codec === 'opus')
          reject(new Error('Opus is not decoded: give the customer codecs: ["PCMU"]'));
        else if (matches(hearing)) resolve(hearing);
      };
      const timer = setInterval(look, lookEveryMs);
      return () => {
        clearInterval(timer);
      };
    });
  }

  waitForDigits(digits: string, options: WaitOptions = {}): Promise<string> {
    if (this.#received.endsWith(digits)) return Promise.resolve(this.#received);
    return waitFor(
      () => `digits "${digits}" (only "${this.#received}")`,
      options.timeoutMs ?? defaultTimeoutMs,
      (resolve) => {
        const listener = (): void => {
          if (this.#received.endsWith(digits)) resolve(this.#received);
        };
        this.on('digit', listener);
        return () => this.off('digit', listener);
      },
    );
  }

  /** Follows a session from its beginning to its end. */
  attach(session: JsSipSession): void {
    this.#session = session;
    session.on('progress', () => {
      this.#ring();
    });
    session.on('accepted', () => {
      if (this.#state !== 'ringing') return;
      this.#state = 'answered';
      this.#wasAnswered = true;
      this.emit('answered');
    });
    session.on('hold', ({ originator }) => {
      if (originator === 'remote') this.#setHold(true);
    });
    session.on('unhold', ({ originator }) => {
      if (originator === 'remote') this.#setHold(false);
    });
    session.on('newDTMF', ({ originator, dtmf }) => {
      if (originator === 'remote') this.noteDigit(dtmf.tone, 'info');
    });
    const onEnd: Parameters<typeof session.on<'ended'>>[1] = ({ originator, cause, message }) => {
      const by = originator === 'remote' ? 'agent' : originator === 'local' ? 'customer' : 'network';
      this.#finish({ by, cause, status: message?.status_code });
    };
    session.on('ended', onEnd);
    session.on('failed', onEnd);
  }

  noteDigit(digit: string, transport: 'rtp' | 'info'): void {
    this.#received += digit;
    this.emit('digit', digit, transport);
  }

  noteAudio(): void {
    this.emit('audio');
  }

  /** The process goes away. */
  dispose(): void {
    this.#finish({ by: 'network', cause: 'Sandbox closed', status: undefined });
  }

  #ring(): void {
    if (this.#hasRung) return;
    this.#hasRung = true;
    this.emit('ringing');
  }

  #setHold(isOnHold: boolean): void {
    if (this.#isOnHold === isOnHold) return;
    this.#isOnHold = isOnHold;
    this.emit('hold', isOnHold);
  }

  #finish(end: CallEnd): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#end = end;
    this.audio.close();
    this.emit('ended', end);
  }
}

/** A status of RFC 3261 section 21.3 to 21.6. */
export const isRefusal = (status: number): boolean =>
  Number.isInteger(status) && status >= 300 && status <= 699;

const endedBefore = (event: string, { cause }: CallEnd): Error =>
  new Error(`the call ended before "${event}": ${cause}`);
