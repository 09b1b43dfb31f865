import { describe, expect, it } from 'vitest';
import { codeOf } from '../../support/recorder';
import { sdpOffer } from '../../support/wire/sdp';
import { bench, MINUTE, pass, registers, SECOND } from '../registration/harness';
import { leaderAndFollower, nextCall, openTab, register, registeredTab, tabs, useTabs } from './harness';

/** Without a word from the leader for so long, the others no longer believe what it said. */
const NOTICED_MS = 12 * SECOND;

describe('a leader that hangs', () => {
  useTabs();

  it('is no longer believed after 12 s, and is again when it moves', async () => {
    const { follower } = await leaderAndFollower();
    tabs.freeze('leader');
    await pass(NOTICED_MS - 6 * SECOND);
    expect(follower.device.isRegistered()).toBe(true);
    await pass(6 * SECOND);
    expect(follower.device.isRegistered()).toBe(false);
    expect(follower.events.of('reconnecting')).toEqual([[{ attempt: 1 }]]);
    await pass(MINUTE);
    tabs.thaw('leader');
    await pass(5 * SECOND);
    expect(follower.device.isRegistered()).toBe(true);
    expect(follower.events.names).toEqual(['registered', 'reconnecting', 'reconnected']);
  });

  it('leaves nobody waiting: what it is asked for fails', async () => {
    const { follower } = await leaderAndFollower();
    tabs.freeze('leader');
    await pass(NOTICED_MS);
    expect(await codeOf(follower.device.connect({ to: '100' }))).toBe('SIGNALING_LOST');
    const registering = codeOf(register(follower));
    await pass(20 * SECOND);
    expect(await registering).toBe('TAB_LOST');
    const unregistering = follower.device.unregister();
    await pass(20 * SECOND);
    await unregistering;
  });

  it('unregisters as soon as it moves', async () => {
    const { leader, follower } = await leaderAndFollower();
    tabs.freeze('leader');
    const unregistering = follower.device.unregister();
    await pass(20 * SECOND);
    await unregistering;
    tabs.thaw('leader');
    await pass(SECOND);
    expect([leader, follower].map(({ device }) => device.isRegistered())).toEqual([false, false]);
    expect(follower.events.of('unregistered')).toEqual([[{ reason: 'requested' }]]);
  });

  it('does not do what has failed already', async () => {
    const { leader, follower } = await leaderAndFollower();
    tabs.freeze('leader');
    const code = codeOf(follower.device.connect({ to: '100' }));
    await pass(5 * SECOND);
    expect(await code).toBe('TAB_LOST');
    tabs.thaw('leader');
    await pass(10 * SECOND);
    expect(bench.server.requests('INVITE')).toEqual([]);
    expect(leader.events.of('callShared')).toEqual([]);
  });

  it('does not end its calls, which go on there, and they can be hung up again when it moves', async () => {
    const { leader, follower } = await leaderAndFollower();
    const { call: own } = await bench.talk(leader.device);
    const call = await nextCall(follower, 'callShared');
    tabs.freeze('leader');
    await pass(MINUTE);
    expect([own.getStatus(), call.getStatus()]).toEqual(['accepted', 'accepted']);
    tabs.thaw('leader');
    await pass(5 * SECOND);
    await call.disconnect();
    expect(own.getStatus()).toBe('disconnected');
  });

  it('is closed then: another takes over', async () => {
    const { leader, follower } = await leaderAndFollower();
    tabs.freeze('leader');
    await pass(MINUTE);
    tabs.kill('leader');
    leader.device.destroy();
    await follower.events.next('reconnected');
    expect(follower.device.isLeader()).toBe(true);
    expect(follower.events.names).toEqual(['registered', 'reconnecting', 'leadership', 'reconnected']);
  });

  it('is not missed by one that does not want to be registered', async () => {
    const { leader, follower } = await leaderAndFollower();
    await leader.device.unregister();
    await pass(SECOND);
    tabs.freeze('leader');
    await pass(MINUTE);
    expect(follower.events.names).toEqual(['registered', 'unregistered']);
  });
});

describe('a leader that lives', () => {
  useTabs();

  it('is believed for hours without an event', async () => {
    const { follower } = await leaderAndFollower();
    await pass(30 * MINUTE);
    expect(follower.events.names).toEqual(['registered']);
    expect(registers().length).toBeGreaterThan(1);
  });

  it('of a version that says nothing by itself is asked, and believed', async () => {
    const { follower } = await leaderAndFollower();
    tabs.mute('leader', ({ kind, to }) => kind === 'view' && to === undefined);
    await pass(5 * MINUTE);
    expect(follower.events.names).toEqual(['registered']);
  });

  it('is believed by a tab that slept, and hears of what it missed', async () => {
    const { follower } = await leaderAndFollower();
    tabs.freeze('follower');
    await pass(11 * SECOND);
    bench.server.invite({ body: sdpOffer() });
    await pass(0);
    tabs.thaw('follower');
    const call = await nextCall(follower);
    await pass(MINUTE);
    expect(call.getStatus()).toBe('ringing');
    expect(follower.events.names).toEqual(['registered', 'incoming']);
  });

  it('says nothing any more when it is destroyed, or leads no longer', async () => {
    const { leader, follower } = await leaderAndFollower();
    leader.device.destroy();
    await follower.events.next('reconnected');
    follower.device.destroy();
    const before = tabs.posted.length;
    await pass(MINUTE);
    expect(tabs.posted).toHaveLength(before);
    const third = openTab('third');
    await register(third);
    expect(third.device.isLeader()).toBe(true);
    await registeredTab('fourth');
  });
});
