/** A preflight in a page of a real browser. */
import type {
  Device,
  PreflightCheck,
  PreflightCheckName,
  PreflightReport,
  SipCredentials,
} from '../../src/index';
import type { LabPage } from './lab-page';

export interface PreflightRun {
  readonly report: PreflightReport;
  /** As the events came. */
  readonly events: readonly string[];
}

/** Runs one from the page's own script, with options that are plain data. */
export function runPreflight(
  page: LabPage,
  options: Readonly<Record<string, unknown>>,
): Promise<PreflightRun> {
  return page.evaluate(async (given) => {
    const { TwoChatVoice } = window as unknown as { TwoChatVoice: { Device: typeof Device } };
    const { account, ...rest } = given as { account?: SipCredentials };
    const preflight = TwoChatVoice.Device.preflight({
      token: '',
      apiBaseUrl: location.origin,
      ...(account === undefined ? {} : { fetchCredentials: () => Promise.resolve(account) }),
      ...rest,
    });
    const events: string[] = [];
    preflight.on('check', ({ name }) => events.push(name));
    preflight.on('completed', () => events.push('completed'));
    const report = await preflight.report;
    return { report, events };
  }, options);
}

/** What a report says of each check: `passed`, or the result with its reason. */
export function outcomes({ checks }: PreflightReport): Partial<Record<PreflightCheckName, string>> {
  const said = ({ result, reason }: PreflightCheck) =>
    reason === undefined ? result : `${result} ${reason}`;
  return Object.fromEntries(checks.map((check) => [check.name, said(check)]));
}

export function checkOf(report: PreflightReport, name: PreflightCheckName): PreflightCheck {
  const found = report.checks.find((check) => check.name === name);
  if (!found) throw new Error(`the report has no ${name}: ${JSON.stringify(report)}`);
  return found;
}

/**
 * What a report without other faults must say, by the quality that it measured in its echo call: a machine that has too
 * much to do makes poor calls, and is to be told so.
 */
export function expectedOfEcho(report: PreflightReport): {
  readonly echoCall: string;
  readonly verdict: PreflightReport['verdict'];
  readonly reason: PreflightReport['reason'];
} {
  const { mos, secondsWithoutAudio } = checkOf(report, 'echoCall').details;
  if (typeof mos !== 'number') throw new Error(`the echo call was not judged: ${JSON.stringify(report)}`);
  if (secondsWithoutAudio === 1)
    return { echoCall: 'warned ECHO_INTERRUPTED', verdict: 'degraded', reason: 'ECHO_INTERRUPTED' };
  return mos >= 3.6
    ? { echoCall: 'passed', verdict: 'ready', reason: undefined }
    : { echoCall: 'warned ECHO_POOR_QUALITY', verdict: 'degraded', reason: 'ECHO_POOR_QUALITY' };
}
