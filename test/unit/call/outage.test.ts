import { describe, expect, it, vi } from 'vitest';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpDirection, sdpOffer } from '../../support/wire/sdp';
import type { WireDialog } from '../../support/wire/wire-dialog';
import {
  advance,
  agree,
  endOf,
  errorsOf,
  expectNothingHeld,
  fakeClock,
  findServer,
  loseServer,
  statusesOf,
  useBench,
} from './bench';

const context = useBench();

const lose = () => loseServer(context.bench);
const find = () => findServer(context.bench, context.device);
const microphone = () => context.bench.media.liveTracks.at(0);
const reinvites = (dialog: WireDialog) =>
  context.bench.server.requests('INVITE').filter((request) => dialog.owns(request));

/** A talk with a far end that takes UPDATE, so that finding out whether it is there needs no re-INVITE. */
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

describe('an accepted call', () => {
  it('says that it is cut off and when it is not any more', async () => {
    const { call, events } = await talk();
    await lose();
    expect(events.names).toEqual(['accepted', 'reconnecting']);
    expect(events.of('reconnecting')).toEqual([[{ cause: 'signaling' }]]);
    await find();
    expect(events.names).toEqual(['accepted', 'reconnecting', 'reconnected']);
    expect(call.getStatus()).toBe('accepted');
  });

  it('says so once, however many attempts fail', async () => {
    const { events } = await talk();
    await lose();
    globalThis.dispatchEvent(new Event('online'));
    await settle();
    await find();
    expect(events.names).toEqual(['accepted', 'reconnecting', 'reconnected']);
  });

  it('survives two losses', async () => {
    const { call, events } = await talk();
    await lose();
    await find();
    await lose();
    await find();
    expect(events.of('reconnected')).toHaveLength(2);
    expect(call.getStatus()).toBe('accepted');
  });

  it('can be muted at once', async () => {
    const { call } = await talk();
    await lose();
    call.mute(true);
    expect(microphone()?.enabled).toBe(false);
  });

  it('is asked about by UPDATE, which carries our Contact', async () => {
    const { dialog } = await talk();
    await lose();
    await find();
    const update = await dialog.expect('UPDATE');
    expect(update.contactUri).toContain('.invalid');
    expect(update.body).toBe('');
  });

  it('is offered anew where the far end does not take UPDATE, with our Contact', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    await lose();
    await find();
    const restated = await dialog.expect('INVITE');
    expect(sdpDirection(restated.body)).toBe('sendrecv');
    await agree(dialog, restated);
    await settle();
    expect(call.getStatus()).toBe('accepted');
  });

  it('is not ended by a request at the escape hatch that meets no socket', async () => {
    const { call } = await talk();
    await lose();
    (call.session as unknown as { renegotiate(): boolean }).renegotiate();
    await settle();
    expect(call.getStatus()).toBe('accepted');
  });

  it('sends digits by INFO only while there is a server', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device, { telephoneEvent: false });
    await lose();
    expect(await codeOf(call.sendDigits('1'))).toBe('SIGNALING_LOST');
    expect(call.getStatus()).toBe('accepted');
  });

  it('sends telephone events all the same', async () => {
    fakeClock();
    const { call } = await talk();
    await lose();
    const sent = call.sendDigits('1');
    await advance(500);
    await expect(sent).resolves.toBeUndefined();
  });

  it('gets the ACK again that a loss right after the answer may have swallowed', async () => {
    const { dialog } = await talk();
    await lose();
    await find();
    await dialog.expect('ACK');
    expect(context.bench.server.requests('ACK')).toHaveLength(2);
  });

  it('leaves no timer behind when it ends in an outage', async () => {
    const { call } = await talk();
    await lose();
    await call.disconnect();
    expectNothingHeld(context.bench);
  });
});

describe('hold in an outage', () => {
  it('silences at once, is sent when the server is back and resolves then', async () => {
    const { call, dialog, events } = await talk();
    await lose();
    const holding = call.hold(true);
    expect(microphone()?.enabled).toBe(false);
    await settle();
    expect(call.isOnHold()).toBe(false);
    await find();
    const reinvite = await dialog.expect('INVITE');
    expect(sdpDirection(reinvite.body)).toBe('sendonly');
    await agree(dialog, reinvite);
    await holding;
    expect(call.isOnHold()).toBe(true);
    expect(events.of('hold')).toEqual([[true]]);
    expect(errorsOf(events)).toEqual([]);
  });

  it('and resume: nothing is sent, since nothing has changed', async () => {
    const { call, dialog, events } = await talk();
    await lose();
    const wishes = [call.hold(true), call.hold(false)];
    expect(microphone()?.enabled).toBe(true);
    await find();
    await Promise.all(wishes);
    expect(reinvites(dialog)).toHaveLength(0);
    expect(events.of('hold')).toEqual([]);
    expect(microphone()?.enabled).toBe(true);
  });

  it('asked for three times sends the latest wish only', async () => {
    const { call, dialog } = await talk();
    await lose();
    const wishes = [call.hold(true), call.hold(false), call.hold(true)];
    await find();
    await agree(dialog, await dialog.expect('INVITE'));
    await Promise.all(wishes);
    expect(reinvites(dialog)).toHaveLength(1);
    expect(call.isOnHold()).toBe(true);
  });

  it.each([403, 491, 500])(
    'that the far end answers only after our return, and waits for the ACK of (%i): it is told again',
    async (status) => {
      const { call, dialog } = await talk();
      const holding = call.hold(true);
      const lost = await dialog.expect('INVITE');
      await lose();
      await find();
      expect((await dialog.expect('ACK')).cseq).toBe(lost.cseq);
      const refused = await dialog.expect('INVITE');
      refused.reply(status);
      const acks = [await dialog.expect('ACK'), await dialog.expect('ACK')].map(({ cseq }) => cseq);
      expect(acks.sort((a, b) => a - b)).toEqual([lost.cseq, refused.cseq]);
      // JsSIP drops what is numbered below the INVITE that it refuses; nobody else is told twice.
      if (status === 403) expect((await dialog.expect('ACK')).cseq).toBe(refused.cseq);
      const again = await dialog.expect('INVITE');
      again.reply(200, { body: sdpAnswer(again.body) });
      expect((await dialog.expect('ACK')).cseq).toBe(again.cseq);
      await holding;
      expect(call.isOnHold()).toBe(true);
    },
  );

  it('that the loss interrupts is offered again with a higher CSeq, after an ACK for what may have been answered', async () => {
    const { call, dialog, events } = await talk();
    const holding = call.hold(true);
    const lost = await dialog.expect('INVITE');
    await lose();
    expect(call.isOnHold()).toBe(false);
    await find();
    expect((await dialog.expect('ACK')).cseq).toBe(lost.cseq);
    const again = await dialog.expect('INVITE');
    expect(again.cseq).toBeGreaterThan(lost.cseq);
    expect(sdpDirection(again.body)).toBe('sendonly');
    await agree(dialog, again);
    await holding;
    expect(call.isOnHold()).toBe(true);
    expect(errorsOf(events)).toEqual([]);
  });

  it('that the loss interrupts and that is taken back is settled by an offer of what holds', async () => {
    const { call, dialog } = await talk();
    const holding = call.hold(true);
    await dialog.expect('INVITE');
    await lose();
    const resuming = call.hold(false);
    await find();
    const again = await dialog.expect('INVITE');
    expect(sdpDirection(again.body)).toBe('sendrecv');
    await agree(dialog, again);
    await Promise.all([holding, resuming]);
    expect(call.isOnHold()).toBe(false);
    expect(microphone()?.enabled).toBe(true);
  });

  it('is given up with the call', async () => {
    const { call } = await talk();
    await lose();
    const code = codeOf(call.hold(true));
    await call.disconnect();
    expect(await code).toBe('INVALID_STATE');
    expectNothingHeld(context.bench);
  });
});

describe('hanging up in an outage', () => {
  it('ends the call here at once, and there by a BYE when the server is back', async () => {
    const { call, dialog, events } = await talk();
    await lose();
    await call.disconnect();
    expect(endOf(events)).toMatchObject({ reason: 'hangup', initiator: 'local' });
    expectNothingHeld(context.bench);
    await find();
    await dialog.expect('BYE');
  });

  it('repeats a BYE whose answer was lost, with a higher CSeq', async () => {
    const { call, dialog } = await talk();
    context.bench.server.auto.ok.delete('BYE');
    await call.disconnect();
    const first = await dialog.expect('BYE');
    await lose();
    await find();
    expect((await dialog.expect('BYE')).cseq).toBeGreaterThan(first.cseq);
  });
});

describe('a call that the far end has ended in the outage', () => {
  it('ends as soon as it says so (481)', async () => {
    const { bench } = context;
    const { call, dialog, events } = await talk();
    bench.server.auto.ok.delete('UPDATE');
    await lose();
    await find();
    (await dialog.expect('UPDATE')).reply(481);
    await settle();
    expect(endOf(events)).toMatchObject({ reason: 'remote', initiator: 'remote', code: 481 });
    expect(call.getStatus()).toBe('disconnected');
    expectNothingHeld(bench);
  });

  it.each([404, 408, 410, 480])('ends within 10 s when nobody is there any more (%i)', async (status) => {
    fakeClock();
    const { bench } = context;
    const { dialog, events } = await talk();
    bench.server.auto.ok.delete('UPDATE');
    await settle();
    bench.webRtc.connection.setConnectionState('disconnected');
    await lose();
    await find();
    // The offer of a new path is refused, so that the question is asked in earnest.
    (await dialog.expect('INVITE')).reply(status);
    (await dialog.expect('UPDATE')).reply(status);
    await settle();
    await advance(4_100);
    (await dialog.expect('UPDATE')).reply(status);
    await advance(0);
    expect(endOf(events)).toMatchObject({ reason: 'remote' });
  });

  it('is believed alive as long as it is heard, whatever a proxy says', async () => {
    fakeClock();
    const { bench } = context;
    const { call, dialog } = await talk();
    bench.server.auto.ok.delete('UPDATE');
    await lose();
    await find();
    (await dialog.expect('UPDATE')).reply(480);
    await advance(30_000);
    expect(call.getStatus()).toBe('accepted');
  });

  it.each([200, 405, 488, 500, 501, 503])('goes on after %i', async (status) => {
    fakeClock();
    const { bench } = context;
    const { call, dialog } = await talk();
    bench.server.auto.ok.delete('UPDATE');
    await lose();
    await find();
    (await dialog.expect('UPDATE')).reply(status);
    await advance(10_000);
    expect(call.getStatus()).toBe('accepted');
  });

  it('goes on when nobody answers at all', async () => {
    fakeClock();
    const { bench } = context;
    const { call } = await talk();
    bench.server.auto.ok.delete('UPDATE');
    await lose();
    await find();
    await advance(40_000);
    expect(call.getStatus()).toBe('accepted');
  });
});

describe('a call that rings at the far end', () => {
  async function ringing() {
    const { bench, device } = context;
    const dialled = await bench.dial(device);
    dialled.invite.reply(180);
    await dialled.events.next('ringing');
    return dialled;
  }

  it('is withdrawn and placed anew when the server is back, and can be answered', async () => {
    const { bench } = context;
    const { call, invite, events } = await ringing();
    await lose();
    expect(call.getStatus()).toBe('ringing');
    await find();
    const cancel = await bench.server.next('CANCEL');
    expect(cancel.branch).toBe(invite.branch);
    const anew = await bench.server.next('INVITE');
    expect([anew.callId, anew.fromTag, anew.cseq]).toEqual([invite.callId, invite.fromTag, invite.cseq + 1]);
    expect(anew.body).toBe(invite.body);
    const dialog = bench.server.accept(anew, { body: sdpAnswer(anew.body), toTag: 'anew' });
    await dialog.expect('ACK');
    await events.next('accepted');
    expect(events.names).toEqual(['ringing', 'reconnecting', 'reconnected', 'accepted']);
    expect(call.getStatus()).toBe('accepted');
  });

  it('is placed anew also where each connection is challenged anew', async () => {
    const { bench, device } = context;
    const challenge = () => bench.server.registrar.challenge().map((value) => `Proxy-Authenticate: ${value}`);
    const { call, invite, events } = await bench.dial(device);
    invite.reply(407, { headers: challenge() });
    (await bench.server.next('INVITE')).reply(180);
    await events.next('ringing');
    await lose();
    await find();
    (await bench.server.next('INVITE')).reply(407, { headers: challenge() });
    const anew = await bench.server.next('INVITE');
    expect(anew.header('proxy-authorization')).toContain('nonce-');
    const dialog = bench.server.accept(anew, { body: sdpAnswer(anew.body), toTag: 'anew' });
    await dialog.expect('ACK');
    await events.next('accepted');
    expect(call.getStatus()).toBe('accepted');
  });

  it('lasts through an outage longer than timer B, also before it rings', async () => {
    fakeClock();
    const { bench, device } = context;
    bench.server.auto.trying = false;
    const { call } = await bench.dial(device);
    await lose();
    await advance(40_000);
    expect(call.getStatus()).toBe('pending');
    await find();
    expect((await bench.server.next('INVITE')).callId).toBeDefined();
  });

  it('is given up after a minute', async () => {
    fakeClock();
    const { events } = await ringing();
    await lose();
    await advance(61_000);
    expect(endOf(events)).toMatchObject({ reason: 'network', initiator: 'network' });
    expect(errorsOf(events)).toEqual(['SIGNALING_LOST']);
    expectNothingHeld(context.bench);
  });

  it('that is hung up in the outage is cancelled when the server is back', async () => {
    const { bench } = context;
    const { call, invite, events } = await ringing();
    await lose();
    await call.disconnect();
    expect(endOf(events)).toMatchObject({ reason: 'canceled', initiator: 'local' });
    await find();
    expect((await bench.server.next('CANCEL')).branch).toBe(invite.branch);
    expect(bench.server.requests('INVITE')).toHaveLength(1);
  });

  it('is the one that was answered, when the first 200 comes after all', async () => {
    const { bench } = context;
    bench.server.auto.cancel = false;
    const { call, invite, events } = await ringing();
    await lose();
    await find();
    const anew = await bench.server.next('INVITE');
    // Over the new connection, as from a proxy that finds it.
    const accepted = anew.socket;
    invite.reply(200, { body: sdpAnswer(invite.body), toTag: 'first', socket: accepted });
    await events.next('accepted');
    await vi.waitFor(() => {
      expect(bench.server.requests('CANCEL').map(({ branch }) => branch)).toEqual([
        invite.branch,
        anew.branch,
      ]);
    });
    expect(call.getStatus()).toBe('accepted');
  });

  describe('where the first INVITE is still known (482 Loop Detected)', () => {
    async function placedAnew() {
      fakeClock();
      const rung = await ringing();
      await lose();
      await find();
      return rung;
    }

    it('is placed once more a little later, when the first has been withdrawn', async () => {
      const { bench } = context;
      const { call, events } = await placedAnew();
      const anew = await bench.server.next('INVITE');
      anew.reply(482);
      await advance(4_000);
      const again = await bench.server.next('INVITE');
      expect(again.cseq).toBe(anew.cseq + 1);
      expect(again.body).toBe(anew.body);
      const dialog = bench.server.accept(again, { body: sdpAnswer(again.body), toTag: 'again' });
      await dialog.expect('ACK');
      await events.next('accepted');
      expect(errorsOf(events)).toEqual([]);
      expect(call.getStatus()).toBe('accepted');
    });

    it('ends after the third refusal', async () => {
      const { bench } = context;
      const { events } = await placedAnew();
      for (let turn = 0; turn < 3; turn += 1) {
        (await bench.server.next('INVITE')).reply(482);
        await settle();
        await advance(4_000);
      }
      expect(endOf(events)).toMatchObject({ reason: 'rejected', code: 482 });
      await advance(60_000);
      expect(bench.server.requests('INVITE')).toHaveLength(4);
    });

    it('and is hung up meanwhile, is not placed again', async () => {
      const { bench } = context;
      const { call } = await placedAnew();
      (await bench.server.next('INVITE')).reply(482);
      await settle();
      await call.disconnect();
      expectNothingHeld(bench);
      await advance(60_000);
      expect(bench.server.requests('INVITE')).toHaveLength(2);
    });

    it('and is cut off once more meanwhile, is placed when the server is back', async () => {
      const { bench } = context;
      const { call } = await placedAnew();
      (await bench.server.next('INVITE')).reply(482);
      await settle();
      await lose();
      await advance(10_000);
      expect(call.getStatus()).toBe('ringing');
      await find();
      await advance(4_000);
      (await bench.server.next('INVITE')).reply(180);
      await settle();
      expect(bench.server.requests('INVITE')).toHaveLength(3);
    });

    it('ends the call at once where it was not placed anew', async () => {
      const { bench, device } = context;
      const { invite, events } = await bench.dial(device);
      invite.reply(482);
      await events.next('disconnect');
      expect(endOf(events)).toMatchObject({ code: 482 });
    });
  });

  it('does not end by the 487 to the INVITE that was withdrawn', async () => {
    const { bench } = context;
    const { call, invite } = await ringing();
    await lose();
    await find();
    const anew = await bench.server.next('INVITE');
    invite.reply(487, { socket: anew.socket });
    await settle();
    expect(call.getStatus()).toBe('ringing');
  });
});

describe('a call that rings here', () => {
  it('rings on and can be answered over the next connection', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    await lose();
    expect(call.getStatus()).toBe('ringing');
    await find();
    await Promise.all([invite.answered(), call.accept()]);
    expect(call.getStatus()).toBe('accepted');
    expect((await invite.response(200)).header('cseq')).toBe(`${invite.cseq} INVITE`);
    expect(events.names).toEqual(['reconnecting', 'reconnected', 'accepted']);
  });

  it('that is answered in the outage is connected when the server is back', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.ring(device);
    await lose();
    const accepting = call.accept();
    await settle();
    expect(call.getStatus()).toBe('ringing');
    await find();
    await Promise.all([invite.answered(), accepting]);
    expect(call.getStatus()).toBe('accepted');
    await settle();
    expect(statusesOf(invite).filter((status) => status === 200)).toHaveLength(1);
  });

  it('that is refused in the outage is refused when the server is back', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    await invite.response(180);
    await lose();
    call.reject();
    expect(endOf(events)).toMatchObject({ reason: 'rejected', code: 486 });
    await find();
    expect(statusesOf(invite)).toEqual([180, 486]);
  });

  it('ends when its caller has given up meanwhile (481)', async () => {
    const { bench, device } = context;
    bench.server.auto.ok.delete('OPTIONS');
    const { invite, events } = await bench.ring(device);
    await invite.response(180);
    await lose();
    await find();
    (await invite.dialog().expect('OPTIONS')).reply(481);
    await settle();
    expect(endOf(events)).toMatchObject({ reason: 'canceled', initiator: 'remote' });
  });

  it('ends after a minute without a server', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call, events } = await bench.ring(device);
    await lose();
    const code = codeOf(call.accept());
    await advance(61_000);
    expect(await code).toBe('SIGNALING_LOST');
    expect(endOf(events)).toMatchObject({ reason: 'network', initiator: 'network' });
    expectNothingHeld(bench);
  });

  it('goes on with the INVITE that the proxy sends to the new connection', async () => {
    const { bench, device } = context;
    const headers = ['Call-ID: forked@pbx.test', 'From: <sip:customer@pbx.test>;tag=one'];
    const { call, invite, events } = await bench.ring(device, { headers });
    const { toTag } = await invite.response(180);
    await lose();
    await find();
    const again = bench.server.invite({ body: sdpOffer(), headers });
    expect((await again.response(180)).toTag).toBe(toTag);
    // The proxy has no use for the former branch any more.
    invite.cancel();
    await settle();
    expect(call.getStatus()).toBe('ringing');
    const [dialog] = await Promise.all([again.answered(), call.accept()]);
    expect(events.names).toEqual(['reconnecting', 'reconnected', 'accepted']);
    await dialog.request('BYE').response(200);
    expect(endOf(events)).toMatchObject({ reason: 'hangup' });
  });

  it('is cancelled by the newer INVITE as well', async () => {
    const { bench, device } = context;
    const headers = ['Call-ID: forked@pbx.test', 'From: <sip:customer@pbx.test>;tag=one'];
    const { events } = await bench.ring(device, { headers });
    await lose();
    await find();
    const again = bench.server.invite({ body: sdpOffer(), headers });
    await again.response(180);
    again.cancel();
    await settle();
    expect(endOf(events)).toMatchObject({ reason: 'canceled' });
    expectNothingHeld(bench);
  });

  it('that comes by two ways without a loss rings once (482)', async () => {
    const { bench, device } = context;
    const headers = ['Call-ID: forked@pbx.test', 'From: <sip:customer@pbx.test>;tag=one'];
    const { call, invite } = await bench.ring(device, { headers });
    const again = bench.server.invite({ body: sdpOffer(), headers });
    expect((await again.response()).status).toBe(482);
    await Promise.all([invite.answered(), call.accept()]);
    expect(call.getStatus()).toBe('accepted');
  });

  it('repeats a 200 that no ACK came for', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.ring(device);
    const accepting = call.accept();
    await invite.response(200);
    await lose();
    await find();
    expect(statusesOf(invite).filter((status) => status === 200).length).toBeGreaterThan(1);
    invite.ack();
    await accepting;
    expect(call.getStatus()).toBe('accepted');
  });
});

it('an offer of the far end whose ACK the outage swallows does not end the call', async () => {
  fakeClock();
  const { call, dialog } = await talk();
  const theirs = dialog.request('INVITE', { body: sdpOffer({ version: 2 }), autoAck: false });
  await theirs.response(200);
  await lose();
  await advance(33_000);
  expect(call.getStatus()).toBe('accepted');
});
