import { describe, expect, it, vi } from 'vitest';
import type { Call } from '../../../src/index';
import { codeOf, recordEvents } from '../../support/recorder';
import { sdpAnswer, sdpDirection, sdpOffer } from '../../support/wire/sdp';
import { bench, pass, useAgentBench } from '../registration/harness';

useAgentBench();

describe('a day in the life', () => {
  it('registers, calls, holds, resumes and hangs up', async () => {
    const device = await bench.registered();
    const { call, dialog, events } = await bench.talk(device);
    expect(call.getStatus()).toBe('accepted');
    for (const [on, direction] of [
      [true, 'sendonly'],
      [false, 'sendrecv'],
    ] as const) {
      const changed = call.hold(on);
      const reinvite = await dialog.expect('INVITE');
      expect(sdpDirection(reinvite.body)).toBe(direction);
      expect(call.isOnHold()).toBe(!on);
      reinvite.reply(200, { body: sdpAnswer(reinvite.body) });
      await changed;
      expect(call.isOnHold()).toBe(on);
      await dialog.expect('ACK');
    }
    await call.disconnect();
    await dialog.expect('BYE');
    expect(events.names).toEqual(['accepted', 'hold', 'hold', 'disconnect']);
  });

  it('rings, answers and ends by the far end', async () => {
    const device = await bench.registered();
    const headers = ['X-2Chat-Customer-Id: 42'];
    const { call, invite, events } = await bench.ring(device, { headers, displayName: 'Jane' });
    expect(call.customHeaders).toEqual({ 'Customer-Id': '42' });
    const accepted = call.accept();
    const dialog = await invite.answered();
    await accepted;
    expect(call.getStatus()).toBe('accepted');
    await dialog.request('BYE').response(200);
    const [info] = await events.next('disconnect');
    expect(info).toMatchObject({ reason: 'hangup', initiator: 'remote' });
  });
});

describe('connect()', () => {
  it('before register() is NOT_REGISTERED and opens no microphone', async () => {
    expect(await codeOf(bench.device().connect({ to: '100' }))).toBe('NOT_REGISTERED');
    expect(bench.media.requests).toEqual([]);
  });

  it('during register() is NOT_REGISTERED', async () => {
    const device = bench.device();
    const registering = device.register();
    expect(await codeOf(device.connect({ to: '100' }))).toBe('NOT_REGISTERED');
    await registering;
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', '100'],
    ['no to', {}],
    ['an empty to', { to: '' }],
    ['a to of two lines', { to: '100\r\nX-Evil: 1' }],
    ['a to of another domain', { to: 'sip:bob@evil.test' }],
    ['a from of two lines', { to: '100', from: '200\r\nX-Evil: 1' }],
    ['a display name of two lines', { to: '100', displayName: 'A\r\nX-Evil: 1' }],
    ['a display name that is a number', { to: '100', displayName: 7 }],
    ['a header of two lines', { to: '100', extraHeaders: ['X-A: 1\r\nX-Evil: 1'] }],
    ['headers that are no list', { to: '100', extraHeaders: 'X-A: 1' }],
  ])('with %s is INVALID_ARGUMENT and sends nothing', async (_what, options) => {
    const device = await bench.registered();
    expect(await codeOf(device.connect(options as never))).toBe('INVALID_ARGUMENT');
    await pass(0);
    expect(bench.server.requests('INVITE')).toEqual([]);
    expect(bench.media.liveTracks).toEqual([]);
  });

  it('sends defaultExtraHeaders before its own, and the caller ID', async () => {
    const device = await bench.registered({ defaultExtraHeaders: ['X-Tenant: 7'] });
    void device.connect({ to: '100', from: '+4930111', displayName: 'Desk', extraHeaders: ['X-Case: 9'] });
    const invite = await bench.server.next('INVITE');
    expect(invite.header('x-tenant')).toBe('7');
    expect(invite.header('x-case')).toBe('9');
    expect(invite.header('from')).toMatch(/^"Desk" <sip:\+4930111@pbx\.test>/);
  });

  it('uses the ICE servers of the Device instead of those of the credentials', async () => {
    const credentials = { ...bench.credentials, ice_servers: [{ urls: 'stun:theirs.test' }] };
    const fetchCredentials = () => Promise.resolve(credentials);
    const theirs = await bench.registered({ fetchCredentials });
    void theirs.connect({ to: '100' });
    await bench.server.next('INVITE');
    expect(bench.webRtc.connection.getConfiguration().iceServers).toEqual([{ urls: 'stun:theirs.test' }]);
    const ours = await bench.registered({ fetchCredentials, iceServers: [{ urls: 'stun:ours.test' }] });
    void ours.connect({ to: '100' });
    await bench.server.next('INVITE');
    expect(bench.webRtc.connection.getConfiguration().iceServers).toEqual([{ urls: 'stun:ours.test' }]);
  });
});

describe('a Device that sends media through TURN only', () => {
  const options = { iceServers: [{ urls: 'turn:ours.test' }], iceTransportPolicy: 'relay' } as const;

  it('says so to the connection of a call it places, and of one it answers', async () => {
    const device = await bench.registered({ ...options, allowIncomingWhileBusy: true });
    void device.connect({ to: '100' });
    await bench.server.next('INVITE');
    expect(bench.webRtc.connection.getConfiguration().iceTransportPolicy).toBe('relay');
    const { call, invite } = await bench.ring(device);
    void call.accept();
    await invite.response(200);
    expect(bench.webRtc.connection.getConfiguration().iceTransportPolicy).toBe('relay');
  });
});

describe('a further incoming call', () => {
  it('is refused with 486 and never rings while one is live', async () => {
    const device = await bench.registered();
    await bench.talk(device);
    const events = recordEvents(device);
    const invite = bench.server.invite({ body: sdpOffer() });
    expect((await invite.response()).status).toBe(486);
    expect(invite.responses.map(({ status }) => status)).not.toContain(180);
    expect(events.names).toEqual([]);
  });

  it('rings with allowIncomingWhileBusy', async () => {
    const device = await bench.registered({ allowIncomingWhileBusy: true });
    await bench.talk(device);
    const { call } = await bench.ring(device);
    expect(call.getStatus()).toBe('ringing');
  });

  it('in the same tick finds the first one live', async () => {
    const device = await bench.registered();
    const events = recordEvents(device);
    const [first, second] = [
      bench.server.invite({ body: sdpOffer() }),
      bench.server.invite({ body: sdpOffer() }),
    ];
    expect((await second.response()).status).toBe(486);
    await pass(0);
    expect(first.responses.map(({ status }) => status)).toContain(180);
    expect(events.names).toEqual(['incoming']);
  });
});

describe('a listener that throws', () => {
  it('stops neither the 180 nor the listener behind it, and is reported', async () => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const device = await bench.registered();
    const calls: Call[] = [];
    device.on('incoming', () => {
      throw new Error('a bug of the application');
    });
    device.on('incoming', (call) => calls.push(call));
    const invite = bench.server.invite({ body: sdpOffer() });
    await invite.response(180);
    expect(calls).toHaveLength(1);
    expect(reported.mock.calls.flat().map(String)).toEqual(['Error: a bug of the application']);
  });

  it.each(['registered', 'reconnecting', 'reconnected', 'unregistered', 'tokenWillExpire', 'error'] as const)(
    'to %s does not stop the Device',
    async (event) => {
      vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const device = bench.device();
      const thrown = vi.fn(() => {
        throw new Error('a bug of the application');
      });
      device.on(event, thrown);
      await device.register();
      bench.server.cut();
      await pass(3_000);
      expect(device.isRegistered()).toBe(true);
      await pass(3_600_000);
      await device.unregister();
      expect(thrown).toHaveBeenCalled();
      expect(bench.server.registrar.bindings.size).toBe(0);
    },
  );
});
