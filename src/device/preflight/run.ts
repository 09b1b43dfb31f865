/** The checks of a preflight, what each of them waits for, and the verdict. */
import { monotonicMs } from '../../core/clock';
import { Disposer } from '../../core/disposer';
import type { Logger } from '../../core/logger';
import type { SipUserAgent } from '../../sip/user-agent';
import { credentialsCheck, registrationCheck, webSocketCheck } from './account-checks';
import { CheckRunner } from './check-runner';
import { echoCheck } from './echo-check';
import { iceChecks } from './ice-checks';
import { browserCheck, microphoneCheck } from './microphone-check';
import type { CheckedPreflight } from './options';
import type { PreflightParts } from './parts';
import { PREFLIGHT_REASONS, type PreflightReason } from './reasons';
import type { PreflightCheck, PreflightCheckName, PreflightReport } from './report';

/** Every check, and whether a call is possible without it. */
const NEEDED: Readonly<Record<PreflightCheckName, boolean>> = {
  browser: true,
  microphone: true,
  credentials: true,
  webSocket: true,
  registration: true,
  stun: false,
  turnUdp: false,
  turnTcp: false,
  turnTls: false,
  echoCall: true,
};
const NAMES = Object.keys(NEEDED) as readonly PreflightCheckName[];
const STOPPED = { verdict: 'notReady', reason: 'STOPPED', remedy: PREFLIGHT_REASONS.STOPPED.remedy } as const;
const TURN_NAMES = ['turnUdp', 'turnTcp', 'turnTls'] as const;

export interface Beginning {
  readonly startedAt: Date;
  /** The same on the monotonic clock. */
  readonly startedAtMs: number;
}

/** Runs every check, those that wait for nothing side by side. Does not reject. */
export async function runPreflight(
  options: CheckedPreflight,
  parts: PreflightParts,
  { startedAt, startedAtMs }: Beginning,
  signal: AbortSignal,
  onCheck: (check: PreflightCheck) => void,
): Promise<PreflightReport> {
  const logger = new parts.Logger(options.device.logLevel).child('preflight');
  const house = new Disposer();
  const ending = new AbortController();
  const stop = () => {
    ending.abort();
    house.dispose();
  };
  const runner = new CheckRunner({ signal: ending.signal, logger, onCheck });
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  // What the servers must know leaves before the page does.
  const page = (globalThis as { readonly window?: EventTarget }).window;
  page?.addEventListener('pagehide', stop);
  await runChecks(options, parts, runner, logger, house, ending.signal);
  const isStopped = ending.signal.aborted;
  signal.removeEventListener('abort', stop);
  page?.removeEventListener('pagehide', stop);
  stop();
  const checks = NAMES.flatMap((name) => runner.result(name) ?? []);
  return Object.freeze({
    ...(isStopped ? STOPPED : verdictOf(checks, options.device.iceTransportPolicy === 'relay')),
    checks: Object.freeze(checks),
    startedAt,
    durationMs: Math.round(monotonicMs() - startedAtMs),
  });
}

async function runChecks(
  options: CheckedPreflight,
  parts: PreflightParts,
  runner: CheckRunner,
  logger: Logger,
  house: Disposer,
  signal: AbortSignal,
): Promise<void> {
  const { device, echo } = options;
  const skip = (reason: PreflightReason, ...names: PreflightCheckName[]) => {
    for (const name of names) runner.skip(name, signal.aborted ? 'STOPPED' : reason);
  };
  if (!(await runner.run(browserCheck(parts)))) {
    skip('PREREQUISITE_FAILED', ...NAMES.slice(1));
    return;
  }
  /** The binding ends by itself where the server does not answer. */
  const removed = async (userAgent: SipUserAgent) => {
    if (!signal.aborted) await parts.removeBinding(userAgent, signal).catch(() => undefined);
  };
  const microphone = runner.run(microphoneCheck(device, parts, logger));
  const credentials = runner.run(credentialsCheck(options, parts));

  const registration = credentials.then(async (account) => {
    if (!account || !(await runner.run(webSocketCheck(account.ws_urls, parts, logger)))) {
      skip('PREREQUISITE_FAILED', ...(account ? [] : (['webSocket'] as const)), 'registration');
      return undefined;
    }
    const userAgent = await runner.run(registrationCheck(account, options, parts, logger, house));
    if (userAgent && !echo) await removed(userAgent);
    return userAgent;
  });

  const ice = credentials.then(async (account) => {
    const servers = device.iceServers ?? (account && (account.ice_servers ?? []));
    if (!servers) {
      skip('PREREQUISITE_FAILED', 'stun', ...TURN_NAMES);
      return false;
    }
    const plans = iceChecks(servers);
    const hasTurn = plans.some((plan) => typeof plan !== 'string' && isTurn(plan.name));
    const isPossible = hasTurn || device.iceTransportPolicy !== 'relay';
    const running: Promise<unknown>[] = [];
    for (const plan of plans) {
      if (typeof plan !== 'string') running.push(runner.run(plan));
      else if (isPossible || !isTurn(plan) || signal.aborted) skip('NOT_CONFIGURED', plan);
      else runner.fail(plan, 'TURN_NOT_CONFIGURED');
    }
    await Promise.all(running);
    return isPossible;
  });

  // After the others, so that they do not compete with it for the network.
  const [userAgent, isHeard, isPossible] = await Promise.all([registration, microphone, ice]);
  if (!echo) skip('NOT_REQUESTED', 'echoCall');
  else if (!userAgent || !isHeard || !isPossible) skip('PREREQUISITE_FAILED', 'echoCall');
  else await runner.run(echoCheck(userAgent, echo, options, parts, logger));
  if (userAgent && echo) await removed(userAgent);
}

function verdictOf(
  checks: readonly PreflightCheck[],
  isRelayOnly: boolean,
): Pick<PreflightReport, 'verdict' | 'reason' | 'remedy'> {
  const relays = checks.filter(({ name, result }) => isTurn(name) && result !== 'skipped');
  const hasNoRelay = relays.every(({ result }) => result === 'failed');
  const [blocking] = checks.filter(
    ({ name, result }) =>
      result === 'failed' && (NEEDED[name] || (isTurn(name) && isRelayOnly && hasNoRelay)),
  );
  if (blocking) return because('notReady', blocking);
  const [hindering] = checks.filter(({ result }) => result === 'failed' || result === 'warned');
  return hindering ? because('degraded', hindering) : { verdict: 'ready' };
}

function because(
  verdict: PreflightReport['verdict'],
  { reason, remedy }: PreflightCheck,
): Pick<PreflightReport, 'verdict' | 'reason' | 'remedy'> {
  return { verdict, ...(reason && { reason }), ...(remedy && { remedy }) };
}

function isTurn(name: PreflightCheckName): boolean {
  return (TURN_NAMES as readonly string[]).includes(name);
}
