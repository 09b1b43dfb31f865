import { describe, expect, it } from 'vitest';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';
import {
  advance,
  endOf,
  expectNothingHeld,
  expectNoTimerLeft,
  timersAtRest,
  fakeClock,
  useBench,
} from './bench';

const context = useBench();

describe('giving up on a call', () => {
  it('holds the CANCEL back until a provisional response (RFC 3261 section 9.1)', async () => {
    const { bench, device } = context;
    bench.server.auto.trying = false;
    const { call, invite, events } = await bench.dial(device);
    await call.disconnect();
    await settle();
    expect(bench.server.requests('CANCEL')).toHaveLength(0);
    expect(endOf(events)).toMatchObject({ reason: 'canceled', initiator: 'local', durationMs: 0 });
    expectNothingHeld(bench);
    invite.reply(180);
    await bench.server.next('CANCEL');
    await settle();
    expect(invite.finalStatus).toBe(487);
    expect(bench.server.requests('ACK')).toHaveLength(1);
  });

  it('waits with the CANCEL after a 100 until the INVITE is on its way, unless the page goes away', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call } = await bench.dial(device);
    await call.disconnect();
    await advance(199);
    expect(bench.server.requests('CANCEL')).toHaveLength(0);
    await advance(1);
    expect(bench.server.requests('CANCEL')).toHaveLength(1);
    await bench.dial(device);
    device.destroy();
    await advance(0);
    expect(bench.server.requests('CANCEL')).toHaveLength(2);
  });

  it('cancels the INVITE with credentials though only the one without has had a 100', async () => {
    const { bench, device } = context;
    bench.server.auto.trying = false;
    const { call, invite, events } = await bench.dial(device);
    invite.reply(100);
    const headers = bench.server.registrar.challenge().map((value) => `Proxy-Authenticate: ${value}`);
    invite.reply(407, { headers });
    const second = await bench.server.next('INVITE');
    await call.disconnect();
    await settle();
    expect(bench.server.requests('CANCEL')).toHaveLength(0);
    expect(endOf(events)).toMatchObject({ reason: 'canceled', initiator: 'local' });
    second.reply(180);
    const cancel = await bench.server.next('CANCEL');
    expect(cancel.branch).toBe(second.branch);
    await settle();
    expect(second.finalStatus).toBe(487);
    expectNothingHeld(bench);
  });

  it('cancels at once after 180', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    invite.reply(180);
    await events.next('ringing');
    await call.disconnect();
    const cancel = await bench.server.next('CANCEL');
    expect(cancel.branch).toBe(invite.branch);
    await settle();
    expect(events.names).toEqual(['ringing', 'disconnect']);
    expect(call.getStatus()).toBe('disconnected');
  });

  it.each([
    ['before any provisional response', false],
    ['after 180', true],
  ])('acknowledges and ends a 200 that crosses the end, %s', async (_name, rings) => {
    fakeClock();
    const { bench, device } = context;
    bench.server.auto.cancel = false;
    bench.server.auto.trying = false;
    const timers = timersAtRest();
    const { call, invite, events } = await bench.dial(device);
    if (rings) {
      invite.reply(180);
      await events.next('ringing');
    }
    await call.disconnect();
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    const ack = await dialog.expect('ACK');
    expect(ack.cseq).toBe(invite.cseq);
    await dialog.expect('BYE');
    // The far end did not get the ACK: it repeats the 200 and wants another, but no second BYE.
    invite.reply(200, { body: sdpAnswer(invite.body) });
    await dialog.expect('ACK');
    await settle();
    expect(bench.server.requests('BYE')).toHaveLength(1);
    expect(events.names.filter((name) => name !== 'ringing')).toEqual(['disconnect']);
    expectNothingHeld(bench);
    await expectNoTimerLeft(timers);
  });

  it('acknowledges the 200 before the BYE when it has come but is not applied yet', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    const arrived = new Promise<void>((resolve) => {
      call.session.on('sdp', () => {
        resolve();
      });
    });
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await arrived;
    expect(call.getStatus()).toBe('pending');
    await call.disconnect();
    await dialog.expect('ACK');
    const bye = await dialog.expect('BYE');
    await settle();
    const inDialog = bench.server.requests().filter((request) => dialog.owns(request));
    expect(inDialog.map(({ method }) => method)).toEqual(['ACK', 'BYE']);
    expect(bye.cseq).toBeGreaterThan(invite.cseq);
    expect(endOf(events)).toMatchObject({ initiator: 'local' });
    expect(call.getStatus()).toBe('disconnected');
    expectNothingHeld(bench);
  });
});

describe('forks', () => {
  it('keeps the one that answered first and ends the other in its own dialog', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    const { server } = bench;
    const body = sdpAnswer(invite.body);
    const good = server.accept(invite, { body, toTag: 'desk', contact: 'sip:desk@pbx.test' });
    const other = server.accept(invite, { body, toTag: 'mobile', contact: 'sip:mobile@pbx.test' });
    await good.expect('ACK');
    const ack = await other.expect('ACK');
    expect(ack.uri).toBe('sip:mobile@pbx.test');
    expect(ack.cseq).toBe(invite.cseq);
    const bye = await other.expect('BYE');
    expect(bye.uri).toBe('sip:mobile@pbx.test');
    await settle();
    expect(server.requests('BYE')).toHaveLength(1);
    expect(call.getStatus()).toBe('accepted');

    invite.reply(200, { body, toTag: 'mobile' });
    await other.expect('ACK');
    invite.reply(200, { body, toTag: 'desk' });
    await good.expect('ACK');
    await settle();
    expect(server.requests('BYE')).toHaveLength(1);

    await call.disconnect();
    await good.expect('BYE');
    expect(events.names).toEqual(['accepted', 'disconnect']);
    expectNothingHeld(bench);
  });

  it('does so although both rang before, with a dialog each', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    const { server } = bench;
    const body = sdpAnswer(invite.body);
    invite.reply(180, { toTag: 'desk' });
    invite.reply(180, { toTag: 'mobile' });
    await events.next('ringing');
    const good = server.accept(invite, { body, toTag: 'desk' });
    await good.expect('ACK');
    const other = server.accept(invite, { body, toTag: 'mobile' });
    expect((await other.expect('ACK')).cseq).toBe(invite.cseq);
    await other.expect('BYE');
    await events.next('accepted');
    const held = call.hold(true);
    const reinvite = await good.expect('INVITE');
    reinvite.reply(200, { body: sdpAnswer(reinvite.body) });
    await held;
    expect((await good.expect('ACK')).cseq).toBe(reinvite.cseq);
  });

  it('talks to B after the early media of A', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.dial(device);
    invite.reply(183, { body: sdpAnswer(invite.body, { iceUfrag: 'forkA' }), toTag: 'a' });
    await events.next('ringing');
    const b = bench.server.accept(invite, {
      body: sdpAnswer(invite.body, { iceUfrag: 'forkB', version: 2 }),
      toTag: 'b',
    });
    await b.expect('ACK');
    await events.next('accepted');
    expect(bench.webRtc.connection.remoteDescription?.sdp).toContain('forkB');
    await call.disconnect();
    await b.expect('BYE');
    expectNothingHeld(bench);
  });

  it('ends every fork that answers after the agent gave up', async () => {
    const { bench, device } = context;
    bench.server.auto.cancel = false;
    const { call, invite, events } = await bench.dial(device);
    invite.reply(180, { toTag: 'a' });
    await events.next('ringing');
    await call.disconnect();
    const body = sdpAnswer(invite.body);
    for (const toTag of ['a', 'b']) {
      const dialog = bench.server.accept(invite, { body, toTag });
      await dialog.expect('ACK');
      await dialog.expect('BYE');
    }
    expectNothingHeld(bench);
  });

  it('copes with a 200 of another fork that has no Contact', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.talk(device);
    invite.reply(200, { body: sdpAnswer(invite.body), toTag: 'other', contact: null });
    await settle();
    expect(call.getStatus()).toBe('accepted');
    expect(bench.server.requests('BYE')).toHaveLength(0);
  });
});
