import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Diagnostics, LogWriter } from '../../../src/index';
import { AgentBench, PASSWORD, tokenFor } from '../../support/agent';

const TURN_SECRET = 'turn-credential-of-the-day';
/** What `talk()` dials. */
const CALLED = '+493012345678';
const CALLER = '+33 1 70 18 99 00';
const CALLER_DIGITS = '+33170189900';
/** A credential of digits only. */
const PIN = '8642';

let bench: AgentBench;

beforeEach(() => {
  bench = new AgentBench();
});
afterEach(() => {
  bench.stop();
});

/** The messages of a bundle whose first line begins so. */
function messagesOf(bundle: Diagnostics, begin: string): string[] {
  return bundle.messages.map(({ text }) => text).filter((text) => text.startsWith(begin));
}

describe('a bundle of diagnostics', () => {
  it('holds no secret, no number, no name and no digit that took part', async () => {
    const token = tokenFor({ userUuid: 'agent-uuid-1', label: 'Grace Hopper' });
    const device = bench.device({
      token,
      fetchCredentials: () =>
        Promise.resolve({
          ...bench.credentials,
          ws_urls: [`${bench.credentials.ws_urls[0] ?? ''}/Zq8x7Token?ticket=Sesame77&sig=Abc99`],
          ice_servers: [
            { urls: 'turn:192.0.2.7:3478', username: '1790000000:agent-1', credential: TURN_SECRET },
            { urls: 'turn:turn-user:turn-word@turn.test', username: 'turn-user', credential: PIN },
          ],
        }),
      apiBaseUrl: 'https://api.test/tenants/Zq8x7Token',
      defaultExtraHeaders: ['X-Account: Ada Lovelace'],
    });
    await device.register();
    const { call, dialog, events } = await bench.talk(device);
    expect(call.remoteIdentity).toContain('3012345678');
    await call.sendDigits('4111').catch(() => undefined);
    await dialog.request('BYE').response(200);
    await events.next('disconnect');
    const { call: second } = await bench.ring(device, {
      from: `sip:${CALLER_DIGITS}@trunk.test;user=phone`,
      displayName: 'Charles Babbage',
    });
    second.setFeedback({ score: 3, comment: `he is at ${CALLER}, extension 4711; card 4111 1111 1111 1111` });
    second.reject();
    // One that goes on, of an extension whose number is found everywhere.
    const { call: live } = await bench.ring(device, {
      from: 'sip:4711@trunk.test',
      displayName: 'Alan Turing',
    });
    live.setFeedback({ score: 1, comment: `Alan Turing is deaf, ${PIN} and ${CALLER}` });
    const bundle = await device.exportDiagnostics();
    live.reject();
    const text = JSON.stringify(bundle);
    for (const secret of [
      ...[token, PASSWORD, TURN_SECRET, CALLED, CALLER, CALLER_DIGITS],
      ...['3012345678', '33170189900', '4930', '70189900'],
      ...['Ada Lovelace', 'Charles Babbage', 'Grace Hopper', 'Hopper', 'agent-uuid-1', 'Agent One'],
      ...['Alan Turing', 'Turing', '4711', '4111 1111', '70 18 99', PIN, 'Zq8x7Token', 'Sesame77', 'Abc99'],
      ...['Digest ', '192.0.2.7', 'Signal=', 'turn-word', 'turn-user'],
    ])
      expect(text.toLowerCase()).not.toContain(secret.toLowerCase());
    expect(text).not.toMatch(/\beyJ/);
    // The grep has something to find: what took part is there by another name.
    expect(messagesOf(bundle, 'REGISTER ')).not.toEqual([]);
    expect(messagesOf(bundle, 'INVITE sip:party-').length).toBeGreaterThanOrEqual(1);
    expect(messagesOf(bundle, 'SIP/2.0 200').length).toBeGreaterThanOrEqual(2);
    expect(text).toContain('X-Account: [hidden]');
    expect(bundle.log.length).toBeGreaterThan(0);
    expect(bundle.calls).toHaveLength(3);
    expect(bundle.messages[0]).toMatchObject({ kind: 'opened', text: 'wss://pbx.test' });
    expect(bundle.device['options']).toMatchObject({ apiBaseUrl: 'https://api.test' });
  });

  it('tells who is the same', async () => {
    const device = await bench.registered();
    const { call } = await bench.dial(device, CALLED);
    await call.disconnect();
    const bundle = await device.exportDiagnostics();
    const [invite = ''] = messagesOf(bundle, 'INVITE ');
    const target = /^INVITE sip:(party-\d+)@/.exec(invite)?.[1];
    expect(target).toBeDefined();
    expect(invite).toMatch(new RegExp(`^To: .*sip:${target}@`, 'm'));
    const self = /^From: .*sip:(party-\d+)@/m.exec(invite)?.[1];
    expect(self).toBeDefined();
    expect(self).not.toBe(target);
  });

  it('is plain data, at any time: before register(), twice at once, after destroy()', async () => {
    const device = bench.device();
    const [early, again] = await Promise.all([device.exportDiagnostics(), device.exportDiagnostics()]);
    expect(early.device).toMatchObject({ registration: again.device['registration'], isRegistered: false });
    await device.register();
    device.destroy();
    const late = await device.exportDiagnostics();
    expect(JSON.parse(JSON.stringify(late))).toEqual(late);
    expect(late.formatVersion).toBe(1);
    expect(messagesOf(late, 'REGISTER ')).not.toEqual([]);
  });

  it('works with a token that cannot be read', async () => {
    const device = bench.device({ token: 'no token' });
    expect((await device.exportDiagnostics()).device['tokenExpiresAt']).toBeUndefined();
  });

  it('keeps the last 20 calls and a bounded number of lines and messages', async () => {
    const device = await bench.registered();
    for (let index = 0; index < 22; index += 1) {
      const { call } = await bench.ring(device);
      call.reject();
    }
    const bundle = await device.exportDiagnostics();
    expect(bundle.calls).toHaveLength(20);
    expect(bundle.messages.length).toBeLessThanOrEqual(300);
    expect(bundle.log.length).toBeLessThanOrEqual(500);
  });
});

describe('a log writer of the host', () => {
  function recordingWriter(): { lines: string[]; writer: LogWriter } {
    const lines: string[] = [];
    const write = (message: string, details?: unknown) => {
      lines.push(`${message} ${JSON.stringify(details)}`);
    };
    return { lines, writer: { error: write, warn: write, info: write, debug: write } };
  }

  it('gets the lines of the level, redacted', async () => {
    const { lines, writer } = recordingWriter();
    const device = bench.device({ logLevel: 'info' });
    device.setLogger(writer);
    await device.register();
    const { call } = await bench.dial(device, CALLED);
    await call.disconnect();
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toContain('3012345678');
    expect(lines.join('\n')).not.toContain(PASSWORD);
    const count = lines.length;
    device.setLogger(undefined);
    device.destroy();
    expect(lines).toHaveLength(count);
  });

  it('that throws ends no call', async () => {
    const fail = () => {
      throw new Error('disk full');
    };
    const device = bench.device({ logLevel: 'debug' });
    device.setLogger({ error: fail, warn: fail, info: fail, debug: fail });
    await device.register();
    const { call } = await bench.talk(device);
    expect(call.getStatus()).toBe('accepted');
  });

  it.each([null, {}, 'console', { error: () => undefined, warn: 1 }])('has to be one: %j', (writer) => {
    const device = bench.device();
    expect(() => {
      device.setLogger(writer as unknown as LogWriter);
    }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('feedback', () => {
  it('stays with the report, the last one holds, also after the end', async () => {
    const device = await bench.registered();
    const { call, events, dialog } = await bench.talk(device);
    call.setFeedback({ score: 2, issues: ['choppy', 'choppy', 'echo'] });
    expect(call.getReport().feedback).toMatchObject({ score: 2, issues: ['choppy', 'echo'] });
    await dialog.request('BYE').response(200);
    await events.next('disconnect');
    call.setFeedback({ score: 4, comment: `called ${CALLED} again` });
    expect(call.getReport().feedback).toMatchObject({ score: 4, issues: [] });
    const { calls } = await device.exportDiagnostics();
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ feedback: { score: 4 } });
    expect(JSON.stringify(calls)).not.toContain('3012345678');
  });

  it.each([
    ['score', { score: 0 }],
    ['score', { score: 6 }],
    ['score', { score: 3.5 }],
    ['score', { score: '5' }],
    ['score', {}],
    ['issues', { score: 1, issues: 'echo' }],
    ['issues', { score: 1, issues: ['bad'] }],
    ['comment', { score: 1, comment: 7 }],
    ['comment', { score: 1, comment: 'x'.repeat(1_001) }],
    ['feedback', null],
    ['feedback', 5],
  ])('is checked: %s of %j', async (name, feedback) => {
    const device = await bench.registered();
    const { call } = await bench.ring(device);
    const act = () => {
      call.setFeedback(feedback as never);
    };
    expect(act).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(act).toThrow(name);
    expect(call.getReport().feedback).toBeUndefined();
  });
});
