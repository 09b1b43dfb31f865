import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Diagnostics, VoiceSDKError } from '../../../src/index';
import { AgentBench } from '../../support/agent';

const MEMBERS = [
  ...['formatVersion', 'sdkVersion', 'createdAt', 'device', 'environment'],
  ...['audioDevices', 'calls', 'log', 'messages'],
].sort();
const CALL_MEMBERS = [
  'callId',
  'direction',
  'status',
  'startedAt',
  'durationMs',
  'reconnections',
  'warnings',
];
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const STATUS_LINE = /^SIP\/2\.0 (?:100 Trying|180 Ringing|200 OK|401 Unauthorized|486 Busy Here)$/;

let bench: AgentBench;

beforeEach(() => {
  bench = new AgentBench();
});
afterEach(() => {
  vi.useRealTimers();
  bench.stop();
});

/** What no secret and no name may change. */
function expectWhole(bundle: Diagnostics): void {
  expect(JSON.parse(JSON.stringify(bundle))).toEqual(bundle);
  expect(Object.keys(bundle).sort()).toEqual(MEMBERS);
  expect(bundle.formatVersion).toBe(1);
  expect(bundle.createdAt).toMatch(ISO);
  expect(bundle.device['tokenExpiresAt']).toMatch(ISO);
  expect(bundle.device).toMatchObject({ registration: 'registered', isRegistered: true, connected: true });
  for (const { at, level, scope } of bundle.log) {
    expect(at).toMatch(ISO);
    expect(['error', 'warn', 'info', 'debug']).toContain(level);
    expect(scope).toMatch(/^voice-sdk(?::\w+)?$/);
  }
  for (const call of bundle.calls as Record<string, unknown>[]) {
    expect(Object.keys(call)).toEqual(expect.arrayContaining(CALL_MEMBERS));
    expect(call['startedAt']).toMatch(ISO);
    expect(['inbound', 'outbound']).toContain(call['direction']);
    expect(['pending', 'ringing', 'accepted', 'disconnected', 'failed']).toContain(call['status']);
  }
  for (const { at, kind, text } of bundle.messages) {
    expect(at).toMatch(ISO);
    expect(['opened', 'closed', 'sent', 'received']).toContain(kind);
    const [first = ''] = text.split('\n');
    if (kind === 'received' || kind === 'sent')
      expect(STATUS_LINE.test(first) || /^[A-Z]+ sip:\S+ SIP\/2\.0$/.test(first), first).toBe(true);
  }
  expect(bundle.messages.some(({ text }) => text.startsWith('INVITE sip:'))).toBe(true);
}

describe('a secret that is a word of the bundle', () => {
  const WORDS = [
    ...[
      'false',
      'true',
      'null',
      '1000',
      '2026',
      '0000',
      '300000',
      '48000',
      '1',
      'e',
      '"',
      '{',
      '\\',
      '\ud800',
      'é"\\',
    ],
    ...[
      'call',
      'calls',
      'log',
      'text',
      'direction',
      'registered',
      'inbound',
      'ringing',
      'received',
      'INVITE',
      'SIP',
    ],
  ];

  it.each(WORDS)('as TURN credential changes nothing else: %j', async (credential) => {
    const device = await bench.registered({
      iceServers: [{ urls: 'turn:t.test', username: 'u', credential }],
    });
    await bench.ring(device);
    expectWhole(await device.exportDiagnostics());
  });

  it.each(WORDS)('as SIP password changes nothing else: %j', async (password) => {
    bench.server.registrar.passwords.set('agent-1', password);
    const device = await bench.registered({
      fetchCredentials: () => Promise.resolve({ ...bench.credentials, password }),
    });
    await bench.ring(device);
    expectWhole(await device.exportDiagnostics());
  });

  it('goes where people may have written it', async () => {
    const device = await bench.registered({
      iceServers: [{ urls: 'turn:t.test', username: 'u', credential: 'false' }],
    });
    const { call } = await bench.ring(device);
    call.setFeedback({ score: 1, comment: 'false alarm, falsehood' });
    const { calls } = await device.exportDiagnostics();
    expect(calls[0]).toMatchObject({ isMuted: false, feedback: { comment: '[redacted] alarm, falsehood' } });
  });
});

describe('a caller who is called like a word of the bundle', () => {
  it.each([
    ['200', undefined],
    ['2026', undefined],
    ['486', '401'],
    ['calls', 'Log'],
    ['messages', 'formatVersion'],
    ['registered', 'registration'],
    ['ringing', 'inbound'],
    ['voice-sdk', 'info'],
    ['pbx.test', 'SIP'],
    ['INVITE', 'Via'],
    ['received', 'disconnected'],
    ['constructor', '__proto__'],
  ])('%s, %s', async (user, displayName) => {
    const device = await bench.registered();
    const { call } = await bench.ring(device, {
      from: `sip:${user}@trunk.test`,
      ...(displayName === undefined ? {} : { displayName }),
    });
    call.reject();
    await bench.ring(device, { from: `sip:${user}@trunk.test` });
    const bundle = await device.exportDiagnostics();
    expectWhole(bundle);
    const invites = bundle.messages.filter(({ text }) => text.startsWith('INVITE '));
    const froms = invites.map(({ text }) => /^From: .*<sip:(party-\d+)@trunk\.test>/m.exec(text)?.[1]);
    expect(froms).toHaveLength(2);
    expect(froms[0]).toBeDefined();
    expect(froms[1]).toBe(froms[0]);
  });
});

describe('a call that goes on', () => {
  it('is in the bundle after those that are over, with what the agent says of it', async () => {
    const device = await bench.registered({ allowIncomingWhileBusy: true });
    const { call: past } = await bench.ring(device);
    past.reject();
    const { call, dialog, events } = await bench.talk(device);
    call.setFeedback({ score: 1, issues: ['oneWayAudio'] });
    call.mute(true);
    const { calls } = await device.exportDiagnostics();
    expect(calls).toHaveLength(2);
    expect(calls[0]).toMatchObject({ direction: 'inbound', status: 'disconnected' });
    expect(calls[1]).toMatchObject({
      ...{ direction: 'outbound', status: 'accepted', isMuted: true, isOnHold: false, isOnRemoteHold: false },
      callId: call.getReport().callId,
      feedback: { score: 1, issues: ['oneWayAudio'] },
    });
    await dialog.request('BYE').response(200);
    await events.next('disconnect');
    const after = (await device.exportDiagnostics()).calls;
    expect(after).toHaveLength(2);
    expect(after[1]).toMatchObject({
      status: 'disconnected',
      end: { reason: 'hangup', initiator: 'remote' },
    });
    expect(after[1]).not.toHaveProperty('isMuted');
  });

  it('is found in the messages by its Call-ID, and its number is in none', async () => {
    const device = await bench.registered();
    const { call } = await bench.dial(device, '+493012345678');
    const bundle = await device.exportDiagnostics();
    const { callId } = call.getReport();
    expect(
      bundle.messages.filter(({ text }) => text.includes(`\nCall-ID: ${callId}\n`)).length,
    ).toBeGreaterThan(0);
    expect(bundle.calls[0]).toMatchObject({
      callId,
      status: expect.stringMatching(/^(pending|ringing)$/) as string,
    });
    expect(JSON.stringify(bundle)).not.toContain('3012345678');
  });
});

describe('free text', () => {
  it('has no person in it, by whatever name', async () => {
    const device = await bench.registered();
    const { call } = await bench.ring(device, { from: 'sip:ada@trunk.test', displayName: 'Ada King' });
    call.setFeedback({
      score: 1,
      comment:
        'ada, ADA KING and sip:ada@trunk.test; sip:unknown@x.test and (0)30 1234-5678, on 2026-11-29 at 12:30',
    });
    const { calls } = await device.exportDiagnostics();
    const { comment } = (calls[0] as { feedback: { comment: string } }).feedback;
    expect(comment).not.toMatch(/ada|king|unknown|1234|5678/i);
    expect(comment).toContain('on 2026-11-29 at 12:30');
    // Who is the same can be seen: the user and its URI.
    expect(comment).toMatch(/^(party-\d+), party-\d+ and sip:\1@trunk\.test;/);
  });

  it('of a device is without its owner', async () => {
    bench.stop();
    const labels = [
      "Ada's AirPods",
      'Default - Ada King’s AirPods Pro (Bluetooth)',
      'AirPods von Ada',
      'Jabra Evolve2 65',
    ];
    bench = new AgentBench({
      media: {
        devices: labels.map((label, at) => ({ deviceId: `${at}`, kind: 'audioinput', label, groupId: '' })),
      },
    });
    const device = await bench.registered();
    // Browsers give labels from the first permission on.
    await bench.dial(device);
    const { audioDevices } = await device.exportDiagnostics();
    expect(audioDevices).toEqual(
      [
        "[owner]'s AirPods",
        'Default - [owner]’s AirPods Pro (Bluetooth)',
        'AirPods von [owner]',
        'Jabra Evolve2 65',
      ].map((label) => ({ kind: 'audioinput', label })),
    );
  });
});

describe('a browser that does not answer', () => {
  it('is given 3 s to list its devices', async () => {
    const device = await bench.registered();
    // Loaded before the clock stops.
    await device.exportDiagnostics();
    vi.useFakeTimers();
    Object.assign(navigator.mediaDevices, { enumerateDevices: () => new Promise(() => undefined) });
    let bundle: Diagnostics | undefined;
    void device.exportDiagnostics().then((result) => {
      bundle = result;
    });
    await vi.advanceTimersByTimeAsync(2_999);
    expect(bundle).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(bundle).toMatchObject({ audioDevices: [], device: { isRegistered: true } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that has no devices at all is diagnosed too', async () => {
    bench.stop();
    bench = new AgentBench({ media: { mediaDevices: false } });
    expect((await bench.device().exportDiagnostics()).audioDevices).toEqual([]);
  });
});

it('any failure is an error of the SDK', async () => {
  const device = await bench.registered();
  const { call } = await bench.ring(device);
  Object.assign(call, {
    getReport: () => {
      throw new RangeError('broken');
    },
  });
  const error: unknown = await device.exportDiagnostics().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(VoiceSDKError);
  expect(error).toMatchObject({ code: 'UNSUPPORTED', cause: expect.any(RangeError) as RangeError });
});
