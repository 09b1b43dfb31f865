/** Who calls from outside, and what comes with the call. */
import { expect } from 'vitest';
import { BOTH, CHROMIUM, scenario } from '../support/scenario';
import { heard } from '../support/talking';

const PHONE_HZ = 800;
const SDP_BYTES = 16 * 1024;

scenario(
  'the asserted identity is shown before the claimed one',
  { browsers: CHROMIUM, notIn: { sandbox: 'nobody asserts an identity of customers' } },
  async (lab) => {
    const farPhone = await lab.farPhone('trunk');
    const { phone, user } = await lab.agent();
    await farPhone.call(user, {
      from: '+4930000000',
      displayName: 'Claimed',
      assertedIdentity: '"Dr. \\"A\\" Ärztin" <sip:+4930123456@carrier.test;user=phone>',
    });
    const call = await phone.incoming();
    expect(call).toMatchObject({ from: '+4930123456', name: 'Dr. "A" Ärztin' });
    return `${call.from}, "${call.name ?? ''}"`;
  },
);

scenario('a name and headers in UTF-8 come in from a trunk', { browsers: CHROMIUM }, async (lab) => {
  const name = 'Žofia Müller 李小龍 🙂';
  const farPhone = await lab.farPhone('trunk');
  const { phone, user } = await lab.agent();
  await farPhone.call(user, {
    displayName: name,
    headers: { 'X-2Chat-Kunde': 'Größe 42, 東京', 'X-2Chat-Ticket': '4711' },
  });
  const call = await phone.incoming();
  expect(call.name).toBe(name);
  expect(call.headers).toEqual({ Kunde: 'Größe 42, 東京', Ticket: '4711' });
  return `"${call.name ?? ''}", ${Object.keys(call.headers).length} headers`;
});

scenario(
  'an offer of 16 kB comes in from a trunk',
  { browsers: BOTH, notIn: { sandbox: 'the SDP of customers is as it is' } },
  async (lab) => {
    const farPhone = await lab.farPhone('trunk', { toneHz: PHONE_HZ });
    const { phone, user, hz } = await lab.agent();
    const far = await farPhone.call(user, { sdpBytes: SDP_BYTES });
    const { index } = await phone.incoming();
    await phone.do(index, 'accept');
    const [atAgent, atFar] = await Promise.all([phone.hears(index, PHONE_HZ), far.hears(hz)]);
    const bytes = Buffer.byteLength(far.invite);
    expect(bytes).toBeGreaterThan(SDP_BYTES);
    return `INVITE of ${bytes} bytes; agent hears ${heard(atAgent)}, trunk ${heard(atFar)}`;
  },
);
