import { describe, expect, it, vi } from 'vitest';
import { tokenFor } from '../../support/agent';
import type { ReceivedRequest } from '../../support/wire/wire-link';
import { bench, pass, SECOND } from '../registration/harness';
import { leaderAndFollower, registeredTab, type Tab, tabs, useTabs } from './harness';

useTabs();

/** The server answers REGISTER at once, but for those that come over the present connection: these when told to. */
function answerLate(): { readonly held: ReceivedRequest[]; release(): void } {
  const { server } = bench;
  const slow = server.socket;
  const held: ReceivedRequest[] = [];
  const answer = (request: ReceivedRequest) => {
    const given = server.registrar.answer(request);
    if (given) request.reply(given.status, { headers: [...given.headers] });
  };
  server.auto.register = false;
  const onText = server.onText.bind(server);
  vi.spyOn(server, 'onText').mockImplementation((socket, text) => {
    onText(socket, text);
    if (!text.startsWith('REGISTER')) return;
    const request = server.requests('REGISTER').at(-1) as ReceivedRequest;
    if (socket === slow) held.push(request);
    else answer(request);
  });
  return {
    held,
    release: () => {
      for (const request of held.splice(0)) answer(request);
    },
  };
}

/** That calls reach the tab: the one binding that there is leads to its connection. */
async function expectReachable({ device }: Tab): Promise<void> {
  const { server } = bench;
  expect(device.isRegistered()).toBe(true);
  expect(server.registrar.bindings.size).toBe(1);
  await bench.ring(device);
}

const giveUp: [string, (leader: Tab) => void | Promise<void>][] = [
  [
    'whose lock is stolen',
    () => {
      tabs.steal();
    },
  ],
  ['whose token is over', () => pass(60_100)],
  [
    'whose Device is destroyed',
    ({ device }) => {
      device.destroy();
    },
  ],
];

describe.each(giveUp)('a leader %s', (_how, depose) => {
  it('leaves the binding to the tab that takes over, however late the server answers it', async () => {
    const leader = await registeredTab('leader', { token: tokenFor({ ttlSeconds: 60 }) });
    const follower = await registeredTab('follower');
    await pass(0);
    const late = answerLate();
    await depose(leader);
    await pass(500);
    expect(follower.device.isLeader()).toBe(true);
    late.release();
    await pass(SECOND);
    late.release();
    await pass(SECOND);
    await expectReachable(follower);
  });

  it('does not renew the binding either when a challenge to its refresh comes late', async () => {
    const leader = await registeredTab('leader', { token: tokenFor({ ttlSeconds: 60 }) });
    const follower = await registeredTab('follower');
    await pass(0);
    const late = answerLate();
    const old = bench.server.socket;
    await leader.device.updateToken(tokenFor({ ttlSeconds: 60, claims: { n: 1 } }));
    await pass(SECOND);
    expect(late.held).toHaveLength(1);
    await depose(leader);
    await pass(SECOND);
    late.release();
    await pass(SECOND);
    expect(late.held).toHaveLength(0);
    expect(
      bench.server
        .requests('REGISTER')
        .filter(({ socket }) => socket === old)
        .at(-1)?.finalStatus,
    ).toBe(401);
    await expectReachable(follower);
  });
});

it('a leader that nobody follows any more removes its binding', async () => {
  const { leader, follower } = await leaderAndFollower();
  follower.device.destroy();
  // Seen at the next sign of life.
  await pass(6 * SECOND);
  expect(bench.server.registrar.bindings.size).toBe(1);
  const page = tabs.in('leader', () => globalThis.document);
  tabs.in('leader', () => page.dispatchEvent(new Event('freeze')));
  await pass(SECOND);
  expect(bench.server.registrar.bindings.size).toBe(0);
  tabs.in('leader', () => page.dispatchEvent(new Event('resume')));
  await leader.events.next('reconnected');
  expect(bench.server.registrar.bindings.size).toBe(1);
});

it('a page that is back before its un-REGISTER was answered keeps the binding that it makes then', async () => {
  const leader = await registeredTab('leader');
  await pass(0);
  const late = answerLate();
  const page = tabs.in('leader', () => globalThis.document);
  tabs.in('leader', () => page.dispatchEvent(new Event('freeze')));
  await pass(0);
  expect(late.held).toHaveLength(1);
  tabs.in('leader', () => page.dispatchEvent(new Event('resume')));
  await leader.events.next('reconnected');
  late.release();
  await pass(SECOND);
  late.release();
  await pass(SECOND);
  await expectReachable(leader);
});
