import { describe, expect, it } from 'vitest';
import type { Call, DisconnectInfo, VoiceSDKError } from '../../../src/index';
import { codeOf, recordEvents } from '../../support/recorder';
import { sdpAnswer, sdpOffer } from '../../support/wire/sdp';
import { bench, MINUTE, pass, registers, SECOND } from '../registration/harness';
import { leaderAndFollower, nextCall, openTab, register, registeredTab, tabs, useTabs } from './harness';

useTabs();

describe('a second tab', () => {
  it('registers without a second registration, and hears the same', async () => {
    const { leader, follower } = await leaderAndFollower();
    expect(registers()).toEqual(['bind']);
    expect([leader, follower].map(({ device }) => device.isRegistered())).toEqual([true, true]);
    expect([leader, follower].map(({ device }) => device.isLeader())).toEqual([true, false]);
    expect(leader.events.names).toEqual(['leadership', 'registered']);
    expect(follower.events.names).toEqual(['registered']);
  });

  it('registers while the first one is still at it', async () => {
    const [first, second] = [openTab('first'), openTab('second')];
    await Promise.all([register(first), register(second)]);
    expect(registers()).toEqual(['bind']);
    expect(first.device.isRegistered() && second.device.isRegistered()).toBe(true);
  });

  it('of another agent registers on its own', async () => {
    await registeredTab('leader');
    const other = await registeredTab('other', { apiBaseUrl: 'https://other.test' });
    expect(other.device.isLeader()).toBe(true);
    expect(registers()).toEqual(['bind', 'bind']);
  });

  it('gets the error of a registration that fails', async () => {
    bench.server.registrar.passwords.set('agent-1', 'another');
    const [first, second] = [openTab('first'), openTab('second')];
    const codes = await Promise.all([codeOf(register(first)), codeOf(register(second))]);
    expect(codes).toEqual(['AUTH_ERROR', 'AUTH_ERROR']);
  });

  it('hears of a loss and of the return', async () => {
    const { follower } = await leaderAndFollower();
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(SECOND);
    await follower.events.next('reconnecting');
    expect(follower.device.isRegistered()).toBe(false);
    expect(await codeOf(follower.device.connect({ to: '100' }))).toBe('SIGNALING_LOST');
    bench.server.connection = 'accept';
    await pass(MINUTE);
    await follower.events.next('reconnected');
    expect(follower.device.isRegistered()).toBe(true);
  });

  it('that unregisters takes the agent off in every tab, and one that registers brings it back', async () => {
    const { leader, follower } = await leaderAndFollower();
    await follower.device.unregister();
    await pass(0);
    expect(leader.events.of('unregistered')).toEqual([[{ reason: 'requested' }]]);
    expect(follower.events.of('unregistered')).toEqual([[{ reason: 'requested' }]]);
    expect(await codeOf(leader.device.connect({ to: '100' }))).toBe('NOT_REGISTERED');
    expect(await codeOf(follower.device.connect({ to: '100' }))).toBe('NOT_REGISTERED');
    await register(follower);
    await pass(0);
    expect([leader, follower].map(({ device }) => device.isRegistered())).toEqual([true, true]);
  });

  it('that is destroyed leaves the others alone', async () => {
    const { leader, follower } = await leaderAndFollower();
    const { call } = await bench.talk(leader.device);
    follower.device.destroy();
    await pass(SECOND);
    expect(leader.device.isRegistered()).toBe(true);
    expect(call.getStatus()).toBe('accepted');
  });

  it('keeps its token to itself', async () => {
    const { leader, follower } = await leaderAndFollower();
    const { call } = await bench.talk(leader.device);
    await call.disconnect();
    await pass(0);
    const said = JSON.stringify(tabs.posted);
    expect(tabs.posted.length).toBeGreaterThan(5);
    expect(said).not.toContain('eyJ');
    expect(said).not.toContain('password');
    expect(follower.device.isRegistered()).toBe(true);
  });
});

describe('an inbound call', () => {
  it('is announced in every tab, with the same facts', async () => {
    const { leader, follower } = await leaderAndFollower();
    const invite = bench.server.invite({
      body: sdpOffer(),
      headers: ['X-2Chat-Ticket: 42'],
      displayName: 'Jane',
    });
    const calls = await Promise.all([nextCall(leader), nextCall(follower)]);
    for (const call of calls)
      expect(call).toMatchObject({
        callId: invite.dialog().state.callId,
        direction: 'inbound',
        remoteIdentity: calls[0].remoteIdentity,
        remoteDisplayName: 'Jane',
        customHeaders: { Ticket: '42' },
      });
    expect(calls.map((call) => call.getStatus())).toEqual(['ringing', 'ringing']);
  });

  it('is answered, muted, held and hung up from the tab that does not carry it', async () => {
    const { leader, follower } = await leaderAndFollower();
    const invite = bench.server.invite({ body: sdpOffer() });
    const [own, call] = await Promise.all([nextCall(leader), nextCall(follower)]);
    const events = recordEvents(call);
    const accepting = call.accept();
    await invite.answered();
    await accepting;
    expect(own.getStatus()).toBe('accepted');
    await events.next('accepted');
    call.mute(true);
    expect(await events.next('mute')).toEqual([true]);
    expect([own.isMuted(), call.isMuted()]).toEqual([true, true]);
    own.mute(false);
    expect(await events.next('mute')).toEqual([false]);
    const held = call.hold(true);
    const reinvite = await bench.server.next('INVITE');
    bench.server.accept(reinvite, { body: sdpAnswer(reinvite.body) });
    await held;
    expect(await events.next('hold')).toEqual([true]);
    expect([own.isOnHold(), call.isOnHold()]).toEqual([true, true]);
    await call.disconnect();
    const [info] = (await events.next('disconnect')) as [DisconnectInfo];
    expect(info).toMatchObject({ reason: 'hangup', initiator: 'local' });
    expect([own.getStatus(), call.getStatus()]).toEqual(['disconnected', 'disconnected']);
  });

  it('is refused from the tab that does not carry it', async () => {
    const { leader, follower } = await leaderAndFollower();
    bench.server.invite({ body: sdpOffer() });
    const [own, call] = await Promise.all([nextCall(leader), nextCall(follower)]);
    const events = recordEvents(call);
    call.reject(603);
    const [info] = (await events.next('disconnect')) as [DisconnectInfo];
    expect(info.reason).toBe('rejected');
    expect(own.getStatus()).not.toBe('ringing');
  });

  it('that two tabs answer at once is answered once', async () => {
    const { leader, follower } = await leaderAndFollower();
    const invite = bench.server.invite({ body: sdpOffer() });
    const [own, call] = await Promise.all([nextCall(leader), nextCall(follower)]);
    await Promise.all([own.accept(), call.accept(), invite.answered()]);
    expect([own.getStatus(), call.getStatus()]).toEqual(['accepted', 'accepted']);
    expect(bench.media.liveTracks).toHaveLength(1);
  });

  it('is there for a tab that comes later, ringing or talking', async () => {
    const leader = await registeredTab('leader');
    const invite = bench.server.invite({ body: sdpOffer() });
    const own = await nextCall(leader);
    const ringing = await registeredTab('second');
    expect((await nextCall(ringing)).getStatus()).toBe('ringing');
    await Promise.all([own.accept(), invite.answered()]);
    const talking = await registeredTab('third');
    const call = await nextCall(talking, 'callShared');
    expect(call.getStatus()).toBe('accepted');
    expect(talking.events.of('incoming')).toEqual([]);
  });

  it('that a listener of the leader refuses at once is not announced elsewhere', async () => {
    const { leader, follower } = await leaderAndFollower();
    leader.device.on('incoming', (call) => {
      call.reject();
    });
    bench.server.invite({ body: sdpOffer() });
    await leader.events.next('incoming');
    await pass(SECOND);
    expect(follower.events.of('incoming')).toEqual([]);
    // Nor as a call that goes on, nor to a tab that comes later.
    const late = await registeredTab('late');
    await pass(SECOND);
    for (const tab of [follower, late]) expect(tab.events.of('callShared')).toEqual([]);
  });
});

describe('an outbound call', () => {
  it('is placed through the tab that leads, whose screen shows it too', async () => {
    const { leader, follower } = await leaderAndFollower();
    const connecting = follower.device.connect({ to: '+4930123456', extraHeaders: ['X-Case: 7'] });
    const invite = await bench.server.next('INVITE');
    expect(invite.header('x-case')).toBe('7');
    const call = await connecting;
    const own = await nextCall(leader, 'callShared');
    const events = recordEvents(call);
    expect(call.getStatus()).toBe('pending');
    bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await events.next('accepted');
    expect(own.getStatus()).toBe('accepted');
    expect(follower.events.of('callShared')).toEqual([]);
    await own.disconnect();
    await events.next('disconnect');
    expect(call.getStatus()).toBe('disconnected');
  });

  it('of the tab that leads is shown in the others', async () => {
    const { leader, follower } = await leaderAndFollower();
    const { call } = await bench.talk(leader.device);
    const shown = await nextCall(follower, 'callShared');
    expect(shown.direction).toBe('outbound');
    expect(shown.remoteIdentity).toBe(call.remoteIdentity);
  });

  it.each([
    [{ to: '' }, 'INVALID_ARGUMENT'],
    [{ to: '1\r\nX: y' }, 'INVALID_ARGUMENT'],
    [{ to: '1', extraHeaders: ['Via: x'] }, 'INVALID_ARGUMENT'],
  ])('with bad arguments (%j) fails as in a single tab', async (options, code) => {
    const { follower } = await leaderAndFollower();
    expect(await codeOf(follower.device.connect(options))).toBe(code);
  });

  it('without a microphone says so', async () => {
    const { follower } = await leaderAndFollower();
    bench.media.refuseNext('NotAllowedError');
    expect(await codeOf(follower.device.connect({ to: '100' }))).toBe('MICROPHONE_DENIED');
  });
});

describe('a call of another tab', () => {
  it('has no session', async () => {
    const { leader, follower } = await leaderAndFollower();
    await bench.talk(leader.device);
    const call = await nextCall(follower, 'callShared');
    expect(() => call.session).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  });

  it('refuses what makes no sense, as a call of this tab does', async () => {
    const { leader, follower } = await leaderAndFollower();
    const { call: own } = await bench.talk(leader.device);
    const call = await nextCall(follower, 'callShared');
    const both: (readonly [Call, Call])[] = [[own, call]];
    for (const [one, other] of both) {
      expect(() => {
        one.mute('yes' as never);
      }).toThrow('mute()');
      expect(() => {
        other.mute('yes' as never);
      }).toThrow('mute()');
      expect(() => {
        other.reject(200);
      }).toThrow('400 to 699');
      expect(await codeOf(one.sendDigits('x'))).toBe('INVALID_ARGUMENT');
      expect(await codeOf(other.sendDigits('x'))).toBe('INVALID_ARGUMENT');
      expect(await codeOf(other.hold('x' as never))).toBe('INVALID_ARGUMENT');
    }
    await own.disconnect();
    await pass(0);
    expect(await codeOf(call.hold(true))).toBe('INVALID_STATE');
    expect(await codeOf(call.accept())).toBe('INVALID_STATE');
    await call.disconnect();
    expect(call.getStatus()).toBe('disconnected');
  });

  it('surfaces what nobody awaits as an error event', async () => {
    const { leader, follower } = await leaderAndFollower();
    await bench.talk(leader.device);
    const call = await nextCall(follower, 'callShared');
    const events = recordEvents(call);
    void call.sendDigits('x');
    await pass(SECOND);
    const [error] = (await events.next('error')) as [VoiceSDKError];
    expect(error.code).toBe('INVALID_ARGUMENT');
  });

  it('says how it sounds once somebody asks', async () => {
    const { leader, follower } = await leaderAndFollower();
    const { call: own } = await bench.talk(leader.device);
    const call = await nextCall(follower, 'callShared');
    await pass(3 * SECOND);
    const samples: unknown[] = [];
    call.on('quality', (sample) => samples.push(sample));
    await pass(5 * SECOND);
    expect(samples.length).toBeGreaterThan(2);
    expect(samples[0]).toMatchObject({ at: expect.any(Date) as Date });
    expect(own.getStatus()).toBe('accepted');
    expect(() => call.getReport()).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }) as Error);
  });
});
