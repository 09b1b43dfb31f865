import { describe, expect, it, vi } from 'vitest';
import type { DisconnectInfo, SipCredentials, VoiceSDKError } from '../../../src/index';
import { tokenFor } from '../../support/agent';
import { codeOf, recordEvents } from '../../support/recorder';
import { sdpOffer } from '../../support/wire/sdp';
import { bench, HOUR, MINUTE, pass, registers, SECOND, useAgentBench } from '../registration/harness';
import {
  leaderAndFollower,
  nextCall,
  openTab,
  register,
  registeredTab,
  type Tab,
  tabs,
  useTabs,
} from './harness';

/** The tab's process is gone: no word, no code that still runs. */
function crash({ name, device }: Tab): void {
  tabs.kill(name);
  device.destroy();
}

describe('with tabs', () => {
  useTabs();

  describe('the tab that leads', () => {
    it('is closed: another takes over as the same instance, and both sides of the change are told', async () => {
      const { leader, follower } = await leaderAndFollower();
      const instance = (): unknown =>
        /\+sip\.instance="([^"]+)"/.exec(
          bench.server.requests('REGISTER').at(-1)?.header('contact') ?? '',
        )?.[1];
      const before = instance();
      leader.device.destroy();
      await follower.events.next('reconnected');
      expect(follower.events.names).toEqual(['registered', 'reconnecting', 'leadership', 'reconnected']);
      expect(follower.events.of('leadership')).toEqual([[{ isLeader: true }]]);
      expect(follower.device.isLeader()).toBe(true);
      expect(follower.device.isRegistered()).toBe(true);
      expect(before).toBeDefined();
      expect(instance()).toBe(before);
      const { call } = await bench.ring(follower.device);
      expect(call.getStatus()).toBe('ringing');
    });

    it('crashes in a call: the others are told that it is over, and one takes over', async () => {
      const { leader, follower } = await leaderAndFollower();
      const third = await registeredTab('third');
      await bench.talk(leader.device);
      const calls = await Promise.all([nextCall(follower, 'callShared'), nextCall(third, 'callShared')]);
      const events = calls.map(recordEvents);
      await pass(3 * SECOND);
      crash(leader);
      await Promise.all([follower.events.next('reconnected'), third.events.next('reconnected')]);
      for (const seen of events) {
        const [info] = (await seen.next('disconnect')) as [DisconnectInfo];
        expect(info).toMatchObject({ reason: 'network', initiator: 'network' });
        expect((seen.of('error')[0]?.[0] as VoiceSDKError).code).toBe('TAB_LOST');
      }
      expect([follower, third].map(({ device }) => device.isLeader())).toEqual([true, false]);
    });

    it('crashes while it is asked for something: TAB_LOST', async () => {
      const { leader, follower } = await leaderAndFollower();
      bench.media.autoGrant = false;
      const connecting = codeOf(follower.device.connect({ to: '100' }));
      await pass(SECOND);
      crash(leader);
      expect(await connecting).toBe('TAB_LOST');
      await follower.events.next('reconnected');
    });

    it('hangs: what it is asked for fails with TAB_LOST after 5 s', async () => {
      const { follower } = await leaderAndFollower();
      tabs.freeze('leader');
      const connecting = codeOf(follower.device.connect({ to: '100' }));
      await pass(5 * SECOND);
      expect(await connecting).toBe('TAB_LOST');
    });

    it('hangs before another one joins: TAB_LOST, and the tab can register later', async () => {
      await registeredTab('leader');
      tabs.freeze('leader');
      const late = openTab('late');
      const code = codeOf(register(late));
      await pass(5 * SECOND);
      expect(await code).toBe('TAB_LOST');
      tabs.thaw('leader');
      await register(late);
      expect(late.device.isRegistered()).toBe(true);
    });

    it('loses the lock to a thief, and gives up its registration', async () => {
      const { leader } = await leaderAndFollower();
      tabs.steal();
      await pass(SECOND);
      expect(leader.events.of('leadership')).toEqual([[{ isLeader: true }], [{ isLeader: false }]]);
      expect(leader.device.isLeader()).toBe(false);
    });

    it('goes after unregister(): who takes over does not register', async () => {
      const { leader, follower } = await leaderAndFollower();
      await leader.device.unregister();
      await pass(0);
      leader.device.destroy();
      await pass(MINUTE);
      expect(follower.device.isLeader()).toBe(true);
      expect(follower.device.isRegistered()).toBe(false);
      expect(registers().filter((what) => what === 'bind')).toHaveLength(1);
      await register(follower);
      expect(follower.device.isRegistered()).toBe(true);
    });

    it('and the next one go at once', async () => {
      const { leader, follower } = await leaderAndFollower();
      const third = await registeredTab('third');
      crash(leader);
      crash(follower);
      await third.events.next('reconnected');
      expect(third.device.isLeader()).toBe(true);
    });
  });

  describe('the page of the tab that leads', () => {
    const fire = (type: string) => globalThis.document.dispatchEvent(new Event(type));

    it('is frozen: another takes over; thawed, it follows', async () => {
      const leader = await registeredTab('leader');
      // One document in this test: only what listens before the freeze is frozen.
      tabs.in('leader', () => fire('freeze'));
      expect(leader.device.isLeader()).toBe(false);
      await pass(0);
      expect(tabs.leader).toBeUndefined();
      const other = await registeredTab('other');
      expect(other.device.isLeader()).toBe(true);
      tabs.in('leader', () => fire('resume'));
      await leader.events.next('reconnected');
      expect(leader.device.isLeader()).toBe(false);
      expect(leader.device.isRegistered()).toBe(true);
      expect(leader.events.of('leadership')).toEqual([[{ isLeader: true }], [{ isLeader: false }]]);
    });

    it('is frozen and thawed with nobody else there: it leads again', async () => {
      const leader = await registeredTab('leader');
      tabs.in('leader', () => fire('freeze'));
      await pass(HOUR / 2);
      tabs.in('leader', () => fire('resume'));
      await leader.events.next('reconnected');
      expect(leader.device.isLeader()).toBe(true);
    });

    it('is kept for the back button: it holds no lock', async () => {
      await registeredTab('leader');
      globalThis.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
      await pass(0);
      expect(tabs.leader).toBeUndefined();
    });
  });

  describe('a take-over', () => {
    it('that cannot fetch credentials is tried again', async () => {
      let isDown = false;
      const fetchCredentials = (): Promise<SipCredentials> =>
        isDown ? Promise.reject(new Error('down')) : Promise.resolve(bench.credentials);
      const leader = await registeredTab('leader', { fetchCredentials });
      const follower = await registeredTab('follower', { fetchCredentials });
      isDown = true;
      crash(leader);
      await pass(5 * SECOND);
      expect(follower.device.isRegistered()).toBe(false);
      expect((follower.events.of('error')[0]?.[0] as VoiceSDKError).code).toBe('CONFIG_FETCH_FAILED');
      isDown = false;
      await pass(MINUTE);
      expect(follower.device.isRegistered()).toBe(true);
      expect(follower.events.names.at(-1)).toBe('reconnected');
    });

    it('by a tab whose token has expired goes on to one with a better token', async () => {
      const leader = await registeredTab('leader');
      const stale = await registeredTab('stale', { token: tokenFor({ ttlSeconds: 60 }) });
      const fresh = await registeredTab('fresh');
      await pass(2 * MINUTE);
      crash(leader);
      await pass(SECOND);
      expect(fresh.device.isLeader()).toBe(true);
      expect([stale, fresh].map(({ device }) => device.isRegistered())).toEqual([true, true]);
    });

    it('of nobody with a usable token ends unregistered, until a token comes', async () => {
      const leader = await registeredTab('leader');
      const stale = await registeredTab('stale', { token: tokenFor({ ttlSeconds: 60 }) });
      await pass(2 * MINUTE);
      crash(leader);
      await pass(MINUTE);
      expect(stale.device.isRegistered()).toBe(false);
      expect(stale.events.names.at(-1)).toBe('unregistered');
      await tabs.in('stale', () => stale.device.updateToken(tokenFor()));
      await register(stale);
      expect(stale.device.isRegistered()).toBe(true);
    });
  });

  it('a leader whose token expires lets one with a better token lead', async () => {
    const leader = await registeredTab('leader', { token: tokenFor({ ttlSeconds: 60 }) });
    const follower = await registeredTab('follower');
    await pass(2 * MINUTE);
    expect(follower.device.isLeader()).toBe(true);
    expect([leader, follower].map(({ device }) => device.isRegistered())).toEqual([true, true]);
    const { call } = await bench.ring(follower.device);
    expect(call.getStatus()).toBe('ringing');
  });

  it('updateToken() of a follower stays with it, and is what it takes over with', async () => {
    const fetchCredentials = vi.fn(() => Promise.resolve(bench.credentials));
    const leader = await registeredTab('leader');
    const follower = await registeredTab('follower', { fetchCredentials });
    const token = tokenFor({ ttlSeconds: 7200 });
    await follower.device.updateToken(token);
    await pass(SECOND);
    expect(fetchCredentials).not.toHaveBeenCalled();
    crash(leader);
    await follower.events.next('reconnected');
    expect(fetchCredentials).toHaveBeenCalledWith(token, expect.anything());
  });

  describe('register() and unregister() at once', () => {
    it('in a tab that is the first: the last wish counts', async () => {
      const tab = openTab('only');
      const code = codeOf(register(tab));
      await tabs.in('only', () => tab.device.unregister());
      expect(await code).toBe('INVALID_STATE');
      await pass(SECOND);
      expect(tab.device.isRegistered()).toBe(false);
    });

    it('destroy() in the same tick leaves nothing', async () => {
      const tab = openTab('only');
      const code = codeOf(register(tab));
      tab.device.destroy();
      expect(await code).toBe('DESTROYED');
      await pass(SECOND);
      expect(tabs.left).toBe(0);
    });

    it('destroy() of a follower while it is asking', async () => {
      const { follower } = await leaderAndFollower();
      bench.media.autoGrant = false;
      const code = codeOf(follower.device.connect({ to: '100' }));
      follower.device.destroy();
      expect(await code).toBe('DESTROYED');
    });
  });

  it('a ringing call ends with the Device of the tab that carries it, and the others are told why', async () => {
    const { leader, follower } = await leaderAndFollower();
    bench.server.invite({ body: sdpOffer() });
    const call = await nextCall(follower);
    const events = recordEvents(call);
    leader.device.destroy();
    const [info] = (await events.next('disconnect')) as [DisconnectInfo];
    expect(info.reason).toBe('destroyed');
  });
});

describe('without Web Locks', () => {
  useAgentBench();

  it('each tab registers on its own, and says so', async () => {
    const device = bench.device({ multiTab: true });
    const events = recordEvents(device);
    expect(device.isLeader()).toBe(false);
    await device.register();
    expect((events.of('error')[0]?.[0] as VoiceSDKError).code).toBe('UNSUPPORTED');
    expect(device.isRegistered()).toBe(true);
    expect(device.isLeader()).toBe(true);
    const { call } = await bench.ring(device);
    expect(call.getStatus()).toBe('ringing');
  });
});
