/** Agents whose phones are at different edges of one deployment. */
import { expect } from 'vitest';
import { CHROMIUM, scenario } from '../support/scenario';
import { heard } from '../support/talking';

const ONE_EDGE = { sandbox: 'is one server' };

scenario(
  'an agent at one edge reaches an agent at the other, who holds and hangs up',
  { browsers: CHROMIUM, notIn: ONE_EDGE },
  async (lab) => {
    const apiBaseUrl = lab.world.relayingApiBaseUrl ?? '';
    const a = await lab.agent();
    const b = await lab.agent({ device: { apiBaseUrl } });
    const startedMs = performance.now();
    const out = await a.phone.connect(b.user);
    const { index: into } = await b.phone.incoming();
    await b.phone.do(into, 'accept');
    await a.phone.next(`call ${out}`, 'accepted');
    const setupMs = Math.round(performance.now() - startedMs);
    const [atA, atB] = await Promise.all([a.phone.hears(out, b.hz), b.phone.hears(into, a.hz)]);

    await b.phone.do(into, 'hold', true);
    expect((await a.phone.next(`call ${out}`, 'remoteHold')).args).toEqual([true]);
    await b.phone.do(into, 'hold', false);
    expect((await a.phone.next(`call ${out}`, 'remoteHold')).args).toEqual([false]);
    await b.phone.do(into, 'disconnect');
    const { args } = await a.phone.next(`call ${out}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'hangup', initiator: 'remote' });
    return `setup ${setupMs} ms, caller hears ${heard(atA)}, callee ${heard(atB)}`;
  },
);

scenario(
  'an agent with a phone at each edge: one answers, the other is told',
  { browsers: CHROMIUM, notIn: ONE_EDGE },
  async (lab) => {
    const apiBaseUrl = lab.world.relayingApiBaseUrl ?? '';
    const user = lab.newUser('twice');
    const caller = await lab.agent();
    const near = await lab.agent({ user });
    const far = await lab.agent({ user, device: { apiBaseUrl } });
    const out = await caller.phone.connect(user);
    const [{ index: atNear }, { index: atFar }] = [await near.phone.incoming(), await far.phone.incoming()];
    await far.phone.do(atFar, 'accept');
    const { args } = await near.phone.next(`call ${atNear}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'answered_elsewhere' });
    const atCaller = await caller.phone.hears(out, far.hz);
    await caller.phone.do(out, 'disconnect');
    await far.phone.next(`call ${atFar}`, 'disconnect');
    return `answered_elsewhere at the other edge, caller hears ${heard(atCaller)}`;
  },
);
