/** A caller who gives up: before anything rang, while it rings, and in the moment of the answer. */
import { expect } from 'vitest';
import type { AnswerScript, FarEnding } from '../support/far-end';
import type { Phone } from '../../support/phone';
import type { Lab } from '../support/lab';
import { CHROMIUM, scenario } from '../support/scenario';

interface GivenUp {
  readonly ending: FarEnding | undefined;
  readonly figure: string;
}

/** Calls a phone that follows the script, and gives up; with what the phone saw of the end. */
async function givingUp(lab: Lab, script: AnswerScript, when: 'invited' | 'ringing'): Promise<GivenUp> {
  const farPhone = await lab.farPhone('trunk', { script });
  const { phone } = await lab.agent();
  const call = await phone.connect(farPhone.number);
  const far = await farPhone.nextCall();
  if (when === 'ringing') await rings(phone, call);
  const endedMs = await giveUp(phone, call);
  await far.waitFor('ended');
  const { ending } = far;
  return { ending, figure: `canceled after ${endedMs} ms, the phone saw ${ending?.how ?? 'nothing'}` };
}

/** Resolves when the call is over at the caller and nothing of it is left, with how long it took. */
async function giveUp(phone: Phone, call: number): Promise<number> {
  const startedMs = performance.now();
  await phone.do(call, 'disconnect');
  const { args } = await phone.next(`call ${call}`, 'disconnect');
  const endedMs = Math.round(performance.now() - startedMs);
  expect(args[0]).toMatchObject({ reason: 'canceled', initiator: 'local' });
  await expect.poll(() => phone.counters()).toMatchObject({ connections: 0, tracks: 0, elements: 0 });
  return endedMs;
}

const rings = (page: Phone, call: number): Promise<unknown> => page.next(`call ${call}`, 'ringing');

scenario('a caller gives up as soon as the call is placed', { browsers: CHROMIUM }, async (lab) => {
  const farPhone = await lab.farPhone('trunk', { script: { on: 'ring' } });
  const { phone } = await lab.agent();
  const endedMs = await giveUp(phone, await phone.connect(farPhone.number));
  // The phone may have seen the first call or not; the second shows that it sees no more of it.
  const second = await phone.connect(farPhone.number);
  const calls = [await farPhone.nextCall()];
  await rings(phone, second);
  if (calls[0]?.state === 'ended') calls.push(await farPhone.nextCall());
  expect(calls.at(-1)?.state).toBe('ringing');
  await phone.do(second, 'disconnect');
  await calls.at(-1)?.waitFor('ended');
  return `canceled after ${endedMs} ms, the phone saw ${calls.length === 1 ? 'nothing' : 'CANCEL'}`;
});

scenario(
  'a caller gives up before the phone rings',
  { browsers: CHROMIUM, notIn: { sandbox: 'a customer rings at once' } },
  async (lab) => {
    const { ending, figure } = await givingUp(lab, { on: 'ring', silent: true }, 'invited');
    expect(ending).toMatchObject({ by: 'agent', how: 'CANCEL' });
    return figure;
  },
);

scenario('a caller gives up while the phone rings', { browsers: CHROMIUM }, async (lab) => {
  const { ending, figure } = await givingUp(lab, { on: 'ring' }, 'ringing');
  expect(ending).toMatchObject({ by: 'agent', how: 'CANCEL' });
  return figure;
});

scenario(
  'a caller gives up as the phone answers: CANCEL and 200 cross',
  { browsers: CHROMIUM, notIn: { sandbox: 'a customer does not answer a call that is cancelled' } },
  async (lab) => {
    const { ending, figure } = await givingUp(lab, { on: 'cross' }, 'ringing');
    // The 200 made a dialog, so it has to be acknowledged and ended (RFC 3261 section 9.1).
    expect(ending).toMatchObject({ by: 'agent', how: 'BYE' });
    return figure;
  },
);

scenario('a caller from outside gives up while the agent rings', { browsers: CHROMIUM }, async (lab) => {
  const farPhone = await lab.farPhone('trunk');
  const { phone, user } = await lab.agent();
  const far = await farPhone.call(user);
  const { index } = await phone.incoming();
  await far.hangup();
  const { args } = await phone.next(`call ${index}`, 'disconnect');
  expect(args[0]).toMatchObject({ reason: 'canceled', initiator: 'remote' });
  await far.waitFor('ended');
  expect(far.ending).toMatchObject({ by: 'far-end', how: 'CANCEL' });
  return 'canceled at the agent';
});
