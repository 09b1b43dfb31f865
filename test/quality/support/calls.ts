/** The two pages that call each other, and what they note. Runs in Node; the other half is `page/calls.js`. */
import { fileURLToPath } from 'node:url';
import type { CallReport, QualityWarning } from '../../../src/index';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index';
import { ChromiumLab, type ChromiumPage } from '../../support/chromium-lab';
import { Relay } from './relay';
import type { TableCodec } from './whole-e-model';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A sample as it comes out of the page. */
export interface NotedSample {
  readonly mos: number | null;
  readonly grade: string | null;
  readonly rttMs: number | null;
  readonly lossRatio: number | null;
  readonly jitterMs: number | null;
  readonly jitterBufferMs: number | null;
  readonly concealmentRatio: number | null;
  readonly codec: { readonly mimeType: string } | null;
}

export type Note = { readonly atMs: number } & (
  | { readonly event: 'accepted' }
  | { readonly event: 'quality'; readonly detail: NotedSample }
  | { readonly event: 'warning'; readonly detail: QualityWarning }
  | { readonly event: 'warningCleared'; readonly detail: { readonly name: string } }
  | { readonly event: 'disconnect' | 'error'; readonly detail: unknown }
);

declare global {
  interface Window {
    lab: {
      create(token: string): Promise<void>;
      route(next: { readonly name: string; readonly codec: TableCodec; readonly port: number }): void;
      call(to: string): Promise<void>;
      setMicrophone(name: string, deviceId: string): Promise<void>;
      mute(name: string, on: boolean): void;
      hangUp(name: string): Promise<void>;
      notes(name: string): Note[];
      story(name: string): Story;
    };
  }
}

/** One end of a call. */
export interface End {
  readonly name: string;
  readonly page: ChromiumPage;
}

/** One call through a relay of its own. The agent is the one whose quality is judged. */
export interface RelayedCall {
  readonly relay: Relay;
  readonly agent: End;
  readonly farEnd: End;
}

const AGENT = 'agent';
const FAR_END = 'far-end';

export class QualityWorld {
  readonly #relays: Relay[] = [];

  private constructor(
    private readonly sandbox: Sandbox,
    private readonly browser: ChromiumLab,
    private readonly agents: ChromiumPage,
    private readonly farEnds: ChromiumPage,
  ) {}

  static async open(): Promise<QualityWorld> {
    const sandbox = await startSandbox({
      staticDirs: { '/dist/': `${ROOT}dist`, '/': `${ROOT}test/quality/page` },
    });
    const browser = await ChromiumLab.launch({ micToneHz: 500 });
    const pages = [];
    for (const userUuid of [AGENT, FAR_END]) {
      const page = await browser.open(`${sandbox.url}/calls.html`);
      const { token } = await sandbox.mintToken({ userUuid });
      await page.evaluate((minted) => window.lab.create(minted), token);
      pages.push(page);
    }
    const [agents, farEnds] = pages as [ChromiumPage, ChromiumPage];
    return new QualityWorld(sandbox, browser, agents, farEnds);
  }

  /** A call that both sides are in, over a network that is good so far. Not two at the same time. */
  async call(name: string, codec: TableCodec): Promise<RelayedCall> {
    const relay = await Relay.open();
    this.#relays.push(relay);
    const agent = { name, page: this.agents };
    const farEnd = { name, page: this.farEnds };
    for (const [{ page }, port] of [
      [agent, relay.leftPort],
      [farEnd, relay.rightPort],
    ] as const)
      await page.evaluate(
        (route) => {
          window.lab.route(route);
        },
        { name, codec, port },
      );
    await agent.page.evaluate((to) => window.lab.call(to), FAR_END);
    return { relay, agent, farEnd };
  }

  get problems(): readonly string[] {
    return [...this.agents.problems, ...this.farEnds.problems];
  }

  async close(): Promise<void> {
    await this.browser.close();
    for (const relay of this.#relays) relay.close();
    await this.sandbox.close();
  }
}

export function notesOf({ name, page }: End): Promise<Note[]> {
  return page.evaluate((which) => window.lab.notes(which), name);
}

export function hangUp({ name, page }: End): Promise<void> {
  return page.evaluate((which) => window.lab.hangUp(which), name);
}

/** What a call has said so far. */
export interface Story {
  readonly notes: readonly Note[];
  readonly report: CallReport;
}

export function storyOf({ name, page }: End): Promise<Story> {
  return page.evaluate((which) => window.lab.story(which), name);
}

export function samplesOf(notes: readonly Note[], fromMs: number, toMs: number): NotedSample[] {
  return notes.flatMap((note) =>
    note.event === 'quality' && note.atMs >= fromMs && note.atMs < toMs ? [note.detail] : [],
  );
}

/** When each warning was raised and cleared. */
export interface Spell {
  readonly name: string;
  readonly raisedMs: number;
  readonly clearedMs?: number;
}

export function spellsOf(notes: readonly Note[]): Spell[] {
  const spells: Spell[] = [];
  for (const note of notes) {
    if (note.event === 'warning') spells.push({ name: note.detail.name, raisedMs: note.atMs });
    if (note.event !== 'warningCleared') continue;
    const { name } = note.detail;
    const at = spells.map((spell) => spell.name).lastIndexOf(name);
    const spell = spells[at];
    if (spell) spells[at] = { ...spell, clearedMs: note.atMs };
  }
  return spells;
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
