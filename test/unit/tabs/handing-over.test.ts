import { describe, expect, it } from 'vitest';
import { tokenFor } from '../../support/agent';
import { sdpOffer } from '../../support/wire/sdp';
import { bench, MINUTE, pass, SECOND } from '../registration/harness';
import { leaderAndFollower, nextCall, register, registeredTab, tabs, useTabs } from './harness';

describe('the phone of several tabs', () => {
  useTabs();

  it('a leader whose token expired in a call hands over when the call has ended', async () => {
    const leader = await registeredTab('leader', { token: tokenFor({ ttlSeconds: 60 }) });
    const follower = await registeredTab('follower');
    const { call } = await bench.talk(leader.device);
    await pass(2 * MINUTE);
    await call.disconnect();
    await pass(10 * SECOND);
    const invite = bench.server.invite({ body: sdpOffer() });
    await pass(SECOND);
    expect(invite.responses.map(({ status }) => status)).not.toContain(480);
    expect(follower.device.isLeader()).toBe(true);
  });

  it('a leader that has refused a call at once hands over all the same when its token expires', async () => {
    const leader = await registeredTab('leader', { token: tokenFor({ ttlSeconds: 60 }) });
    const follower = await registeredTab('follower');
    leader.device.on('incoming', (call) => {
      call.reject(603);
    });
    bench.server.invite({ body: sdpOffer() });
    await leader.events.next('incoming');
    await pass(2 * MINUTE);
    expect(follower.device.isLeader()).toBe(true);
    expect(follower.device.isRegistered()).toBe(true);
  });

  it('the next leader says so at once when the former one left in good order', async () => {
    const { leader, follower } = await leaderAndFollower();
    const third = await registeredTab('third');
    bench.server.connection = 'hang';
    leader.device.destroy();
    await pass(SECOND);
    expect(follower.device.isLeader()).toBe(true);
    const outcomes: string[] = [];
    register(third).then(
      () => outcomes.push('registered'),
      (error: unknown) => outcomes.push((error as { code: string }).code),
    );
    await pass(6 * SECOND);
    bench.server.connection = 'accept';
    await pass(30 * SECOND);
    // What the leader met, if anything; not that there is none.
    expect(outcomes).not.toEqual(['TAB_LOST']);
  });

  it('disconnect() of a leader that hangs does not say that it is done', async () => {
    const { leader, follower } = await leaderAndFollower();
    await bench.talk(leader.device);
    const call = await nextCall(follower, 'callShared');
    tabs.freeze(leader.name);
    const outcomes: string[] = [];
    call.disconnect().then(
      () => outcomes.push('resolved'),
      () => outcomes.push('rejected'),
    );
    await pass(10 * SECOND);
    expect([outcomes, call.getStatus(), bench.media.liveTracks.length]).not.toEqual([
      ['resolved'],
      'accepted',
      1,
    ]);
  });

  it('unregister() while a take-over is being retried ends the outage', async () => {
    const { leader } = await leaderAndFollower();
    const third = await registeredTab('third', {
      fetchCredentials: () => Promise.reject(new Error('backend is down')),
    });
    tabs.kill('follower');
    tabs.kill(leader.name);
    leader.device.destroy();
    await pass(3 * SECOND);
    expect(third.device.isLeader()).toBe(true);
    const done = tabs.in('third', () => third.device.unregister());
    await pass(MINUTE);
    await done;
    expect(third.events.names.filter((name) => name !== 'error').at(-1)).toBe('unregistered');
  });
});
