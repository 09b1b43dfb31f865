import { describe, expect, it } from 'vitest';
import type { DisconnectInfo } from '../../../src/index';
import { recordEvents } from '../../support/recorder';
import { sdpOffer } from '../../support/wire/sdp';
import { bench, MINUTE, pass, SECOND } from '../registration/harness';
import { leaderAndFollower, nextCall, registeredTab, tabs, useTabs } from './harness';

useTabs();

describe('a tab that joins in a call', () => {
  it('knows how long it has lasted when its carrier crashes', async () => {
    const leader = await registeredTab('leader');
    await bench.talk(leader.device);
    await pass(MINUTE);
    const late = await registeredTab('late');
    const events = recordEvents(await nextCall(late, 'callShared'));
    await pass(10 * SECOND);
    tabs.kill('leader');
    leader.device.destroy();
    const [info] = (await events.next('disconnect')) as [DisconnectInfo];
    expect(info.durationMs).toBeGreaterThanOrEqual(70 * SECOND);
    expect(info.durationMs).toBeLessThan(75 * SECOND);
    await late.events.next('reconnected');
  });

  it('while it rings: it has lasted no time', async () => {
    const leader = await registeredTab('leader');
    bench.server.invite({ body: sdpOffer() });
    const late = await registeredTab('late');
    const events = recordEvents(await nextCall(late));
    await pass(10 * SECOND);
    tabs.kill('leader');
    leader.device.destroy();
    const [info] = (await events.next('disconnect')) as [DisconnectInfo];
    expect(info.durationMs).toBe(0);
    await late.events.next('reconnected');
  });
});

it('a caller of long words is shown in every tab, and does not make the others deaf', async () => {
  const { follower } = await leaderAndFollower();
  const long = 'x'.repeat(6_000);
  const headers = [
    `X-2Chat-Long: ${long}`,
    ...Array.from({ length: 80 }, (_, at) => `X-2Chat-N${at}: ${at}`),
  ];
  bench.server.invite({ body: sdpOffer(), displayName: long, headers });
  const call = await nextCall(follower);
  await pass(MINUTE / 2);
  expect(follower.device.isRegistered()).toBe(true);
  expect(call.customHeaders['Long']).toHaveLength(4_096);
  expect(Object.keys(call.customHeaders)).toHaveLength(64);
  const late = await registeredTab('late');
  expect((await nextCall(late)).getStatus()).toBe('ringing');
});

it.each([
  ['in a word', 'Busy'],
  ['at length', 'x'.repeat(6_000)],
])('a far end that refuses %s ends the call in every tab', async (_how, reason) => {
  const { leader, follower } = await leaderAndFollower();
  const { invite } = await bench.dial(leader.device);
  const events = recordEvents(await nextCall(follower, 'callShared'));
  invite.reply(486, { reason });
  const [info] = (await events.next('disconnect')) as [DisconnectInfo];
  expect(info).toMatchObject({ reason: 'busy', code: 486 });
  await pass(MINUTE);
  expect(events.names).toEqual(['error', 'disconnect']);
});
