import { describe, expect, it } from 'vitest';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpOffer } from '../../support/wire/sdp';
import { advance, agree, errorsOf, expectNoTimerLeft, fakeClock, timersAtRest, useBench } from './bench';

const context = useBench();

const sender = () => {
  const dtmf = context.bench.webRtc.connection.getSenders()[0]?.dtmf;
  if (!dtmf) throw new Error('no DTMF sender');
  return dtmf;
};
const played = () =>
  sender()
    .played.map(({ tone }) => tone)
    .join('');

describe('as telephone events (RFC 4733)', () => {
  it('go out in order, 100 ms each with a gap of 70 ms, and by no SIP message', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    await settle();
    let done = false;
    const sending = call.sendDigits('12#').then(() => {
      done = true;
    });
    await advance(160);
    expect(played()).toBe('1');
    await advance(170);
    expect(done).toBe(false);
    await advance(200);
    await sending;
    expect(sender().played).toEqual(['1', '2', '#'].map((tone) => ({ tone, durationMs: 100, gapMs: 70 })));
    expect(bench.server.requests('INFO')).toHaveLength(0);
  });

  it('take small letters and pause at commas', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    const sending = call.sendDigits('aD,*');
    await advance(1_500);
    expect(played()).toBe('AD');
    await advance(2_000);
    await sending;
    expect(played()).toBe('AD*');
  });

  it('of several requests follow each other', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    const all = Promise.all([call.sendDigits('12'), call.sendDigits('34'), call.sendDigits('5')]);
    await advance(5_000);
    await all;
    expect(played()).toBe('12345');
  });

  it.each([
    [''],
    ['1 2'],
    ['12x'],
    ['1\r\nX'],
    ['+1'],
    ['1'.repeat(257)],
    [undefined],
    [null],
    [12],
    [['1']],
    ['\u0661'],
  ])('%j is an argument error', async (digits) => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    expect(await codeOf(call.sendDigits(digits as string))).toBe('INVALID_ARGUMENT');
    expect(played()).toBe('');
  });

  it('stop with the call', async () => {
    fakeClock();
    const { bench, device } = context;
    const timers = timersAtRest();
    const { call } = await bench.talk(device);
    const codes = Promise.all([codeOf(call.sendDigits('123456789')), codeOf(call.sendDigits('0'))]);
    await advance(200);
    await call.disconnect();
    expect(await codes).toEqual(['INVALID_STATE', 'INVALID_STATE']);
    const sent = played();
    await advance(2_000);
    expect(played()).toBe(sent);
    await expectNoTimerLeft(timers);
  });

  it('go out while we hold, and although muted', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    call.mute(true);
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    await call.sendDigits('7');
    expect(played()).toBe('7');
  });

  it('are refused while the far end holds, and work again afterwards', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    await dialog.request('INVITE', { body: sdpOffer({ direction: 'sendonly', version: 2 }) }).response(200);
    await settle();
    expect(await codeOf(call.sendDigits('1'))).toBe('DTMF_FAILED');
    await dialog.request('INVITE', { body: sdpOffer({ version: 3 }) }).response(200);
    await settle();
    await call.sendDigits('2');
    expect(played()).toBe('2');
  });

  it('that a hold of the far end cuts off fail, and do not block the next ones', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    await settle();
    const code = codeOf(call.sendDigits('12345'));
    await advance(200);
    await dialog.request('INVITE', { body: sdpOffer({ direction: 'inactive', version: 2 }) }).response(200);
    await advance(5_000);
    expect(await code).toBe('DTMF_FAILED');
    await dialog.request('INVITE', { body: sdpOffer({ version: 3 }) }).response(200);
    await settle();
    const sending = call.sendDigits('9');
    await advance(1_000);
    await sending;
    expect(played().endsWith('9')).toBe(true);
  });

  it('that nobody awaits and that fail surface once', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.talk(device);
    void call.sendDigits('x');
    expect((await events.next('error'))[0]).toMatchObject({ code: 'INVALID_ARGUMENT' });
    await settle();
    expect(events.of('error')).toHaveLength(1);
  });
});

describe('by INFO where the far end has no telephone events', () => {
  const talk = () => context.bench.talk(context.device, { telephoneEvent: false });

  it('one digit each, in order, each after the answer to the last', async () => {
    fakeClock();
    const { call, dialog } = await talk();
    const sending = call.sendDigits('1#');
    const first = await dialog.expect('INFO');
    expect(first.header('content-type')).toBe('application/dtmf-relay');
    expect(first.body).toBe('Signal=1\r\nDuration=100\r\n');
    await advance(5_000);
    expect(context.bench.server.requests('INFO')).toHaveLength(1);
    first.reply(200);
    await advance(500);
    const second = await dialog.expect('INFO');
    expect(second.body).toContain('Signal=#');
    second.reply(200);
    await advance(500);
    await sending;
    expect(played()).toBe('');
  });

  it('pauses at commas', async () => {
    fakeClock();
    context.bench.server.auto.ok.add('INFO');
    const { call } = await talk();
    const sending = call.sendDigits(',1');
    await advance(1_900);
    expect(context.bench.server.requests('INFO')).toHaveLength(0);
    await advance(1_000);
    await sending;
    expect(context.bench.server.requests('INFO')).toHaveLength(1);
  });

  it.each([403, 408, 415, 481, 500])('%i fails the digits and not the call', async (status) => {
    const { call, dialog, events } = await talk();
    const code = codeOf(call.sendDigits('12'));
    (await dialog.expect('INFO')).reply(status);
    expect(await code).toBe('DTMF_FAILED');
    await settle();
    expect(call.getStatus()).toBe('accepted');
    expect(events.names).toEqual(['accepted']);
    expect(context.bench.server.requests('INFO')).toHaveLength(1);
  });

  it.each([
    ['no answer', 'DTMF_FAILED', () => advance(33_000)],
    [
      'a lost connection',
      'SIGNALING_LOST',
      () => {
        context.bench.server.cut();
        return advance(0);
      },
    ],
  ])('%s fails the digits and not the call', async (_name, expected, lose) => {
    fakeClock();
    const { call, dialog, events } = await talk();
    const code = codeOf(call.sendDigits('1'));
    await dialog.expect('INFO');
    await lose();
    expect(await code).toBe(expected);
    expect(call.getStatus()).toBe('accepted');
    expect(errorsOf(events)).toEqual([]);
  });

  it('stops with the call', async () => {
    const { call, dialog } = await talk();
    const code = codeOf(call.sendDigits('12'));
    await dialog.expect('INFO');
    await dialog.request('BYE').response(200);
    expect(await code).toBe('INVALID_STATE');
  });
});

describe('a sender that is ready later than its connection', () => {
  const makeReadyAfter = (looks: number) => {
    let seen = 0;
    Object.defineProperty(sender(), 'canInsertDTMF', {
      get: () => {
        seen += 1;
        return seen > looks;
      },
    });
  };

  it('is waited for', async () => {
    const { call } = await context.bench.talk(context.device);
    fakeClock();
    makeReadyAfter(5);
    const sending = call.sendDigits('5');
    await advance(1000);
    await expect(sending).resolves.toBeUndefined();
  });

  it('is not waited for without end', async () => {
    const { call } = await context.bench.talk(context.device);
    fakeClock();
    makeReadyAfter(Infinity);
    const code = codeOf(call.sendDigits('5'));
    await advance(2500);
    expect(await code).toBe('DTMF_FAILED');
  });
});
