/** One test for each row of the tables. The first one runs them all, in waves of calls that a small machine can carry. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { QualityWarningName } from '../../src/index';
import { type Row, writeRow } from './cells.mjs';
import {
  AFTER_MS,
  BAD_MS,
  type CellPlan,
  type Facts,
  CELLS,
  CLEAR_WITHIN_MS,
  GOOD_MS,
  isBusy,
  isOwed,
  isToBeCleared,
  MOS_TOLERANCE,
  nameOf,
  RAISE_WITHIN_MS,
  SETTLE_MS,
} from './plan';
import {
  hangUp,
  pause,
  QualityWorld,
  type NotedSample,
  type RelayedCall,
  samplesOf,
  type Spell,
  spellsOf,
  storyOf,
} from './support/calls';
import { SILENCES, type SilenceResult } from './support/silences';
import { expectedMos } from './support/whole-e-model';

const RUN_TIMEOUT_MS = 230_000;
/** Calls at the same time. */
const WAVE = 4;
/** The end of a call, by which a score is judged after the network is good again. */
const RECENT_MS = 6_000;
const CLOSE_MS = 20_000;
const GOOD = { lossRatio: 0, delayMs: 0 };
const JUDGED: readonly QualityWarningName[] = ['highRtt', 'highLoss', 'lowMos'];

const record = join(process.env['QUALITY_LAB'] ?? '', 'rows.jsonl');

let world: Promise<QualityWorld> | undefined;
const worldOnce = (): Promise<QualityWorld> => (world ??= QualityWorld.open());

afterAll(async () => {
  await (await world)?.close();
}, CLOSE_MS);

interface Results {
  readonly networks: ReadonlyMap<CellPlan, Omit<Row, 'name' | 'table'>>;
  readonly silences: ReadonlyMap<string, SilenceResult>;
}

let run: Promise<Results> | undefined;
const runOnce = (): Promise<Results> => (run ??= runAll());

async function runAll(): Promise<Results> {
  const lab = await worldOnce();
  const networks = new Map<CellPlan, Omit<Row, 'name' | 'table'>>();
  for (let at = 0; at < CELLS.length; at += WAVE) {
    const plans = CELLS.slice(at, at + WAVE);
    const calls: RelayedCall[] = [];
    for (const plan of plans) calls.push(await lab.call(nameOf(plan), plan.codec));
    await Promise.all(
      calls.map(async (call, index) => {
        const plan = plans[index] as CellPlan;
        networks.set(plan, await liveThrough(plan, call));
        await hangUp(call.agent);
      }),
    );
  }
  const silences = new Map<string, SilenceResult>();
  const calls: RelayedCall[] = [];
  for (const { name } of SILENCES) calls.push(await lab.call(name, 'PCMU'));
  await Promise.all(
    SILENCES.map(async (silence, index) => {
      silences.set(silence.name, await silence.run(calls[index] as RelayedCall));
    }),
  );
  return { networks, silences };
}

/** A good network, the bad one, and a good one again. */
async function liveThrough(plan: CellPlan, call: RelayedCall): Promise<Omit<Row, 'name' | 'table'>> {
  const { relay, agent } = call;
  await pause(GOOD_MS);
  const badAtMs = Date.now();
  relay.become({ lossRatio: plan.lossPercent / 100, delayMs: plan.delayMs });
  await pause(SETTLE_MS);
  relay.takeTruth();
  const fromMs = Date.now();
  await pause(BAD_MS - SETTLE_MS);
  const toMs = Date.now();
  const truth = relay.takeTruth();
  relay.become(GOOD);
  await pause(AFTER_MS);
  const { notes, report } = await storyOf(agent);

  const samples = samplesOf(notes, fromMs, toMs);
  const ours = meanOf(samples, 'mos');
  const bufferMs = meanOf(samples, 'jitterBufferMs');
  const truePercent = (100 * truth.lost) / truth.packets;
  // A frame of 20 ms, and the encoder's lookahead.
  const codingMs = plan.codec === 'PCMU' ? 20 : 26.5;
  const expected = expectedMos(plan.codec, truth.delayMs + bufferMs + codingMs, truePercent);
  // A jitter buffer that a busy machine has filled takes its time: where it keeps the score down, that is the truth.
  const lastly = samplesOf(notes, toMs + AFTER_MS - RECENT_MS, Infinity);
  const highest = (of: readonly NotedSample[]) => Math.max(0, ...of.flatMap(({ rttMs }) => rttMs ?? []));
  const facts: Facts = {
    mos: expected,
    lastMos: expectedMos(plan.codec, meanOf(lastly, 'jitterBufferMs') + codingMs, 0),
    extraRttMs: Math.max(highest(samples) - 2 * truth.delayMs, highest(lastly)),
    extraConcealment: Math.max(
      meanOf(samples, 'concealmentRatio') - truePercent / 100,
      meanOf(lastly, 'concealmentRatio'),
    ),
  };
  const spells = spellsOf(notes);
  const breaches = [
    ...(Math.abs(ours - expected) <= MOS_TOLERANCE
      ? []
      : [`MOS ${ours.toFixed(2)} instead of ${expected.toFixed(2)}`]),
    ...(samples.every(({ codec }) => codec?.mimeType === `audio/${plan.codec}`) ? [] : ['another codec']),
    ...(report.quality?.samples === samplesOf(notes, 0, Infinity).length
      ? []
      : ['the report misses samples']),
    ...JUDGED.flatMap((name) => breachOf({ name, plan, facts, spells, badAtMs, goodAtMs: toMs })),
    ...spells
      .filter(({ name }) => !JUDGED.some((judged) => judged === name) && name !== 'highJitter')
      .map(({ name }) => `${name} was raised`),
  ];
  return {
    outcome: breaches.length === 0 ? 'pass' : 'fail',
    note: breaches.join('; '),
    columns: {
      'true loss': `${truePercent.toFixed(1)} %`,
      'true delay': `${truth.delayMs.toFixed(0)} ms`,
      buffer: `${bufferMs.toFixed(0)} ms`,
      MOS: ours.toFixed(2),
      'E-model': expected.toFixed(2),
      busy: isBusy(facts) ? 'yes' : '',
      'raised and cleared': spells.map((spell) => textOf(spell, badAtMs, toMs)).join(', '),
    },
  };
}

function meanOf(samples: readonly NotedSample[], of: 'mos' | 'jitterBufferMs' | 'concealmentRatio'): number {
  const known = samples.flatMap((sample) => sample[of] ?? []);
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

interface Case {
  readonly name: QualityWarningName;
  readonly plan: CellPlan;
  readonly facts: Facts;
  readonly spells: readonly Spell[];
  readonly badAtMs: number;
  readonly goodAtMs: number;
}

function breachOf({ name, plan, facts, spells, badAtMs, goodAtMs }: Case): string[] {
  const owed = isOwed(name, plan, facts);
  const own = spells.filter((spell) => spell.name === name);
  const [first] = own;
  if (!first) return owed === true ? [`${name} was not raised`] : [];
  if (owed === false) return [`${name} was raised`];
  const last = own.at(-1);
  const isLate = owed === true && first.raisedMs - badAtMs > RAISE_WITHIN_MS;
  const isClear = last?.clearedMs !== undefined && last.clearedMs - goodAtMs <= CLEAR_WITHIN_MS;
  return [
    ...(isLate ? [`${name} came late`] : []),
    ...(isClear || !isToBeCleared(name, facts) ? [] : [`${name} was not cleared in time`]),
  ];
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** From the beginning of the bad network, and from its end. */
function textOf({ name, raisedMs, clearedMs }: Spell, badAtMs: number, goodAtMs: number): string {
  const raised = raisedMs < badAtMs ? 'before' : `+${seconds(raisedMs - badAtMs)}`;
  if (clearedMs === undefined) return `${name} ${raised}, stands`;
  const cleared =
    clearedMs >= goodAtMs ? `${seconds(clearedMs - goodAtMs)} after` : `+${seconds(clearedMs - badAtMs)}`;
  return `${name} ${raised} to ${cleared}`;
}

for (const plan of CELLS)
  writeRow(record, { name: nameOf(plan), table: 'networks', outcome: 'never', note: '' });
for (const { name } of SILENCES) writeRow(record, { name, table: 'silences', outcome: 'never', note: '' });

/** The results; where there are none, the row says why. */
async function runFor(name: string, table: Row['table']): Promise<Results> {
  try {
    return await runOnce();
  } catch (error) {
    writeRow(record, { name, table, outcome: 'fail', note: String(error).slice(0, 200) });
    throw error;
  }
}

describe('networks', () => {
  for (const plan of CELLS) {
    test(nameOf(plan), { timeout: RUN_TIMEOUT_MS }, async () => {
      const name = nameOf(plan);
      const row = (await runFor(name, 'networks')).networks.get(plan);
      if (!row) throw new Error('no result');
      writeRow(record, { name, table: 'networks', ...row });
      expect(row.note).toBe('');
    });
  }
});

describe('silences', () => {
  for (const { name } of SILENCES) {
    test(name, { timeout: RUN_TIMEOUT_MS }, async () => {
      const result = (await runFor(name, 'silences')).silences.get(name);
      if (!result) throw new Error('no result');
      const outcome = result.breaches.length === 0 ? 'pass' : 'fail';
      const columns = { 'raised after': result.raised, 'cleared after': result.cleared };
      writeRow(record, { name, table: 'silences', outcome, note: result.breaches.join('; '), columns });
      expect(result.breaches).toEqual([]);
    });
  }
});

test('the pages throw nothing', async () => {
  await runOnce();
  expect((await worldOnce()).problems).toEqual([]);
});
