/** An agent and a plain phone: who hears whom, and what the phone is told. */
import { expect } from 'vitest';
import { BOTH, CHROMIUM, scenario } from '../support/scenario';
import type { Agent, Lab } from '../support/lab';
import type { FarCall, FarPhoneOptions } from '../support/far-end';
import type { FarEndKind } from '../support/world';
import { heard } from '../support/talking';

const PHONE_HZ = 800;
const EVERY_DIGIT = '0123456789*#ABCD';
/** A phone that registers as agents do, and the trunk of a carrier. */
const KINDS: readonly FarEndKind[] = ['phone', 'trunk'];

interface Conversation extends Agent {
  readonly call: number;
  readonly far: FarCall;
}

/** An agent who has called a phone and was answered. */
async function calling(lab: Lab, kind: FarEndKind, options: FarPhoneOptions = {}): Promise<Conversation> {
  const farPhone = await lab.farPhone(kind, { toneHz: PHONE_HZ, ...options });
  const agent = await lab.agent();
  const call = await agent.phone.connect(farPhone.number);
  const far = await farPhone.nextCall();
  await agent.phone.next(`call ${call}`, 'accepted');
  return { ...agent, call, far };
}

for (const kind of KINDS) {
  scenario(`an agent calls a ${kind}: both hear each other`, { browsers: BOTH }, async (lab) => {
    const { phone, hz, call, far } = await calling(lab, kind);
    const [atAgent, atFar] = await Promise.all([phone.hears(call, PHONE_HZ), far.hears(hz)]);
    await phone.do(call, 'disconnect');
    await far.waitFor('ended');
    expect(far.ending).toMatchObject({ by: 'agent', how: 'BYE' });
    return `agent hears ${heard(atAgent)}, ${kind} ${heard(atFar)}`;
  });

  scenario(`a ${kind} calls an agent: both hear each other`, { browsers: BOTH }, async (lab) => {
    const farPhone = await lab.farPhone(kind, { toneHz: PHONE_HZ });
    const { phone, user, hz } = await lab.agent();
    const far = await farPhone.call(user);
    const { index } = await phone.incoming();
    await phone.do(index, 'accept');
    const [atAgent, atFar] = await Promise.all([phone.hears(index, PHONE_HZ), far.hears(hz)]);
    await far.hangup();
    const { args } = await phone.next(`call ${index}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'hangup', initiator: 'remote' });
    return `agent hears ${heard(atAgent)}, ${kind} ${heard(atFar)}`;
  });

  scenario(`a ${kind} gets the digits in order (RFC 4733)`, { browsers: BOTH }, async (lab) => {
    const { phone, call, far } = await calling(lab, kind);
    await phone.do(call, 'sendDigits', EVERY_DIGIT);
    const digits = await far.waitForDigits(EVERY_DIGIT);
    expect(digits).toBe(EVERY_DIGIT);
    return digits;
  });

  scenario(`a ${kind} sees hold and resume in SDP and in RTP`, { browsers: BOTH }, async (lab) => {
    const { phone, hz, call, far } = await calling(lab, kind);
    await far.hears(hz);
    await phone.do(call, 'hold', true);
    await far.waitForDirection('sendonly');
    const held = await far.hearsNobody();
    await phone.hearsNobody(call);
    await phone.do(call, 'hold', false);
    await far.waitForDirection('sendrecv');
    const [atFar, atAgent] = await Promise.all([far.hears(hz), phone.hears(call, PHONE_HZ)]);
    return `held: ${heard(held)}; resumed: agent ${heard(atAgent)}, ${kind} ${heard(atFar)}`;
  });

  scenario(`a ${kind} holds the agent, who falls silent`, { browsers: BOTH }, async (lab) => {
    const { phone, hz, call, far } = await calling(lab, kind);
    await far.hears(hz);
    await far.hold();
    expect((await phone.next(`call ${call}`, 'remoteHold')).args).toEqual([true]);
    // Who holds with sendonly may play music; the one held must not send (RFC 3264 section 8.4).
    await far.waitForDirection('recvonly');
    const held = await far.hearsNobody();
    await far.resume();
    expect((await phone.next(`call ${call}`, 'remoteHold')).args).toEqual([false]);
    const [atFar, atAgent] = await Promise.all([far.hears(hz), phone.hears(call, PHONE_HZ)]);
    return `held: ${heard(held)}; resumed: agent ${heard(atAgent)}, ${kind} ${heard(atFar)}`;
  });
}

/** README, section Errors: what the agent's call says of each answer. */
const REFUSALS = [
  [486, 'busy', 'CALL_BUSY'],
  [603, 'declined', 'CALL_DECLINED'],
  [404, 'not_found', 'CALL_NOT_FOUND'],
  [480, 'unavailable', 'CALL_UNAVAILABLE'],
  [488, 'media_rejected', 'CALL_MEDIA_REJECTED'],
  [500, 'server_error', 'CALL_SERVER_ERROR'],
  [503, 'server_error', 'CALL_SERVER_ERROR'],
  [408, 'unanswered', 'CALL_UNANSWERED'],
] as const;

for (const [status, reason, code] of REFUSALS) {
  scenario(`a trunk answers ${status}`, { browsers: CHROMIUM }, async (lab) => {
    const farPhone = await lab.farPhone('trunk', { script: { on: 'refuse', status } });
    const { phone } = await lab.agent();
    const call = await phone.connect(farPhone.number);
    const failed = await phone.next(`call ${call}`, 'error');
    const { args } = await phone.next(`call ${call}`, 'disconnect');
    expect(failed.args[0]).toMatchObject({ code });
    expect(args[0]).toMatchObject({ reason, code: status });
    return `${reason}, ${code}`;
  });
}
