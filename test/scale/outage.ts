/** One edge is killed and started again under a crowd of agents. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionCounter } from './connections';
import type { CountedEdges } from './counted-edges';
import type { Crew, Stack } from './crew';
import type { ReturnFigures } from './figures';
import { boundAt, peakWithin, perSlot, reachedMs } from './rates';

const LOOK_EVERY_MS = 250;
/** What comes after everybody is back belongs to the picture too. */
const AFTER_MS = 1_000;

export interface Outage {
  readonly stack: Stack;
  readonly crew: Crew;
  readonly edges: CountedEdges;
  readonly users: readonly string[];
  readonly outageMs: number;
  /** For how long to wait for the last one. */
  readonly withinMs: number;
}

export async function outage(plan: Outage): Promise<ReturnFigures> {
  const { stack, crew, edges, users, outageMs, withinMs } = plan;
  await crew.figures();
  const counter = new ConnectionCounter();
  const killedAtMs = Date.now();
  await edges.edges.kill(1);
  await sleep(outageMs - (Date.now() - killedAtMs));
  await edges.edges.restart(1);
  const servesAtMs = Date.now();

  const everybody = new Set(users);
  const bound = () => boundAt(edges.seen(1, killedAtMs), everybody);
  while (bound().length < users.length && Date.now() - servesAtMs < withinMs) await sleep(LOOK_EVERY_MS);
  await sleep(AFTER_MS);

  const attempts = counter.stop();
  const back = bound();
  const requests = edges
    .seen(1, killedAtMs)
    .filter(({ what }) => what === 'request')
    .map(({ atMs }) => atMs);
  const { credentialsAsked, cpuMs, lagMs } = await crew.figures();
  const backAfter = (share: number) => {
    const atMs = reachedMs(back, users.length, share);
    return atMs === undefined ? null : Math.round(atMs - servesAtMs);
  };
  return {
    kind: 'return',
    stack,
    agents: users.length,
    outageMs,
    measuredOutageMs: servesAtMs - killedAtMs,
    backMs: { '50': backAfter(0.5), '95': backAfter(0.95), '100': backAfter(1) },
    back: back.length,
    peakPerSecond: peakWithin(requests, 1_000),
    peakPer100Ms: peakWithin(requests, 100),
    registers: requests.length,
    attempts: attempts.length,
    attemptPeakPerSecond: peakWithin(attempts, 1_000),
    registersEachSecond: perSlot(requests, killedAtMs, 1_000),
    attemptsEachSecond: perSlot(attempts, killedAtMs, 1_000),
    credentialsAsked,
    cpuMsPerAgent: cpuMs / users.length,
    lagMs,
  };
}
