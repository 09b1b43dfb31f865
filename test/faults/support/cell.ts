/** One agent in one state under one fault: how it gets there, what is asked of it afterwards, what is measured. */
import type { Sdk, State } from '../plan';
import {
  longestGap,
  type AgentCommand,
  type AgentGlance,
  type AgentPage,
  type FarGlance,
  type FarPage,
  type Gap,
  type History,
  type WireMessage,
} from './reports';

/** Times in milliseconds. */
export interface Measured {
  readonly sdk: Sdk;
  /** Whether there is a call at the end, with audio both ways; null where there was none. */
  readonly isKept: boolean | null;
  /** How a call ended that was not kept. */
  readonly end: string | null;
  /** Longest silence at either end from the fault on, or until audio after answering or resuming. */
  readonly gapMs: number | null;
  /** From the moment at which it was possible; null for never, -1 for a registration that outlived the fault. */
  readonly registeredMs: number | null;
  /** Whether the agent rings when it is called, or hears that the far end hangs up; null where that says nothing. */
  readonly isReachable: boolean | null;
  /** From the far end's hanging up during the outage to the end of the call at the agent; null for never. */
  readonly endedMs?: number | null;
  /** What happened to the agent, for the report of a failure. */
  readonly story: string;
}

export interface Times {
  faultAtMs: number;
  /** Since when a new connection is possible. */
  possibleAtMs: number;
}

/** What the far end's hang-up at the end may take. */
export const LAST_CHECK_MS = 4_000;
/** An agent that is not back by then goes on as if it were. */
const PATIENCE_MS = 10_000;
/** People do not answer in the same instant. */
const AFTER_RETURN_MS = 1_000;
/** Audio of the last moments counts as audio at the end: a busy machine drops a packet at any time. */
const LAST_HEARD_MS = 3_000;
/** A silence that begins a little before the fault is of the fault: its window is 20 ms, its message takes a while. */
const SLACK_MS = 100;

const LIVE: readonly State[] = ['in call', 'on hold', 'mid re-INVITE', 'far end hangs up'];

interface Side {
  readonly agent: AgentGlance;
  readonly far: FarGlance;
  readonly near: History;
  readonly distant: History;
}

export class CellRun {
  #asked: number | undefined;
  #lastCheckAtMs = 0;
  #lastHeardAtMs = 0;
  #before: Side | undefined;
  #after: Side | undefined;
  agent: AgentGlance | undefined;
  far: FarGlance | undefined;

  constructor(
    readonly sdk: Sdk,
    readonly state: State,
    readonly user: string,
    readonly farUser: string,
    private readonly agents: AgentPage,
    private readonly farEnds: FarPage,
  ) {}

  /** Whether the agent is to be called at the end, and not hung up on. */
  get #endsWithoutCall(): boolean {
    return this.state === 'idle' || this.state === 'far end hangs up';
  }

  get isLive(): boolean {
    return LIVE.includes(this.state);
  }

  #command(name: AgentCommand, ...args: unknown[]): Promise<void> {
    return this.agents.command(this.user, name, ...args);
  }

  /** To be called whenever the pages have been looked at. */
  looked(agent: AgentGlance | undefined, far: FarGlance | undefined, nowMs: number): void {
    this.agent = agent;
    this.far = far;
    if (agent?.status === 'accepted' && far?.status === 'accepted' && agent.hears && far.hears) {
      this.#lastHeardAtMs = nowMs;
    }
  }

  /** Starts the call that the state needs. */
  async place(): Promise<void> {
    if (this.state === 'ringing in') await this.farEnds.command(this.farUser, 'call', this.user);
    else if (this.state !== 'idle') await this.#command('connect', this.farUser);
  }

  /** Whether the call is where it has to be before a hold. */
  get isPlaced(): boolean {
    if (this.state === 'idle') return true;
    if (!this.isLive) return this.agent?.status === 'ringing' && this.far?.status === 'ringing';
    return this.agent?.status === 'accepted' && this.agent.hears && this.far?.hears === true;
  }

  get isHolding(): boolean {
    return this.state === 'on hold';
  }

  async holdBefore(): Promise<void> {
    if (this.isHolding) await this.#command('hold', true);
  }

  get isReady(): boolean {
    return !this.isHolding || (this.agent?.isHeld === true && this.far?.hears === false);
  }

  /** A tenth of a second before the fault. */
  async justBefore(): Promise<void> {
    if (this.state === 'mid re-INVITE') await this.#command('hold', true);
  }

  /** Early in the outage. */
  async meanwhile(): Promise<void> {
    if (this.state === 'far end hangs up') await this.farEnds.command(this.farUser, 'hangUp');
  }

  /** After the outage, again and again: the agent or the far end does what people would do now. */
  async goOn({ faultAtMs, possibleAtMs }: Times, nowMs: number): Promise<void> {
    if (this.#asked !== undefined || nowMs < possibleAtMs) return;
    const backAtMs = this.agent?.registeredAtMs.find((atMs) => atMs > faultAtMs);
    const isBack = backAtMs !== undefined && nowMs >= Math.max(backAtMs, possibleAtMs) + AFTER_RETURN_MS;
    if (!isBack && nowMs < possibleAtMs + PATIENCE_MS) return;
    this.#asked = nowMs;
    if (this.state === 'ringing in') await this.#command('accept');
    if (this.state === 'ringing out') await this.farEnds.command(this.farUser, 'answerAll');
    if (this.state === 'on hold' || this.state === 'mid re-INVITE') await this.#command('hold', false);
  }

  /** The far end calls an idle agent, and hangs up on one in a call. */
  async lastCheck(nowMs: number): Promise<void> {
    this.#before = await this.#both();
    this.#lastCheckAtMs = nowMs;
    if (this.#endsWithoutCall) await this.farEnds.command(this.farUser, 'call', this.user);
    else await this.farEnds.command(this.farUser, 'hangUp');
  }

  async measured(times: Times): Promise<Measured> {
    if (this.#before === undefined) throw new Error('no last check');
    const { agent, far, near, distant } = this.#before;
    this.#after = await this.#both();
    const isKept = this.#endsWithoutCall
      ? null
      : agent.status === 'accepted' &&
        far.status === 'accepted' &&
        this.#lastCheckAtMs - this.#lastHeardAtMs < LAST_HEARD_MS;
    const isReachable = this.#isReachable(isKept);
    return {
      sdk: this.sdk,
      isKept,
      end: agent.end === undefined ? null : `${agent.end.by}, ${agent.end.reason}`,
      gapMs: this.#gap(isKept, near.gaps, distant.gaps, times.faultAtMs),
      registeredMs: this.#registered(agent, times, isReachable),
      isReachable,
      ...(this.state === 'far end hangs up' ? { endedMs: this.#endedMs() } : {}),
      story: await this.#story(times),
    };
  }

  async #both(): Promise<Side> {
    const { agent, far } = this;
    if (agent === undefined || far === undefined) throw new Error(`nothing is known of ${this.user}`);
    const [near, distant] = await Promise.all([
      this.agents.history(this.user),
      this.farEnds.history(this.farUser),
    ]);
    return { agent, far, near, distant };
  }

  #isReachable(isKept: boolean | null): boolean | null {
    const { agent } = this;
    if (this.#endsWithoutCall) return agent?.status === 'ringing';
    return isKept === true ? agent?.status === 'disconnected' || agent?.status === 'failed' : null;
  }

  #gap(isKept: boolean | null, near: readonly Gap[], far: readonly Gap[], faultAtMs: number): number | null {
    if (isKept !== true) return null;
    if (this.state === 'in call') {
      const fromMs = faultAtMs - SLACK_MS;
      return Math.max(longestGap(near, fromMs), longestGap(far, fromMs));
    }
    // The silence that answering or resuming ended.
    const asked = this.#asked ?? 0;
    const waits = [near, far].map((gaps) => {
      const own = gaps.find(({ startMs, durationMs }) => startMs <= asked && startMs + durationMs > asked);
      return own === undefined ? 0 : own.startMs + own.durationMs - asked;
    });
    return Math.round(Math.max(...waits));
  }

  #registered(agent: AgentGlance, times: Times, isReachable: boolean | null): number | null {
    const atMs = agent.registeredAtMs.find((one) => one > times.faultAtMs);
    if (atMs !== undefined) return Math.max(0, Math.round(atMs - times.possibleAtMs));
    return isReachable === true ? -1 : null;
  }

  #endedMs(): number | null {
    const ended = ['call disconnect', 'call ended', 'call failed'];
    const end = this.#after?.near.events.find(
      ({ event, atMs }) => ended.includes(event) && atMs < this.#lastCheckAtMs,
    );
    const hungUp = this.#after?.distant.events.find(({ event }) => event === 'ended' || event === 'failed');
    return end === undefined || hungUp === undefined ? null : Math.round(end.atMs - hungUp.atMs);
  }

  async #story({ faultAtMs, possibleAtMs }: Times): Promise<string> {
    const at = (atMs: number): string => `${((atMs - faultAtMs) / 1000).toFixed(3).padStart(8)} s`;
    const wireOf = (whose: string, messages: readonly WireMessage[]) =>
      messages.map(({ atMs, isOut, startLine, cseq, callId, reason }) => ({
        atMs,
        text: `${whose} ${isOut ? '->' : '<-'} ${startLine} (${cseq}; ${callId.slice(0, 8)})${reason === '' ? '' : ` ${reason}`}`,
      }));
    const told = (whose: string, events: History['events'] = []) =>
      events.map(({ atMs, event, detail }) => ({ atMs, text: `${whose}: ${event} ${detail ?? ''}` }));
    const marks = [
      { atMs: faultAtMs, text: '--- fault' },
      { atMs: possibleAtMs, text: '--- possible again' },
      { atMs: this.#lastCheckAtMs, text: '--- last check' },
    ];
    return [
      ...wireOf('agent', await this.agents.trace(this.user)),
      ...wireOf('far end', await this.farEnds.trace(this.farUser)),
      ...told('agent', this.#after?.near.events),
      ...told('far end', this.#after?.distant.events),
      ...marks,
    ]
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ atMs, text }) => `${at(atMs)}  ${text}`)
      .join('\n');
  }
}
