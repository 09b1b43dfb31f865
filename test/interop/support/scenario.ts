/**
 * Scenarios and the cells of the table that they fill. To add one, write into a file of `scenarios/`:
 *
 *     scenario('an agent hears a phone', { browsers: BOTH }, async (lab) => {
 *       const phone = await lab.farPhone('phone', { toneHz: 700 });
 *       const { phone: page } = await lab.agent();
 *       const call = await page.connect(phone.number);
 *       const { dbfs } = await page.hears(call, 700);
 *       return `700 Hz at ${dbfs.toFixed(0)} dBFS`;
 *     });
 *
 * It runs once for each server and each entry of `browsers`; what it returns is the measured figure in the table.
 * Where it cannot run by nature, `notIn` says why, and the table shows that. Agents, pages and phones that the
 * `Lab` opened are closed by it. Run one by `npm run test:interop -- -t 'hears a phone'`.
 */
import type { BrowserName } from '../../support/lab-page';
import type { Lab } from './lab';
import type { WorldName } from './world';

/** Browsers of the agents in turn: the first agent has the first, and so on, over again. */
export type BrowserSet = readonly [BrowserName, ...BrowserName[]];

/** What has no audio to measure. */
export const CHROMIUM: readonly BrowserSet[] = [['chromium']];
/** What has audio, with one agent. */
export const BOTH: readonly BrowserSet[] = [['chromium'], ['firefox']];
/** What has audio between agents. */
export const MIXED: readonly BrowserSet[] = [...BOTH, ['chromium', 'firefox'], ['firefox', 'chromium']];

export interface ScenarioPlan {
  readonly browsers: readonly BrowserSet[];
  /** Servers that cannot do this by nature, and why. */
  readonly notIn?: Partial<Readonly<Record<WorldName, string>>>;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

/** Runs one cell and returns its measured figure, for example `heard 600 Hz at -7 dBFS`. */
export type ScenarioBody = (lab: Lab) => Promise<string>;

export interface Scenario extends ScenarioPlan {
  readonly name: string;
  readonly run: ScenarioBody;
}

/** All scenarios of the files read so far. */
export const scenarios: Scenario[] = [];

export function scenario(name: string, plan: ScenarioPlan, run: ScenarioBody): void {
  if (scenarios.some((other) => other.name === name)) throw new Error(`two scenarios are called "${name}"`);
  scenarios.push({ ...plan, name, run });
}
