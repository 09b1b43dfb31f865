/** A thousand agents at one edge that is killed and started again: with the SDK, then with JsSIP alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CountedEdges } from './counted-edges';
import { Crew, type Stack } from './crew';
import { record, type ReturnFigures } from './figures';
import { outage } from './outage';

const AGENTS = Number(process.env['SCALE_AGENTS'] ?? 1000);
const OUTAGES_MS = (process.env['SCALE_OUTAGES_MS'] ?? '1000,10000').split(',').map(Number);
/** What the edge is given to take everybody in at first; nothing is measured then. */
const FIRST_PER_SECOND = 150;
/** Nobody refreshes during a run. */
const REGISTER_EXPIRES_SECONDS = 1800;
const BACK_WITHIN_MS = 30_000;
/** JsSIP may wait for 30 s before each attempt. */
const WAIT_MS = 60_000;
const RUN_MS = 420_000;
/** Where the agents' processes stood still for longer, the peak is what the machine can do: it is measured again. */
const BUSY_MS = 800;
const MOST_REPEATS = 2;
/** Devices that lose one connection right after another come back more slowly. */
const APART_MS = 5_000;
const CLOSED_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 250;
/** JsSIP keeps its transactions for 32 s (timers F and H of RFC 3261). */
const GONE_WITHIN_MS = 40_000;

interface Shift {
  readonly users: readonly string[];
  readonly returns: readonly ReturnFigures[];
  /** At the end: who says that they are registered, whom the registrar has, how many connections stand. */
  readonly said: readonly string[];
  readonly located: readonly string[];
  readonly connections: number;
  readonly sockets: number;
  readonly locatedAfterwards: readonly string[];
  readonly connectionsAfterwards: number;
  readonly crew: Crew;
}

let edges: CountedEdges | undefined;
const crews: Crew[] = [];
let sdk: Shift;
let raw: Shift;

async function shift(stack: Stack, at: CountedEdges): Promise<Shift> {
  const users = Array.from({ length: AGENTS }, (_, index) => `${stack}-${index}`).sort();
  const { secrets, domain } = at.edges;
  const crew = new Crew(stack, {
    secret: secrets.sip,
    domain,
    registerExpiresSeconds: REGISTER_EXPIRES_SECONDS,
  });
  crews.push(crew);
  await crew.register(users, [at.facts(1).wsUrl], FIRST_PER_SECOND);
  const returns: ReturnFigures[] = [];
  for (const outageMs of OUTAGES_MS) {
    let figures = await outage({ stack, crew, edges: at, users, outageMs, withinMs: WAIT_MS });
    for (let again = 0; again < MOST_REPEATS && figures.lagMs > BUSY_MS; again += 1) {
      await sleep(APART_MS);
      const other = await outage({ stack, crew, edges: at, users, outageMs, withinMs: WAIT_MS });
      if (other.lagMs < figures.lagMs) figures = other;
    }
    record(figures);
    returns.push(figures);
    await sleep(APART_MS);
  }
  const { sockets } = await crew.figures();
  const end = {
    said: await crew.registered(),
    located: await at.location(1),
    connections: at.connections(1),
    sockets,
  };
  await crew.stop(CLOSED_WITHIN_MS);
  const closedByMs = Date.now() + CLOSED_WITHIN_MS;
  while ((await at.location(1)).length > 0 && Date.now() < closedByMs) await sleep(LOOK_EVERY_MS);
  return {
    users,
    returns,
    ...end,
    locatedAfterwards: await at.location(1),
    connectionsAfterwards: at.connections(1),
    crew,
  };
}

beforeAll(async () => {
  edges = await CountedEdges.start({ count: 1, sharedMemoryMb: 512 });
  sdk = await shift('sdk', edges);
  raw = await shift('raw', edges);
}, RUN_MS);

afterAll(async () => {
  for (const crew of crews) crew.kill();
  await edges?.close();
});

describe.each(OUTAGES_MS.map((outageMs, at) => [outageMs / 1000, at] as const))(
  'after an outage of %d s',
  (_seconds, at) => {
    test('everybody is registered again within 30 s', () => {
      const figures = sdk.returns[at];
      expect(figures?.back).toBe(AGENTS);
      expect(figures?.backMs['100']).toBeLessThan(BACK_WITHIN_MS);
    });

    test('the busiest second has fewer REGISTERs than with JsSIP alone', () => {
      expect(sdk.returns[at]?.peakPerSecond).toBeLessThan(raw.returns[at]?.peakPerSecond ?? 0);
    });
  },
);

test('every Device says of itself what the registrar says', () => {
  expect(sdk.said).toEqual(sdk.users);
  expect(sdk.located).toEqual(sdk.users);
});

test('every Device has one connection', () => {
  expect(sdk.connections).toBe(AGENTS);
  expect(sdk.sockets).toBe(AGENTS);
});

test('nothing is left of Devices that were destroyed', async () => {
  expect(sdk.locatedAfterwards).toEqual([]);
  expect(sdk.connectionsAfterwards).toBe(0);
  expect(await sdk.crew.leftovers(GONE_WITHIN_MS)).toEqual({ sockets: 0, phones: 0 });
  // Nothing keeps their processes alive either.
  expect(await sdk.crew.ended(GONE_WITHIN_MS)).toEqual([0, 0]);
});
