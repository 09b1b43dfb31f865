/** Two phones of one agent: both ring, one answers. */
import { expect } from 'vitest';
import { BOTH, scenario } from '../support/scenario';
import { heard } from '../support/talking';

scenario(
  'both phones of an agent ring, the other one is told who answered',
  { browsers: BOTH },
  async (lab) => {
    const caller = await lab.agent({ label: 'Caller' });
    const user = lab.newUser();
    const [desk, laptop] = [await lab.agent({ user }), await lab.agent({ user })];
    expect(await lab.world.registrations(user)).toBe(2);
    const call = await caller.phone.connect(user);
    const [atDesk, atLaptop] = await Promise.all([desk.phone.incoming(), laptop.phone.incoming()]);
    const startedMs = performance.now();
    await laptop.phone.do(atLaptop.index, 'accept');
    const { args } = await desk.phone.next(`call ${atDesk.index}`, 'disconnect');
    const toldMs = Math.round(performance.now() - startedMs);
    expect(args[0]).toMatchObject({ reason: 'answered_elsewhere' });
    const [up, down] = await Promise.all([
      caller.phone.hears(call, laptop.hz),
      laptop.phone.hears(atLaptop.index, caller.hz),
    ]);
    expect(await laptop.phone.do(atLaptop.index, 'getStatus')).toBe('accepted');
    await caller.phone.do(call, 'disconnect');
    await laptop.phone.next(`call ${atLaptop.index}`, 'disconnect');
    return `answered_elsewhere after ${toldMs} ms, caller hears ${heard(up)}, callee ${heard(down)}`;
  },
);

scenario('one phone declines for all, the caller hears of it', { browsers: BOTH }, async (lab) => {
  const caller = await lab.agent();
  const user = lab.newUser();
  const [desk, laptop] = [await lab.agent({ user }), await lab.agent({ user })];
  const call = await caller.phone.connect(user);
  const [atDesk, atLaptop] = await Promise.all([desk.phone.incoming(), laptop.phone.incoming()]);
  await desk.phone.do(atDesk.index, 'reject', 603);
  const { args } = await caller.phone.next(`call ${call}`, 'disconnect');
  expect(args[0]).toMatchObject({ reason: 'declined', code: 603 });
  const other = await laptop.phone.next(`call ${atLaptop.index}`, 'disconnect');
  const { reason } = other.args[0] as { reason: string };
  expect(['canceled', 'answered_elsewhere']).toContain(reason);
  return `603 at the caller, ${reason} at the other phone`;
});

scenario('a caller who gives up stops both phones', { browsers: BOTH }, async (lab) => {
  const caller = await lab.agent();
  const user = lab.newUser();
  const [desk, laptop] = [await lab.agent({ user }), await lab.agent({ user })];
  const call = await caller.phone.connect(user);
  const [atDesk, atLaptop] = await Promise.all([desk.phone.incoming(), laptop.phone.incoming()]);
  await caller.phone.do(call, 'disconnect');
  for (const [{ phone }, { index }] of [
    [desk, atDesk],
    [laptop, atLaptop],
  ] as const) {
    const { args } = await phone.next(`call ${index}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'canceled' });
  }
  return 'canceled at both';
});
