import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '../../../src/core/logger';
import type { SipCredentials } from '../../../src/index';
import { Registration } from '../../../src/registration/registration';
import { Wake } from '../../../src/registration/wake';
import { bench, MINUTE, pass, SECOND, useAgentBench } from './harness';

useAgentBench();

let round: number;
let life: { expires_at?: string; username?: (round: number) => string };
const obtain = vi.fn<(signal: AbortSignal) => Promise<SipCredentials>>();

beforeEach(() => {
  round = 0;
  life = {};
  obtain.mockReset();
  obtain.mockImplementation(() => Promise.resolve(credentials()));
});

function credentials(): SipCredentials {
  round += 1;
  const { username = (count) => `user-${count}`, ...expiry } = life;
  const turn = { urls: 'turn:turn.test', username: username(round), credential: 'c' };
  return { ...bench.credentials, ...expiry, ice_servers: [turn] };
}

async function registration(iceServers?: RTCIceServer[]): Promise<Registration> {
  const wake = new Wake();
  const made = new Registration({
    obtainCredentials: obtain,
    serverNow: () => Date.now(),
    iceServers,
    iceTransportPolicy: 'all',
    instanceId: '0b1b1a24-0d5c-4c9e-8f0e-5d3c5e7e1d10',
    wake,
    logger: new Logger('silent'),
  });
  bench.devices.push({
    destroy: () => {
      made.dispose();
      wake.dispose();
    },
  } as never);
  await made.register();
  return made;
}

async function userNames(made: Registration): Promise<(string | undefined)[]> {
  return (await made.freshIceServers()).map(({ username }) => username);
}

function endsIn(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

describe('the ICE servers at hand', () => {
  it('do while their credentials last', async () => {
    life = { expires_at: endsIn(10 * MINUTE) };
    expect(await userNames(await registration())).toEqual(['user-1']);
    expect(obtain).toHaveBeenCalledOnce();
  });

  it('do where nobody says how long they last', async () => {
    const made = await registration();
    await pass(5 * MINUTE);
    expect(await userNames(made)).toEqual(['user-1']);
  });

  it('of the application are never replaced', async () => {
    life = { expires_at: endsIn(30 * SECOND) };
    const own = [{ urls: 'turn:own.test', username: '1000000000:own', credential: 'o' }];
    expect(await (await registration(own)).freshIceServers()).toEqual(own);
    expect(obtain).toHaveBeenCalledOnce();
  });
});

describe('credentials that end within a minute', () => {
  beforeEach(() => {
    life = { expires_at: endsIn(59 * SECOND) };
  });

  it('are fetched anew', async () => {
    expect(await userNames(await registration())).toEqual(['user-2']);
  });

  it('are fetched once for two that ask at once', async () => {
    const made = await registration();
    expect(await Promise.all([userNames(made), userNames(made)])).toEqual([['user-2'], ['user-2']]);
    expect(obtain).toHaveBeenCalledTimes(2);
  });

  it('are used all the same when the backend is slow: nobody waits for more than 1.5 s', async () => {
    const made = await registration();
    obtain.mockImplementation(() => new Promise(() => undefined));
    const names = userNames(made);
    const settled = vi.fn();
    void names.then(settled);
    await pass(1.5 * SECOND - 1);
    expect(settled).not.toHaveBeenCalled();
    await pass(1);
    expect(await names).toEqual(['user-1']);
  });

  it('are used all the same when the backend cannot be reached', async () => {
    const made = await registration();
    made.on('error', () => undefined);
    obtain.mockRejectedValue(new TypeError('Failed to fetch'));
    const names = userNames(made);
    await pass(1.5 * SECOND);
    expect(await names).toEqual(['user-1']);
  });

  it('are not waited for once the registration is disposed', async () => {
    const made = await registration();
    obtain.mockImplementation(() => new Promise(() => undefined));
    const names = userNames(made);
    made.dispose();
    await pass(1.5 * SECOND);
    expect(await names).toEqual([]);
    expect(await made.freshIceServers()).toEqual([]);
  });
});

it('a TURN user name that begins with its end (TURN REST API) is believed', async () => {
  const endsAtS = Math.floor(Date.now() / 1000) + 50;
  life = { username: (count) => (count === 1 ? `${endsAtS}:agent-1` : `${endsAtS + 3600}:agent-1`) };
  const made = await registration();
  expect(await userNames(made)).toEqual([`${endsAtS + 3600}:agent-1`]);
  expect(await userNames(made)).toEqual([`${endsAtS + 3600}:agent-1`]);
  expect(obtain).toHaveBeenCalledTimes(2);
});

it('a TURN user name that is a telephone number is no moment', async () => {
  life = { username: () => '493012345678' };
  expect(await userNames(await registration())).toEqual(['493012345678']);
  expect(obtain).toHaveBeenCalledOnce();
});
