import { describe, expect, it } from 'vitest';
import { FakePeerConnection } from '../../support/fake-peer-connection';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpDirection, sdpOffer } from '../../support/wire/sdp';
import type { WireDialog } from '../../support/wire/wire-dialog';
import { endOf, errorsOf, expectNothingHeld, statusesOf, useBench } from './bench';

const context = useBench();

async function talk() {
  return context.bench.talk(context.device);
}

describe('references', () => {
  it.each([
    ['REFER', ['Refer-To: <sip:carol@pbx.test>']],
    ['REFER', ['Refer-To: <sip:carol@evil.example>', 'Referred-By: <sip:boss@pbx.test>']],
    ['REFER', []],
  ])('%s %j is declined, and nothing is called', async (method, headers) => {
    const { dialog, call } = await talk();
    const refer = dialog.request(method, { headers });
    expect((await refer.response()).status).toBe(603);
    await settle();
    expect(statusesOf(refer)).toEqual([603]);
    expect(context.bench.server.requests('NOTIFY')).toHaveLength(0);
    expect(context.bench.server.requests('INVITE')).toHaveLength(1);
    expect(call.getStatus()).toBe('accepted');
  });

  it('an INVITE that would replace the call is refused inside and outside of the dialog', async () => {
    const { dialog, call, events } = await talk();
    const { callId, localTag, remoteTag } = dialog.state;
    const headers = [`Replaces: ${callId};to-tag=${remoteTag};from-tag=${localTag}`];
    const inside = dialog.request('INVITE', { body: sdpOffer(), headers });
    expect((await inside.response()).status).toBe(486);
    const outside = context.bench.server.invite({ body: sdpOffer(), headers });
    expect((await outside.response()).status).toBe(486);
    const unknown = context.bench.server.invite({
      body: sdpOffer(),
      headers: ['Replaces: x;to-tag=y;from-tag=z'],
    });
    expect((await unknown.response()).status).toBe(481);
    await settle();
    expect(call.getStatus()).toBe('accepted');
    expect(events.names).toEqual(['accepted']);
  });
});

describe('requests inside a call', () => {
  it.each([
    ['UPDATE', {}, 200],
    ['OPTIONS', {}, 200],
    [
      'INFO',
      { headers: ['Content-Type: application/dtmf-relay'], body: 'Signal=5\r\nDuration=100\r\n' },
      200,
    ],
    ['INFO', { headers: ['Content-Type: application/dtmf-relay'], body: 'rubbish' }, 200],
    ['INFO', {}, 415],
    ['UPDATE', { headers: ['Content-Type: text/plain'], body: 'x' }, 415],
    ['INVITE', { headers: ['Content-Type: text/plain'], body: 'x' }, 415],
    ['UPDATE', { body: 'v=0\r\nm=audio 1 RTP/AVP 0\r\n' }, 488],
    ['INVITE', { body: 'v=0\r\nm=audio 1 RTP/AVP 0\r\n' }, 488],
    ['PUBLISH', {}, 501],
  ] as const)('%s %j leaves it alone', async (method, options, status) => {
    const { dialog, call, events } = await talk();
    const request = dialog.request(method, options);
    expect((await request.response()).status).toBe(status);
    await settle();
    expect(statusesOf(request)).toHaveLength(1);
    expect(call.getStatus()).toBe('accepted');
    expect(events.names).toEqual(['accepted']);
    const reinvite = dialog.request('INVITE', { body: sdpOffer({ version: 5 }) });
    expect((await reinvite.response()).status).toBe(200);
  });

  it('a re-INVITE without an offer gets ours, in the direction of our hold', async () => {
    const { dialog, call } = await talk();
    const holding = call.hold(true);
    const hold = await dialog.expect('INVITE');
    hold.reply(200, { body: sdpAnswer(hold.body) });
    await holding;
    const late = dialog.request('INVITE');
    const offer = (await late.response(200)).body;
    expect(sdpDirection(offer)).toBe('sendonly');
    late.ack({ body: sdpAnswer(offer, { version: 3 }) });
    await settle();
    expect(call.getStatus()).toBe('accepted');
    expect(context.bench.webRtc.connection.signalingState).toBe('stable');
  });

  it('a re-INVITE without an offer that is never answered ends the call', async () => {
    const { dialog, call, events } = await talk();
    const late = dialog.request('INVITE');
    await late.response(200);
    late.ack();
    await events.next('disconnect');
    await dialog.expect('BYE');
    expect(endOf(events)).toMatchObject({ reason: 'internal' });
    expect(errorsOf(events)).toEqual(['MEDIA_FAILED']);
    expect(call.getStatus()).toBe('disconnected');
    expectNothingHeld(context.bench);
  });

  it('a request of the past gets 500 and changes nothing', async () => {
    const { dialog, call } = await talk();
    await dialog.request('INVITE', { body: sdpOffer({ version: 2 }) }).response(200);
    const old = dialog.request('INVITE', { body: sdpOffer({ direction: 'sendonly', version: 1 }), cseq: 5 });
    expect((await old.response()).status).toBe(500);
    expect(call.isOnRemoteHold()).toBe(false);
  });

  it('a BYE that was answered before gets 481', async () => {
    const { dialog, events } = await talk();
    await dialog.request('BYE').response(200);
    expect((await dialog.request('BYE').response()).status).toBe(481);
    expect(endOf(events)).toMatchObject({ initiator: 'remote' });
  });
});

it('ends when no media path comes about, and says so', async () => {
  FakePeerConnection.connects = false;
  const { dialog, call, events } = await talk();
  await settle();
  context.bench.webRtc.connection.setIceConnectionState('failed');
  await dialog.expect('BYE');
  expect(endOf(events)).toMatchObject({ reason: 'media', initiator: 'network' });
  expect(errorsOf(events)).toEqual(['ICE_FAILED']);
  expect(call.getStatus()).toBe('disconnected');
  expectNothingHeld(context.bench);
});

describe('OPTIONS inside a dialog', () => {
  const ask = (dialog: WireDialog) => dialog.request('OPTIONS').response();

  it('is answered 200 in a call, 481 after it', async () => {
    const { dialog, call } = await talk();
    expect((await ask(dialog)).status).toBe(200);
    await call.disconnect();
    expect((await ask(dialog)).status).toBe(481);
  });

  it('of a call that rings at the far end is answered 200, 481 when it is given up', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.dial(device);
    const early = bench.server.dialog(invite);
    invite.reply(180);
    expect((await ask(early)).status).toBe(200);
    await call.disconnect();
    await settle();
    expect((await ask(early)).status).toBe(481);
  });

  it('of a fork that was not answered is answered 481', async () => {
    const { bench, device } = context;
    const { invite, events } = await bench.dial(device);
    const other = bench.server.dialog(invite, 'other-phone');
    invite.reply(180, { toTag: 'other-phone' });
    await events.next('ringing');
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body), toTag: 'this-phone' });
    await dialog.expect('ACK');
    expect((await ask(dialog)).status).toBe(200);
    expect((await ask(other)).status).toBe(481);
  });

  it('of a call that rings here is answered 200', async () => {
    const { bench, device } = context;
    const { invite } = await bench.ring(device);
    await invite.response(180);
    expect((await ask(invite.dialog())).status).toBe(200);
  });
});
