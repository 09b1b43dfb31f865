import { describe, expect, it } from 'vitest';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';
import {
  advance,
  endOf,
  errorsOf,
  expectNothingHeld,
  expectNoTimerLeft,
  timersAtRest,
  fakeClock,
  useBench,
} from './bench';

const context = useBench();

describe('ringing', () => {
  it('tells ringing without early media from ringing with it', async () => {
    const { bench, device } = context;
    const plain = await bench.dial(device);
    plain.invite.reply(180);
    expect(await plain.events.next('ringing')).toEqual([{ hasEarlyMedia: false }]);
    await plain.call.disconnect();

    const early = await bench.dial(device);
    early.invite.reply(183, { body: sdpAnswer(early.invite.body) });
    expect(await early.events.next('ringing')).toEqual([{ hasEarlyMedia: true }]);
    expect(early.call.getStatus()).toBe('ringing');
    await settle();
    expect(bench.media.heldElements.filter(({ srcObject }) => srcObject)).toHaveLength(1);
  });

  it('emits once for many provisional responses, and none for 100 or a 1xx without a tag', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    await settle();
    expect(events.names).toEqual([]);
    for (const status of [180, 180, 181, 182, 199]) invite.reply(status);
    await settle();
    expect(events.names).toEqual(['ringing']);
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await dialog.expect('ACK');
    await settle();
    expect(events.names).toEqual(['ringing', 'accepted']);
    invite.reply(180);
    await settle();
    expect(call.getStatus()).toBe('accepted');
  });

  it('rings once more when early media begins later, and only then', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    invite.reply(180);
    await events.next('ringing');
    invite.reply(180);
    invite.reply(183, { body: sdpAnswer(invite.body) });
    await events.next('ringing');
    invite.reply(183, { body: sdpAnswer(invite.body) });
    await settle();
    expect(events.of('ringing')).toEqual([[{ hasEarlyMedia: false }], [{ hasEarlyMedia: true }]]);
    expect(call.getStatus()).toBe('ringing');
  });

  it('survives a 183 whose SDP is of no use', async () => {
    const { bench, device } = context;
    const { invite, events } = await bench.dial(device);
    invite.reply(183, { body: 'v=0\r\nrubbish' });
    await settle();
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await dialog.expect('ACK');
    await events.next('accepted');
    expect(events.of('error')).toEqual([]);
  });
});

describe('final responses', () => {
  it.each([
    [302, 'rejected', 'CALL_REJECTED'],
    [401, 'forbidden', 'AUTH_ERROR'],
    [403, 'forbidden', 'CALL_REJECTED'],
    [404, 'not_found', 'CALL_NOT_FOUND'],
    [406, 'media_rejected', 'CALL_MEDIA_REJECTED'],
    [407, 'forbidden', 'AUTH_ERROR'],
    [408, 'unanswered', 'CALL_UNANSWERED'],
    [415, 'media_rejected', 'CALL_MEDIA_REJECTED'],
    [480, 'unavailable', 'CALL_UNAVAILABLE'],
    [484, 'not_found', 'CALL_NOT_FOUND'],
    [486, 'busy', 'CALL_BUSY'],
    [487, 'canceled', 'CALL_CANCELED'],
    [488, 'media_rejected', 'CALL_MEDIA_REJECTED'],
    [500, 'server_error', 'CALL_SERVER_ERROR'],
    [503, 'server_error', 'CALL_SERVER_ERROR'],
    [600, 'busy', 'CALL_BUSY'],
    [603, 'declined', 'CALL_DECLINED'],
    [604, 'not_found', 'CALL_NOT_FOUND'],
    [606, 'media_rejected', 'CALL_MEDIA_REJECTED'],
    [607, 'declined', 'CALL_DECLINED'],
    [699, 'rejected', 'CALL_REJECTED'],
  ])('%i is %s', async (status, reason, code) => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    invite.reply(180);
    invite.reply(status, { reason: 'Their words' });
    await events.next('disconnect');
    expect(endOf(events)).toEqual({
      reason,
      code: status,
      cause: 'Their words',
      initiator: 'remote',
      durationMs: 0,
    });
    expect(events.names).toEqual(['ringing', 'error', 'disconnect']);
    expect(events.of('error')[0]?.[0]).toMatchObject({
      code,
      cause: { statusCode: status, reasonPhrase: 'Their words' },
    });
    expect(call.getStatus()).toBe('failed');
    await settle();
    expect(bench.server.requests('ACK')).toHaveLength(1);
    expectNothingHeld(bench);
  });

  it('answers a challenge without telling anybody', async () => {
    const { bench, device } = context;
    bench.server.auto.challengeInvite = true;
    const { events } = await bench.talk(device);
    expect(bench.server.requests('INVITE')).toHaveLength(2);
    expect(events.names).toEqual(['accepted']);
  });

  it.each([
    ['without SDP', ''],
    ['with SDP that is of no use', 'v=0\r\nrubbish'],
  ])('a 200 %s is acknowledged and ended, and leaves nothing open', async (_name, body) => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    const dialog = bench.server.accept(invite, { body });
    await dialog.expect('ACK');
    await dialog.expect('BYE');
    expect(endOf(events)).toMatchObject({ reason: 'media_rejected', initiator: 'local' });
    expect(errorsOf(events)).toEqual(['CALL_MEDIA_REJECTED']);
    expect(call.getStatus()).toBe('failed');
    await settle();
    expectNothingHeld(bench);
  });

  it('times out where nobody answers at all', async () => {
    fakeClock();
    const { bench, device } = context;
    bench.server.auto.trying = false;
    const timers = timersAtRest();
    const { call, events } = await bench.dial(device);
    await advance(32_000);
    expect(endOf(events)).toMatchObject({ reason: 'timeout', initiator: 'network', durationMs: 0 });
    expect(errorsOf(events)).toEqual(['CALL_TIMEOUT']);
    expect(call.getStatus()).toBe('failed');
    expectNothingHeld(bench);
    await expectNoTimerLeft(timers);
  });
});

describe('hanging up', () => {
  it('says for how long both sides were connected', async () => {
    fakeClock();
    const { bench, device } = context;
    const timers = timersAtRest();
    const { call, invite, events } = await bench.dial(device);
    await advance(5_000);
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await dialog.expect('ACK');
    await advance(61_000);
    await call.disconnect();
    await dialog.expect('BYE');
    expect(endOf(events)).toMatchObject({ reason: 'hangup', initiator: 'local', durationMs: 61_000 });
    expect(call.getStatus()).toBe('disconnected');
    expect(events.of('error')).toEqual([]);
    await expectNoTimerLeft(timers);
  });

  it.each([
    ['no Reason', [], { cause: 'Terminated' }, undefined],
    [
      'a Q.850 Reason',
      ['Reason: Q.850;cause=16;text="Normal call clearing"'],
      { cause: 'Normal call clearing' },
      undefined,
    ],
    ['a SIP Reason', ['Reason: SIP;cause=503;text="Upstream gone"'], { cause: 'Upstream gone' }, 503],
    [
      'both',
      ['Reason: Q.850;cause=31;text="Normal, unspecified"', 'Reason: SIP;cause=480'],
      { cause: 'Normal, unspecified' },
      480,
    ],
    ['rubbish for a Reason', ['Reason: ;;;cause=abc"'], { cause: 'Terminated' }, undefined],
  ])('by the far end with %s', async (_name, headers, expected, code) => {
    const { bench, device } = context;
    const { call, dialog, events } = await bench.talk(device);
    await dialog.request('BYE', { headers }).response(200);
    await events.next('disconnect');
    const end = endOf(events);
    expect(end).toMatchObject({ reason: 'hangup', initiator: 'remote', ...expected });
    expect((end as { code?: number }).code).toBe(code);
    expect(call.getStatus()).toBe('disconnected');
    expectNothingHeld(bench);
  });

  it('passes a challenge of the BYE', async () => {
    const { bench, device } = context;
    bench.server.auto.ok.delete('BYE');
    const { call, dialog } = await bench.talk(device);
    await call.disconnect();
    const headers = bench.server.registrar.challenge().map((value) => `Proxy-Authenticate: ${value}`);
    (await dialog.expect('BYE')).reply(407, { headers });
    const again = await dialog.expect('BYE');
    expect(again.header('proxy-authorization')).toContain('response="');
    again.reply(200);
  });

  it('through the raw session is an ordinary end', async () => {
    const { bench, device } = context;
    const { call, dialog, events } = await bench.talk(device);
    (call.session as unknown as { terminate(): void }).terminate();
    await dialog.expect('BYE');
    expect(endOf(events)).toMatchObject({ reason: 'hangup', initiator: 'local' });
    expect(events.of('error')).toEqual([]);
  });

  it('twice at once sends one BYE', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.talk(device);
    await Promise.all([call.disconnect(), call.disconnect()]);
    await settle();
    expect(bench.server.requests('BYE')).toHaveLength(1);
    expect(endOf(events)).toMatchObject({ reason: 'hangup' });
  });

  it('crossing a BYE of the far end is one end', async () => {
    const { bench, device } = context;
    const { call, dialog, events } = await bench.talk(device);
    const bye = dialog.request('BYE');
    await call.disconnect();
    const answer = await bye.response();
    expect([200, 481]).toContain(answer.status);
    await settle();
    expect(endOf(events)).toMatchObject({ reason: 'hangup', initiator: 'local' });
  });
});

describe('losing the signalling', () => {
  it('while the microphone prompt is open rejects connect(), and no call is left', async () => {
    const { bench, device } = context;
    bench.media.autoGrant = false;
    const connecting = device.connect({ to: '100' });
    await settle();
    bench.server.connection = 'hang';
    bench.server.cut();
    bench.media.prompts[0]?.grant();
    expect(await codeOf(connecting)).toBe('SIGNALING_LOST');
    await settle();
    expectNothingHeld(bench);
  });
});
