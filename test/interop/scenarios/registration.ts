/** Who is let in, who is not, and who is gone. */
import { expect } from 'vitest';
import { ChromiumLab } from '../../support/chromium-lab';
import { Phone } from '../../support/phone';
import { untrustedFront } from '../support/untrusted-front';
import type { Lab } from '../support/lab';
import { CHROMIUM, scenario } from '../support/scenario';
import type { SipAccount } from '../support/world';

/**
 * Registers with a spoilt account, which is refused; with the figure for the table. The same account as it should
 * be is let in right after, so that nothing else can have been the reason.
 */
async function refused(lab: Lab, user: string, account: SipAccount): Promise<string> {
  const { phone } = await lab.agent({ user, registered: false, device: { account } });
  const startedMs = performance.now();
  expect(await phone.registerCode()).toBe('AUTH_ERROR');
  const ms = Math.round(performance.now() - startedMs);
  expect(await lab.world.registrations(user)).toBe(0);
  await lab.agent({ user, device: { account: await lab.world.account(user) } });
  expect(await lab.world.registrations(user)).toBe(1);
  return `AUTH_ERROR after ${ms} ms`;
}

scenario('a wrong password is refused', { browsers: CHROMIUM }, async (lab) => {
  const user = lab.newUser();
  return refused(lab, user, { ...(await lab.world.account(user)), password: 'not this one' });
});

scenario('expired credentials are refused', { browsers: CHROMIUM }, async (lab) => {
  const user = lab.newUser();
  return refused(lab, user, await lab.world.expiredAccount(user));
});

scenario("another agent's credentials are refused", { browsers: CHROMIUM }, async (lab) => {
  const [user, other] = [lab.newUser(), lab.newUser()];
  const { sip_uri } = await lab.world.account(other);
  return refused(lab, other, { ...(await lab.world.account(user)), sip_uri });
});

scenario('unregister() removes the agent at once', { browsers: CHROMIUM }, async (lab) => {
  const { user, phone } = await lab.agent();
  expect(await lab.world.registrations(user)).toBe(1);
  const startedMs = performance.now();
  await phone.page.evaluate(() => window.sdkPhone.device.unregister());
  const ms = Math.round(performance.now() - startedMs);
  expect(await lab.world.registrations(user)).toBe(0);
  const caller = await lab.agent();
  const call = await caller.phone.connect(user);
  const { args } = await caller.phone.next(`call ${call}`, 'disconnect');
  expect(args[0]).toMatchObject({ reason: 'unavailable', code: 480 });
  return `gone after ${ms} ms, then 480 to a caller`;
});

scenario('a certificate that nobody trusts', { browsers: CHROMIUM }, async (lab) => {
  const front = await untrustedFront(lab.world.wsUrl);
  lab.after(() => front.close());
  const browser = await ChromiumLab.launch();
  lab.after(() => browser.close());
  const user = lab.newUser();
  const account = { ...(await lab.world.account(user)), ws_urls: [front.wssUrl] };
  const phone = await Phone.created(browser, lab.world, { userUuid: user, device: { account } });
  const startedMs = performance.now();
  expect(await phone.registerCode()).toBe('SIGNALING_UNREACHABLE');
  const ms = performance.now() - startedMs;
  // One attempt for each URL, of 9 s at most.
  expect(ms).toBeLessThan(9_000);
  expect(front.handshakes()).toBeGreaterThan(0);
  // The same way in, for a browser that overlooks certificates.
  await lab.agent({ user, device: { account } });
  return `SIGNALING_UNREACHABLE after ${Math.round(ms)} ms`;
});
