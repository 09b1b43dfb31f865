import { describe, expect, it } from 'vitest';
import { codeOf, recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { advance, endOf, expectNothingHeld, fakeClock, statusesOf, useBench } from './bench';

const context = useBench();

const REFUSALS = [
  ['NotAllowedError', 'MICROPHONE_DENIED'],
  ['SecurityError', 'MICROPHONE_DENIED'],
  ['NotFoundError', 'MICROPHONE_NOT_FOUND'],
  ['OverconstrainedError', 'MICROPHONE_NOT_FOUND'],
  ['NotReadableError', 'MICROPHONE_BUSY'],
  ['AbortError', 'MICROPHONE_BUSY'],
  ['SomethingNewError', 'MICROPHONE_FAILED'],
] as const;

describe('of an outbound call', () => {
  it.each(REFUSALS)('%s rejects with %s, and the next call works', async (name, code) => {
    const { bench, device } = context;
    bench.media.refuseNext(name);
    await expect(device.connect({ to: '100' })).rejects.toMatchObject({ code, cause: { name } });
    await settle();
    expect(bench.server.requests('INVITE')).toHaveLength(0);
    expectNothingHeld(bench);
    const { call } = await bench.talk(device);
    expect(call.getStatus()).toBe('accepted');
  });

  it('refused where nobody awaits surfaces once, on the Device', async () => {
    const { bench, device } = context;
    const events = recordEvents(device);
    bench.media.refuseNext('NotAllowedError');
    void device.connect({ to: '100' });
    expect((await events.next('error'))[0]).toMatchObject({ code: 'MICROPHONE_DENIED' });
    await settle();
    expect(events.of('error')).toHaveLength(1);
  });

  it('that nobody allows or denies gives up after a minute, and a late grant is closed', async () => {
    fakeClock();
    const { bench, device } = context;
    bench.media.autoGrant = false;
    const code = codeOf(device.connect({ to: '100' }));
    await advance(59_000);
    expect(bench.media.prompts).toHaveLength(1);
    await advance(2_000);
    expect(await code).toBe('MICROPHONE_FAILED');
    bench.media.prompts[0]?.grant();
    await settle();
    expect(bench.server.requests('INVITE')).toHaveLength(0);
    expectNothingHeld(bench);
  });

  it('is closed at once when the Device is destroyed while the prompt is open', async () => {
    const { bench, device } = context;
    bench.media.autoGrant = false;
    const code = codeOf(device.connect({ to: '100' }));
    await settle();
    device.destroy();
    expect(await code).toBe('DESTROYED');
    bench.media.prompts[0]?.grant();
    await settle();
    expect(bench.media.tracks).toHaveLength(1);
    expect(bench.server.requests('INVITE')).toHaveLength(0);
    expectNothingHeld(bench);
  });

  it('never comes with a camera', async () => {
    const { bench, device } = context;
    await bench.talk(device);
    const { call, invite } = await allowWaiting();
    await Promise.all([call.accept(), invite.answered()]);
    expect(bench.media.requests.length).toBeGreaterThan(0);
    for (const { video } of bench.media.requests) expect(video).toBe(false);
    for (const { body } of bench.server.requests('INVITE')) expect(body).not.toContain('m=video');
  });

  it('falls back to the default one when the preferred one is gone', async () => {
    const { bench, device } = context;
    await device.setInputDevice('gone');
    await bench.talk(device);
    expect(bench.media.liveTracks.map(({ source }) => source.deviceId)).toEqual(['desk-mic']);
  });
});

async function allowWaiting() {
  const { bench } = context;
  const device = await bench.registered({ allowIncomingWhileBusy: true });
  return bench.ring(device);
}

describe('of an inbound call', () => {
  it.each(REFUSALS)('%s: the call rings on and can be accepted again', async (name, code) => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    await invite.response(180);
    bench.media.refuseNext(name);
    expect(await codeOf(call.accept())).toBe(code);
    expect(call.getStatus()).toBe('ringing');
    expect(bench.media.liveTracks).toHaveLength(0);
    expect(statusesOf(invite)).toEqual([180]);
    await Promise.all([call.accept(), invite.answered()]);
    expect(events.names).toEqual(['accepted']);
  });

  it('refused where nobody awaits surfaces once, on the call', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.ring(device);
    bench.media.refuseNext('NotReadableError');
    void call.accept();
    expect((await events.next('error'))[0]).toMatchObject({ code: 'MICROPHONE_BUSY' });
    await settle();
    expect(events.names).toEqual(['error']);
  });

  it.each([
    ['the caller gives up', 'CALL_CANCELED', 'canceled'],
    ['another phone answers', 'CALL_CANCELED', 'answered_elsewhere'],
    ['the agent refuses', 'INVALID_STATE', 'rejected'],
    ['the Device is destroyed', 'DESTROYED', 'destroyed'],
  ] as const)('is not kept when %s while the prompt is open', async (what, code, reason) => {
    const { bench, device } = context;
    bench.media.autoGrant = false;
    const { call, invite, events } = await bench.ring(device);
    const accepting = codeOf(call.accept());
    await settle();
    const act = {
      'the caller gives up': () => {
        invite.cancel();
      },
      'another phone answers': () => {
        invite.cancel({ reason: 'SIP;cause=200;text="Call completed elsewhere"' });
      },
      'the agent refuses': () => {
        call.reject();
      },
      'the Device is destroyed': () => {
        device.destroy();
      },
    };
    act[what]();
    expect(await accepting).toBe(code);
    expect(endOf(events)).toMatchObject({ reason });
    bench.media.prompts[0]?.grant();
    await settle();
    expectNothingHeld(bench);
    expect(bench.server.responses(200, 'INVITE')).toHaveLength(0);
  });

  it('is asked for once when accept() is called twice at once', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    await Promise.all([call.accept(), call.accept(), invite.answered()]);
    await call.accept();
    expect(bench.media.requests).toHaveLength(1);
    expect(events.names).toEqual(['accepted']);
    expect(bench.server.responses(200, 'INVITE')).toHaveLength(1);
  });
});

it('is released with the last of two calls that share it', async () => {
  const { bench } = context;
  const { call: second, invite } = await (async () => {
    const device = await bench.registered({ allowIncomingWhileBusy: true });
    await bench.talk(device);
    return bench.ring(device);
  })();
  await Promise.all([second.accept(), invite.answered()]);
  expect(bench.media.requests).toHaveLength(1);
  expect(bench.media.liveTracks).toHaveLength(2);
  await second.disconnect();
  expect(bench.media.liveTracks).toHaveLength(1);
});
