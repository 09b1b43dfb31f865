/** The preflight against servers that others wrote: each way to the TURN server, and a call. */
import { expect } from 'vitest';
import type { PreflightReport, PreflightServer } from '../../../src/index';
import { checkOf, expectedOfEcho, outcomes, runPreflight } from '../../support/preflight-page';
import type { Lab } from '../support/lab';
import { CHROMIUM, scenario } from '../support/scenario';

const NO_TURN = { sandbox: 'has no TURN server' };
const TURN = ['turnUdp', 'turnTcp', 'turnTls'] as const;

async function preflightOf(
  lab: Lab,
  options: Readonly<Record<string, unknown>> = {},
): Promise<PreflightReport> {
  const { user, phone } = await lab.agent({ registered: false });
  const { token } = await lab.world.mintToken({ userUuid: user });
  const { apiBaseUrl } = lab.world;
  const { report } = await runPreflight(phone.page, { token, apiBaseUrl, ...options });
  await expect.poll(() => lab.world.registrations(user)).toBe(0);
  return report;
}

function serverOf(report: PreflightReport, name: (typeof TURN)[number]): PreflightServer {
  const [server] = checkOf(report, name).details.servers ?? [];
  if (!server) throw new Error(`no server of ${name}`);
  return server;
}

scenario(
  'a preflight passes TURN over UDP, TCP and TLS, and an echo call',
  { browsers: CHROMIUM, notIn: NO_TURN },
  async (lab) => {
    const far = await lab.farPhone('phone', { toneHz: 700 });
    const report = await preflightOf(lab, { echo: { to: far.number, durationMs: 5_000 } });
    const { echoCall, verdict } = expectedOfEcho(report);
    expect(outcomes(report)).toEqual({
      browser: 'passed',
      microphone: 'passed',
      credentials: 'passed',
      webSocket: 'passed',
      registration: 'passed',
      stun: 'skipped NOT_CONFIGURED',
      turnUdp: 'passed',
      turnTcp: 'passed',
      turnTls: 'passed',
      echoCall,
    });
    expect(report.verdict).toBe(verdict);
    const relays = TURN.map((name) => serverOf(report, name));
    const echo = checkOf(report, 'echoCall').details;
    return [
      `relays after ${relays.map(({ readyMs }) => readyMs).join(', ')} ms`,
      `there and back in ${relays.map(({ roundTripMs }) => roundTripMs).join(', ')} ms`,
      `first audio after ${Math.round(echo.timings?.firstAudioMs ?? NaN)} ms, MOS ${echo.mos ?? '?'}`,
    ].join('; ');
  },
);

scenario(
  'a preflight tells a TURN server that refuses from one that is not there',
  { browsers: CHROMIUM, notIn: NO_TURN },
  async (lab) => {
    const login = { username: '1:nobody', credential: 'wrong' };
    const iceServers = [
      { urls: 'turn:127.0.0.1:3478?transport=udp', ...login },
      { urls: 'turn:127.0.0.1:9?transport=tcp', ...login },
    ];
    const report = await preflightOf(lab, { iceServers });
    expect(outcomes(report)).toMatchObject({
      turnUdp: 'failed TURN_REFUSED',
      turnTcp: 'failed TURN_TCP_UNREACHABLE',
      turnTls: 'skipped NOT_CONFIGURED',
    });
    expect(report.verdict).toBe('degraded');
    return `refused with ${serverOf(report, 'turnUdp').errorCode ?? 'nothing'}`;
  },
);
