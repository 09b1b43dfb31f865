/** The phones against each other, with nobody between them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FarCall, FarEnd, FarPhone } from '../support/far-end';
import { baresip } from './baresip';
import { Program } from './process';
import { openRegistrar, type OpenRegistrar } from './registrar';
import { sipp } from './sipp';

const CALLER_HZ = 1100;
const CALLED_HZ = 700;
const DOMAIN = 'phones.test';
const EVERY_DIGIT = '0123456789*#ABCD';
const credentials = (user: string) =>
  Promise.resolve({ username: `1893456000:${user}`, password: 'ab+/c==' });

function trunk(host: string, server: string): Promise<FarEnd> {
  return sipp({ server, domain: DOMAIN, trunk: `${host}:5060`, credentials });
}

/** Both ends of one call. */
async function answered(from: FarPhone, to: FarPhone, user = to.number): Promise<[FarCall, FarCall]> {
  const out = await from.call(user);
  const into = await to.nextCall();
  await Promise.all([out.waitFor('answered'), into.waitFor('answered')]);
  return [out, into];
}

async function hearEachOther(out: FarCall, into: FarCall): Promise<void> {
  await Promise.all([out.hears(CALLED_HZ), into.hears(CALLER_HZ)]);
}

describe('a program', () => {
  const directory = mkdtempSync(join(tmpdir(), 'program-'));
  const logFile = join(directory, 'log');
  const shell = (script: string): Program =>
    Program.start({ command: 'sh', args: ['-c', script], debianPackage: 'dash', logFile });

  afterAll(() => {
    rmSync(directory, { recursive: true });
  });

  test('that is missing is named with its package', () => {
    expect(() => Program.start({ command: 'no-such-phone', debianPackage: 'phones', logFile })).toThrow(
      /no-such-phone is missing.*install phones/,
    );
  });

  test('that gives up is quoted', async () => {
    await expect(shell('echo port taken; exit 3').waitForOutput(/ready/)).rejects.toThrow(
      /status 3:\nport taken/,
    );
  });

  test('that does not listen is ended all the same', async () => {
    const program = shell("trap '' TERM; echo ready; while :; do sleep 1; done");
    await program.waitForOutput(/ready/);
    await program.stop();
    expect(program.hasExited).toBe(true);
  });
});

describe('SIPp', () => {
  let called: FarEnd;
  let calling: FarEnd;
  let caller: FarPhone;

  beforeAll(async () => {
    [called, calling] = await Promise.all([
      trunk('127.0.0.19', '127.0.0.1:9'),
      trunk('127.0.0.18', '127.0.0.19:5060'),
    ]);
    caller = await calling.phone({ toneHz: CALLER_HZ });
  });
  afterAll(async () => {
    await calling.close();
    await called.close();
  });

  test('talks, keys digits, holds and refreshes', async () => {
    const [out, into] = await answered(caller, await called.phone({ toneHz: CALLED_HZ }));
    await hearEachOther(out, into);
    await out.sendDigits(EVERY_DIGIT);
    expect(await into.waitForDigits(EVERY_DIGIT)).toBe(EVERY_DIGIT);

    await out.hold('inactive');
    expect(into.agentDirection).toBe('inactive');
    await Promise.all([out.hearsNobody(), into.hearsNobody()]);
    await out.resume();
    await hearEachOther(out, into);

    for (const end of [out, into]) {
      expect(await end.refresh('UPDATE')).toBe(200);
      expect(await end.refresh('INVITE')).toBe(200);
      expect(await end.refresh('INVITE', { offer: false })).toBe(200);
    }
    await hearEachOther(out, into);
    await out.hangup();
    await into.waitFor('ended');
    expect(out.ending).toMatchObject({ by: 'far-end', how: 'BYE' });
    expect(into.ending).toMatchObject({ by: 'agent', how: 'BYE' });
  });

  test('plays before it answers', async () => {
    const script = { on: 'ring', earlyToneHz: 500 } as const;
    const phone = await called.phone({ toneHz: CALLED_HZ, script });
    const out = await caller.call(phone.number);
    await out.hears(500);
    expect(out.state).toBe('ringing');
    await (await phone.nextCall()).answer();
    await out.hears(CALLED_HZ);
    await out.hangup();
  });

  test('keeps a session timer', async () => {
    const phone = await called.phone({ sessionExpiresSeconds: 2 });
    const [out, into] = await answered(caller, phone);
    await expect.poll(() => into.sessionRefreshes).toBeGreaterThanOrEqual(2);
    await out.hangup();
  });

  test.each([404, 408, 480, 486, 488, 500, 503, 603])('refuses with %i', async (status) => {
    const phone = await called.phone({ script: { on: 'refuse', status } });
    const out = await caller.call(phone.number);
    await out.waitFor('ended');
    expect(out.ending).toMatchObject({ by: 'agent', how: 'refused', status });
  });

  test('is cancelled', async () => {
    const phone = await called.phone({ script: { on: 'ring' } });
    const out = await caller.call(phone.number);
    await out.waitFor('ringing');
    await out.hangup();
    const into = await phone.nextCall();
    await into.waitFor('ended');
    expect(into.ending).toMatchObject({ by: 'agent', how: 'CANCEL' });
    expect(out.ending).toMatchObject({ by: 'far-end', how: 'CANCEL', status: 487 });
  });

  test('sends what it is given, in UTF-8 and at length', async () => {
    const phone = await called.phone({ script: { on: 'ring' } });
    const out = await caller.call(phone.number, {
      displayName: 'Zoë "Z" Łódź',
      headers: { 'X-2Chat-Kunde': 'Größe 42, 東京' },
      sdpBytes: 16_000,
    });
    const into = await phone.nextCall();
    expect(into.invite).toContain('From: "Zoë \\"Z\\" Łódź" <sip:');
    expect(into.invite).toContain('X-2Chat-Kunde: Größe 42, 東京\r\n');
    expect(Buffer.byteLength(into.invite)).toBeGreaterThan(16_000);
    await out.hangup();
    await expect(caller.call(phone.number, { displayName: 'x\r\nVia: y' })).rejects.toThrow(/Not for a SIPp/);
  });
});

describe('baresip', () => {
  let registrar: OpenRegistrar;
  let desk: FarEnd;
  let calling: FarEnd;
  let phone: FarPhone;
  let caller: FarPhone;
  let user: string;

  beforeAll(async () => {
    registrar = await openRegistrar();
    desk = await baresip({ server: registrar.server, domain: DOMAIN, trunk: '', credentials });
    phone = await desk.phone({ toneHz: CALLED_HZ });
    const [, name, address] = /^sip:(.*)@(.*)$/.exec(registrar.contactOf(phone.number) ?? '') ?? [];
    user = name ?? '';
    calling = await trunk('127.0.0.18', address ?? '');
    caller = await calling.phone({ toneHz: CALLER_HZ });
  });
  afterAll(async () => {
    await calling.close();
    await desk.close();
    registrar.close();
  });

  test('talks, tells digits, is held, holds and hears again', async () => {
    await phone.setScript({ on: 'answer' });
    const [out, into] = await answered(caller, phone, user);
    await hearEachOther(out, into);
    await out.sendDigits(EVERY_DIGIT);
    expect(await into.waitForDigits(EVERY_DIGIT)).toBe(EVERY_DIGIT);

    await out.hold('inactive');
    await into.waitForDirection('inactive');
    await Promise.all([out.hearsNobody(), into.hearsNobody()]);
    await out.resume();
    await hearEachOther(out, into);

    await into.hold();
    expect(out.agentDirection).toBe('sendonly');
    await into.hearsNobody();
    await into.resume();
    await hearEachOther(out, into);
    expect(await into.refresh('INVITE')).toBe(200);
    await out.hangup();
    await into.waitFor('ended');
    expect(into.ending).toMatchObject({ by: 'agent', how: 'BYE' });
  });

  test('is busy when it shall be', async () => {
    await phone.setScript({ on: 'refuse' });
    const out = await caller.call(user);
    await out.waitFor('ended');
    expect(out.ending).toMatchObject({ by: 'agent', how: 'refused', status: 486 });
    expect((await phone.nextCall()).ending).toMatchObject({ by: 'far-end', how: 'refused', status: 486 });
  });

  test('rings until the caller gives up', async () => {
    await phone.setScript({ on: 'ring' });
    const out = await caller.call(user);
    await out.waitFor('ringing');
    const into = await phone.nextCall();
    await out.hangup();
    await into.waitFor('ended');
    expect(into.ending).toMatchObject({ by: 'agent', how: 'CANCEL' });
  });
});
