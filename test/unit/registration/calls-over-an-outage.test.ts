import { describe, expect, it, vi } from 'vitest';
import { sdpAnswer, sdpOffer } from '../../support/wire/sdp';
import { bench, MINUTE, pass, SECOND, useAgentBench, wakeUp } from './harness';

useAgentBench();

const TWIN = { headers: ['Call-ID: forked@pbx.test', 'From: <sip:customer@pbx.test>;tag=one'] };

function lose(): void {
  bench.server.connection = 'refuse';
  bench.server.cut();
}

async function find(): Promise<void> {
  bench.server.connection = 'accept';
  wakeUp();
  await pass(SECOND);
}

/** What is still sent when all transactions have run out. */
async function sentInTenMinutes(): Promise<number> {
  await pass(MINUTE);
  const before = bench.server.responses().length;
  await pass(10 * MINUTE);
  return bench.server.responses().length - before;
}

describe('a call that rang through an outage sends nothing any more', () => {
  it.each([70, 130, 200])('after %i s without a server', async (seconds) => {
    const device = await bench.registered();
    const { call } = await bench.ring(device);
    lose();
    await pass(seconds * SECOND);
    expect(call.getStatus()).toBe('failed');
    await find();
    expect(await sentInTenMinutes()).toBe(0);
    device.destroy();
    await pass(40 * SECOND);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('after destroy() in the outage', async () => {
    const device = await bench.registered();
    await bench.ring(device);
    lose();
    await pass(5 * SECOND);
    device.destroy();
    await pass(40 * SECOND);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('after reject() and destroy() in the outage', async () => {
    const device = await bench.registered();
    const { call } = await bench.ring(device);
    lose();
    call.reject();
    device.destroy();
    await pass(40 * SECOND);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('to its first INVITE when another one has taken its place, and is answered by that', async () => {
    const device = await bench.registered();
    const { call, invite } = await bench.ring(device, TWIN);
    lose();
    await pass(3 * SECOND);
    await find();
    const again = bench.server.invite({ body: sdpOffer(), ...TWIN });
    await pass(SECOND);
    const seen = invite.responses.length;
    const accepting = call.accept();
    await again.answered();
    await accepting;
    await call.disconnect();
    expect(await sentInTenMinutes()).toBe(0);
    expect(invite.responses).toHaveLength(seen);
    device.destroy();
    await pass(40 * SECOND);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a call that rings here after an outage', () => {
  async function ringsAgain() {
    bench.server.auto.ok.delete('OPTIONS');
    const device = await bench.registered();
    const rung = await bench.ring(device);
    await pass(0);
    lose();
    await pass(3 * SECOND);
    await find();
    return { ...rung, device };
  }

  const questions = () => bench.server.requests('OPTIONS').filter(({ toTag }) => toTag !== undefined);

  /** Answers what is asked about the dialog from now on. */
  async function answerFor(ms: number, status: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += SECOND) {
      for (const question of questions()) if (question.finalStatus === undefined) question.reply(status);
      await pass(SECOND);
    }
  }

  it('tells its caller once more that it rings before it asks for him', async () => {
    const { invite } = await ringsAgain();
    expect(invite.responses.filter(({ status }) => status === 180)).toHaveLength(2);
    expect(questions()).toHaveLength(1);
  });

  it.each([404, 408, 410, 480])('ends within 6 s when nobody is there twice (%i)', async (status) => {
    const { events } = await ringsAgain();
    await answerFor(3 * SECOND, status);
    expect(events.names).not.toContain('disconnect');
    await answerFor(3 * SECOND, status);
    expect(questions()).toHaveLength(2);
    expect(events.of('disconnect')).toMatchObject([[{ reason: 'canceled', code: status }]]);
  });

  it('rings on when its caller is back at the second look', async () => {
    const { call } = await ringsAgain();
    await answerFor(2 * SECOND, 480);
    await answerFor(MINUTE, 200);
    expect(call.getStatus()).toBe('ringing');
  });

  it.each([405, 501, 503])('ends after 20 s when %i says nothing of its caller', async (status) => {
    const { call, events, invite } = await ringsAgain();
    await answerFor(18 * SECOND, status);
    expect(call.getStatus()).toBe('ringing');
    await answerFor(3 * SECOND, status);
    expect(events.of('disconnect')).toMatchObject([[{ reason: 'network' }]]);
    expect(invite.responses.at(-1)?.status).toBe(480);
  });

  it('ends after 20 s when nobody answers', async () => {
    const { call } = await ringsAgain();
    await pass(21 * SECOND);
    expect(call.getStatus()).toBe('failed');
  });

  it('rings on when its caller says 200', async () => {
    const { call } = await ringsAgain();
    await answerFor(MINUTE, 200);
    expect(call.getStatus()).toBe('ringing');
  });

  it('rings on when the INVITE comes once more', async () => {
    bench.server.auto.ok.delete('OPTIONS');
    const device = await bench.registered();
    const { call } = await bench.ring(device, TWIN);
    lose();
    await pass(3 * SECOND);
    await find();
    bench.server.invite({ body: sdpOffer(), ...TWIN });
    await answerFor(MINUTE, 480);
    expect(call.getStatus()).toBe('ringing');
  });

  it('can be accepted up to the end, and then has the time of any call', async () => {
    const { call, invite } = await ringsAgain();
    await pass(17 * SECOND);
    const accepting = call.accept();
    await pass(10 * SECOND);
    invite.ack();
    await accepting;
    expect(call.getStatus()).toBe('accepted');
  });

  it('has a minute again when the server is lost once more', async () => {
    const { call } = await ringsAgain();
    lose();
    await pass(50 * SECOND);
    expect(call.getStatus()).toBe('ringing');
    await pass(11 * SECOND);
    expect(call.getStatus()).toBe('failed');
  });
});

describe('REGISTER without an answer, over a connection that is alive', () => {
  async function talkOverSilence() {
    const device = await bench.registered();
    const talk = await bench.talk(device);
    bench.server.registrar.behaviour = { kind: 'silent' };
    bench.server.connection = 'refuse';
    bench.server.cut();
    await pass(SECOND);
    return { ...talk, device };
  }

  it('does not keep a BYE', async () => {
    const { call, dialog } = await talkOverSilence();
    await call.disconnect();
    bench.server.connection = 'accept';
    await pass(10 * SECOND);
    expect(bench.server.requests('BYE').filter((bye) => dialog.owns(bye))).toHaveLength(1);
  });

  it('does not keep a hold', async () => {
    const { call, dialog } = await talkOverSilence();
    const holding = call.hold(true);
    bench.server.connection = 'accept';
    for (let second = 0; second < 10; second += 1) {
      await pass(SECOND);
      for (const offer of bench.server.requests('INVITE'))
        if (dialog.owns(offer) && offer.finalStatus === undefined)
          offer.reply(200, { body: sdpAnswer(offer.body) });
    }
    await holding;
    expect(call.isOnHold()).toBe(true);
  });

  it('does not keep a call that the far end has ended', async () => {
    const { call, events } = await talkOverSilence();
    bench.server.connection = 'accept';
    for (let second = 0; second < 10; second += 1) {
      await pass(SECOND);
      for (const offer of bench.server.requests('INVITE')) if (offer.toTag !== undefined) offer.reply(481);
    }
    expect(call.getStatus()).toBe('disconnected');
    expect(events.of('disconnect')).toMatchObject([[{ reason: 'remote', code: 481 }]]);
  });

  it('is not taken for one over a connection that is dead', async () => {
    const { call, events } = await talkOverSilence();
    bench.server.auto.register = false;
    bench.server.auto.pong = false;
    bench.server.auto.ok.delete('OPTIONS');
    bench.server.connection = 'accept';
    await pass(10 * SECOND);
    expect(bench.server.sockets.length).toBeGreaterThan(1);
    expect(events.names).not.toContain('reconnected');
    expect(call.getStatus()).toBe('accepted');
  });
});
