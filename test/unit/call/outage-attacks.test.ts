import { describe, expect, it, vi } from 'vitest';
import { recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpOffer } from '../../support/wire/sdp';
import { advance, agree, fakeClock, findServer, loseServer, statusesOf, useBench } from './bench';

const context = useBench();
const lose = () => loseServer(context.bench);
const find = () => findServer(context.bench, context.device);

async function talk() {
  const { bench, device } = context;
  const { call, invite, events } = await bench.dial(device);
  const dialog = bench.server.accept(invite, {
    body: sdpAnswer(invite.body),
    headers: ['Allow: INVITE, ACK, BYE, CANCEL, UPDATE, OPTIONS'],
  });
  await dialog.expect('ACK');
  await events.next('accepted');
  bench.server.auto.ok.add('UPDATE');
  return { call, dialog, events };
}

describe('a call that outlives its registration', () => {
  it('after unregister() comes back from an outage', async () => {
    fakeClock();
    const { bench, device } = context;
    const { events } = await talk();
    const done = device.unregister();
    await advance(100);
    await done;
    await lose();
    bench.server.connection = 'accept';
    await advance(20_000);
    expect(bench.server.sockets.filter(({ readyState }) => readyState === 1)).toHaveLength(1);
    expect(events.names).toEqual(['accepted', 'reconnecting', 'reconnected']);
  });

  it('hold() after unregister() and an outage settles', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call, dialog } = await talk();
    const done = device.unregister();
    await advance(100);
    await done;
    await lose();
    bench.server.connection = 'accept';
    await advance(20_000);
    let state = 'hanging';
    call.hold(true).then(
      () => (state = 'held'),
      () => (state = 'refused'),
    );
    await advance(1_000);
    const reinvite = bench.server
      .requests('INVITE')
      .filter((request) => dialog.owns(request))
      .at(-1);
    if (reinvite) reinvite.reply(200, { body: sdpAnswer(reinvite.body) });
    await advance(60_000);
    expect(state).not.toBe('hanging');
  });

  it('after unregister(): hanging up in an outage sends BYE when the server is back', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call, dialog } = await talk();
    const done = device.unregister();
    await advance(100);
    await done;
    await lose();
    await call.disconnect();
    bench.server.connection = 'accept';
    await advance(20_000);
    expect(bench.server.requests('BYE').filter((bye) => dialog.owns(bye))).toHaveLength(1);
  });

  it('while the registrar refuses (503, Retry-After), a call whose socket is back can be held', async () => {
    fakeClock();
    const { bench } = context;
    const { call, dialog } = await talk();
    bench.server.registrar.behaviour = { kind: 'refuse', status: 503, headers: ['Retry-After: 600'] };
    await lose();
    bench.server.connection = 'accept';
    await advance(10_000);
    let state = 'hanging';
    call.hold(true).then(
      () => (state = 'held'),
      () => (state = 'refused'),
    );
    await advance(1_000);
    const reinvite = bench.server
      .requests('INVITE')
      .filter((request) => dialog.owns(request))
      .at(-1);
    if (reinvite) reinvite.reply(200, { body: sdpAnswer(reinvite.body) });
    await advance(60_000);
    expect(state).not.toBe('hanging');
  });
});

it('a BYE kept for the next connection survives a second loss', async () => {
  const { bench } = context;
  const { call, dialog } = await talk();
  bench.server.auto.ok.delete('BYE');
  await lose();
  await call.disconnect();
  await find();
  await dialog.expect('BYE');
  await lose();
  await find();
  await settle();
  expect(bench.server.requests('BYE').filter((bye) => dialog.owns(bye))).toHaveLength(2);
});

it('a call refused in the outage does not ring anew by the INVITE that the proxy sends to the new connection', async () => {
  const { bench, device } = context;
  const headers = ['Call-ID: forked@pbx.test', 'From: <sip:customer@pbx.test>;tag=one'];
  const { call, invite } = await bench.ring(device, { headers });
  await invite.response(180);
  await lose();
  const rung = recordEvents(device);
  call.reject();
  await find();
  const again = bench.server.invite({ body: sdpOffer(), headers });
  await settle();
  expect(rung.of('incoming')).toHaveLength(0);
  expect(statusesOf(again).at(-1)).toBeGreaterThan(399);
});

it('a call answered in the outage, whose caller gave up meanwhile, ends within 10 s', async () => {
  fakeClock();
  const { bench, device } = context;
  bench.server.auto.ok.delete('OPTIONS');
  const { call, invite } = await bench.ring(device);
  await lose();
  call.accept().catch(() => undefined);
  await settle();
  await find();
  await advance(0);
  const timer = setInterval(() => {
    for (const request of bench.server.requests('OPTIONS'))
      if (invite.dialog().owns(request)) request.reply(481);
  }, 500);
  await advance(10_000);
  clearInterval(timer);
  expect(['failed', 'disconnected']).toContain(call.getStatus());
  expect(bench.media.liveTracks).toHaveLength(0);
});

it('answered in the outage, then a second outage before the ACK: the call waits', async () => {
  fakeClock();
  const { bench, device } = context;
  const { call, invite } = await bench.ring(device);
  await lose();
  const accepting = call.accept();
  accepting.catch(() => undefined);
  await settle();
  await find();
  await lose();
  const ends: unknown[] = [];
  call.on('disconnect', (info) => ends.push(info));
  await advance(40_000);
  expect(ends).toEqual([]);
  await find();
  invite.ack();
  await accepting;
  expect(call.getStatus()).toBe('accepted');
});

it('destroy() in an outage leaves nothing', async () => {
  fakeClock();
  const { bench, device } = context;
  const { call } = await talk();
  await lose();
  const holding = call.hold(true).catch(() => 'refused');
  device.destroy();
  await advance(40_000);
  const { length } = bench.server.attempts;
  await advance(120_000);
  expect(bench.server.attempts).toHaveLength(length);
  expect(vi.getTimerCount()).toBe(0);
  expect(await holding).toBe('refused');
  expect(bench.media.liveTracks).toHaveLength(0);
});

it('an outbound call that rings survives two outages', async () => {
  const { bench, device } = context;
  const { call, invite, events } = await bench.dial(device);
  invite.reply(180);
  await events.next('ringing');
  await lose();
  await find();
  (await bench.server.next('INVITE')).reply(180);
  await settle();
  await lose();
  await find();
  const third = await bench.server.next('INVITE');
  const dialog = bench.server.accept(third, { body: sdpAnswer(third.body), toTag: 'third' });
  await dialog.expect('ACK');
  await events.next('accepted');
  await call.disconnect();
  await dialog.expect('BYE');
});

it('an outage of 5 minutes: a hang-up in it is told when the server is back', async () => {
  fakeClock();
  const { bench } = context;
  const { call, dialog } = await talk();
  await lose();
  await advance(240_000);
  await call.disconnect();
  await advance(61_000);
  await find();
  await settle();
  expect(bench.server.requests('BYE').filter((bye) => dialog.owns(bye))).toHaveLength(1);
});

it('a second outage while the hold that the first one interrupted is offered again', async () => {
  const { call, dialog } = await talk();
  const holding = call.hold(true);
  await dialog.expect('INVITE');
  await lose();
  await find();
  await dialog.expect('INVITE');
  await lose();
  await find();
  await agree(dialog, await dialog.expect('INVITE'));
  await holding;
  expect(call.isOnHold()).toBe(true);
});

it('hang-up while an accept waits in the outage: the far end is told, microphone off', async () => {
  const { bench, device } = context;
  const { call, invite } = await bench.ring(device);
  await invite.response(180);
  await lose();
  const accepting = call.accept().catch(() => 'refused');
  await settle();
  await call.disconnect();
  expect(await accepting).toBe('refused');
  expect(bench.media.liveTracks).toHaveLength(0);
  await find();
  await settle();
  expect(statusesOf(invite)).toEqual([180, 486]);
});

it('a call answered in the outage is answered to the INVITE that comes anew', async () => {
  const { bench, device } = context;
  const headers = ['Call-ID: forked@pbx.test', 'From: <sip:customer@pbx.test>;tag=one'];
  const { call } = await bench.ring(device, { headers });
  await lose();
  const accepting = call.accept();
  accepting.catch(() => undefined);
  await settle();
  await find();
  // The edge was restarted and knows nothing of the former INVITE; the caller calls anew.
  const again = bench.server.invite({ body: sdpOffer(), headers });
  await settle();
  expect(statusesOf(again)).not.toContain(482);
  await Promise.all([again.answered(), accepting]);
  expect(call.getStatus()).toBe('accepted');
});

it('destroy() right after a call was placed anew leaves no timer when the connection is closed', async () => {
  fakeClock();
  const { bench, device } = context;
  const { invite, events } = await bench.dial(device);
  invite.reply(180);
  await events.next('ringing');
  await lose();
  await find();
  await bench.server.next('INVITE');
  device.destroy();
  // JsSIP waits 2 s for the last answers.
  await advance(2_100);
  expect(vi.getTimerCount()).toBe(0);
});
