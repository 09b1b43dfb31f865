/** One test for each cell of the table. Cells of one wave live through it together, which the first of them starts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeCell, type Cell } from './cells.mjs';
import { WHAT, nameOf, wavesFor, type FaultName, type Sdk, type State, type Wave } from './plan';
import type { Measured } from './support/cell';
import { GroupRun, type Results } from './support/group';
import { World } from './support/world';
import { breachesOf } from './verdicts';

const WAVE_TIMEOUT_MS = 240_000;
const CLOSE_MS = 30_000;

const folder = process.env['FAULTS_LAB'] ?? '';
const stories = process.env['FAULTS_STORIES'];
const record = join(folder, 'cells.jsonl');
const words = (process.env['FAULTS_WORDS'] ?? '').split('\n').filter((word) => word !== '');

let world: Promise<World> | undefined;
const worldOnce = (): Promise<World> => (world ??= World.start(folder));

afterAll(async () => {
  await (await world)?.close();
}, CLOSE_MS);

/** Results of each group, or why there are none. */
async function runWave(wave: Wave): Promise<(Results | Error)[]> {
  const lab = await worldOnce();
  const runs = wave.map((group) => new GroupRun(lab, group));
  const settled = async <T>(tasks: Promise<T>[]): Promise<(T | Error)[]> =>
    (await Promise.allSettled(tasks)).map((task) =>
      task.status === 'fulfilled'
        ? task.value
        : task.reason instanceof Error
          ? task.reason
          : new Error(String(task.reason)),
    );
  try {
    // All of them first: calls that are being set up would be heard as gaps by those that are measured.
    const prepared = await settled(runs.map((run) => run.prepare()));
    return await settled(
      runs.map((run, at) => {
        const failure = prepared[at];
        return failure instanceof Error ? Promise.reject(failure) : run.run();
      }),
    );
  } finally {
    await Promise.allSettled(runs.map((run) => run.close()));
  }
}

function lineOf(fault: FaultName, outageMs: number, state: State) {
  return (
    outcome: Cell['outcome'],
    note: string,
    measured?: Readonly<Record<Sdk, Measured>>,
    lateMs?: number,
  ): void => {
    const columns = Object.fromEntries(
      Object.entries(measured ?? {}).map(([sdk, figures]) => [sdk, { ...figures, story: undefined }]),
    );
    const late = lateMs === undefined ? {} : { lateMs };
    writeCell(record, { fault, what: WHAT[fault], outageMs, state, outcome, note, ...late, ...columns });
  };
}

/** For whoever wants to know what happened: with FAULTS_STORIES the SIP messages and events of every cell go there. */
function keepStories(name: string, measured: Readonly<Record<Sdk, Measured>>): void {
  if (stories === undefined) return;
  mkdirSync(stories, { recursive: true });
  for (const { sdk, story } of Object.values(measured)) {
    writeFileSync(join(stories, `${name.replaceAll(/\W+/g, '-')}-${sdk}.txt`), `${story}\n`);
  }
}

for (const wave of wavesFor(words)) {
  let results: Promise<(Results | Error)[]> | undefined;
  for (const [at, { fault, outageMs, states }] of wave.entries()) {
    for (const state of states) lineOf(fault, outageMs, state)('never', '');
    describe(`${fault}, ${outageMs / 1000} s`, () => {
      for (const state of states) {
        const name = nameOf(fault, outageMs, state);
        test(name, { timeout: WAVE_TIMEOUT_MS }, async () => {
          const tell = lineOf(fault, outageMs, state);
          const result = (await (results ??= runWave(wave)))[at];
          const measured = result instanceof Error ? undefined : result?.cells.get(state);
          if (measured === undefined || result === undefined || result instanceof Error) {
            const failure = result instanceof Error ? result : new Error('no result');
            tell('fail', failure.message.slice(0, 300));
            throw failure;
          }
          keepStories(name, measured);
          const breaches = breachesOf(fault, outageMs, state, measured, result.lateMs);
          tell(breaches.length === 0 ? 'pass' : 'fail', breaches.join('; '), measured, result.lateMs);
          if (breaches.length > 0) console.error(`${name}\n${measured.ours.story}`);
          expect(breaches).toEqual([]);
        });
      }
    });
  }
}
