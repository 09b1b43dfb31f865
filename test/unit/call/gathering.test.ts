import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Call, Device } from '../../../src/index';
import { AgentBench } from '../../support/agent';
import type { GatheringScript } from '../../support/fake-peer-connection';
import { codeOf, recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpOffer } from '../../support/wire/sdp';
import { advance, agree, fakeClock } from './bench';

const STUN = { urls: 'stun:stun.test' };
const TURN = { urls: ['turn:turn.test?transport=udp'], username: 'u', credential: 'c' };
const NEVER = 'never' as const;

let bench: AgentBench;

afterEach(() => {
  bench.stop();
  vi.useRealTimers();
});

async function prepare(iceServers: readonly RTCIceServer[], gathering: GatheringScript): Promise<Device> {
  bench = new AgentBench({ webRtc: { gathering } });
  const device = await bench.registered({ iceServers: [...iceServers] });
  fakeClock();
  return device;
}

interface Scenario {
  readonly name: string;
  readonly servers: readonly RTCIceServer[];
  readonly gathering: GatheringScript;
  /** When the description leaves, and the types of the candidates in it. */
  readonly afterMs: number;
  readonly kinds: readonly string[];
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'no server', servers: [], gathering: { host: 3, complete: NEVER }, afterMs: 7, kinds: ['host'] },
  {
    name: 'no server, and the late TCP candidate of Chromium',
    servers: [],
    gathering: { host: 3, tcp: 110, complete: NEVER },
    afterMs: 7,
    kinds: ['host'],
  },
  {
    name: 'no server, and the TCP candidate first',
    servers: [],
    gathering: { tcp: 1, host: 5, complete: NEVER },
    afterMs: 9,
    kinds: ['host', 'host'],
  },
  {
    name: 'a gathering that is over before it settled',
    servers: [],
    gathering: { host: 3, complete: 4 },
    afterMs: 4,
    kinds: ['host'],
  },
  {
    name: 'STUN that answers',
    servers: [STUN],
    gathering: { host: 2, srflx: 40, complete: NEVER },
    afterMs: 44,
    kinds: ['host', 'srflx'],
  },
  {
    name: 'STUN that is dead',
    servers: [STUN],
    gathering: { host: 2, srflx: NEVER, complete: NEVER },
    afterMs: 402,
    kinds: ['host'],
  },
  {
    name: 'STUN that answers too late',
    servers: [STUN],
    gathering: { host: 2, srflx: 450, complete: NEVER },
    afterMs: 402,
    kinds: ['host'],
  },
  {
    name: 'TURN that answers',
    servers: [TURN],
    gathering: { host: 2, srflx: 30, relay: 80, complete: NEVER },
    afterMs: 84,
    kinds: ['host', 'srflx', 'relay'],
  },
  {
    name: 'STUN that answers beside TURN that is dead',
    servers: [STUN, TURN],
    gathering: { host: 2, srflx: 30, relay: NEVER, complete: NEVER },
    afterMs: 402,
    kinds: ['host', 'srflx'],
  },
];

function kindsIn(sdp: string): string[] {
  return [...sdp.matchAll(/^a=candidate:.* typ (\w+)/gm)].map(([, kind = '']) => kind);
}

describe.each(SCENARIOS)('$name', ({ servers, gathering, afterMs, kinds }) => {
  it('an INVITE leaves in time', async () => {
    const device = await prepare(servers, gathering);
    const connecting = device.connect({ to: '100' });
    await advance(0);
    await advance(afterMs - 1);
    expect(bench.server.requests('INVITE')).toHaveLength(0);
    await advance(1);
    expect(kindsIn((await bench.server.next('INVITE')).body)).toEqual(kinds);
    await connecting;
  });

  it('a 200 leaves in time', async () => {
    const device = await prepare(servers, gathering);
    const incoming = recordEvents(device).next('incoming');
    const invite = bench.server.invite({ body: sdpOffer() });
    const [call] = (await incoming) as [Call];
    const accepting = call.accept();
    await advance(0);
    await advance(afterMs - 1);
    expect(bench.server.responses(200, 'INVITE')).toHaveLength(0);
    await advance(1);
    expect(kindsIn((await invite.response(200)).body)).toEqual(kinds);
    await invite.answered();
    await accepting;
  });
});

it('a re-INVITE has its candidates already and waits for nothing', async () => {
  const device = await prepare([STUN], { host: 2, srflx: NEVER, complete: NEVER });
  const talking = bench.talk(device);
  await advance(500);
  const { call, dialog } = await talking;
  const holding = call.hold(true);
  await settle();
  const reinvite = await dialog.expect('INVITE');
  expect(kindsIn(reinvite.body)).toEqual(['host']);
  await agree(dialog, reinvite);
  await holding;
});

it('a re-INVITE that must gather anew keeps to the same policy', async () => {
  const device = await prepare([STUN], { host: 2, srflx: 10, complete: NEVER });
  const talking = bench.talk(device);
  await advance(500);
  const { call, dialog } = await talking;
  const { connection } = bench.webRtc;
  connection.gathering = { host: 2, srflx: NEVER, complete: NEVER };
  connection.restartIce();
  const holding = call.hold(true);
  await advance(0);
  await advance(401);
  expect(bench.server.requests('INVITE')).toHaveLength(1);
  await advance(1);
  await agree(dialog, await dialog.expect('INVITE'));
  await holding;
});

it('gathering ends with the call, and leaves no timer', async () => {
  const device = await prepare([STUN], { host: 2, srflx: NEVER, complete: NEVER });
  const timers = vi.getTimerCount();
  const connecting = codeOf(device.connect({ to: '100' }));
  await advance(10);
  device.destroy();
  expect(await connecting).toBe('DESTROYED');
  await advance(33_000);
  expect(bench.server.requests('INVITE')).toHaveLength(0);
  expect(vi.getTimerCount()).toBeLessThanOrEqual(timers);
});
