import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PreflightOptions, PreflightReport } from '../../../../src/index';
import { FakeIcePeer, icePeers, iceServerScripts, type ServerScript } from '../../../support/fake-ice-peer';
import { advance, fakeClock } from '../../call/bench';
import { outcomes, reported, start, TURN_CREDENTIAL, usePreflightBench } from './harness';

const context = usePreflightBench();

const UDP = 'turn:relay.test?transport=udp';
const TCP = 'turn:relay.test?transport=tcp';
const TLS = 'turns:relay.test:443?transport=tcp';

beforeEach(() => {
  fakeClock();
  icePeers.length = 0;
  iceServerScripts.clear();
  vi.stubGlobal('RTCPeerConnection', FakeIcePeer);
});
afterEach(() => {
  vi.unstubAllGlobals();
  expect(icePeers.filter(({ isClosed }) => !isClosed)).toEqual([]);
});

function serve(scripts: Readonly<Record<string, ServerScript>>): RTCIceServer[] {
  for (const [url, script] of Object.entries(scripts)) iceServerScripts.set(url, script);
  return [{ urls: Object.keys(scripts), username: 'u', credential: TURN_CREDENTIAL }];
}

function preflight(
  scripts: Readonly<Record<string, ServerScript>>,
  options: Partial<PreflightOptions> = {},
): Promise<PreflightReport> {
  return reported(start(context.bench, { iceServers: serve(scripts), ...options }).report);
}

const serversOf = (report: PreflightReport, name: string) =>
  report.checks.find((check) => check.name === name)?.details.servers;

describe('STUN', () => {
  it('passes with a public address', async () => {
    const report = await preflight({ 'stun:one.test': { gives: 'srflx' } });
    expect(outcomes(report)).toMatchObject({ stun: 'passed', turnUdp: 'skipped NOT_CONFIGURED' });
    expect(serversOf(report, 'stun')).toEqual([
      { url: 'stun:one.test', readyMs: expect.any(Number) as number },
    ]);
  });

  it('passes where the address of this machine is public already', async () => {
    const report = await preflight({ 'stun:one.test': {} });
    expect(outcomes(report).stun).toBe('passed');
    expect(serversOf(report, 'stun')).toEqual([{ url: 'stun:one.test', readyMs: null }]);
  });

  it.each([{ errorCode: 701 }, { completes: false }])('fails with %j, within 7 s', async (script) => {
    const report = await preflight({ 'stun:one.test': script });
    expect(report).toMatchObject({ verdict: 'degraded', reason: 'STUN_UNREACHABLE' });
    expect(report.durationMs).toBeLessThan(8_000);
  });

  it('warns where one of several is dead', async () => {
    const report = await preflight({
      'stun:one.test': { gives: 'srflx' },
      'stun:two.test': { errorCode: 701 },
    });
    expect(outcomes(report).stun).toBe('warned STUN_UNREACHABLE');
  });
});

describe('TURN', () => {
  it('passes over UDP, TCP and TLS when a message came through two relays and back', async () => {
    const good = { gives: 'relay' } as const;
    const report = await preflight({ [UDP]: good, [TCP]: good, [TLS]: good, 'turn:plain.test': good });
    expect(outcomes(report)).toMatchObject({ turnUdp: 'passed', turnTcp: 'passed', turnTls: 'passed' });
    expect(report.verdict).toBe('ready');
    // Without a parameter it is UDP (RFC 7065 section 3.1).
    expect(serversOf(report, 'turnUdp')).toMatchObject([
      { url: UDP, roundTripMs: expect.any(Number) as number },
      { url: 'turn:plain.test', roundTripMs: expect.any(Number) as number },
    ]);
    expect(icePeers).toHaveLength(8);
    expect(icePeers.every(({ configuration }) => configuration.iceTransportPolicy === 'relay')).toBe(true);
    expect(JSON.stringify(report)).not.toContain(TURN_CREDENTIAL);
  });

  it.each([
    [UDP, 'turnUdp', 'TURN_UDP_UNREACHABLE'],
    [TCP, 'turnTcp', 'TURN_TCP_UNREACHABLE'],
    [TLS, 'turnTls', 'TURN_TLS_UNREACHABLE'],
  ])('%s without an answer: %s fails with %s', async (url, name, reason) => {
    const report = await preflight({ [url]: { errorCode: 701 } });
    expect(outcomes(report)).toMatchObject({ [name]: `failed ${reason}` });
    expect(report).toMatchObject({ verdict: 'degraded', reason });
    expect(serversOf(report, name)).toEqual([{ url, readyMs: null, roundTripMs: null, errorCode: 701 }]);
  });

  it('fails where nothing comes through the relays', async () => {
    const report = await preflight({ [UDP]: { gives: 'relay', carries: false } });
    expect(outcomes(report)).toMatchObject({ turnUdp: 'failed TURN_NO_DATA' });
  });

  it.each([401, 486])('fails where the server refuses with %i', async (errorCode) => {
    const report = await preflight({ [UDP]: { errorCode } });
    expect(outcomes(report)).toMatchObject({ turnUdp: 'failed TURN_REFUSED' });
  });

  it('ends in time where gathering never does', async () => {
    const report = await preflight({ [UDP]: { completes: false } });
    expect(outcomes(report)).toMatchObject({ turnUdp: 'failed TURN_UDP_UNREACHABLE' });
    expect(report.durationMs).toBeLessThan(14_000);
  });

  it('is needed where nothing but relays may be used', async () => {
    const relayOnly = { iceTransportPolicy: 'relay' } as const;
    const dead = { errorCode: 701 };
    expect(await preflight({ [UDP]: dead, [TCP]: dead }, relayOnly)).toMatchObject({
      verdict: 'notReady',
      reason: 'TURN_UDP_UNREACHABLE',
    });
    expect(await preflight({ [UDP]: dead, [TCP]: { gives: 'relay' } }, relayOnly)).toMatchObject({
      verdict: 'degraded',
      reason: 'TURN_UDP_UNREACHABLE',
    });
  });

  it.each<RTCIceServer[]>([[], [{ urls: 'stun:one.test' }]])(
    'that is missing where nothing but relays may be used: not ready, and no echo call is placed (%j)',
    async (...iceServers) => {
      const { bench } = context;
      iceServerScripts.set('stun:one.test', { gives: 'srflx' });
      const options = { iceServers, iceTransportPolicy: 'relay', echo: { to: '+493012345678' } } as const;
      const report = await reported(start(bench, options).report);
      expect(report).toMatchObject({ verdict: 'notReady', reason: 'TURN_NOT_CONFIGURED' });
      expect(report.remedy).toContain('TURN server');
      const failed = 'failed TURN_NOT_CONFIGURED';
      expect(outcomes(report)).toMatchObject({
        ...{ registration: 'passed', turnUdp: failed, turnTcp: failed, turnTls: failed },
        ...{ stun: iceServers.length > 0 ? 'passed' : 'skipped NOT_CONFIGURED' },
        echoCall: 'skipped PREREQUISITE_FAILED',
      });
      expect(bench.server.requests('INVITE')).toEqual([]);
      expect(bench.server.registrar.bindings.size).toBe(0);
    },
  );

  it('of one kind is enough where nothing but relays may be used', async () => {
    const report = await preflight({ [TLS]: { gives: 'relay' } }, { iceTransportPolicy: 'relay' });
    expect(report.verdict).toBe('ready');
    expect(outcomes(report)).toMatchObject({ turnUdp: 'skipped NOT_CONFIGURED', turnTls: 'passed' });
  });

  it('tries four servers of a kind at most', async () => {
    const urls = [1, 2, 3, 4, 5, 6].map((number) => `turn:relay-${number}.test`);
    const report = await preflight(Object.fromEntries(urls.map((url) => [url, { gives: 'relay' } as const])));
    expect(serversOf(report, 'turnUdp')?.map(({ url }) => url)).toEqual(urls.slice(0, 4));
  });

  it('says that a server is set up wrongly where the browser does not take it', async () => {
    const report = await preflight({
      [UDP]: { throws: 'InvalidAccessError' },
      'stun:bad': { throws: 'SyntaxError' },
    });
    expect(outcomes(report)).toMatchObject({
      stun: 'failed ICE_SERVER_INVALID',
      turnUdp: 'failed ICE_SERVER_INVALID',
    });
  });
});

it('uses the servers of the credentials where the options have none', async () => {
  const { bench } = context;
  const ice_servers = serve({ [UDP]: { gives: 'relay' } });
  const fetchCredentials = () => Promise.resolve({ ...bench.credentials, ice_servers });
  const report = await reported(start(bench, { fetchCredentials }).report);
  expect(outcomes(report)).toMatchObject({ turnUdp: 'passed' });
});

it('tries the servers of the options also where there are no credentials', async () => {
  const fetchCredentials = () => Promise.reject(new TypeError('Failed to fetch'));
  const report = await preflight({ [UDP]: { gives: 'relay' } }, { fetchCredentials });
  expect(outcomes(report)).toMatchObject({ turnUdp: 'passed' });
  expect(report).toMatchObject({ verdict: 'notReady', reason: 'CREDENTIALS_UNREACHABLE' });
});

it('closes every connection at once when it is stopped', async () => {
  const { bench } = context;
  const iceServers = serve({ [UDP]: { completes: false }, 'stun:slow': { completes: false } });
  const preflightUnderWay = start(bench, { iceServers });
  await advance(1_000);
  expect(icePeers).toHaveLength(3);
  preflightUnderWay.stop();
  const report = await reported(preflightUnderWay.report);
  expect(outcomes(report)).toMatchObject({ stun: 'skipped STOPPED', turnUdp: 'skipped STOPPED' });
  expect(icePeers.every(({ isClosed }) => isClosed)).toBe(true);
  await advance(2_500);
  expect(vi.getTimerCount()).toBe(0);
});
