import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PreflightReport } from '../../src/index';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab } from '../support/chromium-lab';
import type { LabPage } from '../support/lab-page';
import { Phone, startPhoneSandbox } from '../support/phone';
import {
  checkOf,
  expectedOfEcho,
  outcomes,
  type PreflightRun,
  runPreflight,
} from '../support/preflight-page';
import { startStunServer, type StunServer } from '../support/stun-server';

/** Nobody listens there: the discard service (RFC 863) has gone from every machine. */
const DEAD = '127.0.0.1:9';

let sandbox: Sandbox;
let browser: ChromiumLab;
let stun: StunServer;
const pages: LabPage[] = [];

beforeAll(async () => {
  [sandbox, browser, stun] = await Promise.all([
    startPhoneSandbox(),
    ChromiumLab.launch({ micToneHz: 600 }),
    startStunServer(),
  ]);
});
afterEach(async () => {
  for (const page of pages.splice(0)) {
    await page.close();
    expect(page.problems).toEqual([]);
  }
});
afterAll(async () => {
  await browser.close();
  await Promise.all([sandbox.close(), stun.close()]);
});

async function open(lab = browser, initScript?: string): Promise<LabPage> {
  const page = await lab.open(
    `${sandbox.url}/phone.html`,
    initScript === undefined ? undefined : { initScript },
  );
  pages.push(page);
  return page;
}

async function run(
  page: LabPage,
  userUuid: string,
  options: Readonly<Record<string, unknown>> = {},
): Promise<PreflightRun> {
  const { token } = await sandbox.mintToken({ userUuid });
  const done = await runPreflight(page, { token, ...options });
  expectNoSecret(done.report, token);
  return done;
}

function expectNoSecret(report: PreflightReport, token: string): void {
  const text = JSON.stringify(report);
  expect(text).not.toContain(token);
  expect(text).not.toMatch(/eyJ|password|credential"/);
}

/** Sockets take 2 s to close where the far end's last answers are waited for. */
async function expectNothingLeft(page: LabPage, userUuid: string): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => window.counters()))
    .toMatchObject({ connections: 0, tracks: 0, elements: 0, contexts: 0 });
  await sandbox.waitForUnregistration(userUuid);
}

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
};

describe('where everything works', () => {
  test('every check passes, the echo of 10 s is judged by what was measured, and nothing is left', async () => {
    const page = await open();
    const { report, events } = await run(page, 'ready', {
      iceServers: [{ urls: stun.url }],
      echo: { to: 'echo' },
    });
    const echo = checkOf(report, 'echoCall');
    expect(echo.durationMs).toBeGreaterThanOrEqual(10_000);
    const { echoCall, verdict, reason } = expectedOfEcho(report);
    expect(outcomes(report)).toEqual({ ...READY, ...WITHOUT_ICE, stun: 'passed', echoCall });
    expect({ verdict: report.verdict, reason: report.reason }).toEqual({ verdict, reason });
    expect(events.at(-1)).toBe('completed');
    expect(new Set(events).size).toBe(11);

    expect(echo.details.lossRatio).toBeLessThan(1);
    expect(echo.details.timings?.firstAudioMs).toBeGreaterThan(0);
    expect(checkOf(report, 'microphone').details.peakDbfs).toBeGreaterThan(-40);
    expect(checkOf(report, 'webSocket').details.servers).toEqual([
      { url: sandbox.wsUrl.replace(/(:\d+).*$/, '$1'), readyMs: expect.any(Number) as number },
    ]);
    expect(checkOf(report, 'stun').details.servers?.[0]?.readyMs).toBeGreaterThan(0);
    await expectNothingLeft(page, 'ready');
  });

  test('twice and at once, beside the live phone of the same agent', async () => {
    const phone = await Phone.registered(browser, sandbox, { userUuid: 'on-duty' });
    const [contact] = sandbox.registrations().find(({ user }) => user === 'on-duty')?.contacts ?? [];
    const both = await Promise.all([run(phone.page, 'on-duty'), run(phone.page, 'on-duty')]);
    both.push(await run(phone.page, 'on-duty'));
    for (const { report } of both) {
      expect(outcomes(report)).toEqual({ ...READY, ...WITHOUT_ICE, echoCall: 'skipped NOT_REQUESTED' });
      expect(report.verdict).toBe('ready');
    }
    await expect
      .poll(() => sandbox.registrations().find(({ user }) => user === 'on-duty')?.contacts)
      .toMatchObject([{ instanceId: contact?.instanceId, flowId: contact?.flowId }]);
    // Still there for a call.
    await sandbox.customer({ toneHz: 700 }).call('on-duty');
    const { index } = await phone.incoming();
    await phone.do(index, 'disconnect');
    await phone.close();
  });

  test('stopped in the middle of the echo it hangs up and gives everything back', async () => {
    const page = await open();
    const { token } = await sandbox.mintToken({ userUuid: 'stopped' });
    const calling = sandbox.customer('echo');
    const stopped = page.evaluate(
      async ([given, url]) => {
        const { Device } = (window as unknown as { TwoChatVoice: typeof import('../../src/index') })
          .TwoChatVoice;
        const preflight = Device.preflight({
          token: given,
          apiBaseUrl: url,
          echo: { to: 'echo', durationMs: 60_000 },
        });
        (window as unknown as { stopPreflight: () => void }).stopPreflight = preflight.stop;
        return preflight.report;
      },
      [token, sandbox.url] as const,
    );
    const call = await calling.waitForCall({ timeoutMs: 20_000 });
    await call.waitFor('audio', { timeoutMs: 20_000 });
    await page.evaluate(() => {
      (window as unknown as { stopPreflight: () => void }).stopPreflight();
    });
    const report = await stopped;
    expect(report).toMatchObject({ verdict: 'notReady', reason: 'STOPPED' });
    expect(outcomes(report)).toEqual({ ...READY, ...WITHOUT_ICE, echoCall: 'skipped STOPPED' });
    await call.waitFor('ended');
    expect(call.end?.by).toBe('agent');
    await expectNothingLeft(page, 'stopped');
  });
});

describe('where something does not', () => {
  test('a microphone that was denied', async () => {
    const strict = await ChromiumLab.launch({
      grantMicrophone: false,
      args: ['--deny-permission-prompts'],
    });
    try {
      const page = await open(strict);
      const { report } = await run(page, 'denied', { echo: { to: 'echo', durationMs: 1_000 } });
      expect(outcomes(report)).toEqual({
        ...READY,
        ...WITHOUT_ICE,
        microphone: 'failed MICROPHONE_DENIED',
        echoCall: 'skipped PREREQUISITE_FAILED',
      });
      expect(report).toMatchObject({ verdict: 'notReady', reason: 'MICROPHONE_DENIED' });
      expect(report.remedy).toContain('Allow the microphone');
      await expectNothingLeft(page, 'denied');
      await pages.pop()?.close();
    } finally {
      await strict.close();
    }
  });

  test('a SIP server that is down', async () => {
    const page = await open();
    const account = {
      ws_urls: [`ws://${DEAD}/?token=secret-of-the-url`],
      sip_uri: 'sip:down@sandbox.test',
      authorization_username: 'down',
      password: 'password-of-the-agent',
    };
    const { report } = await run(page, 'down', { account });
    expect(outcomes(report)).toMatchObject({
      credentials: 'passed',
      webSocket: 'failed WEBSOCKET_UNREACHABLE',
      registration: 'skipped PREREQUISITE_FAILED',
    });
    expect(report).toMatchObject({ verdict: 'notReady', reason: 'WEBSOCKET_UNREACHABLE' });
    expect(JSON.stringify(report)).not.toMatch(/secret-of-the-url|password-of-the-agent/);
  });

  test('credentials that are refused', async () => {
    const page = await open();
    const { token } = await sandbox.mintToken({ userUuid: 'refused' });
    const forged = `${token.slice(0, token.lastIndexOf('.'))}.AAAA`;
    const { report } = await runPreflight(page, { token: forged });
    expectNoSecret(report, forged);
    expect(checkOf(report, 'credentials')).toMatchObject({
      reason: 'CREDENTIALS_REFUSED',
      details: { httpStatus: 401, errorCode: 'CONFIG_FETCH_FAILED' },
    });
    expect(report).toMatchObject({ verdict: 'notReady', reason: 'CREDENTIALS_REFUSED' });
  });

  test('an echo service that does not exist, and one that is busy', async () => {
    const page = await open();
    const unknown = await run(page, 'lost', { echo: { to: 'unknown', durationMs: 1_000 } });
    expect(checkOf(unknown.report, 'echoCall')).toMatchObject({
      result: 'failed',
      reason: 'ECHO_FAILED',
      details: { sipStatus: 404, errorCode: 'CALL_NOT_FOUND' },
    });
    const busy = await run(page, 'lost', { echo: { to: 'busy', durationMs: 1_000 } });
    expect(busy.report).toMatchObject({ verdict: 'notReady', reason: 'ECHO_FAILED' });
    await expectNothingLeft(page, 'lost');
  });

  test('STUN and TURN servers that are dead: calls may work all the same', async () => {
    const page = await open();
    const login = { username: '1900000000:agent', credential: 'turn-credential-of-the-agent' };
    const iceServers = [
      { urls: `stun:${DEAD}` },
      {
        urls: [`turn:${DEAD}`, `turn:${DEAD}?transport=tcp`, `turns:${DEAD}?transport=tcp`],
        ...login,
      },
    ];
    const [free, relayOnly] = await Promise.all([
      run(page, 'walled', { iceServers }),
      run(page, 'walled', { iceServers, iceTransportPolicy: 'relay' }),
    ]);
    expect(outcomes(free.report)).toEqual({
      ...READY,
      stun: 'failed STUN_UNREACHABLE',
      turnUdp: 'failed TURN_UDP_UNREACHABLE',
      turnTcp: 'failed TURN_TCP_UNREACHABLE',
      turnTls: 'failed TURN_TLS_UNREACHABLE',
      echoCall: 'skipped NOT_REQUESTED',
    });
    expect(free.report).toMatchObject({ verdict: 'degraded', reason: 'STUN_UNREACHABLE' });
    expect(relayOnly.report).toMatchObject({ verdict: 'notReady', reason: 'TURN_UDP_UNREACHABLE' });
    expect(JSON.stringify([free, relayOnly])).not.toContain(login.credential);
    await expectNothingLeft(page, 'walled');
  });

  test('ICE servers that no browser takes', async () => {
    const page = await open();
    const { report } = await run(page, 'wrong', {
      iceServers: [{ urls: 'turn:relay.example' }, { urls: 'stun:relay.example:port' }],
    });
    expect(outcomes(report)).toMatchObject({
      stun: 'failed ICE_SERVER_INVALID',
      turnUdp: 'failed ICE_SERVER_INVALID',
    });
  });
});
