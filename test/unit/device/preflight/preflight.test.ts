import { describe, expect, it, vi } from 'vitest';
import { Device, type PreflightOptions, VoiceSDKError } from '../../../../src/index';
import { PASSWORD, tokenFor } from '../../../support/agent';
import { settle } from '../../../support/wire/next-task';
import { sdpOffer } from '../../../support/wire/sdp';
import { advance, expectNoTimerLeft, fakeClock } from '../../call/bench';
import { expectNothingLeft, outcomes, reported, start, usePreflightBench } from './harness';
import { heard } from './heard';

const context = usePreflightBench();

const WITHOUT_ICE = {
  stun: 'skipped NOT_CONFIGURED',
  turnUdp: 'skipped NOT_CONFIGURED',
  turnTcp: 'skipped NOT_CONFIGURED',
  turnTls: 'skipped NOT_CONFIGURED',
};
const READY = {
  browser: 'passed',
  microphone: 'passed',
  credentials: 'passed',
  webSocket: 'passed',
  registration: 'passed',
  ...WITHOUT_ICE,
  echoCall: 'skipped NOT_REQUESTED',
};

describe('a preflight where everything works', () => {
  it('is ready, tells each check once, and leaves nothing', async () => {
    const { bench } = context;
    const preflight = start(bench);
    const events: string[] = [];
    preflight.on('check', ({ name }) => events.push(name));
    preflight.on('completed', () => events.push('completed'));
    const report = await preflight.report;
    expect(outcomes(report)).toEqual(READY);
    expect(report.verdict).toBe('ready');
    expect(report).not.toHaveProperty('reason');
    expect(events).toHaveLength(11);
    expect(new Set(events).size).toBe(11);
    expect(events.at(-1)).toBe('completed');
    expect(Object.isFrozen(report)).toBe(true);
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ verdict: 'ready' });
    expect(heard.stopped).toBe(1);
    await expectNothingLeft(bench);
  });

  it('registers as another instance than the phone, for 90 s at most, and removes that', async () => {
    const { bench } = context;
    await bench.registered();
    const [before] = [...bench.server.registrar.bindings.values()];
    await start(bench).report;
    const registers = bench.server.requests('REGISTER').filter(({ finalStatus }) => finalStatus === 200);
    const instances = registers.map(
      (one) => /\+sip\.instance="([^"]+)"/.exec(one.header('contact') ?? '')?.[1],
    );
    expect(instances[1]).not.toBe(instances[0]);
    expect(registers[1]?.header('expires')).toBe('90');
    expect(registers.at(-1)?.header('expires')).toBe('0');
    expect([...bench.server.registrar.bindings.values()]).toEqual([before]);
    expect(bench.devices[0]?.isRegistered()).toBe(true);
  });

  it('works twice and at once, and closes every socket within 2 s', async () => {
    fakeClock();
    const { bench } = context;
    const [first, second] = await Promise.all(
      [start(bench), start(bench)].map(({ report }) => reported(report)),
    );
    const third = await reported(start(bench).report);
    for (const report of [first, second, third]) expect(report && outcomes(report)).toEqual(READY);
    await expectNothingLeft(bench);
    await advance(2_000);
    expect(bench.server.socket).toBeUndefined();
    await expectNoTimerLeft(0);
  });

  it('refuses a call that comes in to it with 480, which lets other phones ring on', async () => {
    const { bench } = context;
    bench.server.auto.challengeInvite = false;
    const preflight = start(bench, { echo: { to: '+4930123', durationMs: 1_000 } });
    await bench.server.next('INVITE');
    const call = bench.server.invite({ body: sdpOffer() });
    await call.response(480);
    preflight.stop();
    await preflight.report;
  });
});

describe('the browser', () => {
  it('without microphone access, on a page that is secure or not', async () => {
    Reflect.deleteProperty(navigator, 'mediaDevices');
    expect(await start(context.bench).report).toMatchObject({
      verdict: 'notReady',
      reason: 'BROWSER_UNSUPPORTED',
    });
    vi.stubGlobal('isSecureContext', false);
    const report = await start(context.bench).report;
    vi.unstubAllGlobals();
    expect(report).toMatchObject({ verdict: 'notReady', reason: 'PAGE_NOT_SECURE' });
    expect(report.checks).toHaveLength(10);
    expect(report.checks.slice(1).every(({ reason }) => reason === 'PREREQUISITE_FAILED')).toBe(true);
    expect(context.bench.server.attempts).toEqual([]);
  });

  it('without WebRTC', async () => {
    vi.stubGlobal('RTCPeerConnection', undefined);
    const report = await start(context.bench).report;
    vi.unstubAllGlobals();
    expect(report.reason).toBe('BROWSER_UNSUPPORTED');
  });
});

describe('the microphone', () => {
  it.each([
    ['NotAllowedError', 'MICROPHONE_DENIED'],
    ['NotFoundError', 'MICROPHONE_NOT_FOUND'],
    ['NotReadableError', 'MICROPHONE_BUSY'],
    ['TypeError', 'MICROPHONE_FAILED'],
  ])('that fails with %s: %s', async (name, reason) => {
    context.bench.media.refuseNext(name);
    const report = await start(context.bench).report;
    expect(outcomes(report)).toEqual({ ...READY, microphone: `failed ${reason}` });
    expect(report).toMatchObject({ verdict: 'notReady', reason });
    expect(report.remedy).toBeTruthy();
    await expectNothingLeft(context.bench);
  });

  it('measures the microphone with the code that the page serves', async () => {
    const { report } = start(context.bench, { media: { levelWorkletUrl: '/level-worklet.js' } });
    await report;
    expect(heard.workletUrl).toBe('/level-worklet.js');
  });

  it('that is silent is a warning only, after 2 s of listening', async () => {
    fakeClock();
    heard.peakDbfs = -100;
    const report = await reported(start(context.bench).report);
    expect(outcomes(report)).toMatchObject({ microphone: 'warned MICROPHONE_SILENT' });
    expect(report).toMatchObject({ verdict: 'degraded', reason: 'MICROPHONE_SILENT' });
    expect(heard.stopped).toBe(1);
  });

  it('that cannot be measured passes', async () => {
    fakeClock();
    heard.peakDbfs = undefined;
    const report = await reported(start(context.bench).report);
    expect(report.checks[1]).toMatchObject({ result: 'passed', details: { peakDbfs: null } });
  });

  it('that the system mutes', async () => {
    const { bench } = context;
    bench.media.autoGrant = false;
    const { report } = start(bench);
    await vi.waitFor(() => {
      expect(bench.media.prompts).toHaveLength(1);
    });
    bench.media.prompts[0]?.grant();
    bench.media.tracks[0]?.setMuted(true);
    expect(outcomes(await report)).toMatchObject({ microphone: 'failed MICROPHONE_MUTED' });
    await expectNothingLeft(bench);
  });

  it('that nobody allows within 20 s; what is granted later is closed at once', async () => {
    fakeClock();
    const { bench } = context;
    bench.media.autoGrant = false;
    const report = await reported(start(bench).report);
    expect(outcomes(report)).toMatchObject({ microphone: 'failed MICROPHONE_UNANSWERED' });
    expect(report.durationMs).toBeLessThan(22_000);
    bench.media.prompts[0]?.grant();
    await advance(0);
    expect(bench.media.liveTracks).toHaveLength(0);
  });

  it('that is preferred and gone is replaced by the default one', async () => {
    const { bench } = context;
    const report = await start(bench, { media: { inputDeviceId: 'gone' } }).report;
    expect(report.checks[1]?.details).toMatchObject({ deviceLabel: 'Desk microphone' });
  });
});

describe('the credentials', () => {
  it.each([
    ['not.a.token', 'TOKEN_INVALID'],
    [7 as unknown as string, 'TOKEN_INVALID'],
    [tokenFor({ ttlSeconds: null }), 'TOKEN_INVALID'],
    [tokenFor({ ttlSeconds: -10, claims: { iat: 1 } }), 'TOKEN_EXPIRED'],
    [tokenFor({ claims: { nbf: Math.floor(Date.now() / 1000) + 7200 } }), 'CLOCK_WRONG'],
  ])('of the token %#: %s', async (token, reason) => {
    const report = await start(context.bench, { token }).report;
    expect(outcomes(report)).toMatchObject({
      credentials: `failed ${reason}`,
      webSocket: 'skipped PREREQUISITE_FAILED',
      registration: 'skipped PREREQUISITE_FAILED',
      stun: 'skipped PREREQUISITE_FAILED',
    });
    expect(report).toMatchObject({ verdict: 'notReady', reason });
  });

  it.each([
    [401, 'CREDENTIALS_REFUSED'],
    [403, 'CREDENTIALS_REFUSED'],
    [500, 'CREDENTIALS_FAILED'],
  ])('that HTTP %i refuses: %s', async (status, reason) => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status })));
    const options = { token: tokenFor(), logLevel: 'silent' } as const;
    const report = await Device.preflight(options).report;
    vi.unstubAllGlobals();
    expect(report.reason).toBe(reason);
    expect(report.checks[2]?.details).toEqual({ httpStatus: status, errorCode: 'CONFIG_FETCH_FAILED' });
  });

  it.each([
    [
      'a network that is down',
      () => Promise.reject(new TypeError('Failed to fetch')),
      'CREDENTIALS_UNREACHABLE',
    ],
    ['an answer that is none', () => Promise.resolve({} as never), 'CREDENTIALS_FAILED'],
    ['a backend that throws', () => Promise.reject(new Error(`no ${PASSWORD}`)), 'CREDENTIALS_FAILED'],
  ])('from %s', async (_what, fetchCredentials, reason) => {
    const report = await start(context.bench, { fetchCredentials }).report;
    expect(report.reason).toBe(reason);
    expect(JSON.stringify(report)).not.toContain(PASSWORD);
  });

  it('that never come', async () => {
    fakeClock();
    const { report } = start(context.bench, { fetchCredentials: () => new Promise(() => undefined) });
    const done = await reported(report);
    expect(done).toMatchObject({ reason: 'CREDENTIALS_UNREACHABLE' });
    expect(done.durationMs).toBeLessThan(13_000);
  });
});

describe('the server', () => {
  it.each(['refuse', 'throw', 'error-only', 'hang'] as const)(
    'that does not connect (%s)',
    async (behaviour) => {
      fakeClock();
      context.bench.server.connection = behaviour;
      const report = await reported(start(context.bench).report);
      expect(outcomes(report)).toMatchObject({
        webSocket: 'failed WEBSOCKET_UNREACHABLE',
        registration: 'skipped PREREQUISITE_FAILED',
      });
      expect(report).toMatchObject({ verdict: 'notReady', reason: 'WEBSOCKET_UNREACHABLE' });
      await expectNothingLeft(context.bench);
    },
  );

  it('of which one of two connects', async () => {
    const { bench } = context;
    const ws_urls = ['wss://one.test/ws?token=secret', 'wss://two.test/ws'];
    bench.server.connection = (_attempt, url) => (url.includes('one') ? 'refuse' : 'accept');
    const fetchCredentials = () => Promise.resolve({ ...bench.credentials, ws_urls });
    const report = await start(bench, { fetchCredentials }).report;
    expect(report).toMatchObject({ verdict: 'degraded', reason: 'WEBSOCKET_UNREACHABLE' });
    expect(report.checks[3]?.details.servers).toEqual([
      { url: 'wss://one.test', readyMs: null },
      { url: 'wss://two.test', readyMs: expect.any(Number) as number },
    ]);
    expect(outcomes(report).registration).toBe('passed');
    await expectNothingLeft(bench);
  });

  it.each([
    [{ kind: 'refuse', status: 403 }, 'SIP_AUTH_REFUSED', 403],
    [{ kind: 'challenge-again' }, 'SIP_AUTH_REFUSED', 401],
    [{ kind: 'refuse', status: 503 }, 'REGISTRATION_REFUSED', 503],
  ] as const)('that answers REGISTER with %j: %s', async (behaviour, reason, sipStatus) => {
    context.bench.server.registrar.behaviour = behaviour;
    const report = await start(context.bench).report;
    expect(report).toMatchObject({ verdict: 'notReady', reason });
    expect(report.checks[4]?.details.sipStatus).toBe(sipStatus);
    await expectNothingLeft(context.bench);
  });

  it('that never answers REGISTER', async () => {
    fakeClock();
    context.bench.server.registrar.behaviour = { kind: 'silent' };
    const report = await reported(start(context.bench).report);
    expect(report).toMatchObject({ verdict: 'notReady', reason: 'REGISTRATION_TIMEOUT' });
    await advance(2_000);
    expect(context.bench.server.socket).toBeUndefined();
  });
});

describe('a preflight that is stopped', () => {
  it('before it has begun checks nothing', async () => {
    const { bench } = context;
    const preflight = start(bench);
    preflight.stop();
    preflight.stop();
    const report = await preflight.report;
    expect(report).toMatchObject({ verdict: 'notReady', reason: 'STOPPED' });
    expect(report.checks.map(({ reason }) => reason)).toEqual(Array(10).fill('STOPPED'));
    expect(bench.server.attempts).toEqual([]);
    expect(bench.media.requests).toEqual([]);
  });

  it('by a signal that was aborted before, or aborts later', async () => {
    const { bench } = context;
    expect((await start(bench, { signal: AbortSignal.abort() }).report).reason).toBe('STOPPED');
    const abort = new AbortController();
    const { report } = start(bench, {
      signal: abort.signal,
      fetchCredentials: () => {
        abort.abort();
        return new Promise(() => undefined);
      },
    });
    const done = await report;
    expect(done.reason).toBe('STOPPED');
    expect(outcomes(done)).toMatchObject({ browser: 'passed', credentials: 'skipped STOPPED' });
    await expectNothingLeft(bench);
  });

  it('while the prompt of the microphone is open', async () => {
    const { bench } = context;
    bench.media.autoGrant = false;
    const preflight = start(bench);
    await vi.waitFor(() => {
      expect(bench.media.prompts).toHaveLength(1);
    });
    preflight.stop();
    expect(outcomes(await preflight.report)).toMatchObject({ microphone: 'skipped STOPPED' });
    bench.media.prompts[0]?.grant();
    await expectNothingLeft(bench);
  });

  it('while it registers removes what the server may have bound', async () => {
    fakeClock();
    const { bench } = context;
    bench.server.registrar.once({ kind: 'silent' });
    const preflight = start(bench);
    await vi.waitFor(() => {
      expect(bench.server.requests('REGISTER').length).toBeGreaterThan(1);
    });
    preflight.stop();
    const report = await reported(preflight.report);
    expect(outcomes(report)).toMatchObject({ registration: 'skipped STOPPED' });
    await advance(2_500);
    expect(bench.server.requests('REGISTER').at(-1)?.header('expires')).toBe('0');
    expect(bench.server.socket).toBeUndefined();
  });

  it('by the page that goes away: what the servers must know leaves at once', async () => {
    const { bench } = context;
    const preflight = start(bench, { echo: { to: '+4930123' } });
    await bench.server.next('INVITE');
    window.dispatchEvent(new Event('pagehide'));
    expect((await preflight.report).reason).toBe('STOPPED');
    await bench.server.next('CANCEL');
    expect(bench.server.requests('REGISTER').at(-1)?.header('expires')).toBe('0');
  });

  it('when it is over already: nothing changes', async () => {
    const preflight = start(context.bench);
    const report = await preflight.report;
    preflight.stop();
    await settle();
    expect(await preflight.report).toBe(report);
    expect(report.verdict).toBe('ready');
  });
});

describe('options that cannot be used', () => {
  it.each([
    undefined,
    null,
    { token: '', apiBaseUrl: 'ftp://x' },
    { token: '', signal: {} },
    { token: '', signal: null },
    { token: '', echo: 'number' },
    { token: '', echo: null },
    { token: '', echo: { to: 'echo', displayName: 'a\r\nb' } },
    { token: '', echo: { to: 'echo', durationMs: 10 } },
    { token: '', echo: { to: 'echo', durationMs: NaN } },
    { token: '', echo: { to: 'echo', durationMs: 3_600_000 } },
    { token: '', echo: { to: 'echo', durationMs: '5000' } },
  ])('%j throw INVALID_ARGUMENT', (options) => {
    let thrown: unknown;
    try {
      Device.preflight(options as unknown as PreflightOptions);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(VoiceSDKError);
    expect(thrown).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('of a number that is none are for the echo to fail with', async () => {
    const report = await start(context.bench, { echo: { to: 'a\r\nVia: x' } }).report;
    expect(report.checks[9]).toMatchObject({
      reason: 'ECHO_FAILED',
      details: { errorCode: 'INVALID_ARGUMENT' },
    });
    await expectNothingLeft(context.bench);
  });

  it('of ICE servers from anywhere do no harm', async () => {
    const iceServers = [{ urls: 7 }, { urls: [null, 'http://x'] }, { urls: undefined }] as never;
    const report = await start(context.bench, { iceServers }).report;
    expect(outcomes(report)).toMatchObject(WITHOUT_ICE);
  });
});

it('says so where its file cannot be loaded', async () => {
  vi.resetModules();
  vi.doMock('../../../../src/device/preflight/run', () => {
    throw new Error('blocked by a policy');
  });
  const { Preflight } = await import('../../../../src/device/preflight/preflight');
  const preflight = new Preflight({ token: tokenFor() });
  const completed = new Promise((resolve) => preflight.on('completed', resolve));
  const report = await preflight.report;
  expect(report).toMatchObject({ verdict: 'notReady', reason: 'SDK_NOT_LOADED', checks: [] });
  expect(await completed).toBe(report);
  vi.doUnmock('../../../../src/device/preflight/run');
});
