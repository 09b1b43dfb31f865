/** One fault for one outage, and all agents that live through it: each state, by each SDK. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SDKS, type FaultName, type Group, type Sdk, type State } from '../plan';
import { CellRun, LAST_CHECK_MS, type Measured, type Times } from './cell';
import { EDGE_OF, ROOM_OF, newFault, type Fault } from './faults';
import { Proxy } from './proxy';
import { PageOf, type AgentPage, type FarPage } from './reports';
import type { World } from './world';

/** Where the far ends are, and nothing happens. */
const FAR_EDGE = 3;
const PLACED_WITHIN_MS = 40_000;
const LOOK_MS = 500;
/** How long the far end thinks about a re-INVITE that shall be pending. */
const SLOW_ANSWER_MS = 400;
const BEFORE_FAULT_MS = 100;
const MEANWHILE_MS = 200;
/** Until requests that nobody answered have timed out (RFC 3261, 64*T1 = 32 s). */
const WATCH_MS = 36_000;
/** After an outage; after a long one until the cap of every backoff is over. */
const RETURN_MS = 15_000;
const LONG_OUTAGE_MS = 30_000;
const LONG_RETURN_MS = 33_000;
/** Where signalling alone breaks, requests are left unanswered. */
const BREAKS_SIGNALING: readonly FaultName[] = ['cut', 'frozen'];

const now = (): number => performance.timeOrigin + performance.now();

export interface Results {
  readonly cells: ReadonlyMap<State, Readonly<Record<Sdk, Measured>>>;
  /** By how much timers of the pages were late at worst: on a machine that cannot keep up the figures mean little. */
  readonly lateMs: number;
}

export class GroupRun {
  readonly #cells: CellRun[] = [];
  readonly #agentPages = new Map<Sdk, AgentPage>();
  readonly problems: string[] = [];
  #farEnds: FarPage | undefined;
  #proxy: Proxy | undefined;
  #fault: Fault | undefined;

  constructor(
    private readonly world: World,
    private readonly group: Group,
  ) {}

  /** Registers everybody and brings every call to where the fault shall find it. */
  async prepare(): Promise<void> {
    const { world, group } = this;
    const { fault, outageMs, states } = group;
    const proxy = await Proxy.start('10.79.0.1', world.wsUrl(EDGE_OF(fault)));
    this.#proxy = proxy;
    // A server that is killed takes its connections with it.
    const wsUrl = fault === 'server' ? world.wsUrl(EDGE_OF(fault)) : proxy.url;
    const page = (scripts: string[], room = ROOM_OF[fault]) => world.page(room, scripts, this.problems);
    const farEnds: FarPage = new PageOf(
      await page(['wire.js', 'hearing.js', 'jssip.js', 'far-ends.js'], 'far'),
      'farEnds',
    );
    this.#farEnds = farEnds;
    for (const sdk of SDKS) {
      const script = sdk === 'ours' ? 'sdk.js' : 'jssip.js';
      this.#agentPages.set(
        sdk,
        new PageOf(await page(['wire.js', 'hearing.js', script, 'agents.js']), 'agents'),
      );
    }
    for (const [sdk, agents] of this.#agentPages) {
      for (const state of states) {
        const user = world.newUser(`${sdk} ${state}`);
        const farUser = world.newUser(`far ${state}`);
        const [account, farAccount, token] = await Promise.all([
          world.account(user, wsUrl),
          world.account(farUser, world.wsUrl(FAR_EDGE)),
          world.token(user),
        ]);
        await Promise.all([
          agents.create({ sdk, user, account, token }),
          farEnds.create({
            user: farUser,
            account: farAccount,
            answers: state !== 'ringing out',
            ...(state === 'mid re-INVITE' ? { slowMs: SLOW_ANSWER_MS } : {}),
          }),
        ]);
        this.#cells.push(new CellRun(sdk, state, user, farUser, agents, farEnds));
      }
    }
    for (const cell of this.#cells) await cell.place();
    await this.#until((cell) => cell.isPlaced, 'in their call');
    for (const cell of this.#cells) await cell.holdBefore();
    await this.#until((cell) => cell.isReady, 'on hold');
    const pages = [...this.#agentPages.values()].map((one) => one.page);
    this.#fault = newFault(fault, outageMs, { world, proxy, pages });
  }

  async run(): Promise<Results> {
    const fault = this.#fault;
    if (fault === undefined) throw new Error('prepare first');
    const { outageMs } = this.group;
    // The others of a wave took their time to get here; and a busy machine drops a packet at any time.
    await this.#until(
      (cell) => cell.isReady && (cell.isHolding || cell.isPlaced),
      'where the fault shall find them',
    );
    await this.#lateMs();
    for (const cell of this.#cells) await cell.justBefore();
    await sleep(BEFORE_FAULT_MS);
    const faultAtMs = now();
    await fault.begin();
    const times: Times = { faultAtMs, possibleAtMs: fault.leavesAWay === true ? now() : Infinity };
    const meanwhile = sleep(MEANWHILE_MS).then(() => this.#each((cell) => cell.meanwhile()));
    const over = sleep(Math.max(0, faultAtMs + outageMs - now())).then(async () => {
      await fault.end();
      times.possibleAtMs = Math.min(times.possibleAtMs, now());
      return now();
    });
    const endAtMs = await this.#watch(times, over);
    await meanwhile;
    await this.#each((cell) => cell.lastCheck(endAtMs));
    await sleep(LAST_CHECK_MS);
    await this.#look();
    const lateMs = await this.#lateMs();
    const cells = new Map<State, Record<Sdk, Measured>>();
    for (const state of this.group.states) {
      const of = (sdk: Sdk): Promise<Measured> => {
        const cell = this.#cells.find((one) => one.state === state && one.sdk === sdk);
        if (cell === undefined) throw new Error(`no cell for ${state}`);
        return cell.measured(times);
      };
      cells.set(state, { ours: await of('ours'), raw: await of('raw') });
    }
    return { cells, lateMs };
  }

  /** Looks until the end, and lets people do what they would. Resolves with the time. */
  async #watch(times: Times, over: Promise<number>): Promise<number> {
    let endAtMs = Infinity;
    const ending = over.then((overAtMs) => {
      const watchMs = BREAKS_SIGNALING.includes(this.group.fault) ? WATCH_MS : 0;
      const returnMs = this.group.outageMs < LONG_OUTAGE_MS ? RETURN_MS : LONG_RETURN_MS;
      endAtMs = Math.max(times.faultAtMs + watchMs, overAtMs + returnMs);
    });
    // A frozen page answers nobody.
    if (this.group.fault === 'page') await ending;
    while (now() < endAtMs) {
      await this.#look();
      await this.#each((cell) => cell.goOn(times, now()));
      await sleep(LOOK_MS);
    }
    await ending;
    await this.#look();
    return now();
  }

  async close(): Promise<void> {
    const pages = [...this.#agentPages.values(), this.#farEnds].flatMap((one) => one?.page ?? []);
    await Promise.all(pages.map((page) => page.context().close()));
    this.#proxy?.close();
    if (this.group.fault === 'link') this.world.room(ROOM_OF.link).down('second');
  }

  /** Since the last time. */
  async #lateMs(): Promise<number> {
    const pages = [...this.#agentPages.values(), this.#farEnds].flatMap((one) => one ?? []);
    return Math.max(...(await Promise.all(pages.map((page) => page.lateMs()))));
  }

  async #each(act: (cell: CellRun) => Promise<void>): Promise<void> {
    await Promise.all(this.#cells.map(act));
  }

  async #look(): Promise<void> {
    const farEnds = await this.#farEnds?.glance();
    const agents = await Promise.all([...this.#agentPages.values()].map((page) => page.glance()));
    const all = Object.assign({}, ...agents) as Awaited<ReturnType<AgentPage['glance']>>;
    for (const cell of this.#cells) {
      cell.looked(all[cell.user], farEnds?.[cell.farUser], now());
    }
  }

  async #until(holds: (cell: CellRun) => boolean, what: string): Promise<void> {
    const deadline = now() + PLACED_WITHIN_MS;
    for (;;) {
      await this.#look();
      const late = this.#cells.filter((cell) => !holds(cell));
      if (late.length === 0) return;
      if (now() > deadline) {
        const who = late.map(({ user, agent, far }) => `${user} (${agent?.status}, far end ${far?.status})`);
        throw new Error(`not ${what} within ${PLACED_WITHIN_MS} ms: ${who.join(', ')}`);
      }
      await sleep(LOOK_MS);
    }
  }
}
