import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PASSWORD, tokenFor } from '../../../support/agent';
import { sdpAnswer } from '../../../support/wire/sdp';
import { advance, fakeClock } from '../../call/bench';
import { FakeStatistics, type Second } from '../../quality/reports';
import { expectNothingLeft, outcomes, reported, start, TURN_CREDENTIAL, usePreflightBench } from './harness';

const context = usePreflightBench();
beforeEach(() => {
  fakeClock();
});

const NUMBER = '+493012345678';
const echo = { to: NUMBER, durationMs: 5_000 };

/** What the second brings that is read as the n-th one. */
type Course = Second | ((read: number) => Second);

/** What the statistics of the newest connection say from now on, a second further at each reading. */
function flow(course: Course): void {
  const fake = new FakeStatistics();
  let read = 0;
  vi.spyOn(context.bench.webRtc.connection, 'getStats').mockImplementation(() => {
    fake.pass(typeof course === 'function' ? course(read) : course);
    read += 1;
    return Promise.resolve(fake.report);
  });
}

async function answered(second: Course = {}, durationMs = echo.durationMs) {
  const { bench } = context;
  const { report } = start(bench, { echo: { ...echo, durationMs } });
  await advance(0);
  const invite = await bench.server.next('INVITE');
  flow(second);
  await vi.dynamicImportSettled();
  const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
  await dialog.expect('ACK');
  return { report, dialog, invite };
}

describe('the echo call', () => {
  it('lasts as long as it was asked to, and says how it sounded and how long its setup took', async () => {
    const { bench } = context;
    const { report, dialog } = await answered();
    const done = await reported(report);
    await dialog.expect('BYE');
    expect(done.verdict).toBe('ready');
    const [check] = done.checks.filter(({ name }) => name === 'echoCall');
    expect(check?.result).toBe('passed');
    expect(check?.durationMs).toBeGreaterThanOrEqual(5_000);
    expect(check?.durationMs).toBeLessThan(7_000);
    expect(check?.details).toMatchObject({ rttMs: 40, jitterMs: 2, lossRatio: 0 });
    expect(check?.details.mos).toBeGreaterThan(4);
    expect(check?.details.timings?.firstAudioMs).toBeTypeOf('number');
    await expectNothingLeft(bench);
  });

  it('is a warning where it sounds poor', async () => {
    const { report } = await answered({ received: 40, lost: 10, rttS: 0.6 });
    const done = await reported(report);
    expect(done).toMatchObject({ verdict: 'degraded', reason: 'ECHO_POOR_QUALITY' });
  });

  it('without audio fails', async () => {
    const { report } = await answered({ received: 0 });
    expect(await reported(report)).toMatchObject({ verdict: 'notReady', reason: 'ECHO_NO_AUDIO' });
    await expectNothingLeft(context.bench);
  });

  const DEAD: Second = { received: 0 };
  const SILENT: Second = { outputPower: 0 };
  const QUIET: Second = { outputPower: 0, inputPower: 1e-7 };
  it.each<
    readonly [what: string, course: (read: number) => Second, verdict: string, reason: string | undefined]
  >([
    ['whose audio stops after 3 s', (read) => (read > 4 ? DEAD : {}), 'notReady', 'ECHO_INTERRUPTED'],
    ['whose audio stops for the last 2 s', (read) => (read > 9 ? DEAD : {}), 'notReady', 'ECHO_INTERRUPTED'],
    ['with a gap of 3 s', (read) => (read > 4 && read < 8 ? DEAD : {}), 'notReady', 'ECHO_INTERRUPTED'],
    ['with a gap of 1 s', (read) => (read === 5 ? DEAD : {}), 'degraded', 'ECHO_INTERRUPTED'],
    ['that brings digital silence back', () => SILENT, 'notReady', 'ECHO_SILENT'],
    ['that falls silent', (read) => (read > 4 ? SILENT : {}), 'notReady', 'ECHO_SILENT'],
    ['that is silent at first', (read) => (read < 8 ? SILENT : {}), 'degraded', 'ECHO_SILENT'],
    ['that pauses for 2 s', (read) => (read > 4 && read < 7 ? SILENT : {}), 'ready', undefined],
    ['of a silent microphone', () => ({ ...SILENT, inputPower: 0 }), 'degraded', 'ECHO_SILENT'],
    ['of an agent who says nothing', () => QUIET, 'degraded', 'ECHO_SILENT'],
    ['of an agent who says no more', (read) => (read > 4 ? QUIET : {}), 'degraded', 'ECHO_SILENT'],
    [
      'that falls silent between words',
      (read) => (read > 4 ? (read % 2 ? SILENT : QUIET) : {}),
      'notReady',
      'ECHO_SILENT',
    ],
    ['with a codec without figures', () => ({ mimeType: 'audio/iLBC' }), 'notReady', 'ECHO_UNMEASURED'],
    ['whose round trip nobody knows', () => ({ rttS: undefined }), 'notReady', 'ECHO_UNMEASURED'],
  ])('%s', async (_, course, verdict, reason) => {
    const { report } = await answered(course, 10_000);
    const done = await reported(report);
    expect([done.verdict, done.reason]).toEqual([verdict, reason]);
    await expectNothingLeft(context.bench);
  });

  it('that is silent in the shortest call fails all the same', async () => {
    const { report } = await answered(SILENT, 1_000);
    expect(await reported(report)).toMatchObject({ verdict: 'notReady', reason: 'ECHO_SILENT' });
  });

  it('counts the seconds without audio into its score', async () => {
    const { report } = await answered((read) => (read > 4 ? DEAD : {}), 10_000);
    const details = (await reported(report)).checks.at(-1)?.details;
    expect(details?.secondsWithoutAudio).toBeGreaterThanOrEqual(5);
    expect(details?.mos).toBeLessThan(3);
  });

  it('waits for its score where the browser knows the round trip late', async () => {
    const { report } = await answered((read) => (read < 6 ? { rttS: undefined } : {}), 1_000);
    const done = await reported(report);
    expect(done.verdict).toBe('ready');
    expect(done.checks.at(-1)?.durationMs).toBeGreaterThan(3_000);
    expect(done.checks.at(-1)?.durationMs).toBeLessThan(9_000);
  });

  it('that the browser does not play yet is a warning', async () => {
    context.bench.media.autoplayAllowed = false;
    const { report } = await answered();
    expect(await reported(report)).toMatchObject({ verdict: 'degraded', reason: 'AUDIO_BLOCKED' });
  });

  it('that nobody answers within 20 s is canceled', async () => {
    const { bench } = context;
    const { report } = start(bench, { echo });
    await advance(0);
    const invite = await bench.server.next('INVITE');
    invite.reply(180);
    const done = await reported(report);
    expect(done).toMatchObject({ verdict: 'notReady', reason: 'ECHO_UNANSWERED' });
    expect(done.durationMs).toBeLessThan(25_000);
    await bench.server.next('CANCEL');
    await expectNothingLeft(bench);
  });

  it.each([
    [486, 'ECHO_FAILED', 'CALL_BUSY'],
    [404, 'ECHO_FAILED', 'CALL_NOT_FOUND'],
    [480, 'ECHO_FAILED', 'CALL_UNAVAILABLE'],
    [408, 'ECHO_UNANSWERED', 'CALL_UNANSWERED'],
  ])('that is refused with %i: %s', async (sipStatus, reason, errorCode) => {
    const { bench } = context;
    const { report } = start(bench, { echo });
    await advance(0);
    (await bench.server.next('INVITE')).reply(sipStatus);
    const done = await reported(report);
    expect(done).toMatchObject({ verdict: 'notReady', reason });
    expect(done.checks.at(-1)?.details).toMatchObject({ sipStatus, errorCode });
    await expectNothingLeft(bench);
  });

  it.each([0, 800, 3_000, 4_900])('that the far end ends after %i ms of 5 s fails', async (heardMs) => {
    const { report, dialog } = await answered();
    await advance(heardMs);
    await dialog.request('BYE').response(200);
    const done = await reported(report);
    expect(done).toMatchObject({ verdict: 'notReady', reason: 'ECHO_ENDED_EARLY' });
    expect(done.durationMs).toBeLessThan(5_500);
    await expectNothingLeft(context.bench);
  });

  it('waits for the other checks, and is not placed where one that it needs has failed', async () => {
    const { bench } = context;
    bench.media.refuseNext('NotAllowedError');
    const done = await reported(start(bench, { echo }).report);
    expect(outcomes(done)).toMatchObject({ echoCall: 'skipped PREREQUISITE_FAILED' });
    expect(bench.server.requests('INVITE')).toEqual([]);
    expect(done.reason).toBe('MICROPHONE_DENIED');
    await expectNothingLeft(bench);
  });

  it('hangs up when it is stopped, and removes the registration', async () => {
    const { bench } = context;
    const preflight = start(bench, { echo });
    await advance(0);
    const invite = await bench.server.next('INVITE');
    const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await dialog.expect('ACK');
    await advance(1_000);
    preflight.stop();
    const done = await reported(preflight.report);
    await dialog.expect('BYE');
    expect(outcomes(done)).toMatchObject({ registration: 'passed', echoCall: 'skipped STOPPED' });
    await expectNothingLeft(bench);
  });

  it('that loses the connection to the server ends with it all the same', async () => {
    const { bench } = context;
    const { report } = await answered();
    await advance(1_000);
    bench.server.connection = 'refuse';
    bench.server.cut();
    const done = await reported(report);
    expect(outcomes(done)).toMatchObject({ echoCall: 'passed' });
    expect(bench.webRtc.live).toBe(0);
    expect(bench.media.liveTracks).toHaveLength(0);
  });
});

it('no secret and no number is in the report, the events or the console', async () => {
  const { bench } = context;
  const printed: string[] = [];
  for (const level of ['log', 'error', 'warn', 'info', 'debug'] as const)
    vi.spyOn(console, level).mockImplementation((...args) => printed.push(JSON.stringify(args)));
  const token = tokenFor();
  const ice_servers = [{ urls: 'turn:relay.test', username: 'u', credential: TURN_CREDENTIAL }];
  const preflight = start(bench, {
    token,
    echo,
    logLevel: 'debug',
    fetchCredentials: () => Promise.resolve({ ...bench.credentials, ice_servers }),
  });
  preflight.on('check', (check) => printed.push(JSON.stringify(check)));
  printed.push(JSON.stringify(await reported(preflight.report)));
  expect(printed.length).toBeGreaterThan(11);
  for (const secret of [token, token.split('.')[1] ?? '', PASSWORD, TURN_CREDENTIAL])
    for (const text of printed) expect(text).not.toContain(secret);
  expect(printed.at(-1)).not.toContain('12345678');
});
