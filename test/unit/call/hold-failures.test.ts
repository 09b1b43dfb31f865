import { describe, expect, it, vi } from 'vitest';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpDirection, sdpOffer } from '../../support/wire/sdp';
import { advance, agree, answeredDirection, endOf, expectNothingHeld, fakeClock, useBench } from './bench';

const context = useBench();

const microphone = () => context.bench.media.liveTracks.at(0);

async function talk() {
  const talking = await context.bench.talk(context.device);
  const expectUnharmed = async () => {
    const { call, dialog, events } = talking;
    expect(call.getStatus()).toBe('accepted');
    expect(call.isOnHold()).toBe(false);
    expect(events.of('hold')).toEqual([]);
    expect(microphone()?.enabled).toBe(true);
    expect(context.bench.webRtc.connection.signalingState).toBe('stable');
    const holding = call.hold(true);
    const reinvite = await dialog.expect('INVITE');
    expect(sdpDirection(reinvite.body)).toBe('sendonly');
    await agree(dialog, reinvite);
    await holding;
    expect(call.isOnHold()).toBe(true);
  };
  return { ...talking, expectUnharmed };
}

describe('a hold that the far end refuses leaves the call as it was', () => {
  it.each([403, 408, 415, 488, 500, 503, 603])('with %i', async (status) => {
    const { call, dialog, expectUnharmed } = await talk();
    const holding = call.hold(true);
    const reinvite = await dialog.expect('INVITE');
    reinvite.reply(status);
    await expect(holding).rejects.toMatchObject({ code: 'HOLD_FAILED', cause: { statusCode: status } });
    await dialog.expect('ACK');
    await expectUnharmed();
  });

  it('where nobody awaits it, as one error event', async () => {
    const { call, dialog, events } = await talk();
    void call.hold(true);
    (await dialog.expect('INVITE')).reply(488);
    expect((await events.next('error'))[0]).toMatchObject({ code: 'HOLD_FAILED' });
    await settle();
    expect(events.of('error')).toHaveLength(1);
  });

  it('by an answer without SDP', async () => {
    const { call, dialog, expectUnharmed } = await talk();
    const code = codeOf(call.hold(true));
    (await dialog.expect('INVITE')).reply(200);
    expect(await code).toBe('HOLD_FAILED');
    await dialog.expect('ACK');
    await expectUnharmed();
  });

  it('by an answer that is of no use', async () => {
    const { call, dialog, expectUnharmed } = await talk();
    const code = codeOf(call.hold(true));
    (await dialog.expect('INVITE')).reply(200, { body: 'v=0\r\nrubbish' });
    expect(await code).toBe('HOLD_FAILED');
    await dialog.expect('ACK');
    await expectUnharmed();
  });

  it('but a resume that is refused leaves it on hold, and silent', async () => {
    const { call, dialog, events } = await talk();
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    const code = codeOf(call.hold(false));
    (await dialog.expect('INVITE')).reply(488);
    expect(await code).toBe('HOLD_FAILED');
    expect(call.isOnHold()).toBe(true);
    expect(microphone()?.enabled).toBe(false);
    expect(events.of('hold')).toEqual([[true]]);
    const theirs = dialog.request('INVITE', { body: sdpOffer({ version: 3 }) });
    expect(await answeredDirection(theirs)).toBe('sendonly');
  });
});

describe('a far end that does not answer', () => {
  it.each([
    ['nothing at all', false],
    ['nothing but 100', true],
  ])('with %s: CALL_TIMEOUT after 32 s, and the call lives', async (_name, trying) => {
    fakeClock();
    const { call, dialog, events } = await talk();
    context.bench.server.auto.trying = trying;
    const code = codeOf(call.hold(true));
    await dialog.expect('INVITE');
    await advance(31_000);
    expect(microphone()?.enabled).toBe(false);
    await advance(2_000);
    expect(await code).toBe('CALL_TIMEOUT');
    expect(call.getStatus()).toBe('accepted');
    expect(call.isOnHold()).toBe(false);
    expect(microphone()?.enabled).toBe(true);
    expect(events.names).toEqual(['accepted']);
  });

  it.each([
    ['it answers 487 to', true],
    ['nobody answers either', false],
  ])('but 100: its offer is withdrawn, which %s, and the next one is sent', async (_how, isHeard) => {
    fakeClock();
    const { call, dialog, expectUnharmed } = await talk();
    context.bench.server.auto.cancel = isHeard;
    const code = codeOf(call.hold(true));
    const reinvite = await dialog.expect('INVITE');
    await advance(33_000);
    expect(await code).toBe('CALL_TIMEOUT');
    const cancel = await context.bench.server.next('CANCEL');
    expect(cancel.branch).toBe(reinvite.branch);
    await advance(isHeard ? 0 : 32_000);
    await expectUnharmed();
  });

  it('until we gave up: its late 200 is acknowledged, and it is told once where we stand', async () => {
    fakeClock();
    const { call, dialog } = await talk();
    // It crosses our CANCEL.
    context.bench.server.auto.cancel = false;
    const code = codeOf(call.hold(true));
    const reinvite = await dialog.expect('INVITE');
    await advance(33_000);
    expect(await code).toBe('CALL_TIMEOUT');
    const body = sdpAnswer(reinvite.body);
    reinvite.reply(200, { body });
    expect((await dialog.expect('ACK')).cseq).toBe(reinvite.cseq);
    const again = await dialog.expect('INVITE');
    expect(sdpDirection(again.body)).toBe('sendrecv');
    reinvite.reply(200, { body });
    expect((await dialog.expect('ACK')).cseq).toBe(reinvite.cseq);
    await agree(dialog, again);
    await advance(5_000);
    expect(context.bench.server.requests('INVITE')).toHaveLength(3);
    expect(call.isOnHold()).toBe(false);
  });
});

it('481: the far end does not know the call any more, so it is over', async () => {
  const { call, dialog, events } = await talk();
  const code = codeOf(call.hold(true));
  (await dialog.expect('INVITE')).reply(481);
  expect(await code).toBe('HOLD_FAILED');
  await settle();
  expect(endOf(events)).toMatchObject({ reason: 'remote', code: 481, initiator: 'remote' });
  expect(call.getStatus()).toBe('disconnected');
  expectNothingHeld(context.bench);
});

describe('the call ends while a hold is', () => {
  it.each([
    ['made', (): Promise<unknown> => Promise.resolve()],
    ['gathering', async (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve))],
    ['on the wire', (dialog: { expect(method: string): Promise<unknown> }) => dialog.expect('INVITE')],
  ])('%s, by us: INVALID_STATE', async (_name, reach) => {
    const { call, dialog, events } = await talk();
    const codes = Promise.all([codeOf(call.hold(true)), codeOf(call.hold(true))]);
    await reach(dialog);
    await call.disconnect();
    expect(await codes).toEqual(['INVALID_STATE', 'INVALID_STATE']);
    expect(endOf(events)).toMatchObject({ reason: 'hangup', initiator: 'local' });
    expect(events.of('hold')).toEqual([]);
    await settle();
    expectNothingHeld(context.bench);
  });

  it('on the wire, by the far end: INVALID_STATE', async () => {
    const { call, dialog, events } = await talk();
    const code = codeOf(call.hold(true));
    await dialog.expect('INVITE');
    await dialog.request('BYE').response(200);
    expect(await code).toBe('INVALID_STATE');
    expect(endOf(events)).toMatchObject({ reason: 'hangup', initiator: 'remote' });
    expectNothingHeld(context.bench);
  });

  it.each(['createOffer', 'setLocalDescription', 'setRemoteDescription'] as const)(
    'in %s, which the end leaves unsettled: INVALID_STATE',
    async (operation) => {
      const { call, dialog } = await talk();
      Object.assign(context.bench.webRtc.connection, { [operation]: () => new Promise(() => undefined) });
      const code = codeOf(call.hold(true));
      if (operation === 'setRemoteDescription') await agree(dialog, await dialog.expect('INVITE'));
      else await settle();
      await dialog.request('BYE').response(200);
      expect(await code).toBe('INVALID_STATE');
      expect(call.getStatus()).toBe('disconnected');
      expectNothingHeld(context.bench);
    },
  );
});

it('keeps timers only as long as it needs them', async () => {
  fakeClock();
  const { call, dialog } = await talk();
  await advance(33_000);
  const timers = vi.getTimerCount();
  const holding = call.hold(true);
  await agree(dialog, await dialog.expect('INVITE'));
  await holding;
  await advance(33_000);
  expect(vi.getTimerCount()).toBe(timers);
});
