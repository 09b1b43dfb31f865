import { describe, expect, it } from 'vitest';
import { readCallNews, readView } from '../../../src/device/shared-protocol';
import { plainError, readError } from '../../../src/tabs/rpc';
import { voiceError } from '../../../src/core/errors';
import type { Call } from '../../../src/index';
import { recordEvents } from '../../support/recorder';
import { bench, pass, SECOND } from '../registration/harness';
import { leaderAndFollower, nextCall, tabs, useTabs } from './harness';

const CALL = {
  id: 'call-1',
  callId: 'a@b',
  direction: 'inbound',
  customHeaders: { Ticket: '42' },
  status: 'ringing',
  isMuted: false,
  isOnHold: false,
  isOnRemoteHold: false,
};
const VIEW = { registration: 'registered', attempt: 0, isWanted: true, instanceId: 'x', calls: [CALL] };
const LONG = 'x'.repeat(5_000);

describe('a view', () => {
  it('is taken as it is', () => {
    expect(readView(VIEW)).toEqual(VIEW);
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'view'],
    ['an unknown state', { ...VIEW, registration: 'happy' }],
    ['no list', { ...VIEW, calls: {} }],
    ['too many calls', { ...VIEW, calls: Array(65).fill(CALL) }],
    ['a long instance', { ...VIEW, instanceId: LONG }],
    ['a reason that is no text', { ...VIEW, reason: {} }],
    ['a call without an id', { ...VIEW, calls: [{ ...CALL, id: undefined }] }],
    ['a call without a Call-ID', { ...VIEW, calls: [{ ...CALL, callId: 7 }] }],
    ['a call of no direction', { ...VIEW, calls: [{ ...CALL, direction: 'up' }] }],
    ['a call of no state', { ...VIEW, calls: [{ ...CALL, status: 'dancing' }] }],
    ['a call whose headers are no text', { ...VIEW, calls: [{ ...CALL, customHeaders: { a: {} } }] }],
    ['a call with a long name', { ...VIEW, calls: [{ ...CALL, remoteDisplayName: LONG }] }],
    ['a call that is muted "no"', { ...VIEW, calls: [{ ...CALL, isMuted: 'no' }] }],
  ])('with %s is ignored', (_what, body) => {
    expect(readView(body)).toBeUndefined();
  });
});

describe('news of a call', () => {
  it.each([
    ['an unknown event', { call: CALL, event: 'constructor' }],
    ['an event that is no text', { call: CALL, event: 7 }],
    ['no call', { event: 'accepted' }],
  ])('with %s are ignored', (_what, body) => {
    expect(readCallNews(body)).toBeUndefined();
  });
});

describe('an error', () => {
  it('crosses with its code, message and SIP response, and nothing else', () => {
    const failure = { statusCode: 486, reasonPhrase: 'Busy Here', secret: 'password' };
    const plain = plainError(voiceError('CALL_BUSY', 'busy', failure));
    expect(JSON.stringify(plain)).not.toContain('password');
    expect(readError(plain)).toMatchObject({
      code: 'CALL_BUSY',
      message: 'busy',
      cause: { statusCode: 486, reasonPhrase: 'Busy Here' },
    });
  });

  it.each([[undefined], ['text'], [{ code: 'toString' }], [{ code: 7, message: {} }]])(
    'that is none (%j) becomes one',
    (plain) => {
      expect(readError(plain).code).toBe('MEDIA_FAILED');
    },
  );
});

describe('somebody else on the channel', () => {
  useTabs();

  function somebody(): BroadcastChannel {
    return tabs.in('somebody', () => new BroadcastChannel('2chat-voice/1/https://api.p.2chat.io/agent-1'));
  }

  it('may be a leader with SDK 0.3.0, which does not say the Call-ID', async () => {
    const { follower } = await leaderAndFollower();
    const channel = somebody();
    const from = 'somebody';
    const { callId, ...call } = CALL;
    channel.postMessage({ from, kind: 'view', body: { ...VIEW, calls: [call] } });
    const events = recordEvents(await nextCall(follower));
    const news = { call: { ...call, isMuted: true }, event: 'mute', detail: true };
    channel.postMessage({ from, kind: 'news', body: news });
    channel.close();
    await events.next('mute');
    expect(callId).not.toBe('');
    expect((follower.events.of('incoming')[0]?.[0] as Call).callId).toBe('');
  });

  it('cannot speak for the leader, nor answer in its place', async () => {
    const { leader, follower } = await leaderAndFollower();
    await bench.talk(leader.device);
    const call = await nextCall(follower, 'callShared');
    const events = recordEvents(call);
    const channel = somebody();
    const from = 'somebody';
    channel.postMessage({ from, kind: 'leaving' });
    channel.postMessage({ from, kind: 'news', body: { call: { ...CALL, id: 'new' }, event: 'shared' } });
    channel.postMessage({ from, kind: 'view', body: { ...VIEW, calls: 'none' } });
    for (let id = 0; id < 5; id += 1) channel.postMessage({ from, kind: 'response', body: { id, value: 1 } });
    channel.close();
    await pass(SECOND);
    expect(events.names).toEqual([]);
    expect(follower.events.names).toEqual(['registered', 'callShared']);
    await call.disconnect();
    await events.next('disconnect');
  });

  it.each([
    [{ id: 1, method: 'constructor', args: [] }],
    [{ id: 1, method: 'call', args: [{}, 'constructor'] }],
    [{ id: 1, method: 'connect', args: [] }],
    [{ id: 1, method: 'connect', args: [{ to: 'a', displayName: 'x\r\ny' }] }],
    [{ id: 'x', method: 'connect', args: [{ to: '100' }] }],
    [{ id: 1, method: 'connect', args: 'x' }],
    [null],
  ])('cannot make the leader do %j', async (body) => {
    const { leader } = await leaderAndFollower();
    const channel = somebody();
    channel.postMessage({ from: 'somebody', kind: 'request', body });
    channel.close();
    await pass(SECOND);
    expect(bench.server.requests('INVITE')).toEqual([]);
    expect(leader.device.isRegistered()).toBe(true);
    expect(leader.events.names).toEqual(['leadership', 'registered']);
  });
});
