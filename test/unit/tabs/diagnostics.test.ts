import { beforeEach, describe, expect, it } from 'vitest';
import type { Diagnostics } from '../../../src/index';
import { bench, pass, SECOND } from '../registration/harness';
import { leaderAndFollower, nextCall, openTab, register, type Tab, tabs, useTabs } from './harness';

const NAME = 'Ada King';

function bundleOf({ name, device }: Tab): Promise<Diagnostics> {
  return tabs.in(name, () => device.exportDiagnostics());
}

describe('diagnostics of several tabs', () => {
  useTabs();

  // Loaded once, at no time that a test counts.
  beforeEach(async () => {
    await import('../../../src/device/export-diagnostics');
  });

  it("are the leader's in every tab, with the call that goes on", async () => {
    const { leader, follower } = await leaderAndFollower();
    const incoming = nextCall(follower);
    const { call } = await bench.ring(leader.device, { from: 'sip:4711@trunk.test', displayName: NAME });
    await incoming;
    const bundle = await bundleOf(follower);
    expect(bundle.device).toMatchObject({ isLeader: true, isRegistered: true, registration: 'registered' });
    expect(bundle.device).toMatchObject({ connected: true });
    expect(bundle.messages.some(({ text }) => text.startsWith('REGISTER '))).toBe(true);
    expect(bundle.calls).toEqual([
      expect.objectContaining({ status: 'ringing', callId: (await bundleOf(leader)).calls.map(callIdOf)[0] }),
    ]);
    expect(bundle.follower).toMatchObject({
      messages: [],
      calls: [],
      device: {
        isLeader: false,
        isRegistered: true,
        registration: 'registered',
        shared: { calls: [{ direction: 'inbound', status: 'ringing', isMuted: false }] },
      },
    });
    expect(JSON.stringify(bundle)).not.toMatch(/Ada King|4711/);
    expect((await bundleOf(leader)).follower).toBeUndefined();
    call.reject();
  });

  it('cross between the tabs redacted', async () => {
    const { leader, follower } = await leaderAndFollower();
    const { call } = await bench.ring(leader.device, { from: 'sip:4711@trunk.test', displayName: NAME });
    const before = tabs.posted.length;
    await bundleOf(follower);
    const answers = tabs.posted
      .slice(before)
      .filter((message) => (message as { kind: string }).kind === 'response');
    expect(answers).toHaveLength(1);
    expect(JSON.stringify(answers)).toContain('REGISTER sip:');
    expect(JSON.stringify(answers)).not.toMatch(/Ada King|4711|sip-password/);
    call.reject();
  });

  it('are its own, and say what it knows, where the leader hangs', async () => {
    const { leader, follower } = await leaderAndFollower();
    const incoming = nextCall(follower);
    await bench.ring(leader.device, { from: 'sip:4711@trunk.test', displayName: NAME });
    await incoming;
    tabs.freeze('leader');
    const exporting = bundleOf(follower);
    await pass(11 * SECOND);
    const bundle = await exporting;
    expect(bundle.follower).toBeUndefined();
    expect(bundle.device).toMatchObject({
      ...{ isLeader: false, isRegistered: true, registration: 'registered', leaderFailure: 'TAB_LOST' },
      shared: { isWanted: true, calls: [{ direction: 'inbound', status: 'ringing' }] },
    });
    expect(JSON.stringify(bundle)).not.toMatch(/Ada King|4711/);
    tabs.thaw('leader');
    await pass(SECOND);
  });

  it('do not wait longer than 13 s for a leader that has got the question and says nothing', async () => {
    const { follower } = await leaderAndFollower();
    tabs.mute('leader', ({ kind }) => kind === 'response');
    let bundle: Diagnostics | undefined;
    void bundleOf(follower).then((result) => {
      bundle = result;
    });
    await pass(9 * SECOND);
    expect(bundle).toBeUndefined();
    await pass(SECOND);
    expect(bundle?.device).toMatchObject({ isLeader: false, leaderFailure: 'TAB_LOST' });
    await pass(60 * SECOND);
  });

  it('are those of the tab that takes over, when the leader dies meanwhile', async () => {
    const { follower } = await leaderAndFollower();
    tabs.freeze('leader');
    const exporting = bundleOf(follower);
    tabs.kill('leader');
    await pass(2 * SECOND);
    expect((await exporting).device).toMatchObject({ isLeader: true, leaderFailure: 'TAB_LOST' });
    expect((await bundleOf(follower)).device).toMatchObject({ isLeader: true, isRegistered: true });
  });

  it('are there before register() and after destroy(), twice and at once', async () => {
    const early = openTab('early');
    expect((await bundleOf(early)).device).toMatchObject({ isLeader: false, isRegistered: false });
    const { follower } = await leaderAndFollower();
    const [one, other] = await Promise.all([bundleOf(follower), bundleOf(follower)]);
    expect(one.device).toMatchObject({ isLeader: true });
    expect(other.device).toMatchObject({ isLeader: true });
    follower.device.destroy();
    const late = await bundleOf(follower);
    expect(late.device).toMatchObject({ isLeader: false, leaderFailure: 'DESTROYED' });
    await register(early);
    expect((await bundleOf(early)).follower?.device).toMatchObject({ isLeader: false });
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'bundle'],
    ['half a bundle', { formatVersion: 1, calls: [] }],
  ])('are not what somebody else on the origin answers: %s', async (_, value) => {
    const { follower } = await leaderAndFollower();
    const somebody = tabs.in(
      'somebody',
      () => new BroadcastChannel('2chat-voice/1/https://api.p.2chat.io/agent-1'),
    );
    tabs.mute('leader', ({ kind }) => kind === 'response');
    somebody.onmessage = ({ data }: MessageEvent<unknown>) => {
      const { kind, from, to, body } = data as Record<string, unknown> & { body?: { id?: unknown } };
      if (kind !== 'request') return;
      tabs.in('somebody', () => {
        somebody.postMessage({ from: to, to: from, kind: 'response', body: { id: body?.id, value } });
      });
    };
    const exporting = bundleOf(follower);
    await pass(SECOND);
    somebody.close();
    expect((await exporting).device).toMatchObject({ isLeader: false, leaderFailure: 'INVALID_ARGUMENT' });
  });
});

function callIdOf(call: unknown): unknown {
  return (call as { callId: unknown }).callId;
}
