import { describe, expect, it, vi } from 'vitest';
import type { Call, CallReport, QualitySample, QualityWarning } from '../../../src/index';
import { FakeStatistics, type Second } from '../quality/reports';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer } from '../../support/wire/sdp';
import { advance, agree, endOf, fakeClock, findServer, loseServer, useBench } from './bench';

const context = useBench();

interface Heard {
  readonly samples: QualitySample[];
  /** Warnings by name, `over` where one was cleared. */
  readonly said: string[];
}

function listen(call: Call): Heard {
  const heard: Heard = { samples: [], said: [] };
  call.on('quality', (sample) => heard.samples.push(sample));
  call.on('warning', ({ name }: QualityWarning) => heard.said.push(name));
  call.on('warningCleared', ({ name }) => heard.said.push(`${name} over`));
  return heard;
}

/** Statistics of the newest connection, a second further at each look; `second` is what each brings. */
function statistics(second: Second = {}): { second: Second } {
  const fake = new FakeStatistics();
  const now = { second };
  vi.spyOn(context.bench.webRtc.connection, 'getStats').mockImplementation(() => {
    fake.pass(now.second);
    return Promise.resolve(fake.report);
  });
  return now;
}

/** A talk with a fake clock, from its first second on. */
async function talk(second: Second = {}) {
  fakeClock();
  const { bench, device } = context;
  const { call, invite, events } = await bench.dial(device);
  const heard = listen(call);
  const now = statistics(second);
  await vi.dynamicImportSettled();
  const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
  await dialog.expect('ACK');
  await events.next('accepted');
  await settle();
  return { call, invite, events, dialog, heard, now };
}

const plain = (report: CallReport) => JSON.parse(JSON.stringify(report)) as unknown;

describe('the quality of a call', () => {
  it('is measured each second from the answer on, whether somebody listens or not', async () => {
    const { call, heard } = await talk();
    await advance(5_100);
    expect(heard.samples).toHaveLength(5);
    expect(heard.samples[0]).toMatchObject({ lossRatio: 0, rttMs: 40, grade: 'excellent' });
    expect(call.getReport().quality?.samples).toBe(5);
  });

  it('is summed up in disconnect, and the report outlives the call', async () => {
    const { call, invite, dialog, events, heard } = await talk();
    await advance(3_100);
    let atTheEnd: CallReport | undefined;
    call.on('disconnect', () => {
      atTheEnd = call.getReport();
    });
    dialog.request('BYE');
    await settle();
    expect(endOf(events)).toMatchObject({
      reason: 'hangup',
      quality: { samples: 3, grade: 'excellent', packetsLost: 0, warnings: [] },
    });
    await advance(10_000);
    expect(heard.samples).toHaveLength(3);
    const report = call.getReport();
    expect(report).toEqual(atTheEnd);
    expect(plain(report)).toEqual(report);
    expect(report).toMatchObject({
      ...{ callId: invite.header('call-id'), direction: 'outbound', status: 'disconnected' },
      ...{ codec: { mimeType: 'audio/PCMU' }, end: { reason: 'hangup', initiator: 'remote' } },
      ...{ reconnections: [], candidatePairs: [{ localType: 'host' }] },
    });
    expect(Date.parse(report.endedAt ?? '') - Date.parse(report.acceptedAt ?? '')).toBe(report.durationMs);
    expect(JSON.stringify(report)).not.toContain('493012345678');
  });

  it('has a report at any time: ringing, refused, and after destroy()', async () => {
    const { bench, device } = context;
    const { call } = await bench.ring(device);
    const ringing = call.getReport();
    expect(ringing).toMatchObject({ direction: 'inbound', status: 'ringing', durationMs: 0, quality: null });
    expect(plain(ringing)).toEqual(ringing);
    call.reject();
    await settle();
    expect(call.getReport()).toMatchObject({ status: 'disconnected', quality: null, warnings: [] });
    expect(call.getReport().acceptedAt).toBeUndefined();

    const talking = await bench.talk(device);
    device.destroy();
    await settle();
    expect(talking.call.getReport()).toMatchObject({ end: { reason: 'destroyed' } });
  });

  it('is not measured before the answer, nor after an end that came before the measuring part', async () => {
    fakeClock();
    const { bench, device } = context;
    const { call, events } = await bench.dial(device);
    const getStats = vi.spyOn(bench.webRtc.connection, 'getStats');
    await vi.dynamicImportSettled();
    await advance(5_000);
    await call.disconnect();
    await vi.dynamicImportSettled();
    await advance(5_000);
    expect(getStats).not.toHaveBeenCalled();
    expect(endOf(events)).not.toHaveProperty('quality');
  });

  it('ends with the listener that hangs up', async () => {
    const { call, heard } = await talk({ received: 0 });
    call.on('warning', () => {
      void call.disconnect();
    });
    await advance(10_000);
    expect(heard.said).toEqual(['noPacketsReceived']);
    expect(heard.samples).toHaveLength(4);
  });
});

describe('a warning', () => {
  it('that nothing is heard comes within 5 s of the answer, and goes when the call is held', async () => {
    const { call, dialog, heard } = await talk({ received: 0 });
    await advance(4_900);
    expect(heard.said).toEqual(['noPacketsReceived']);
    const held = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'), { direction: 'recvonly' });
    await held;
    await advance(20_000);
    expect(heard.said).toEqual(['noPacketsReceived', 'noPacketsReceived over']);
    expect(heard.samples.at(-1)).toMatchObject({ mos: null, grade: null });
    expect(call.getReport().warnings).toMatchObject([{ name: 'noPacketsReceived', value: 0, threshold: 1 }]);
  });

  it('that the microphone is silent does not come while it is muted, here or by the system', async () => {
    const { call, heard } = await talk({ inputPower: 0 });
    call.mute(true);
    await advance(10_000);
    expect(heard.said).toEqual([]);
    call.mute(false);
    const [track] = context.bench.media.liveTracks;
    track?.setMuted(true);
    await advance(10_000);
    expect(heard.said).toEqual([]);
    track?.setMuted(false);
    await advance(4_900);
    expect(heard.said).toEqual(['inputSilent']);
  });

  it('does not come while the call is cut off, which the report tells', async () => {
    const { call, heard, now } = await talk();
    await advance(1_100);
    const { bench, device } = context;
    await loseServer(bench);
    now.second = { received: 0 };
    await advance(300);
    expect(call.getReport().reconnections).toMatchObject([{ cause: 'signaling' }]);
    expect(call.getReport().reconnections[0]?.endedAt).toBeUndefined();
    await advance(8_000);
    expect(heard.said).toEqual([]);
    now.second = { lost: 400 };
    await advance(1_000);
    now.second = {};
    await findServer(bench, device);
    await advance(10_000);
    expect(heard.said).toEqual([]);
    const { quality } = call.getReport();
    expect(quality?.secondsWithoutAudio).toBeGreaterThanOrEqual(7);
    expect(quality?.packetsLost).toBeGreaterThanOrEqual(400);
    expect(quality?.grade).not.toBe('excellent');
    const [first] = call.getReport().reconnections;
    expect(Date.parse(first?.endedAt ?? '')).toBeGreaterThan(Date.parse(first?.startedAt ?? ''));
  });
});
