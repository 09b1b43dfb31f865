/** One call of a customer as a far end tells it: what the customer says, and what the sandbox's trace says. */
import type { CustomerCall, Trace, TraceEntry } from '../../../src/sandbox/index';
import type { FarCall, FarEnding, FarHearing, SdpDirection } from './far-end';

const WAIT_MS = 10_000;
const LOOK_EVERY_MS = 50;

export class CustomerFarCall implements FarCall {
  readonly sessionRefreshes = 0;

  constructor(
    private readonly call: CustomerCall,
    private readonly trace: Trace,
    private readonly callId: string,
    private readonly number: string,
  ) {}

  get direction(): FarCall['direction'] {
    return this.call.direction;
  }

  get state(): FarCall['state'] {
    return this.call.state;
  }

  get digits(): string {
    return this.call.received;
  }

  get invite(): string {
    return this.trace.find((entry) => this.#isMine(entry) && entry.method === 'INVITE')[0]?.text ?? '';
  }

  get agentMessages(): readonly string[] {
    // What the sandbox sends to a customer comes from the agent.
    return this.trace
      .find((entry) => this.#isMine(entry) && entry.direction === 'sent')
      .map(({ text }) => text);
  }

  get agentDirection(): SdpDirection | undefined {
    const newest = this.agentMessages.filter((text) => text.includes('\r\nm=audio ')).at(-1);
    if (newest === undefined) return undefined;
    // The media's own attribute wins over the session's, which Firefox writes too; none means both ways
    // (RFC 8866 section 6.7).
    const [session = '', media = ''] = newest.split(/^m=audio /m);
    const named = directionIn(media) ?? directionIn(session) ?? 'sendrecv';
    return named;
  }

  get ending(): FarEnding | undefined {
    const { end } = this.call;
    if (end === undefined) return undefined;
    const by = end.by === 'customer' ? 'far-end' : end.by;
    const farewell = this.agentMessages.filter((text) => /^(BYE|CANCEL) /.test(text)).at(-1);
    return {
      by,
      how: by === 'network' ? 'timeout' : howItEnded(end.cause, end.status),
      status: end.status,
      reason: /^Reason: *(.*?)\r?$/im.exec(farewell ?? '')?.[1],
    };
  }

  waitFor(what: 'ringing' | 'answered' | 'ended', timeoutMs = WAIT_MS): Promise<void> {
    return this.call.waitFor(what, { timeoutMs });
  }

  async waitForDirection(direction: SdpDirection, timeoutMs = WAIT_MS): Promise<void> {
    if (this.agentDirection === direction) return;
    await this.trace.waitFor(() => this.agentDirection === direction, { timeoutMs, onlyNew: true });
  }

  waitForDigits(digits: string, timeoutMs = WAIT_MS): Promise<string> {
    return this.call.waitForDigits(digits, { timeoutMs });
  }

  async listen(forMs = 400): Promise<FarHearing> {
    const before = this.call.hearing.packets;
    const untilMs = performance.now() + forMs;
    let best: Omit<FarHearing, 'packets'> = { hz: null, dbfs: -127 };
    while (performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
      const { dominantHz, levelDbfs } = this.call.hearing;
      if ((levelDbfs ?? -127) > best.dbfs) best = { hz: dominantHz, dbfs: levelDbfs ?? -127 };
    }
    return { ...best, packets: this.call.hearing.packets - before };
  }

  async hears(hz: number, timeoutMs = WAIT_MS): Promise<FarHearing> {
    const { dominantHz, levelDbfs, packets } = await this.call.hears({ hz, timeoutMs });
    return { hz: dominantHz, dbfs: levelDbfs ?? -127, packets };
  }

  async hearsNobody(timeoutMs = WAIT_MS): Promise<FarHearing> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const heard = await this.listen(1000);
      if (heard.dbfs < -60) return heard;
      if (performance.now() > untilMs) throw new Error(`${this.number} still hears ${JSON.stringify(heard)}`);
    }
  }

  answer(): Promise<void> {
    this.call.answer();
    return Promise.resolve();
  }

  hangup(status?: number): Promise<void> {
    this.call.hangup(status);
    return Promise.resolve();
  }

  hold(direction: 'sendonly' | 'inactive' = 'sendonly'): Promise<void> {
    if (direction === 'inactive') return Promise.reject(new Error('customers hold with sendonly'));
    return this.call.hold(true);
  }

  resume(): Promise<void> {
    return this.call.hold(false);
  }

  refresh(): Promise<number> {
    return Promise.reject(new Error('customers do not refresh a session'));
  }

  sendDigits(digits: string): Promise<void> {
    return this.call.sendDigits(digits);
  }

  #isMine({ peer, callId }: TraceEntry): boolean {
    return peer === this.number && callId === this.callId;
  }
}

function howItEnded(cause: string, status: number | undefined): FarEnding['how'] {
  if (status !== undefined && status >= 300) return 'refused';
  return cause === 'Canceled' ? 'CANCEL' : 'BYE';
}

function directionIn(sdp: string): SdpDirection | undefined {
  const named = /^a=(sendrecv|sendonly|recvonly|inactive)\r?$/m.exec(sdp)?.[1];
  return named as SdpDirection | undefined;
}
