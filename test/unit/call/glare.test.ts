import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/index';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpDirection, sdpOffer } from '../../support/wire/sdp';
import { advance, agree, fakeClock, statusesOf, useBench } from './bench';

const context = useBench();

/** Resolves inside the arrival of an offer of the far end. */
function arrival(call: Call, event: 'reinvite' | 'update'): Promise<void> {
  return new Promise((resolve) => {
    call.session.on(event, () => {
      resolve();
    });
  });
}

async function talkInbound() {
  const { call, invite, events } = await context.bench.ring(context.device);
  const [dialog] = await Promise.all([invite.answered(), call.accept()]);
  return { call, dialog, events };
}

describe('491 to our re-INVITE', () => {
  it.each([
    ['made the call: after 2.1 to 4 s', true, 2_090, 2_000],
    ['took the call: within 2 s', false, -1, 2_010],
  ])('is tried again where we %s, with a higher CSeq', async (_name, outbound, notBeforeMs, thenMs) => {
    fakeClock();
    const { bench, device } = context;
    const { call, dialog, events } = outbound ? await bench.talk(device) : await talkInbound();
    const holding = call.hold(true);
    const first = await dialog.expect('INVITE');
    first.reply(491);
    expect((await dialog.expect('ACK')).cseq).toBe(first.cseq);
    const reinvites = () => bench.server.requests('INVITE').filter((request) => dialog.owns(request));
    if (notBeforeMs > 0) {
      await advance(notBeforeMs);
      expect(reinvites()).toHaveLength(1);
    }
    await advance(thenMs);
    expect(reinvites()).toHaveLength(2);
    const second = await dialog.expect('INVITE');
    expect(second.cseq).toBeGreaterThan(first.cseq);
    expect(sdpDirection(second.body)).toBe('sendonly');
    second.reply(200, { body: sdpAnswer(second.body) });
    expect((await dialog.expect('ACK')).cseq).toBe(second.cseq);
    await holding;
    expect(call.isOnHold()).toBe(true);
    expect(events.of('error')).toEqual([]);
  });

  it('without end fails after five attempts, and the call lives', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call, dialog, events } = await bench.talk(device);
    const code = codeOf(call.hold(true));
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      (await dialog.expect('INVITE')).reply(491);
      await dialog.expect('ACK');
      await advance(4_000);
    }
    expect(await code).toBe('HOLD_FAILED');
    await advance(10_000);
    expect(bench.server.requests('INVITE')).toHaveLength(6);
    expect(call.getStatus()).toBe('accepted');
    expect(events.names).toEqual(['accepted']);
  });

  it('lets an offer of the far end pass meanwhile', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const holding = call.hold(true);
    (await dialog.expect('INVITE')).reply(491);
    await dialog.expect('ACK');
    const theirs = dialog.request('INVITE', { body: sdpOffer({ direction: 'sendonly', version: 2 }) });
    expect((await theirs.response()).status).toBe(200);
    await advance(4_000);
    await agree(dialog, await dialog.expect('INVITE'), { direction: 'inactive', version: 3 });
    await holding;
    expect([call.isOnHold(), call.isOnRemoteHold()]).toEqual([true, true]);
  });
});

describe('their re-INVITE while ours is open', () => {
  it.each(['INVITE', 'UPDATE'])('gets 491 once and is not applied (%s)', async (method) => {
    const { bench, device } = context;
    const { call, dialog, events } = await bench.talk(device);
    const holding = call.hold(true);
    const ours = await dialog.expect('INVITE');
    const theirs = dialog.request(method, {
      body: sdpOffer({ direction: 'sendonly', version: 2, iceUfrag: 'glare' }),
    });
    expect((await theirs.response()).status).toBe(491);
    await settle();
    expect(statusesOf(theirs)).toEqual([491]);
    expect(bench.webRtc.connection.signalingState).toBe('have-local-offer');
    expect(bench.webRtc.connection.remoteDescription?.sdp).not.toContain('glare');
    await agree(dialog, ours);
    await holding;
    expect(call.isOnRemoteHold()).toBe(false);
    expect(events.names).toEqual(['accepted', 'hold']);
    const later = dialog.request(method, { body: sdpOffer({ direction: 'sendonly', version: 3 }) });
    expect((await later.response()).status).toBe(200);
  });

  it('gets 491 once also while ours is not on the wire yet', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const { connection } = bench.webRtc;
    const offer = connection.createOffer.bind(connection);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    connection.createOffer = async (options) => {
      await held;
      return offer(options);
    };
    const holding = call.hold(true);
    await settle();
    const theirs = dialog.request('INVITE', { body: sdpOffer({ version: 2 }) });
    expect((await theirs.response()).status).toBe(491);
    release();
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    expect(statusesOf(theirs)).toEqual([491]);
  });

  it('that would replace the call is refused, wherever it comes from', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const holding = call.hold(true);
    const ours = await dialog.expect('INVITE');
    const { callId, localTag, remoteTag } = dialog.state;
    const replacing = bench.server.invite({
      body: sdpOffer(),
      headers: [`Replaces: ${callId};to-tag=${remoteTag};from-tag=${localTag}`],
    });
    expect((await replacing.response()).status).toBe(486);
    await agree(dialog, ours);
    await holding;
    expect(call.isOnHold()).toBe(true);
  });
});

describe('ours while their exchange is open', () => {
  it('waits for their ACK', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const theirs = dialog.request('INVITE', { body: sdpOffer({ version: 2 }), autoAck: false });
    await theirs.response(200);
    const holding = call.hold(true);
    await settle();
    expect(bench.server.requests('INVITE')).toHaveLength(1);
    theirs.ack();
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    expect(call.isOnHold()).toBe(true);
  });

  it('waits for the answer in their ACK when the offer was ours to make', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const theirs = dialog.request('INVITE');
    const offer = (await theirs.response(200)).body;
    expect(sdpDirection(offer)).toBe('sendrecv');
    const holding = call.hold(true);
    await settle();
    expect(bench.server.requests('INVITE')).toHaveLength(1);
    theirs.ack({ body: sdpAnswer(offer, { version: 2 }) });
    await agree(dialog, await dialog.expect('INVITE'), { version: 3 });
    await holding;
    expect(call.isOnHold()).toBe(true);
  });

  it('follows a re-INVITE that had to be refused', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const theirs = dialog.request('INVITE', { body: 'v=0\r\nm=audio 1 RTP/AVP 0\r\n' });
    await arrival(call, 'reinvite');
    const holding = call.hold(true);
    expect((await theirs.response()).status).toBe(488);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    expect(call.getStatus()).toBe('accepted');
    expect(statusesOf(theirs)).toEqual([488]);
  });

  it('gives up after 10 s, and the call lives until theirs times out', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const theirs = dialog.request('INVITE', { body: sdpOffer({ version: 2 }), autoAck: false });
    await theirs.response(200);
    const code = codeOf(call.hold(true));
    await advance(10_000);
    expect(await code).toBe('HOLD_FAILED');
    expect(call.getStatus()).toBe('accepted');
    theirs.ack();
    await settle();
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'), { version: 3 });
    await holding;
  });

  it('of UPDATE needs no ACK', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const update = dialog.request('UPDATE', { body: sdpOffer({ version: 2 }) });
    await arrival(call, 'update');
    const holding = call.hold(true);
    expect((await update.response()).status).toBe(200);
    await agree(dialog, await dialog.expect('INVITE'), { version: 3 });
    await holding;
    expect(call.isOnHold()).toBe(true);
  });
});
