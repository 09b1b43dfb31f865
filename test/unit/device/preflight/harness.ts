import { afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import {
  Device,
  type PreflightCheckName,
  type PreflightOptions,
  type PreflightReport,
} from '../../../../src/index';
import { AgentBench, type BenchOptions, tokenFor } from '../../../support/agent';
import { settle } from '../../../support/wire/next-task';
import { advance } from '../../call/bench';
import { heard } from './heard';

vi.mock('../../../../src/media/meters/measure-level', () => ({
  measureLevel: (
    _track: MediaStreamTrack,
    onLevel: (level: object) => void,
    { workletUrl }: { readonly workletUrl?: string } = {},
  ) => {
    const { peakDbfs } = heard;
    heard.workletUrl = workletUrl;
    if (peakDbfs !== undefined)
      queueMicrotask(() => {
        onLevel({ levelDbfs: peakDbfs - 3, peakDbfs });
      });
    return () => {
      heard.stopped += 1;
    };
  },
}));

export const TURN_CREDENTIAL = 'turn-credential-of-the-agent';

/** A page and a SIP server for each test of the file. */
export function usePreflightBench(options: BenchOptions = {}): { readonly bench: AgentBench } {
  const current = {} as { bench: AgentBench };
  beforeAll(async () => {
    // Under a fake clock nothing can be loaded.
    await import('../../../../src/device/preflight/run');
  });
  beforeEach(() => {
    heard.peakDbfs = -20;
    heard.stopped = 0;
    heard.workletUrl = undefined;
    current.bench = new AgentBench(options);
  });
  afterEach(() => {
    current.bench.stop();
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  return current;
}

export function start(bench: AgentBench, options: Partial<PreflightOptions> = {}) {
  return Device.preflight({
    token: tokenFor(),
    logLevel: 'silent',
    fetchCredentials: () => Promise.resolve(bench.credentials),
    ...options,
  });
}

/** What a report says of each check: `passed`, or the result with its reason. */
export function outcomes({ checks }: PreflightReport): Partial<Record<PreflightCheckName, string>> {
  return Object.fromEntries(
    checks.map(({ name, result, reason }) => [name, reason === undefined ? result : `${result} ${reason}`]),
  );
}

/** Moves the fake clock until the report is there. */
export async function reported(report: Promise<PreflightReport>, limitMs = 90_000): Promise<PreflightReport> {
  let result: PreflightReport | undefined;
  void report.then((done) => {
    result = done;
  });
  for (let passedMs = 0; passedMs <= limitMs && !result; passedMs += 500) await advance(500);
  if (!result) throw new Error(`no report within ${limitMs} ms`);
  return result;
}

/** Nothing is held on the page, and no binding at the server; the socket closes within 2 s. */
export async function expectNothingLeft(bench: AgentBench): Promise<void> {
  await settle();
  expect(bench.media.liveTracks).toHaveLength(0);
  expect(bench.media.heldElements).toHaveLength(0);
  expect(bench.media.tracks.reduce((sum, track) => sum + track.listenerCount(), 0)).toBe(0);
  expect(bench.webRtc.live).toBe(0);
  expect(bench.server.registrar.bindings.size).toBe(0);
}
