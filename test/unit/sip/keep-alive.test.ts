import { describe, expect, it, vi } from 'vitest';
import {
  FIRST,
  HOUR,
  MINUTE,
  newAgent,
  OTHER,
  pass,
  passUntil,
  registered,
  SECOND,
  type SeenAgent,
  server,
  talk,
  useServer,
} from './harness';

useServer();

/** Time from now until the loss is noticed. */
function untilLost({ events }: SeenAgent, limitMs = MINUTE): Promise<number> {
  return passUntil(() => events.includes('disconnected'), limitMs);
}

/** The server answers no ping, and OPTIONS with that status; 0: not at all. */
function answerOptionsWith(status: number): void {
  server.auto.pong = false;
  server.auto.ok.delete('OPTIONS');
  const onText = server.onText.bind(server);
  vi.spyOn(server, 'onText').mockImplementation((socket, text) => {
    onText(socket, text);
    const request = server.requests('OPTIONS').at(-1);
    if (status > 0 && text.startsWith('OPTIONS')) request?.reply(status);
  });
}

describe('a connection that is open and dead', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])('is found within 10 s (frozen after %d s)', async (afterS) => {
    const agent = await registered();
    await pass(afterS * SECOND);
    server.freeze();
    expect(await untilLost(agent)).toBeLessThanOrEqual(10 * SECOND);
    await pass(SECOND);
    expect(agent.events.slice(-3)).toEqual(['connecting 1', 'connected', 'registered']);
    expect(agent.events.filter((name) => name === 'disconnected')).toHaveLength(1);
  });

  it.each([0, 1, 2, 3])(
    'is found within 5 s in a call, which goes on (frozen after %d s)',
    async (afterS) => {
      const agent = await registered();
      const { session } = await talk(agent);
      await pass(afterS * SECOND);
      server.freeze();
      expect(await untilLost(agent)).toBeLessThanOrEqual(5 * SECOND);
      await pass(SECOND);
      expect(agent.events.at(-1)).toBe('registered');
      expect(session.raw.isEnded()).toBe(false);
    },
  );

  it('is found within 5 s of a call that begins over it', async () => {
    const agent = await registered();
    await pass(MINUTE);
    server.freeze();
    agent.userAgent.call({ to: 'bob', extraHeaders: [], stream: new Promise(() => undefined) });
    expect(await untilLost(agent)).toBeLessThanOrEqual(5 * SECOND);
  });

  it('fails a request under way when it is given up, not after the 32 s of timer F', async () => {
    const agent = await registered();
    server.freeze();
    agent.userAgent.register();
    await untilLost(agent);
    expect(agent.events).toEqual(['registerFailed', 'unregistered', 'disconnected']);
  });

  it('is left for another server', async () => {
    const agent = await registered([FIRST, OTHER]);
    server.freeze();
    await untilLost(agent);
    await pass(SECOND);
    expect(server.attempts).toEqual([FIRST, OTHER]);
    expect(agent.events.at(-1)).toBe('registered');
  });

  it('from the beginning is given up before REGISTER times out', async () => {
    const onOpen = server.onOpen.bind(server);
    const freezes = vi.spyOn(server, 'onOpen').mockImplementation((socket) => {
      onOpen(socket);
      if (socket.url === FIRST) socket.freeze();
    });
    const agent = newAgent([FIRST, OTHER]);
    agent.userAgent.start();
    expect(await passUntil(() => agent.events.includes('registered'), MINUTE)).toBeLessThanOrEqual(
      8 * SECOND,
    );
    expect(freezes).toHaveBeenCalledTimes(2);
  });
});

describe('a connection that is alive', () => {
  it('stays, with a ping of 4 bytes about every 6 s and no other request', async () => {
    const { userAgent, events } = await registered();
    const pings = server.pings;
    await pass(10 * MINUTE);
    expect(server.pings - pings).toBe(100);
    expect(server.requests('OPTIONS')).toEqual([]);
    expect(events).toEqual([]);
    expect(userAgent.isAlive).toBe(true);
    expect(server.attempts).toHaveLength(1);
  });

  it('is not asked while other things come in', async () => {
    await registered();
    const pings = server.pings;
    for (let second = 0; second < 60; second += 1) {
      await pass(SECOND);
      server.socket?.deliver('\r\n\r\n');
    }
    expect(server.pings).toBe(pings);
  });

  it('over a path of 1.5 s in a call is not given up', async () => {
    const onText = server.onText.bind(server);
    const late = vi.spyOn(server, 'onText').mockImplementation((socket, text) => {
      setTimeout(() => {
        onText(socket, text);
      }, 1_500);
    });
    const agent = newAgent();
    agent.userAgent.start();
    await passUntil(() => agent.events.includes('registered'), MINUTE);
    await Promise.all([talk(agent), pass(10 * SECOND)]);
    await pass(5 * MINUTE);
    expect(late).toHaveBeenCalled();
    expect(agent.events).not.toContain('disconnected');
  });
});

describe('a server that does not answer pings', () => {
  it.each([200, 401, 404, 405, 407, 481, 500, 501])(
    'is asked by OPTIONS: %d is an answer',
    async (status) => {
      answerOptionsWith(status);
      const agent = await registered();
      await pass(10 * MINUTE);
      expect(agent.events).toEqual([]);
      const pings = server.pings;
      await pass(MINUTE);
      expect(server.pings).toBe(pings);
      server.freeze();
      expect(await untilLost(agent)).toBeLessThanOrEqual(10 * SECOND);
    },
  );

  it('is asked by OPTIONS at once over the next connection, without credentials', async () => {
    answerOptionsWith(200);
    await registered();
    await pass(MINUTE);
    const { pings } = server;
    const before = server.requests('OPTIONS').length;
    server.cut();
    await pass(SECOND);
    expect(server.pings).toBe(pings);
    const request = server.requests('OPTIONS').at(-1);
    expect(server.requests('OPTIONS')).toHaveLength(before + 1);
    expect(request?.uri).toBe('sip:pbx.test');
    expect(request?.header('authorization')).toBeUndefined();
  });

  it('nor OPTIONS is not taken for dead, and hardly asked', async () => {
    answerOptionsWith(0);
    const agent = await registered();
    await pass(HOUR);
    expect(agent.events).toEqual([]);
    expect(agent.userAgent.isAlive).toBe(true);
    expect(server.requests('OPTIONS').length).toBeLessThanOrEqual(122);
    agent.userAgent.probe();
    await pass(10 * SECOND);
    expect(agent.events).toEqual([]);
  });

  it('nor OPTIONS, and later does, is watched from then on', async () => {
    answerOptionsWith(0);
    const agent = await registered();
    await pass(HOUR);
    server.auto.pong = true;
    await pass(MINUTE);
    server.freeze();
    expect(await untilLost(agent)).toBeLessThanOrEqual(10 * SECOND);
  });

  it('any more, as another program took its place, costs one reconnection and not one every 9 s', async () => {
    const agent = await registered();
    await pass(MINUTE);
    answerOptionsWith(0);
    await pass(10 * MINUTE);
    expect(server.attempts).toHaveLength(2);
    expect(agent.events.at(-1)).toBe('registered');
  });

  it('and is slow to answer REGISTER, is given up for it once only', async () => {
    answerOptionsWith(0);
    server.auto.register = false;
    const agent = newAgent();
    agent.userAgent.start();
    await pass(20 * SECOND);
    expect(server.attempts).toHaveLength(2);
    server.requests('REGISTER').at(-1)?.reply(404);
    await pass(HOUR);
    expect(server.attempts).toHaveLength(2);
  });
});

describe('probe()', () => {
  it('finds a dead connection within 2 s', async () => {
    const agent = await registered();
    await pass(MINUTE);
    server.freeze();
    agent.userAgent.probe();
    expect(await untilLost(agent)).toBeLessThanOrEqual(2.1 * SECOND);
  });

  it('twice, again and again, finds it all the same', async () => {
    const agent = await registered();
    server.freeze();
    for (let turn = 0; turn < 5; turn += 1) {
      agent.userAgent.probe();
      await pass(100);
    }
    expect(await untilLost(agent)).toBeLessThanOrEqual(2.1 * SECOND);
  });

  it('leaves one that is alive', async () => {
    const agent = await registered();
    agent.userAgent.probe();
    agent.userAgent.probe();
    await pass(MINUTE);
    expect(agent.events).toEqual([]);
  });

  it('before the start, while reconnecting and after the end does nothing', async () => {
    const agent = newAgent();
    agent.userAgent.probe();
    expect(agent.userAgent.isAlive).toBe(false);
    agent.userAgent.start();
    await pass(0);
    server.connection = 'refuse';
    server.cut();
    await pass(SECOND);
    agent.userAgent.probe();
    expect(agent.userAgent.isAlive).toBe(false);
    agent.userAgent.stop();
    agent.userAgent.probe();
    await pass(10 * SECOND);
    expect(agent.events.filter((name) => name === 'disconnected')).toHaveLength(1);
  });
});

describe.each([12 * SECOND, HOUR])('a page that was frozen for %d ms', (frozenMs) => {
  /** No timer fires, and both clocks go on. */
  function freeze(): void {
    const now = performance.now.bind(performance);
    vi.setSystemTime(Date.now() + frozenMs);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + frozenMs);
  }

  describe.each([
    { during: 'idle', isInCall: false, limitMs: 10 * SECOND },
    { during: 'in a call', isInCall: true, limitMs: 5 * SECOND },
  ])('$during', ({ isInCall, limitMs }) => {
    // At rest, and with a question under way.
    it.each([5_000, 6_100])('keeps a connection that lives (%d ms after it was heard)', async (restMs) => {
      const agent = await registered();
      if (isInCall) await talk(agent);
      await pass(restMs);
      server.freeze();
      freeze();
      server.socket?.thaw();
      await pass(MINUTE);
      expect(agent.events).not.toContain('disconnected');
      expect(server.attempts).toHaveLength(1);
      expect(agent.userAgent.isAlive).toBe(true);
    });

    it.each([5_000, 6_100])('finds a dead one (%d ms after it was heard)', async (restMs) => {
      const agent = await registered();
      if (isInCall) await talk(agent);
      await pass(restMs);
      server.freeze();
      freeze();
      expect(await untilLost(agent)).toBeLessThanOrEqual(limitMs);
    });
  });
});

describe('a machine that slept for an hour', () => {
  const sleep = () => vi.setSystemTime(Date.now() + HOUR);

  it('is not alive until the server has said so', async () => {
    const { userAgent, events } = await registered();
    await pass(MINUTE);
    sleep();
    expect(userAgent.isAlive).toBe(false);
    await pass(6 * SECOND);
    expect(userAgent.isAlive).toBe(true);
    expect(events).toEqual([]);
    expect(server.attempts).toHaveLength(1);
  });

  it('finds the connection dead within 2 s of its first look', async () => {
    const agent = await registered();
    await pass(MINUTE);
    server.freeze();
    sleep();
    expect(await untilLost(agent)).toBeLessThanOrEqual(8.1 * SECOND);
  });

  it('while it waited for an answer asks again before it judges', async () => {
    const agent = await registered();
    await pass(5.9 * SECOND);
    server.freeze();
    await pass(200);
    sleep();
    server.socket?.thaw();
    await pass(10 * SECOND);
    expect(agent.events).toEqual([]);
    expect(server.attempts).toHaveLength(1);
  });

  it('again and again is judged all the same', async () => {
    const agent = await registered();
    server.freeze();
    for (let turn = 0; turn < 20; turn += 1) {
      sleep();
      await pass(SECOND);
    }
    expect(agent.events).toContain('disconnected');
  });

  it.each([-HOUR, HOUR])('or whose clock was put right by %d ms loses nothing', async (byMs) => {
    const agent = await registered();
    await pass(MINUTE);
    vi.setSystemTime(Date.now() + byMs);
    await pass(10 * SECOND);
    expect(agent.events).toEqual([]);
    expect(agent.userAgent.isAlive).toBe(true);
    server.freeze();
    expect(await untilLost(agent)).toBeLessThanOrEqual(10 * SECOND);
  });
});
