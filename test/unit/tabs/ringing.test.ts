import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Call, DeviceOptions } from '../../../src/index';
import { sdpOffer } from '../../support/wire/sdp';
import type { OutgoingCall } from '../../support/wire/scripted-server';
import { bench, MINUTE, pass, SECOND } from '../registration/harness';
import { nextCall, openTab, register, type Tab, tabs, useTabs } from './harness';

useTabs();

/** Tabs that the agent has interacted with before. */
let activated: Set<string>;

beforeEach(() => {
  activated = new Set();
  const userActivation = {
    get hasBeenActive() {
      return activated.has(tabs.current);
    },
  };
  Object.assign(globalThis.navigator, { userActivation });
});

/** A tab whose browser blocks the ringtone, where it was not interacted with. */
async function tabOf(name: string, options: Partial<DeviceOptions> = {}): Promise<Tab> {
  const ringtoneUrl = `/${name}.wav`;
  if (!activated.has(name)) bench.media.blockedUrls.add(ringtoneUrl);
  const tab = openTab(name, { ringtoneUrl, ...options });
  await register(tab);
  return tab;
}

/** Which tabs are heard ringing. */
function ringing(): string[] {
  return bench.media.elements
    .filter((element) => element.isAudible && element.src !== '')
    .map(({ src }) => src.slice(1, -4));
}

function gesture(tab: string): void {
  activated.add(tab);
  bench.media.blockedUrls.delete(`/${tab}.wav`);
  bench.media.gesture();
}

async function ring(leader: Tab): Promise<{ call: Call; invite: OutgoingCall }> {
  const invite = bench.server.invite({ body: sdpOffer() });
  const call = await nextCall(leader);
  await pass(0);
  return { call, invite };
}

describe('a ringtone that is blocked in the leader', () => {
  it('is said to be in every tab, also to one that joins', async () => {
    const leader = await tabOf('leader');
    const follower = await tabOf('follower');
    await ring(leader);
    expect(ringing()).toEqual([]);
    const late = await tabOf('late');
    await pass(SECOND);
    for (const { events } of [leader, follower, late]) {
      expect(events.of('audioBlocked')).toHaveLength(1);
      expect(events.of('audioUnblocked')).toEqual([]);
    }
  });

  it('sounds in a tab that the agent has used, and there alone', async () => {
    activated.add('used').add('used too');
    const leader = await tabOf('leader');
    const used = await tabOf('used');
    const other = await tabOf('used too');
    const { call, invite } = await ring(leader);
    expect(ringing()).toEqual(['used']);
    for (const { events } of [leader, used, other]) {
      expect(events.of('audioBlocked')).toHaveLength(1);
      expect(events.of('audioUnblocked')).toHaveLength(1);
    }
    // The leader's own does not join in.
    gesture('leader');
    await pass(SECOND);
    expect(ringing()).toEqual(['used']);
    const accepting = call.accept();
    await pass(0);
    expect(ringing()).toEqual([]);
    await Promise.all([accepting, invite.answered()]);
  });

  it('sounds in whichever tab has a gesture first', async () => {
    const leader = await tabOf('leader');
    await tabOf('follower');
    await ring(leader);
    gesture('follower');
    await pass(0);
    expect(ringing()).toEqual(['follower']);
    gesture('leader');
    await pass(0);
    expect(ringing()).toEqual(['follower']);
  });

  it('sounds in the leader at a gesture there', async () => {
    const leader = await tabOf('leader');
    const follower = await tabOf('follower');
    await ring(leader);
    gesture('leader');
    await pass(SECOND);
    expect(ringing()).toEqual(['leader']);
    expect(follower.events.of('audioUnblocked')).toHaveLength(1);
  });

  it('goes on elsewhere when the tab that rings is closed', async () => {
    activated.add('first').add('second');
    const leader = await tabOf('leader');
    const first = await tabOf('first');
    await tabOf('second');
    await ring(leader);
    expect(ringing()).toEqual(['first']);
    first.device.destroy();
    await pass(SECOND);
    expect(ringing()).toEqual(['second']);
  });

  it('stops with the call, and the next one is for the leader again', async () => {
    activated.add('used');
    const leader = await tabOf('leader');
    await tabOf('used');
    const { call } = await ring(leader);
    expect(ringing()).toEqual(['used']);
    call.reject();
    await pass(0);
    expect(ringing()).toEqual([]);
    bench.media.blockedUrls.clear();
    await pass(MINUTE);
    await ring(leader);
    expect(ringing()).toEqual(['leader']);
  });

  it('goes on elsewhere when the tab that rings is gone without a word', async () => {
    activated.add('first').add('second');
    const leader = await tabOf('leader');
    await tabOf('first');
    await tabOf('second');
    await ring(leader);
    await pass(MINUTE / 4);
    expect(ringing()).toEqual(['first']);
    tabs.freeze('first');
    await pass(13 * SECOND);
    expect(ringing()).toContain('second');
    tabs.thaw('first');
    await pass(0);
    expect(ringing()).toEqual(['second']);
  });

  it('is not asked of a tab that has no ringtone', async () => {
    activated.add('mute');
    const leader = await tabOf('leader');
    const mute = openTab('mute', { sounds: { ringtone: false } });
    await register(mute);
    await ring(leader);
    expect(mute.events.of('audioBlocked')).toHaveLength(1);
    expect(mute.events.of('audioUnblocked')).toEqual([]);
    gesture('mute');
    await pass(SECOND);
    expect(ringing()).toEqual([]);
    gesture('leader');
    await pass(0);
    expect(ringing()).toEqual(['leader']);
  });

  it('stops for the agent who answers another call meanwhile, whom a call waiting tone tells of it', async () => {
    activated.add('used');
    const leader = await tabOf('leader', { allowIncomingWhileBusy: true });
    await tabOf('used', { allowIncomingWhileBusy: true });
    const { call, invite } = await ring(leader);
    await ring(leader);
    expect(ringing()).toEqual(['used']);
    const accepting = call.accept();
    await Promise.all([accepting, invite.answered()]);
    await pass(0);
    expect(ringing()).not.toContain('used');
    await call.disconnect();
    await pass(0);
    expect(ringing()).toEqual(['used']);
  });

  it('stops with the leader', async () => {
    activated.add('used');
    const leader = await tabOf('leader');
    await tabOf('used');
    await ring(leader);
    tabs.kill('leader');
    leader.device.destroy();
    await pass(SECOND);
    expect(ringing()).toEqual([]);
  });

  it('stops when the leader hangs', async () => {
    activated.add('used');
    const leader = await tabOf('leader');
    await tabOf('used');
    await ring(leader);
    tabs.freeze('leader');
    await pass(12 * SECOND);
    expect(ringing()).toEqual([]);
    tabs.thaw('leader');
  });

  it('in a tab whose browser blocks it too: it is offered once, not for ever', async () => {
    activated.add('strict');
    const leader = await tabOf('leader');
    await tabOf('strict');
    bench.media.blockedUrls.add('/strict.wav');
    await ring(leader);
    await pass(SECOND);
    expect(ringing()).toEqual([]);
    expect(bench.media.elements.reduce((plays, element) => plays + element.plays, 0)).toBeLessThan(10);
    gesture('strict');
    await pass(SECOND);
    expect(ringing()).toEqual(['strict']);
  });
});

describe('another sound that is blocked in the leader', () => {
  it('rings nowhere, and is said there alone', async () => {
    activated.add('used');
    const leader = await tabOf('leader', { sounds: { ringback: '/ringback.wav' } });
    bench.media.blockedUrls.add('/ringback.wav');
    const used = await tabOf('used');
    await vi.dynamicImportSettled();
    void used.device.connect({ to: '100' });
    const invite = await bench.server.next('INVITE');
    invite.reply(180);
    await pass(SECOND);
    expect(leader.events.of('audioBlocked')).toHaveLength(1);
    expect(used.events.of('audioBlocked')).toEqual([]);
    expect(ringing()).toEqual([]);
  });
});
