import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { SipSession } from '../../../src/sip/session';
import { sdpOffer } from '../../support/wire/sdp';
import type { ReceivedRequest } from '../../support/wire/wire-link';
import type { FakeWebSocket } from '../../support/wire/fake-web-socket';
import {
  FIRST,
  HOUR,
  microphone,
  MINUTE,
  OTHER,
  openUrls,
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

let agent: SeenAgent;

/** Registered at the other server, as the preferred one was down; that one is back now. */
beforeEach(async () => {
  server.connection = (_attempt, url) => (url === FIRST ? 'refuse' : 'accept');
  agent = await registered([FIRST, OTHER]);
  expect(openUrls()).toEqual([OTHER]);
  server.connection = 'accept';
});

const registersAt = (url: string): ReceivedRequest[] =>
  server.requests('REGISTER').filter(({ socket }) => socket.url === url);

/** Until a second connection is open, or was. */
const untilMoving = (limitMs = MINUTE) => passUntil(() => server.sockets.length > 1, limitMs);

/** Does something with each connection to the preferred server as soon as it is open. */
function whenOpen(handle: (socket: FakeWebSocket) => void): void {
  const onOpen = server.onOpen.bind(server);
  vi.spyOn(server, 'onOpen').mockImplementation((socket) => {
    onOpen(socket);
    if (socket.url === FIRST) handle(socket);
  });
}

/** Leaves REGISTER at the preferred server to `handle`. */
function registerAtFirst(handle: (request: ReceivedRequest) => void): void {
  const onText = server.onText.bind(server);
  vi.spyOn(server, 'onText').mockImplementation((socket, text) => {
    const isTheirs = socket.url === FIRST && text.startsWith('REGISTER');
    if (isTheirs) server.auto.register = false;
    onText(socket, text);
    server.auto.register = true;
    const request = server.requests('REGISTER').at(-1);
    if (isTheirs && request) handle(request);
  });
}

describe('the preferred server that is back', () => {
  it('is returned to within 30 s, registered at before the other connection closes, and nobody notices', async () => {
    whenOpen(() => {
      expect(openUrls()).toContain(OTHER);
    });
    await untilMoving(31 * SECOND);
    await pass(SECOND);
    expect(registersAt(FIRST).map(({ finalStatus }) => finalStatus)).toEqual([401, 200]);
    expect(openUrls()).toEqual([OTHER, FIRST]);
    await pass(3 * SECOND);
    expect(openUrls()).toEqual([FIRST]);
    expect(agent.events).toEqual([]);
    expect(agent.userAgent.isRegistered).toBe(true);
    expect(agent.userAgent.isAlive).toBe(true);
    await pass(10 * MINUTE);
    expect(server.attempts).toEqual([FIRST, OTHER, FIRST]);
  });

  it('is watched from then on', async () => {
    await untilMoving();
    await pass(10 * SECOND);
    server.freeze();
    expect(await passUntil(() => agent.events.includes('disconnected'), MINUTE)).toBeLessThanOrEqual(
      10 * SECOND,
    );
  });

  it('carries the calls from then on', async () => {
    await untilMoving();
    await pass(10 * SECOND);
    const { dialog } = await talk(agent);
    expect(server.requests('INVITE').at(-1)?.socket.url).toBe(FIRST);
    await dialog.expect('ACK').catch(() => undefined);
    expect(agent.userAgent.liveSessions).toBe(1);
  });

  it('is not returned to while a call is live, but after it', async () => {
    const { session } = await talk(agent);
    await pass(10 * MINUTE);
    expect(openUrls()).toEqual([OTHER]);
    session.hangUp('hangup');
    await passUntil(() => openUrls().join() === FIRST, 6 * MINUTE);
    expect(agent.events.filter((name) => name !== 'idle')).toEqual([]);
  });

  it('is left alone when the connection to the other one is lost: whichever is reachable', async () => {
    server.cut();
    await pass(SECOND);
    expect(openUrls()).toEqual([FIRST]);
    await pass(HOUR);
    expect(openUrls()).toEqual([FIRST]);
  });
});

describe('a preferred server that is not fit yet', () => {
  it.each(['refuse', 'hang', 'throw', 'error-only'] as const)(
    '(%s) is tried ever more rarely, and nobody notices',
    async (behaviour) => {
      server.connection = (_attempt, url) => (url === FIRST ? behaviour : 'accept');
      await pass(HOUR);
      const attempts = server.attempts.length;
      expect(attempts).toBeLessThan(40);
      await pass(HOUR);
      expect(server.attempts.length - attempts).toBeGreaterThan(8);
      expect(server.attempts.length - attempts).toBeLessThan(30);
      expect(openUrls()).toEqual([OTHER]);
      expect(agent.events).toEqual([]);
    },
  );

  it.each([403, 404, 500, 503])('(REGISTER answered by %d) loses nothing', async (status) => {
    registerAtFirst((request) => {
      request.reply(status);
    });
    await untilMoving();
    await pass(MINUTE);
    expect(openUrls()).toEqual([OTHER]);
    expect(agent.events).toEqual([]);
    expect(agent.userAgent.isRegistered).toBe(true);
    // The binding is put back where it was.
    expect(server.requests('REGISTER').at(-1)?.socket.url).toBe(OTHER);
    expect(server.requests('REGISTER').at(-1)?.finalStatus).toBe(200);
  });

  it('(REGISTER not answered) is given up after 10 s, and a refresh goes on as ever', async () => {
    registerAtFirst(() => undefined);
    await untilMoving();
    await pass(11 * SECOND);
    expect(openUrls()).toEqual([OTHER]);
    await pass(40 * SECOND);
    expect(agent.events).toEqual([]);
    expect(agent.userAgent.isRegistered).toBe(true);
    await pass(HOUR);
    expect(agent.events).toEqual([]);
    expect(agent.userAgent.isRegistered).toBe(true);
  });

  it('(it closes after REGISTER) loses nothing', async () => {
    registerAtFirst(({ socket }) => {
      socket.cut();
    });
    await untilMoving();
    await pass(MINUTE);
    expect(agent.events).toEqual([]);
    expect(agent.userAgent.isRegistered).toBe(true);
  });
});

describe('in the middle of the return', () => {
  /** The REGISTER at the preferred server that waits for its answer. */
  async function middle(): Promise<ReceivedRequest> {
    const waiting: ReceivedRequest[] = [];
    registerAtFirst((request) => {
      waiting.push(request);
    });
    await passUntil(() => waiting.length > 0, MINUTE);
    const [request] = waiting;
    if (!request) throw new Error('no REGISTER');
    return request;
  }

  const confirm = (request: ReceivedRequest) => {
    request.reply(200, { headers: [`Contact: ${request.header('contact') ?? ''}`] });
  };

  it('a call that comes over the former connection is answered over it, and the agent stays there', async () => {
    const request = await middle();
    const invite = server.invite({ body: sdpOffer(), to: 'sip:agent-1@pbx.test' });
    await pass(0);
    confirm(request);
    await pass(SECOND);
    expect(openUrls()).toEqual([OTHER]);
    expect(invite.responses.map(({ status }) => status)).toContain(180);
    expect(agent.userAgent.liveSessions).toBe(1);
    expect(server.requests('REGISTER').at(-1)?.socket.url).toBe(OTHER);
    expect(agent.events).toEqual([]);
  });

  it('the loss of the former connection is a loss like any other', async () => {
    await middle();
    server.sockets.find(({ url }) => url === OTHER)?.cut();
    await pass(0);
    expect(agent.events).toEqual(['disconnected', 'unregistered']);
    vi.restoreAllMocks();
    await pass(SECOND);
    expect(openUrls()).toEqual([FIRST]);
    expect(agent.events.at(-1)).toBe('registered');
  });

  it('unregister() removes the binding over the former connection', async () => {
    await middle();
    agent.userAgent.unregister();
    await pass(SECOND);
    expect(server.requests('REGISTER').at(-1)?.socket.url).toBe(OTHER);
    expect(server.requests('REGISTER').at(-1)?.header('expires')).toBe('0');
    expect(openUrls()).toEqual([OTHER]);
    expect(agent.userAgent.isRegistered).toBe(false);
  });

  it('stop() ends all of it', async () => {
    await middle();
    agent.userAgent.stop();
    await pass(3 * SECOND);
    expect(openUrls()).toEqual([]);
  });

  it('register() is no second REGISTER', async () => {
    const request = await middle();
    const count = server.requests('REGISTER').length;
    agent.userAgent.register();
    await pass(0);
    expect(server.requests('REGISTER')).toHaveLength(count);
    confirm(request);
    await pass(5 * SECOND);
    expect(openUrls()).toEqual([FIRST]);
  });
});

it('answers a request over the connection that it came over, also just after the return', async () => {
  await untilMoving();
  await pass(SECOND);
  expect(openUrls()).toEqual([OTHER, FIRST]);
  const former = server.sockets.find(({ url }) => url === OTHER);
  const heard: string[] = [];
  const onText = server.onText.bind(server);
  vi.spyOn(server, 'onText').mockImplementation((socket, text) => {
    if (text.startsWith('SIP/2.0')) heard.push(`${text.slice(8, 11)} to ${socket.url}`);
    onText(socket, text);
  });
  for (const socket of [former, server.socket]) {
    server.send(
      [
        'OPTIONS sip:agent-1@pbx.test SIP/2.0',
        `Via: SIP/2.0/WSS edge.test;branch=z9hG4bK${socket?.url.length ?? 0}${socket?.url.slice(6, 9) ?? ''}`,
        'Max-Forwards: 70',
        'From: <sip:edge@pbx.test>;tag=1',
        'To: <sip:agent-1@pbx.test>',
        `Call-ID: qualify-${socket?.url.slice(6, 9) ?? ''}`,
        'CSeq: 1 OPTIONS',
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
      socket,
    );
    await pass(0);
  }
  expect(heard).toEqual([`200 to ${OTHER}`, `200 to ${FIRST}`]);
});

describe('a call that comes over the former connection just after the return', () => {
  /** The statuses that the call was answered with, and where they went. */
  async function called() {
    await untilMoving();
    await pass(SECOND);
    expect(openUrls()).toEqual([OTHER, FIRST]);
    const former = server.sockets.find(({ url }) => url === OTHER);
    const heard: string[] = [];
    const onText = server.onText.bind(server);
    vi.spyOn(server, 'onText').mockImplementation((socket, text) => {
      if (text.startsWith('SIP/2.0')) heard.push(`${text.slice(8, 11)} to ${socket.url}`);
      onText(socket, text);
    });
    const send = server.send.bind(server);
    vi.spyOn(server, 'send').mockImplementation((text, socket) => {
      send(text, text.startsWith('INVITE') ? former : socket);
    });
    const sessions: SipSession[] = [];
    agent.userAgent.on('incoming', (session) => sessions.push(session));
    const invite = server.invite({ body: sdpOffer(), to: 'sip:agent-1@pbx.test' });
    await pass(0);
    const [session] = sessions;
    if (!session || !former) throw new Error('no call');
    return { session, former, heard, invite };
  }

  it.each([1, 5, 60])(
    'is answered over it after %i s, which closes when the ACK is here',
    async (seconds) => {
      const { session, heard, invite } = await called();
      await pass(seconds * SECOND);
      const answered = session.answer(microphone());
      await pass(SECOND);
      expect(heard).toContain(`200 to ${OTHER}`);
      expect(heard).not.toContain(`200 to ${FIRST}`);
      invite.ack();
      await answered;
      await pass(4 * SECOND);
      expect(openUrls()).toEqual([FIRST]);
      session.hangUp();
      await pass(SECOND);
    },
  );

  it('is refused over it', async () => {
    const { session, heard } = await called();
    await pass(10 * SECOND);
    session.reject(486);
    await pass(4 * SECOND);
    expect(heard.at(-1)).toBe(`486 to ${OTHER}`);
    expect(openUrls()).toEqual([FIRST]);
  });

  it('is answered over the current one when the former one is lost', async () => {
    const { session, former, heard } = await called();
    former.cut();
    await pass(10 * SECOND);
    session.reject(486);
    await pass(0);
    expect(heard.at(-1)).toBe(`486 to ${FIRST}`);
  });

  it('keeps it open no longer than it can ring', async () => {
    await called();
    await pass(6 * MINUTE);
    expect(openUrls()).toEqual([FIRST]);
  });
});
