import { beforeEach, describe, expect, it, vi } from 'vitest';
import { inspect } from 'node:util';
import type { VoiceSDKError } from '../../../src/index';
import { PASSWORD, tokenFor } from '../../support/agent';
import { recordEvents } from '../../support/recorder';
import { digestHa1, digestParameters } from '../../support/wire/digest';
import { bench, HOUR, pass, SECOND, useAgentBench } from '../registration/harness';

useAgentBench();

const LEVELS = ['log', 'error', 'warn', 'info', 'debug', 'trace'] as const;
const TURN_CREDENTIAL = 'turn-credential-of-the-agent';
let printed: string[];

beforeEach(() => {
  printed = [];
  const print = (...args: unknown[]) => {
    printed.push(args.map((arg) => (typeof arg === 'string' ? arg : inspect(arg, { depth: 9 }))).join(' '));
  };
  for (const level of LEVELS) vi.spyOn(console, level).mockImplementation(print);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    print(String(text));
    return true;
  });
});

/** Everything that must never be told: also the digest responses, which a dictionary attack starts from. */
function secrets(...jwts: string[]): string[] {
  const responses = bench.server
    .requests()
    .flatMap((request) => [request.header('authorization'), request.header('proxy-authorization')])
    .flatMap((value) => (value === undefined ? [] : [digestParameters(value).get('response') ?? '']));
  expect(responses.length).toBeGreaterThan(0);
  const hash = digestHa1('agent-1', 'pbx.test', PASSWORD);
  return [
    ...jwts,
    ...jwts.map((jwt) => jwt.split('.')[1] ?? ''),
    PASSWORD,
    hash,
    TURN_CREDENTIAL,
    ...responses,
  ];
}

function expectNoneOf(texts: readonly string[], hidden: readonly string[]): void {
  for (const secret of hidden) {
    expect(secret.length).toBeGreaterThan(8);
    for (const text of texts) expect(text.includes(secret), `a secret in: ${text.slice(0, 80)}`).toBe(false);
  }
}

function told(error: VoiceSDKError): string {
  return `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)} ${String(error.cause)}`;
}

it('no secret is printed at logLevel debug, whatever happens', async () => {
  const [first, second] = [tokenFor(), tokenFor({ label: 'second' })];
  const ice_servers = [{ urls: 'turn:relay.test', username: 'u', credential: TURN_CREDENTIAL }];
  const device = await bench.registered({
    token: first,
    logLevel: 'debug',
    fetchCredentials: () => Promise.resolve({ ...bench.credentials, ice_servers }),
  });
  bench.server.auto.challengeInvite = true;
  const { call } = await bench.talk(device);
  await device.updateToken(second);
  bench.server.cut();
  await pass(5 * SECOND);
  await call.disconnect();
  bench.server.registrar.behaviour = { kind: 'refuse', status: 403 };
  await pass(2 * HOUR);
  void device.register();
  void device.updateToken('eyJub25zZW5zZQ');
  device.destroy();
  await pass(SECOND);
  expect(printed.length).toBeGreaterThan(5);
  expectNoneOf(printed, [...secrets(first, second), 'eyJub25zZW5zZQ']);
});

describe('no secret is told by an error', () => {
  it.each([
    [
      '401 again and again',
      () => {
        bench.server.registrar.behaviour = { kind: 'challenge-again' };
      },
    ],
    [
      '403',
      () => {
        bench.server.registrar.behaviour = { kind: 'refuse', status: 403 };
      },
    ],
    [
      'a useless 200',
      () => {
        bench.server.registrar.behaviour = { kind: 'no-contact' };
      },
    ],
    [
      '503',
      () => {
        bench.server.registrar.behaviour = { kind: 'refuse', status: 503 };
      },
    ],
  ])('of REGISTER: %s', async (_what, prepare) => {
    prepare();
    const token = tokenFor();
    const device = bench.device({ token, logLevel: 'debug' });
    const error = await device.register().then(
      () => undefined,
      (reason: unknown) => reason as VoiceSDKError,
    );
    expect(error).toBeDefined();
    expectNoneOf([...printed, told(error as VoiceSDKError)], secrets(token));
  });

  it.each([
    ['a URL that is none', { ws_urls: [PASSWORD] }],
    ['a broken URI', { sip_uri: PASSWORD }],
    ['a URI that the SIP stack refuses', { sip_uri: 'sip:agent"1@pbx.test' }],
    ['a user name that the SIP stack refuses', { authorization_username: 'agent"1' }],
    ['an expiry that is none', { register_expires: PASSWORD }],
  ])('of the credentials: %s', async (_what, broken) => {
    const token = tokenFor();
    const device = bench.device({
      token,
      logLevel: 'debug',
      fetchCredentials: () => Promise.resolve({ ...bench.credentials, ...broken } as never),
    });
    const events = recordEvents(device);
    void device.register();
    await pass(SECOND);
    const errors = events.of('error').map(([error]) => error as VoiceSDKError);
    expect(errors).toHaveLength(1);
    expectNoneOf([...printed, ...errors.map(told)], [token, PASSWORD]);
  });
});
