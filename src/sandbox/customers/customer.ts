/** A customer: a JsSIP user agent on an in-process pipe, with a behaviour instead of a person. */
import { TypedEmitter } from '../../core/emitter';
import type { Customer, CustomerCallOptions, CustomerEvents, CustomerOptions } from '../contract/customer';
import type { AudioCodec, CustomerCall, WaitOptions } from '../contract/customer-call';
import type { CallAudio, CallAudioOptions } from '../media/call-audio';
import { isDigits } from '../media/telephone-event';
import { melodySource, silenceSource, toneSource, type FrameSource } from '../media/tone';
import { everyCharacter, isControl } from '../text';
import { waitFor } from '../wait';
import { parseNameAddr, parseUri } from '../sip/headers';
import { isRefusal, JsSipCall, type CallFacts } from './call';
import type {
  EmptyStream,
  JsSip,
  JsSipMessage,
  JsSipSession,
  JsSipUserAgent,
  SessionOptions,
} from './jssip-types';
import { withEarlyMedia } from './early-media';
import { PipeSocket, type PipeEnd } from './pipe-socket';

/** What a customer needs of the sandbox around it. */
export interface CustomerWorld {
  readonly jssip: JsSip;
  readonly createAudio: (options: CallAudioOptions) => CallAudio;
  readonly gateway: PipeEnd;
  readonly domain: string;
  readonly log: (line: string) => void;
}

const noTracks: EmptyStream = { getTracks: () => [], getAudioTracks: () => [], getVideoTracks: () => [] };
/** Never, in the seconds that JsSIP counts: a customer rings for as long as the caller waits. */
const neverSeconds = 86_400;
const keptCalls = 100;

export class JsSipCustomer extends TypedEmitter<CustomerEvents> implements Customer {
  readonly number: string;
  readonly name: string;
  readonly displayName: string;
  readonly pipe: PipeSocket;
  readonly #agent: JsSipUserAgent;
  readonly #connected: Promise<void>;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #claimed = new WeakSet<CustomerCall>();
  #calls: JsSipCall[] = [];
  #closed = false;

  constructor(
    private readonly options: CustomerOptions & { readonly number: string },
    private readonly world: CustomerWorld,
  ) {
    super();
    assertPlain(options);
    this.number = options.number;
    this.name = options.name ?? options.number;
    this.displayName = options.displayName ?? options.number;
    this.pipe = new PipeSocket(world.gateway, { kind: 'customer', user: this.number }, world.log);
    this.#agent = new world.jssip.UA({
      sockets: [this.pipe],
      uri: `sip:${this.number}@${world.domain}`,
      display_name: this.displayName,
      register: false,
      session_timers: false,
      user_agent: 'sandbox-customer',
      no_answer_timeout: neverSeconds,
    });
    this.#agent.on('newRTCSession', ({ originator, session, request }) => {
      if (originator === 'remote') this.#receive(session, request);
    });
    this.#connected = new Promise((resolve) => {
      this.#agent.on('connected', resolve);
    });
    this.#agent.start();
  }

  get calls(): readonly JsSipCall[] {
    return this.#calls;
  }

  get lastCall(): JsSipCall | undefined {
    return this.#calls.at(-1);
  }

  get received(): string {
    return this.lastCall?.received ?? '';
  }

  async call(agentUserUuid: string, options: CustomerCallOptions = {}): Promise<JsSipCall> {
    // JsSIP fails a call at once while its transport is still connecting.
    await this.#connected;
    return this.#place(agentUserUuid, options);
  }

  #place(agentUserUuid: string, options: CustomerCallOptions): JsSipCall {
    if (this.#closed) throw new Error('the sandbox is closed');
    const extraHeaders = Object.entries(options.headers ?? {}).map(([name, value]) =>
      headerLine(name, value),
    );
    const fromDisplayName = options.displayName ?? this.displayName;
    if (!isPlainText(fromDisplayName)) throw new Error('displayName has a control character or a quote');
    const { call, sessionOptions } = this.#newCall('outbound', {
      agent: agentUserUuid,
      callerId: agentUserUuid,
      headers: {},
    });
    const target = `sip:${encodeURIComponent(agentUserUuid)}@${this.world.domain}`;
    this.#begin(call, this.#agent.call(target, { ...sessionOptions, extraHeaders, fromDisplayName }));
    return call;
  }

  answer(): JsSipCall {
    const ringing = this.#calls.find((call) => call.direction === 'inbound' && call.state === 'ringing');
    if (ringing === undefined) throw new Error(`nobody is calling ${this.name}`);
    ringing.answer();
    return ringing;
  }

  hangup(): void {
    for (const call of this.#calls) call.hangup();
  }

  waitForCall(options: WaitOptions = {}): Promise<CustomerCall> {
    const claim = (call: CustomerCall): CustomerCall => {
      this.#claimed.add(call);
      return call;
    };
    const waiting = this.#calls.find(
      (call) => call.direction === 'inbound' && call.state !== 'ended' && !this.#claimed.has(call),
    );
    if (waiting !== undefined) return Promise.resolve(claim(waiting));
    return waitFor(`call to ${this.name}`, options.timeoutMs ?? 5000, (resolve) => {
      const listener = (call: CustomerCall): void => {
        if (!this.#claimed.has(call)) resolve(claim(call));
      };
      this.on('incoming', listener);
      return () => this.off('incoming', listener);
    });
  }

  /** Hangs up and takes no more calls. What it has to say leaves in the next turn of the event loop. */
  stop(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#agent.stop();
  }

  close(): void {
    this.stop();
    for (const call of this.#calls) call.dispose();
    this.pipe.disconnect();
  }

  #receive(session: JsSipSession, request: JsSipMessage): void {
    const callerId = session.remote_identity.uri.user;
    // From may show any number; who is really calling is what the proxy asserts (RFC 3325).
    const asserted = parseNameAddr(request.getHeader('P-Asserted-Identity') ?? '');
    const agent = parseUri(asserted?.uri ?? '')?.user ?? callerId;
    const { call } = this.#newCall('inbound', { agent, callerId, headers: customHeaders(request) });
    const { onCall = 'answer', answerAfterMs = 0, earlyMediaMs } = this.options;
    if (earlyMediaMs !== undefined) withEarlyMedia(session, request, earlyMediaMs);
    this.#begin(call, session);
    this.world.log(`${agent} calls ${this.name}`);
    this.emit('incoming', call);
    if (call.state !== 'ringing' || onCall === 'ring') return;
    if (onCall !== 'answer') call.hangup(onCall.refuseWith);
    else {
      // Not at once: JsSIP sends its 180 after this listener has returned.
      this.#later(answerAfterMs, () => {
        if (call.state === 'ringing') call.answer();
      });
    }
  }

  #begin(call: JsSipCall, session: JsSipSession): void {
    call.attach(session);
    session.on('refer', ({ accept }) => {
      // A transfer: the customer calls whom it is sent to, with a call of its own.
      const referred = this.#newCall('outbound', { agent: 'transfer', callerId: 'transfer', headers: {} });
      accept((next) => {
        this.#begin(referred.call, next);
      }, referred.sessionOptions);
    });
    call.on('answered', () => {
      this.#afterAnswer(call);
    });
    call.on('ended', () => {
      this.#afterEnd(call);
    });
    this.#calls = [...this.#calls, call].slice(-keptCalls);
    this.emit('call', call);
  }

  #afterAnswer(call: JsSipCall): void {
    const { sendsDigits, digitsAfterMs = 500, hangsUpAfterMs } = this.options;
    if (sendsDigits !== undefined) {
      this.#later(digitsAfterMs, () => {
        if (call.state !== 'answered') return;
        call.sendDigits(sendsDigits).catch((error: unknown) => {
          this.world.log(`${this.name} cannot key digits: ${String(error)}`);
        });
      });
    }
    if (hangsUpAfterMs !== undefined) {
      this.#later(hangsUpAfterMs, () => {
        call.hangup();
      });
    }
  }

  #afterEnd(call: JsSipCall): void {
    this.world.log(`call of ${call.agent} and ${this.name} ended: ${call.end?.cause ?? ''}`);
    this.emit('ended', call);
    const { callsBackAfterMs } = this.options;
    if (callsBackAfterMs === undefined || call.direction !== 'inbound' || this.#closed) return;
    this.#later(callsBackAfterMs, () => {
      void this.call(call.agent);
    });
  }

  #newCall(
    direction: JsSipCall['direction'],
    facts: Omit<CallFacts, 'direction'>,
  ): { call: JsSipCall; sessionOptions: SessionOptions } {
    const audio = this.world.createAudio({
      codecs: this.#codecs,
      plays: this.#source(),
      onDigit: (digit) => {
        call.noteDigit(digit, 'rtp');
      },
      onAudio: () => {
        call.noteAudio();
      },
    });
    const sessionOptions: SessionOptions = {
      mediaStream: noTracks,
      mediaConstraints: { audio: true, video: false },
      pcConfig: { mediaOwner: audio },
    };
    const call = new JsSipCall({ direction, ...facts }, audio, sessionOptions);
    return { call, sessionOptions };
  }

  get #codecs(): readonly AudioCodec[] {
    return this.options.codecs ?? (this.options.plays === 'echo' ? ['opus', 'PCMU'] : ['PCMU']);
  }

  #source(): FrameSource | 'echo' {
    const { toneHz, plays = toneHz === undefined ? 'silence' : 'tone' } = this.options;
    if (plays === 'echo') return 'echo';
    if (plays === 'melody') return melodySource();
    return plays === 'tone' ? toneSource(toneHz ?? 440) : silenceSource();
  }

  #later(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delayMs);
    this.#timers.add(timer);
  }
}

const isPlainText = (text: string): boolean =>
  everyCharacter(text, (char) => !isControl(char) && char !== '"' && char !== '\\');

function headerLine(name: string, value: string): string {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(name) || !everyCharacter(value, (char) => !isControl(char))) {
    throw new Error('a header has a name of letters, digits and dashes, and a value of one line');
  }
  return `${name}: ${value}`;
}

function assertPlain({
  number,
  displayName = '',
  sendsDigits = '',
  toneHz = 440,
  onCall,
}: CustomerOptions & { readonly number: string }): void {
  if (!/^\+?[A-Za-z0-9.-]{1,32}$/.test(number)) throw new Error('number is + and digits, or a short name');
  if (!isPlainText(displayName)) throw new Error('displayName has a control character or a quote');
  if (!isDigits(sendsDigits)) throw new Error('sendsDigits are 0-9, *, # and A-D');
  if (typeof onCall === 'object' && !isRefusal(onCall.refuseWith)) {
    throw new Error('refuseWith is a SIP status from 300 to 699');
  }
  if (!(toneHz >= 50 && toneHz <= 3500)) {
    throw new Error('toneHz is between 50 and 3500, what a telephone carries');
  }
}

function customHeaders(request: JsSipMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(request.headers)
      .filter(([name]) => name.toLowerCase().startsWith('x-'))
      .map(([name, values]) => [name.toLowerCase(), values[0]?.raw ?? '']),
  );
}
