import { describe, expect, it } from 'vitest';
import type { DeviceOptions } from '../../../src/index';
import { tokenFor } from '../../support/agent';
import { sdpAnswer } from '../../support/wire/sdp';
import { bench, MINUTE, pass, SECOND } from '../registration/harness';
import { leaderAndFollower, openTab, register, registeredTab, type Tab, tabs, useTabs } from './harness';

useTabs();

/** Without errors and what is said of the lead. */
function told(tab: Tab): string[] {
  return tab.events.names.filter((name) => !['error', 'leadership', 'callShared'].includes(name));
}

/** The password that the leader registered with is another one from now on, which the tabs with these options know. */
const withOtherPassword = (): Partial<DeviceOptions> => ({
  fetchCredentials: () => Promise.resolve({ ...bench.credentials, password: 'another' }),
});

function replacePassword(): void {
  bench.server.registrar.passwords.set('agent-1', 'another');
  bench.server.cut();
}

describe('a leader that the server refuses for good', () => {
  it('lets a tab with better credentials lead', async () => {
    const leader = await registeredTab('leader');
    const follower = await registeredTab('follower', withOtherPassword());
    await pass(5 * SECOND);
    replacePassword();
    await pass(20 * SECOND);
    expect(follower.device.isLeader()).toBe(true);
    expect([leader, follower].map(({ device }) => device.isRegistered())).toEqual([true, true]);
    for (const tab of [leader, follower]) expect(told(tab).at(-1)).toBe('reconnected');
    await bench.ring(follower.device);
  });

  it('does so when its call is over, and no tab is told that somebody is at it meanwhile', async () => {
    const leader = await registeredTab('leader');
    const follower = await registeredTab('follower', withOtherPassword());
    const { call, dialog } = await bench.talk(leader.device);
    await pass(5 * SECOND);
    replacePassword();
    await pass(20 * SECOND);
    for (const request of bench.server.requests('INVITE'))
      if (request.finalStatus === undefined) request.reply(200, { body: sdpAnswer(request.body) });
    await pass(SECOND);
    expect(call.getStatus()).toBe('accepted');
    expect(leader.device.isLeader()).toBe(true);
    for (const tab of [leader, follower]) expect(told(tab).at(-1)).toBe('unregistered');
    void call.disconnect();
    await dialog.expect('BYE');
    await pass(10 * SECOND);
    expect(follower.device.isLeader()).toBe(true);
    for (const tab of [leader, follower]) expect(told(tab).at(-1)).toBe('registered');
  });

  it('tells every tab that the agent is not reachable where none is better', async () => {
    const { leader, follower } = await leaderAndFollower();
    const third = await registeredTab('third');
    await pass(5 * SECOND);
    bench.server.registrar.behaviour = { kind: 'refuse', status: 403 };
    bench.server.cut();
    await pass(MINUTE);
    for (const tab of [leader, follower, third]) {
      expect(told(tab).at(-1)).toBe('unregistered');
      expect(tab.device.isRegistered()).toBe(false);
    }
    bench.server.registrar.behaviour = { kind: 'accept' };
    await register(follower);
    await pass(6 * SECOND);
    for (const tab of [leader, follower, third]) expect(told(tab).at(-1)).toBe('registered');
  });

  it('says so at once where there is no other tab, and tells one that comes later the truth', async () => {
    const leader = await registeredTab('leader');
    await pass(5 * SECOND);
    bench.server.registrar.behaviour = { kind: 'refuse', status: 403 };
    bench.server.cut();
    await pass(3 * SECOND);
    expect(told(leader).at(-1)).toBe('unregistered');
    const late = openTab('late');
    bench.server.registrar.behaviour = { kind: 'accept' };
    await register(late);
    for (const tab of [leader, late]) expect(told(tab).at(-1)).toBe('registered');
  });

  it('that gets a token in the moment in which it hears of it goes on', async () => {
    const leader = await registeredTab('leader', { token: tokenFor({ ttlSeconds: 3_600 }) });
    const follower = await registeredTab('follower', withOtherPassword());
    await pass(5 * SECOND);
    leader.device.on('error', ({ code }) => {
      if (code === 'AUTH_ERROR') void tabs.in('leader', () => leader.device.register());
    });
    replacePassword();
    await pass(30 * SECOND);
    expect([leader, follower].map(({ device }) => device.isRegistered())).toEqual([true, true]);
  });
});

it('of three tabs without a usable token each hears in the end that the agent is not reachable', async () => {
  const leader = await registeredTab('leader');
  const token = tokenFor({ ttlSeconds: 60 });
  const stale = [await registeredTab('one', { token }), await registeredTab('two', { token })];
  await pass(2 * MINUTE);
  tabs.kill(leader.name);
  leader.device.destroy();
  await pass(MINUTE);
  for (const tab of stale) expect(told(tab).at(-1)).toBe('unregistered');
});
