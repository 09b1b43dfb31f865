/** What a far end sends in a call that goes on: re-INVITE, with and without an offer, UPDATE, and session timers. */
import { expect } from 'vitest';
import type { FarCall, FarPhoneOptions } from '../support/far-end';
import type { Agent, Lab } from '../support/lab';
import { BOTH, scenario, type ScenarioPlan } from '../support/scenario';
import { heard } from '../support/talking';

const PHONE_HZ = 800;
/** Below the least that RFC 4028 lets a phone ask for (section 4: 90 s), so that a scenario sees two refreshes. */
const SESSION_SECONDS = 4;
const PLAN: ScenarioPlan = { browsers: BOTH, notIn: { sandbox: 'a customer refreshes nothing' } };

interface Conversation extends Agent {
  readonly call: number;
  readonly far: FarCall;
}

async function calling(lab: Lab, options: FarPhoneOptions = {}): Promise<Conversation> {
  const farPhone = await lab.farPhone('trunk', { toneHz: PHONE_HZ, ...options });
  const agent = await lab.agent();
  const call = await agent.phone.connect(farPhone.number);
  const far = await farPhone.nextCall();
  await agent.phone.next(`call ${call}`, 'accepted');
  return { ...agent, call, far };
}

/** Resolves when both hear each other; with the figure for the table. */
async function hearEachOther({ phone, hz, call, far }: Conversation): Promise<string> {
  const [atAgent, atFar] = await Promise.all([phone.hears(call, PHONE_HZ), far.hears(hz)]);
  expect(await phone.do(call, 'getStatus')).toBe('accepted');
  return `agent hears ${heard(atAgent)}, trunk ${heard(atFar)}`;
}

const REFRESHES = [
  ['re-INVITE', 'INVITE', true],
  ['re-INVITE without an offer', 'INVITE', false],
  ['UPDATE', 'UPDATE', true],
] as const;

for (const [name, method, offer] of REFRESHES) {
  scenario(`a trunk sends ${name}: the call goes on`, PLAN, async (lab) => {
    const conversation = await calling(lab);
    await hearEachOther(conversation);
    const statuses = [
      await conversation.far.refresh(method, { offer }),
      await conversation.far.refresh(method, { offer }),
    ];
    expect(statuses).toEqual([200, 200]);
    return `200 twice; ${await hearEachOther(conversation)}`;
  });
}

for (const refreshBy of ['UPDATE', 'INVITE'] as const) {
  scenario(`a trunk keeps a session timer by ${refreshBy}, over two refreshes`, PLAN, async (lab) => {
    const conversation = await calling(lab, { sessionExpiresSeconds: SESSION_SECONDS, refreshBy });
    await expect.poll(() => conversation.far.sessionRefreshes).toBeGreaterThanOrEqual(2);
    const { sessionRefreshes } = conversation.far;
    return `${sessionRefreshes} refreshes; ${await hearEachOther(conversation)}`;
  });
}
