/** One test for each cell: every scenario, in every browser that it is for, against every server. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { writeCell, type Cell } from './cells.mjs';
import { closeBrowsers } from './support/browsers';
import { Lab } from './support/lab';
import { scenarios, type BrowserSet, type Scenario } from './support/scenario';
import { closeWorld, worldOf } from './support/worlds';
import { WORLDS, type WorldName } from './support/world';

const FOLDER = new URL('scenarios/', import.meta.url);
const DEADLINE_MS = 60_000;
/** For closing pages after the deadline, and for the first start of servers and browsers before it. */
const AROUND_MS = 60_000;

const record = join(process.env['INTEROP_LAB'] ?? '', 'cells.jsonl');
const wanted = (process.env['INTEROP_FILES'] ?? '').split(',');

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.ts'))) {
  if (wanted.some((part) => file.includes(part))) await import(new URL(file, FOLDER).href);
}

for (const world of WORLDS) {
  const cells = scenarios.flatMap((scenario) =>
    scenario.browsers.map((browsers) => ({ scenario, browsers })),
  );
  for (const { scenario, browsers } of cells) announce(scenario, browsers, world);
  const applicable = cells.filter(({ scenario }) => scenario.notIn?.[world] === undefined);
  // Vitest takes an empty suite for a mistake.
  if (applicable.length === 0) continue;
  describe(world, () => {
    for (const { scenario, browsers } of applicable) plan(scenario, browsers, world);
    afterAll(() => closeWorld(world), AROUND_MS);
  });
}
afterAll(closeBrowsers, AROUND_MS);

function note(scenario: Scenario, browsers: BrowserSet, world: WorldName) {
  return (outcome: Cell['outcome'], text: string): void => {
    const cell = { scenario: scenario.name, browsers: browsers.join(' + '), world };
    writeCell(record, { ...cell, outcome, note: text });
  };
}

/** Before anything runs: what is planned, and what does not apply. */
function announce(scenario: Scenario, browsers: BrowserSet, world: WorldName): void {
  const why = scenario.notIn?.[world];
  note(scenario, browsers, world)(why === undefined ? 'never' : 'none', why ?? '');
}

function plan(scenario: Scenario, browsers: BrowserSet, world: WorldName): void {
  const tell = note(scenario, browsers, world);
  const timeoutMs = scenario.timeoutMs ?? DEADLINE_MS;
  const title = `${scenario.name} [${browsers.join(' + ')} @ ${world}]`;
  test(title, { timeout: timeoutMs + AROUND_MS }, async ({ signal }) => {
    try {
      const figure = await runCell(scenario, browsers, world, timeoutMs);
      // What ends after vitest has given up on it is no success any more.
      signal.throwIfAborted();
      tell('pass', figure);
    } catch (error) {
      tell('fail', String(error).slice(0, 300));
      throw error;
    }
  });
}

async function runCell(
  scenario: Scenario,
  browsers: BrowserSet,
  world: WorldName,
  timeoutMs: number,
): Promise<string> {
  const lab = new Lab(await worldOf(world), browsers);
  let figure: string;
  try {
    figure = await before(timeoutMs, scenario.run(lab));
  } catch (error) {
    // A world that records all agents together says the same for each.
    for (const trace of new Set(lab.users.map((user) => lab.world.trace(user)))) console.error(trace);
    // The page's own problems come second to what failed.
    await lab.close().catch(() => undefined);
    throw error;
  }
  await lab.close();
  return figure;
}

async function before(timeoutMs: number, run: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not over within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([run, late]);
  } finally {
    clearTimeout(timer);
  }
}
