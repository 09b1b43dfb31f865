import { describe, expect, it } from 'vitest';
import type { DisconnectInfo, SipCredentials } from '../../../src/index';
import { tokenFor } from '../../support/agent';
import { codeOf, recordEvents } from '../../support/recorder';
import { sdpOffer } from '../../support/wire/sdp';
import { bench, MINUTE, pass, SECOND } from '../registration/harness';
import { leaderAndFollower, nextCall, register, registeredTab, tabs, useTabs } from './harness';

useTabs();

const freeze = () => tabs.in('leader', () => globalThis.document.dispatchEvent(new Event('freeze')));
const resume = () => tabs.in('leader', () => globalThis.document.dispatchEvent(new Event('resume')));
const steal = () => {
  tabs.steal();
};

describe.each([
  ['whose lock is stolen', steal],
  ['whose page is frozen', freeze],
])('a leader %s', (_how, depose) => {
  it('ends its call for everybody: no tab says that it is over while the customer hears the agent', async () => {
    const leader = await registeredTab('leader');
    const { call: own, dialog } = await bench.talk(leader.device);
    depose();
    await dialog.expect('BYE');
    await pass(SECOND);
    expect(own.getStatus()).toBe('disconnected');
    expect(bench.media.liveTracks).toHaveLength(0);
    resume();
    await pass(SECOND);
  });

  it('ends calls that ring and calls that begin', async () => {
    const leader = await registeredTab('leader', { allowIncomingWhileBusy: true });
    const invite = bench.server.invite({ body: sdpOffer() });
    const ringing = await nextCall(leader);
    bench.media.autoGrant = false;
    const connecting = codeOf(leader.device.connect({ to: '100' }));
    await pass(SECOND);
    depose();
    await pass(SECOND);
    expect(ringing.getStatus()).toBe('disconnected');
    expect(invite.responses.at(-1)?.status).toBeGreaterThanOrEqual(400);
    expect(await connecting).toBe('TAB_LOST');
    resume();
    await pass(SECOND);
  });
});

describe('a leader whose lock is stolen in a call', () => {
  it('says so in the other tabs, once', async () => {
    const { leader, follower } = await leaderAndFollower();
    const { call: own, dialog } = await bench.talk(leader.device);
    const events = recordEvents(await nextCall(follower, 'callShared'));
    const ownEvents = recordEvents(own);
    tabs.steal();
    const [info] = (await events.next('disconnect')) as [DisconnectInfo];
    expect(info).toMatchObject({ reason: 'destroyed', initiator: 'local' });
    await dialog.expect('BYE');
    await pass(MINUTE);
    expect(events.names.filter((name) => name === 'disconnect')).toHaveLength(1);
    expect(ownEvents.names.filter((name) => name === 'disconnect')).toHaveLength(1);
    expect([leader, follower].map(({ device }) => device.isRegistered())).toEqual([true, true]);
  });
});

it('a Device that is destroyed while it is deposed leaves nothing', async () => {
  const leader = await registeredTab('leader');
  const { call } = await bench.talk(leader.device);
  call.on('disconnect', () => {
    leader.device.destroy();
  });
  tabs.steal();
  await pass(SECOND);
  expect(call.getStatus()).toBe('disconnected');
  expect(tabs.left).toBe(0);
});

it('a leader that cannot register any more goes on leading while it carries a call', async () => {
  const isRefused = { now: false };
  const fetchCredentials = (): Promise<SipCredentials> =>
    Promise.resolve(isRefused.now ? { ...bench.credentials, password: 'old' } : bench.credentials);
  const leader = await registeredTab('leader', { fetchCredentials });
  const follower = await registeredTab('follower');
  const { call: own } = await bench.talk(leader.device);
  const call = await nextCall(follower, 'callShared');
  await leader.device.unregister();
  isRefused.now = true;
  await leader.device.updateToken(tokenFor({ ttlSeconds: 7_200 }));
  bench.server.registrar.passwords.set('agent-1', 'another');
  await pass(SECOND);
  expect(await codeOf(register(follower))).toBe('AUTH_ERROR');
  await pass(10 * SECOND);
  expect([own.getStatus(), call.getStatus()]).toEqual(['accepted', 'accepted']);
  expect([leader, follower].map(({ device }) => device.isLeader())).toEqual([true, false]);
});
