import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Call, CallTimings } from '../../../src/index';
import { SharedCall } from '../../../src/device/shared-call';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';
import { advance, expectNoTimerLeft, fakeClock, timersAtRest, useBench } from './bench';

const context = useBench();
afterEach(() => {
  vi.restoreAllMocks();
});

function timingsOf(call: Call): CallTimings {
  const { timings } = call;
  if (!timings) throw new Error('the call has no timings');
  return timings;
}

/** From now on the newest connection counts as many packets. */
function countPackets(packetsReceived: number): void {
  const inbound = { id: 'I', type: 'inbound-rtp', kind: 'audio', packetsReceived };
  vi.spyOn(context.bench.webRtc.connection, 'getStats').mockImplementation(() =>
    Promise.resolve(new Map<string, unknown>([['I', inbound]])),
  );
}

const marksOf = (id: string): string[] =>
  performance
    .getEntries()
    .filter(({ name }) => name.startsWith(`voice-sdk:${id}:`))
    .map(({ name, entryType }) => `${entryType} ${name.split(':')[2] ?? ''}`);

/** In the order in which they happened. */
function happened(timings: CallTimings): string[] {
  return Object.entries(timings)
    .filter(([name, value]) => name.endsWith('Ms') && value !== null)
    .sort(([, a], [, b]) => Number(a) - Number(b))
    .map(([name]) => name);
}

describe('the timings of an outbound call', () => {
  it('hold each step, in the order in which they happen', async () => {
    const { bench, device } = context;
    const before = Date.now();
    const { call, invite, events } = await bench.dial(device);
    expect(timingsOf(call)).toMatchObject({ ringingMs: null, answeredMs: null, acceptPressedMs: null });
    await settle();
    invite.reply(180);
    await events.next('ringing');
    countPackets(3);
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await dialog.expect('ACK');
    await vi.waitFor(() => {
      expect(timingsOf(call).firstAudioMs).not.toBeNull();
    });
    const timings = timingsOf(call);
    expect(happened(timings).filter((name) => name !== 'gatheringCompleteMs')).toEqual([
      'microphoneOpenedMs',
      'descriptionCreatedMs',
      'inviteSentMs',
      'firstResponseMs',
      'ringingMs',
      'answeredMs',
      'acknowledgedMs',
      'iceConnectedMs',
      'dtlsConnectedMs',
      'firstPacketMs',
      'firstAudioMs',
    ]);
    expect(timings.gatheringCompleteMs).not.toBeNull();
    expect(timings.startedAt.getTime()).toBeGreaterThanOrEqual(before - 5);
    expect(timings.startedAt.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('are a frozen snapshot that says null for what has not happened', async () => {
    const { call, invite } = await context.bench.dial(context.device);
    const early = timingsOf(call);
    expect(Object.isFrozen(early)).toBe(true);
    invite.reply(180);
    await settle();
    expect(early.ringingMs).toBeNull();
    expect(timingsOf(call).ringingMs).toBeTypeOf('number');
    expect(timingsOf(call)).toBe(timingsOf(call));
    expect(JSON.parse(JSON.stringify(early))).toMatchObject({ id: early.id, ringingMs: null });
  });

  it('take the first time of what happens twice', async () => {
    fakeClock();
    const { call, invite } = await context.bench.dial(context.device);
    invite.reply(180);
    await advance(0);
    const { ringingMs } = timingsOf(call);
    await advance(500);
    invite.reply(183, { body: sdpAnswer(invite.body) });
    await advance(0);
    expect(timingsOf(call).ringingMs).toBe(ringingMs);
  });

  it('count the time from connect() on, the prompt of the microphone included', async () => {
    fakeClock();
    const { bench, device } = context;
    bench.media.autoGrant = false;
    const calling = device.connect({ to: '+4930123' });
    await advance(4_000);
    bench.media.prompts[0]?.grant();
    await advance(0);
    const timings = timingsOf(await calling);
    expect(timings.microphoneOpenedMs).toBe(4_000);
    expect(timings.inviteSentMs).toBeGreaterThanOrEqual(4_000);
  });

  it('say that a challenge was the first response', async () => {
    const { bench, device } = context;
    bench.server.auto.challengeInvite = true;
    bench.server.auto.trying = false;
    const { call } = await bench.dial(device);
    await settle();
    expect(timingsOf(call).firstResponseMs).toBeTypeOf('number');
    expect(timingsOf(call).ringingMs).toBeNull();
  });
});

describe('the timings of an inbound call', () => {
  it('begin with the INVITE and know when the agent pressed', async () => {
    fakeClock();
    const { call, invite } = await context.bench.ring(context.device);
    expect(timingsOf(call).ringingMs).toBe(0);
    await advance(3_000);
    const accepting = call.accept();
    await advance(0);
    countPackets(1);
    await invite.answered();
    await accepting;
    await advance(100);
    const timings = timingsOf(call);
    expect(timings.acceptPressedMs).toBe(3_000);
    expect(timings.inviteSentMs).toBeNull();
    expect(timings.firstResponseMs).toBeNull();
    for (const name of ['microphoneOpenedMs', 'answeredMs', 'acknowledgedMs', 'firstAudioMs'] as const)
      expect(timings[name]).toBeGreaterThanOrEqual(3_000);
  });

  it('keep the first press where the microphone was refused', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call } = await bench.ring(device);
    bench.media.refuseNext('NotAllowedError');
    await advance(1_000);
    expect(await codeOf(call.accept())).toBe('MICROPHONE_DENIED');
    await advance(1_000);
    void call.accept();
    await advance(0);
    expect(timingsOf(call).acceptPressedMs).toBe(1_000);
    expect(timingsOf(call).microphoneOpenedMs).toBe(2_000);
  });
});

it('the timings of a call that another tab carries are in that tab only', () => {
  const state = {
    ...{ id: 'a', direction: 'inbound', status: 'ringing', customHeaders: {} },
    ...{ isMuted: false, isOnHold: false, isOnRemoteHold: false },
  } as never;
  expect(new SharedCall(state, () => Promise.resolve()).timings).toBeUndefined();
});

describe('the first audio', () => {
  it('waits for the browser to play', async () => {
    fakeClock();
    const { bench, device } = context;
    bench.media.autoplayAllowed = false;
    const { call, invite } = await bench.dial(device);
    countPackets(1);
    await bench.server.accept(invite, { body: sdpAnswer(invite.body) }).expect('ACK');
    await advance(1_000);
    expect(timingsOf(call).firstPacketMs).toBeTypeOf('number');
    expect(timingsOf(call).firstAudioMs).toBeNull();
    bench.media.gesture();
    await advance(0);
    expect(timingsOf(call).firstAudioMs).toBeGreaterThanOrEqual(1_000);
  });

  it('is waited for half a minute, with packets counted ever more rarely, and never after the end', async () => {
    fakeClock();
    const atRest = timersAtRest();
    const { call } = await context.bench.talk(context.device);
    const counting = vi.spyOn(context.bench.webRtc.connection, 'getStats');
    await advance(32_000);
    const counted = counting.mock.calls.length;
    // 40 in the first 2 s, two a second from then on, and those of the watch over the media path.
    expect(counted).toBeLessThan(160);
    expect(timingsOf(call).firstPacketMs).toBeNull();
    await call.disconnect();
    await expectNoTimerLeft(atRest);
  });

  it('is not written any more when the call is over', async () => {
    const { call, invite, events } = await context.bench.dial(context.device);
    invite.reply(486);
    await events.next('disconnect');
    const over = timingsOf(call);
    await settle();
    expect(timingsOf(call)).toBe(over);
    expect(over.acknowledgedMs).toBeNull();
    expect(over.firstResponseMs).toBeTypeOf('number');
  });
});

describe('the performance timeline', () => {
  it('has a mark for each moment and one measure up to the first audio', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.dial(device);
    countPackets(1);
    await bench.server.accept(invite, { body: sdpAnswer(invite.body) }).expect('ACK');
    await vi.waitFor(() => {
      expect(timingsOf(call).firstAudioMs).not.toBeNull();
    });
    const { id } = timingsOf(call);
    const entries = marksOf(id);
    expect(entries).toContain('mark start');
    expect(entries).toContain('mark inviteSent');
    expect(entries.filter((entry) => entry.startsWith('measure'))).toEqual(['measure setup']);
    expect(new Set(entries).size).toBe(entries.length);
    const [start] = performance.getEntriesByName(`voice-sdk:${id}:start`);
    const [sent] = performance.getEntriesByName(`voice-sdk:${id}:inviteSent`);
    expect(Number(sent?.startTime) - Number(start?.startTime)).toBeCloseTo(
      Number(timingsOf(call).inviteSentMs),
      0,
    );
  });

  it('keeps those of the newest 20 calls', async () => {
    const { bench, device } = context;
    const ids: string[] = [];
    for (let turn = 0; turn < 22; turn += 1) {
      const { call, invite, events } = await bench.dial(device);
      invite.reply(486);
      await events.next('disconnect');
      ids.push(timingsOf(call).id);
    }
    expect(ids.map((id) => marksOf(id).length > 0)).toEqual(ids.map((_id, index) => index >= 2));
  });

  it('is no condition for a call', async () => {
    vi.spyOn(performance, 'mark').mockImplementation(() => {
      throw new TypeError('no start time');
    });
    const { call } = await context.bench.talk(context.device);
    expect(call.getStatus()).toBe('accepted');
    expect(timingsOf(call).acknowledgedMs).toBeTypeOf('number');
  });
});
