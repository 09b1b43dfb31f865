/**
 * An agent who leaves the page in the middle of a call. Not for Firefox: it closes the WebSocket (1001) after
 * `beforeunload`, which may still be cancelled, and before `pagehide`.
 */
import { expect } from 'vitest';
import { CHROMIUM, scenario } from '../support/scenario';

scenario('an agent leaves the page: the phone is told at once', { browsers: CHROMIUM }, async (lab) => {
  const farPhone = await lab.farPhone('trunk');
  const { phone } = await lab.agent();
  const call = await phone.connect(farPhone.number);
  const far = await farPhone.nextCall();
  await phone.next(`call ${call}`, 'accepted');
  await far.waitFor('answered');
  const startedMs = performance.now();
  // A link that is followed, or a tab that is closed: the page hears `pagehide` and nothing more.
  await phone.page.evaluate(() => {
    location.assign('about:blank');
  });
  await far.waitFor('ended');
  const toldMs = Math.round(performance.now() - startedMs);
  expect(far.ending).toMatchObject({ by: 'agent', how: 'BYE' });
  return `BYE after ${toldMs} ms`;
});
