/** What calls feel of a crowd that registers at the same time. */
import { expect } from 'vitest';
import type { Phone } from '../../support/phone';
import type { FarPhone } from '../support/far-end';
import { CHROMIUM, scenario } from '../support/scenario';

const USERS_PER_EDGE = 1000;
const PER_SECOND_AND_EDGE = 50;
const QUIET_CALLS = 20;
/** Chromium gives a page 500 RTCPeerConnections, and takes closed ones back only when it collects garbage. */
const MOST_CALLS = 400;
/** Each user of so many is asked for at both edges. */
const SAMPLED = 100;
const TONE_HZ = 700;

scenario(
  '2,000 phones register at two edges while calls go on',
  {
    browsers: CHROMIUM,
    notIn: { sandbox: 'one server for one machine, which plain phones cannot register with' },
    timeoutMs: 180_000,
  },
  async (lab) => {
    const { crowd } = lab.world;
    if (crowd === undefined) throw new Error('this world has no crowd');
    const customer = await lab.farPhone('trunk', { toneHz: TONE_HZ });
    const { phone: talker, hz } = await lab.agent();
    const { phone: caller } = await lab.agent();
    const long = await talker.connect(customer.number);
    const far = await customer.nextCall();
    await Promise.all([talker.hears(long, TONE_HZ), far.hears(hz)]);

    const quiet: number[] = [];
    for (let call = 0; call < QUIET_CALLS; call += 1) quiet.push(await setUpAndEnd(caller, customer));

    const loading = crowd.register(USERS_PER_EDGE, PER_SECOND_AND_EDGE);
    const over = new AbortController();
    const stop = (): void => {
      over.abort();
    };
    loading.then(stop, stop);
    const busy: number[] = [];
    while (!over.signal.aborted && busy.length < MOST_CALLS) busy.push(await setUpAndEnd(caller, customer));
    const users = await loading;
    expect(busy.length).toBeGreaterThanOrEqual(QUIET_CALLS);
    expect(users).toHaveLength(2 * USERS_PER_EDGE);

    // Every edge knows the users of both.
    const sample = users.filter((_, at) => at % SAMPLED === SAMPLED - 1);
    await expect.poll(() => crowd.unknownSomewhere(sample)).toEqual([]);
    await Promise.all([talker.hears(long, TONE_HZ), far.hears(hz)]);
    await talker.do(long, 'disconnect');
    const [idle, loaded] = [p95(quiet), p95(busy)];
    const rate = 2 * PER_SECOND_AND_EDGE;
    return (
      `${2 * USERS_PER_EDGE} registered at ${rate} a second, known at both edges; call setup p95 ${idle} ms idle ` +
      `(${quiet.length} calls), ${loaded} ms meanwhile (${busy.length} calls), ${(loaded / idle).toFixed(1)} times`
    );
  },
);

/** One call to the customer, from `connect()` to `accepted`, in ms. */
async function setUpAndEnd(caller: Phone, customer: FarPhone): Promise<number> {
  const startedMs = await caller.page.evaluate(() => performance.now());
  const call = await caller.connect(customer.number);
  const { atMs } = await caller.next(`call ${call}`, 'accepted');
  await caller.do(call, 'disconnect');
  await (await customer.nextCall()).waitFor('ended');
  return atMs - startedMs;
}

function p95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.ceil(sorted.length * 0.95) - 1] ?? NaN);
}
