/** What the pages say of themselves, and commands to them. Runs in Node; the other half is in `page/`. */
import type { Page } from 'playwright-core';

export interface Gap {
  /** Since the epoch. */
  readonly startMs: number;
  readonly durationMs: number;
  /** Not over yet. */
  readonly isOpen?: true;
}

export interface Noted {
  readonly atMs: number;
  readonly event: string;
  readonly detail?: string | number | boolean;
}

export interface AgentGlance {
  /** Whether the SDK says that it is registered. */
  readonly claims: boolean;
  readonly status: string;
  readonly isHeld: boolean;
  readonly end?: { readonly by: string; readonly reason: string; readonly cause: string };
  readonly registeredAtMs: readonly number[];
  readonly hears: boolean;
}

export interface FarGlance {
  readonly status: string;
  /** How many calls it has had. */
  readonly sessions: number;
  readonly hears: boolean;
}

/** Since the page was opened. */
export interface History {
  readonly gaps: readonly Gap[];
  readonly events: readonly Noted[];
}

export interface WireMessage {
  readonly atMs: number;
  readonly isOut: boolean;
  readonly startLine: string;
  readonly cseq: string;
  readonly callId: string;
  readonly reason: string;
}

export type AgentCommand = 'connect' | 'accept' | 'hold' | 'hangUp';
export type FarCommand = 'call' | 'answerAll' | 'hangUp';

interface Side<Glance> {
  create(options: object): Promise<void>;
  command(user: string, name: string, ...args: unknown[]): void;
  glance(): Record<string, Glance>;
  history(user: string): History;
}

declare global {
  interface Window {
    agents: Side<AgentGlance>;
    farEnds: Side<FarGlance>;
    wire: { trace(user: string): WireMessage[]; lateMs(): number };
  }
}

/** A page of agents, or one of far ends. */
export class PageOf<Glance, Command extends string> {
  constructor(
    readonly page: Page,
    private readonly side: 'agents' | 'farEnds',
  ) {}

  create(options: object): Promise<void> {
    return this.page.evaluate(([side, given]) => window[side].create(given), [this.side, options] as const);
  }

  /** Begins it and waits for nothing. */
  command(user: string, name: Command, ...args: unknown[]): Promise<void> {
    return this.page.evaluate(
      ([side, who, what, more]) => {
        window[side].command(who, what, ...more);
      },
      [this.side, user, name, args] as const,
    );
  }

  async glance(): Promise<Record<string, Glance>> {
    const seen = await this.page.evaluate((side) => window[side].glance(), this.side);
    return seen as unknown as Record<string, Glance>;
  }

  history(user: string): Promise<History> {
    return this.page.evaluate(([side, who]) => window[side].history(who), [this.side, user] as const);
  }

  lateMs(): Promise<number> {
    return this.page.evaluate(() => window.wire.lateMs());
  }

  trace(user: string): Promise<WireMessage[]> {
    return this.page.evaluate((who) => window.wire.trace(who), user);
  }
}

export type AgentPage = PageOf<AgentGlance, AgentCommand>;
export type FarPage = PageOf<FarGlance, FarCommand>;

/** The longest silence that began at or after `fromMs`. */
export function longestGap(gaps: readonly Gap[], fromMs: number): number {
  return Math.max(0, ...gaps.filter(({ startMs }) => startMs >= fromMs).map(({ durationMs }) => durationMs));
}
