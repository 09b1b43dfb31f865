/** What a caller hears before the answer: audio that comes with 183, and nothing with 180. */
import { expect } from 'vitest';
import { heard } from '../support/talking';
import { BOTH, scenario } from '../support/scenario';

const PHONE_HZ = 800;
const ANNOUNCEMENT_HZ = 1200;
/** Long enough to hear it on a loaded machine. */
const EARLY_MS = 6_000;

scenario('183 with audio is heard before the answer', { browsers: BOTH }, async (lab) => {
  const farPhone = await lab.farPhone('trunk', {
    toneHz: PHONE_HZ,
    script: { on: 'answer', afterMs: EARLY_MS, earlyToneHz: PHONE_HZ },
  });
  const { phone, hz } = await lab.agent();
  const call = await phone.connect(farPhone.number);
  const far = await farPhone.nextCall();
  const early = await phone.hears(call, PHONE_HZ);
  expect(await phone.do(call, 'getStatus')).toBe('ringing');
  expect(far.state).toBe('ringing');
  await phone.next(`call ${call}`, 'accepted');
  const [after, atFar] = await Promise.all([phone.hears(call, PHONE_HZ), far.hears(hz)]);
  return `before: ${heard(early)}; after: ${heard(after)}, trunk ${heard(atFar)}`;
});

scenario(
  'an announcement before the answer gives way to the person who answers',
  { browsers: BOTH, notIn: { sandbox: 'a customer plays one tone' } },
  async (lab) => {
    const farPhone = await lab.farPhone('trunk', {
      toneHz: PHONE_HZ,
      script: { on: 'ring', earlyToneHz: ANNOUNCEMENT_HZ },
    });
    const { phone } = await lab.agent();
    const call = await phone.connect(farPhone.number);
    const far = await farPhone.nextCall();
    const early = await phone.hears(call, ANNOUNCEMENT_HZ);
    expect(await phone.do(call, 'getStatus')).toBe('ringing');
    await far.answer();
    await phone.next(`call ${call}`, 'accepted');
    const after = await phone.hears(call, PHONE_HZ);
    return `before: ${heard(early)}; after: ${heard(after)}`;
  },
);

scenario('180 without SDP rings in silence', { browsers: BOTH }, async (lab) => {
  const farPhone = await lab.farPhone('trunk', { toneHz: PHONE_HZ, script: { on: 'ring' } });
  const { phone } = await lab.agent();
  const call = await phone.connect(farPhone.number);
  const far = await farPhone.nextCall();
  await phone.next(`call ${call}`, 'ringing');
  await phone.hearsNobody(call);
  expect(await phone.do(call, 'getStatus')).toBe('ringing');
  await far.answer();
  await phone.next(`call ${call}`, 'accepted');
  const after = await phone.hears(call, PHONE_HZ);
  return `silence; after: ${heard(after)}`;
});
