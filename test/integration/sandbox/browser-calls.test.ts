import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../../src/sandbox/index';
import { launchChromium } from '../../support/chromium';
import { startStaticServer, type StaticServer } from '../../support/static-server';
import { BrowserAgent } from './support/browser-agent';

const microphoneHz = 1000;

describe('a browser with plain JsSIP and the customers', () => {
  let browser: Browser;
  let sandbox: Sandbox;
  let page: StaticServer;
  let alice: BrowserAgent;

  beforeAll(async () => {
    sandbox = await startSandbox();
    page = await startStaticServer({ pages: { '/': '<!doctype html><title>phone</title>' } });
    browser = await launchChromium({ micToneHz: microphoneHz });
    alice = await BrowserAgent.open(browser, page.url, sandbox, 'alice');
  });

  afterEach(async () => {
    for (const customer of sandbox.customers) customer.hangup();
    await alice.until(({ endCause, events }) => events.length === 0 || endCause !== undefined);
  });

  afterAll(async () => {
    await browser.close();
    await page.close();
    await sandbox.close();
  });

  it('hears its own microphone from the echo customer, in Opus', async () => {
    await alice.call('echo');
    await alice.until(({ events }) => events.includes('confirmed'));
    const heard = await alice.untilHears(microphoneHz);
    expect(heard.codec).toBe('audio/opus');
  });

  it('hears its own microphone from the echo customer, in PCMU', async () => {
    await alice.call('+12025550101', 'PCMU');
    const heard = await alice.untilHears(microphoneHz);
    expect(heard.codec).toBe('audio/PCMU');
    expect(sandbox.customer('echo').lastCall?.hearing.codec).toBe('PCMU');
  });

  it('hears the tone of a customer and is heard', async () => {
    await alice.call('tone');
    const heard = await alice.untilHears(440);
    expect(heard.codec).toBe('audio/PCMU');
    const call = sandbox.customer('tone').lastCall;
    const { levelDbfs } = (await call?.hears({ hz: microphoneHz })) ?? {};
    expect(levelDbfs).toBeGreaterThan(-40);
  });

  it('is silent for the customer while muted', async () => {
    await alice.call('listener');
    const call = await sandbox.customer('listener').waitForCall();
    await call.hears({ hz: microphoneHz });
    await alice.mute(true);
    await call.hearsSilence();
    await alice.mute(false);
    await call.hears({ hz: microphoneHz });
    expect(call.state).toBe('answered');
  });

  it('keys digits that the customer receives in order', async () => {
    await alice.call('listener');
    const call = await sandbox.customer('listener').waitForCall();
    await call.waitFor('audio');
    await alice.sendDigits('1290*#');
    expect(await call.waitForDigits('1290*#')).toBe('1290*#');
  });

  it('holds and resumes: neither hears the other meanwhile', async () => {
    await alice.call('tone');
    await alice.untilHears(440);
    const call = sandbox.customer('tone').lastCall;
    await alice.hold(true);
    expect(call?.isOnHold).toBe(true);
    expect(call?.mediaDirection).toBe('recvonly');
    await alice.untilHearsNothing();
    await alice.hold(false);
    await alice.untilHears(440);
    await call?.hears({ hz: microphoneHz });
    expect(call?.mediaDirection).toBe('sendrecv');
  });

  it('is called by a customer, with its headers', async () => {
    const call = await sandbox
      .customer({ name: 'caller', toneHz: 880 })
      .call('alice', { headers: { 'X-2Chat-Ticket': '42' }, displayName: 'Ann' });
    await call.waitFor('ringing');
    await alice.answer();
    await call.waitFor('answered');
    await alice.untilHears(880);
    await call.hears({ hz: microphoneHz });
    const invite = sandbox.trace
      .find(
        ({ method, status, direction, peer }) =>
          method === 'INVITE' && status === undefined && direction === 'sent' && peer === 'alice',
      )
      .at(-1);
    expect(invite?.text).toContain('X-2Chat-Ticket: 42');
    expect(invite?.text).toContain('From: "Ann"');
    await alice.hangup();
    await call.waitFor('ended');
    expect(call.end?.by).toBe('agent');
  });

  it.each([
    ['busy', 486],
    ['decline', 603],
    ['unknown', 404],
    ['unavailable', 480],
    ['+4930999', 404],
  ])('hears from %s: %i', async (to, status) => {
    await alice.call(to);
    const view = await alice.until(({ endCause }) => endCause !== undefined);
    expect(view.endStatus).toBe(status);
  });

  it('hears early media before the answer', async () => {
    await alice.call('early-media');
    await alice.untilHears(784);
    expect((await alice.view()).events).not.toContain('accepted');
    await alice.until(({ events }) => events.includes('accepted'));
    await alice.untilHears(784);
  });

  it('is hung up on, and called back', async () => {
    await alice.call('hangs-up');
    await alice.until(({ endCause }) => endCause === 'Terminated');
    await alice.call('calls-back');
    await alice.until(({ events }) => events.includes('confirmed'));
    await alice.hangup();
    const view = await alice.until(({ remote, events }) => remote === '+12025550110' && events.length === 1);
    expect(view.endCause).toBeUndefined();
    await alice.answer();
    await alice.untilHears(698);
  });

  it('calls another agent', async () => {
    const bob = await BrowserAgent.open(browser, page.url, sandbox, 'bob');
    await alice.call('bob');
    await bob.until(({ remote }) => remote === 'alice');
    await bob.answer();
    await bob.untilHears(microphoneHz);
    await alice.untilHears(microphoneHz);
    await bob.close();
    expect(sandbox.registrations().map(({ user }) => user)).toContain('alice');
    await sandbox.waitForUnregistration('bob');
    await alice.hangup();
  });
});
