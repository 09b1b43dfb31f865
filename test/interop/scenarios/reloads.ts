/** An agent whose page is loaded again in the middle of a call, with `recoverCalls`. */
import { expect } from 'vitest';
import { CHROMIUM, scenario } from '../support/scenario';
import type { Agent, Lab } from '../support/lab';
import { heard } from '../support/talking';

/** The figure in the table is what counts; a machine that is busy with other things may take longer. */
const LATEST_MS = 10_000;

const RECOVERING = { device: { recoverCalls: true } };

/** Loads the agent's page again and registers the same agent in it. */
async function reload(lab: Lab, { phone, user }: Agent): Promise<void> {
  await phone.page.evaluate(() => {
    document.title = 'left';
    location.reload();
  });
  await expect
    .poll(() =>
      phone.page
        .evaluate(() => document.readyState === 'complete' && document.title !== 'left')
        // Between two pages there is none to ask.
        .catch(() => false),
    )
    .toBe(true);
  phone.forget();
  const { token } = await lab.world.mintToken({ userUuid: user });
  await phone.page.evaluate(
    (options) => {
      window.sdkPhone.create(options);
      return window.sdkPhone.device.register();
    },
    { token, apiBaseUrl: lab.world.apiBaseUrl, recoverCalls: true },
  );
}

scenario('an agent reloads in a call with a plain phone: it goes on', { browsers: CHROMIUM }, async (lab) => {
  const far = await lab.farPhone('phone', { toneHz: 700 });
  const agent = await lab.agent(RECOVERING);
  const { phone } = agent;
  const call = await phone.connect(far.number);
  const farCall = await far.nextCall();
  await phone.hears(call, 700);
  const startedMs = performance.now();
  await reload(lab, agent);
  const { args } = await phone.next('device', 'recovered');
  const { index } = args[0] as { index: number };
  const atAgent = await phone.hears(index, 700);
  const backMs = Math.round(performance.now() - startedMs);
  expect(backMs).toBeLessThan(LATEST_MS);
  await phone.do(index, 'disconnect');
  await farCall.waitFor('ended');
  return `audio back after ${backMs} ms, ${heard(atAgent)}`;
});

scenario(
  'an agent reloads in a call with another browser: it goes on',
  { browsers: CHROMIUM },
  async (lab) => {
    const agent = await lab.agent(RECOVERING);
    const other = await lab.agent();
    const out = await other.phone.connect(agent.user);
    const { index: into } = await agent.phone.incoming();
    await agent.phone.do(into, 'accept');
    await agent.phone.hears(into, other.hz);
    const startedMs = performance.now();
    await reload(lab, agent);
    const { args } = await agent.phone.next('device', 'recovered');
    const { index } = args[0] as { index: number };
    const atAgent = await agent.phone.hears(index, other.hz);
    const backMs = Math.round(performance.now() - startedMs);
    const atOther = await other.phone.hears(out, agent.hz);
    expect(backMs).toBeLessThan(LATEST_MS);
    await other.phone.do(out, 'disconnect');
    await agent.phone.next(`call ${index}`, 'disconnect');
    return `audio back after ${backMs} ms, agent hears ${heard(atAgent)}, the other ${heard(atOther)}`;
  },
);

scenario('an agent reloads while a call rings: it rings again', { browsers: CHROMIUM }, async (lab) => {
  const agent = await lab.agent(RECOVERING);
  const other = await lab.agent();
  const out = await other.phone.connect(agent.user);
  await agent.phone.incoming();
  const startedMs = performance.now();
  await reload(lab, agent);
  const { index } = await agent.phone.incoming();
  const ringsMs = Math.round(performance.now() - startedMs);
  await agent.phone.do(index, 'accept');
  await other.phone.next(`call ${out}`, 'accepted');
  const atOther = await other.phone.hears(out, agent.hz);
  await agent.phone.hears(index, other.hz);
  await agent.phone.do(index, 'disconnect');
  await other.phone.next(`call ${out}`, 'disconnect');
  return `rings after ${ringsMs} ms, caller hears ${heard(atOther)}`;
});
