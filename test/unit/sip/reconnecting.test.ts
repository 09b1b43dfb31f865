import { describe, expect, it, vi } from 'vitest';
import {
  FIRST,
  HOUR,
  MINUTE,
  newAgent,
  OTHER,
  openUrls,
  pass,
  passUntil,
  registered,
  SECOND,
  server,
  talk,
  useServer,
} from './harness';

useServer();

const QUARTER_SECOND = 250;

describe('a connection that is cut', () => {
  it('is back, and registered, within a quarter of a second', async () => {
    const { events } = await registered();
    server.cut();
    await pass(QUARTER_SECOND);
    expect(events).toEqual(['disconnected', 'unregistered', 'connecting 1', 'connected', 'registered']);
    expect(server.attempts).toHaveLength(2);
  });

  it('is lost once, however many attempts fail, and these are counted', async () => {
    const { events } = await registered();
    server.connection = (attempt) => (attempt < 5 ? 'refuse' : 'accept');
    server.cut();
    await pass(MINUTE);
    expect(events.filter((name) => name === 'disconnected')).toHaveLength(1);
    expect(events.filter((name) => name.startsWith('connecting'))).toEqual([
      'connecting 1',
      'connecting 2',
      'connecting 3',
      'connecting 4',
    ]);
    expect(events.filter((name) => name === 'connectFailed')).toHaveLength(3);
    expect(events.at(-1)).toBe('registered');
  });

  it('is tried for ever, at least every 30 s, and no oftener than it makes sense', async () => {
    const { userAgent } = await registered();
    server.connection = 'refuse';
    server.cut();
    await pass(5 * MINUTE);
    const before = server.attempts.length;
    for (let turn = 0; turn < 20; turn += 1) {
      const attempts = server.attempts.length;
      await pass(30 * SECOND);
      expect(server.attempts.length).toBeGreaterThan(attempts);
    }
    expect(server.attempts.length - before).toBeLessThan(80);
    expect(userAgent.isConnected).toBe(false);
  });

  it('is tried at least every 4 s while a call is live', async () => {
    const agent = await registered();
    await talk(agent);
    server.connection = 'refuse';
    server.cut();
    await pass(5 * MINUTE);
    for (let turn = 0; turn < 20; turn += 1) {
      const attempts = server.attempts.length;
      await pass(4 * SECOND);
      expect(server.attempts.length).toBeGreaterThan(attempts);
    }
  });

  it('again and again, right after it was opened, is not opened several times a second', async () => {
    await registered();
    for (let turn = 0; turn < 600; turn += 1) {
      if (server.socket) server.cut();
      await pass(100);
    }
    expect(server.attempts.length).toBeLessThan(60);
  });

  it('again after a while is opened at once again', async () => {
    const { events } = await registered();
    for (let turn = 0; turn < 3; turn += 1) {
      server.cut();
      await pass(QUARTER_SECOND);
      expect(events.at(-1)).toBe('registered');
      await pass(10 * SECOND);
    }
  });

  it('fails what was under way over it, at once', async () => {
    const { userAgent, events } = await registered();
    server.registrar.behaviour = { kind: 'silent' };
    userAgent.register();
    await pass(0);
    server.cut();
    await pass(0);
    expect(events).toEqual(['registerFailed', 'unregistered', 'disconnected']);
  });
});

describe('reconnectNow()', () => {
  it('skips the wait, and adds no loop of its own', async () => {
    const { userAgent } = await registered();
    server.connection = 'refuse';
    server.cut();
    await pass(5 * MINUTE);
    const before = server.attempts.length;
    for (let turn = 0; turn < 3; turn += 1) {
      userAgent.reconnectNow();
      await pass(0);
    }
    expect(server.attempts.length).toBe(before + 3);
    await pass(10 * MINUTE);
    expect(server.attempts.length - before).toBeLessThan(80);
  });

  it('does nothing while connected, twice, after stop()', async () => {
    const { userAgent } = await registered();
    userAgent.reconnectNow();
    userAgent.reconnectNow();
    userAgent.stop();
    userAgent.reconnectNow();
    await pass(MINUTE);
    userAgent.reconnectNow();
    await pass(MINUTE);
    expect(server.attempts).toHaveLength(1);
  });

  it('leaves an attempt that has only begun, and replaces one whose packets the former network may have lost', async () => {
    const { userAgent, events } = await registered();
    server.connection = (attempt) => (attempt === 2 ? 'hang' : 'accept');
    server.cut();
    await pass(QUARTER_SECOND);
    userAgent.reconnectNow();
    await pass(0);
    expect(server.attempts).toHaveLength(2);
    await pass(2 * SECOND);
    userAgent.reconnectNow();
    await pass(0);
    expect(server.attempts).toHaveLength(3);
    expect(events.at(-1)).toBe('registered');
    await pass(MINUTE);
    expect(server.attempts).toHaveLength(3);
  });

  it('in the moment of the loss is the only attempt', async () => {
    const { userAgent, events } = await registered();
    userAgent.once('disconnected', () => {
      userAgent.reconnectNow();
    });
    server.cut();
    await pass(SECOND);
    expect(server.attempts).toHaveLength(2);
    expect(events.filter((name) => name.startsWith('connecting'))).toEqual(['connecting 1']);
  });
});

describe('several servers', () => {
  const THIRD = 'wss://third.test/ws';

  it('are tried one after the other without a wait, the failed one last', async () => {
    const { events } = await registered([FIRST, OTHER, THIRD]);
    server.connection = (_attempt, url) => (url === OTHER ? 'refuse' : 'accept');
    server.cut();
    await pass(2 * QUARTER_SECOND);
    expect(server.attempts).toEqual([FIRST, OTHER, THIRD]);
    expect(events.at(-1)).toBe('registered');
  });

  it('that all fail are tried in turns', async () => {
    await registered([FIRST, OTHER]);
    server.connection = 'refuse';
    server.cut();
    await pass(MINUTE);
    expect(server.attempts.slice(1, 6)).toEqual([OTHER, FIRST, OTHER, FIRST, OTHER]);
  });

  it('of which the first hangs: the other after 4 s', async () => {
    server.connection = (_attempt, url) => (url === FIRST ? 'hang' : 'accept');
    const { userAgent, events } = newAgent([FIRST, OTHER]);
    userAgent.start();
    expect(await passUntil(() => events.includes('registered'), 10 * SECOND)).toBeLessThanOrEqual(
      4.2 * SECOND,
    );
    expect(openUrls()).toEqual([OTHER]);
  });

  it('are each started with in the order given', async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      const { userAgent } = await registered([FIRST, OTHER]);
      expect(server.attempts.at(-1)).toBe(FIRST);
      userAgent.stop();
      await pass(2 * SECOND);
    }
  });
});

describe('stop()', () => {
  it.each([0, 100, QUARTER_SECOND, 5 * SECOND])('%d ms after a loss ends the attempts', async (afterMs) => {
    const { userAgent } = await registered();
    server.connection = 'refuse';
    server.cut();
    await pass(afterMs);
    userAgent.stop();
    const attempts = server.attempts.length;
    await pass(HOUR);
    expect(server.attempts).toHaveLength(attempts);
  });

  it('in the moment of the loss does too', async () => {
    const { userAgent } = await registered();
    const stopped = vi.fn(() => {
      userAgent.stop();
    });
    userAgent.once('disconnected', stopped);
    server.cut();
    await pass(HOUR);
    expect(stopped).toHaveBeenCalledOnce();
    expect(server.attempts).toHaveLength(1);
  });
});
