import { afterEach, beforeEach, expect, vi } from 'vitest';
import { Logger } from '../../../src/core/logger';
import type { SipSession } from '../../../src/sip/session';
import { SipUserAgent } from '../../../src/sip/user-agent';
import { FakeMediaStream, type FakeWebRtc, installFakeWebRtc } from '../../support/fake-peer-connection';
import { settle } from '../../support/wire/next-task';
import { MicrophoneTrack } from '../../support/wire/raw-agent';
import { ScriptedServer } from '../../support/wire/scripted-server';
import { sdpAnswer } from '../../support/wire/sdp';
import type { WireDialog } from '../../support/wire/wire-dialog';

export const START = Date.UTC(2025, 0, 1, 9);
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export const FIRST = 'wss://first.test/ws';
export const OTHER = 'wss://other.test/ws';

// Timers F and H of RFC 3261 (64*T1) bound what JsSIP's transactions leave behind.
const TRANSACTIONS_END_MS = 33 * SECOND;

/** The server of the current test. */
export let server: ScriptedServer;
const agents: SipUserAgent[] = [];

/** Lets fake time pass, and everything that it sets off run to its end. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settle(4);
}

/** Lets fake time pass until something is so, and returns how long that took, to 100 ms. */
export async function passUntil(isSo: () => boolean, limitMs: number): Promise<number> {
  const startedAt = performance.now();
  while (!isSo() && performance.now() - startedAt < limitMs) await pass(100);
  expect(isSo()).toBe(true);
  return performance.now() - startedAt;
}

export interface SeenAgent {
  readonly userAgent: SipUserAgent;
  /** Names of its events in order, `connecting` with its number. */
  readonly events: string[];
}

/** A user agent that is not started yet. */
export function newAgent(wsUrls: readonly string[] = [FIRST]): SeenAgent {
  const userAgent = new SipUserAgent(
    {
      wsUrls,
      uri: 'sip:agent-1@pbx.test',
      authorizationUsername: 'agent-1',
      secret: { password: 'secret-of-the-agent' },
      registerExpiresSeconds: 3600,
      iceServers: [],
      iceTransportPolicy: 'all',
      instanceId: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
    },
    new Logger('silent'),
  );
  agents.push(userAgent);
  const events: string[] = [];
  userAgent.on('connecting', (attempt) => events.push(`connecting ${attempt}`));
  for (const name of ['connected', 'connectFailed', 'idle'] as const)
    userAgent.on(name, () => events.push(name));
  // A refresh that is confirmed is no news.
  let isBound = false;
  userAgent.on('registered', () => {
    if (!isBound) events.push('registered');
    isBound = true;
  });
  for (const name of ['disconnected', 'registerFailed', 'unregistered'] as const)
    userAgent.on(name, () => {
      isBound = false;
      events.push(name);
    });
  userAgent.on('connected', () => {
    userAgent.register();
  });
  return { userAgent, events };
}

/** A registered one, with the events of its way there forgotten. */
export async function registered(wsUrls?: readonly string[]): Promise<SeenAgent> {
  const agent = newAgent(wsUrls);
  agent.userAgent.start();
  await pass(0);
  expect(agent.events.at(-1)).toBe('registered');
  agent.events.length = 0;
  return agent;
}

/** A stream for `answer()` and `call()`. */
export function microphone(): MediaStream {
  return new FakeMediaStream([new MicrophoneTrack()]) as unknown as MediaStream;
}

/** A call that was answered. */
export async function talk({ userAgent }: SeenAgent): Promise<{ session: SipSession; dialog: WireDialog }> {
  const session = userAgent.call({ to: 'bob', extraHeaders: [], stream: Promise.resolve(microphone()) });
  const invite = await server.next('INVITE');
  const dialog = server.accept(invite, { body: sdpAnswer(invite.body) });
  await dialog.expect('ACK');
  return { session, dialog };
}

/** URLs of the connections that are open. */
export function openUrls(): string[] {
  return server.sockets.filter((socket) => socket.readyState === socket.OPEN).map((socket) => socket.url);
}

/** A server, fake WebRTC and a fake clock for each test; whatever is left when all is stopped fails it. */
export function useServer(): void {
  let webRtc: FakeWebRtc;
  let restoreSocket: () => void;

  beforeEach(() => {
    vi.useFakeTimers({ now: START });
    server = new ScriptedServer();
    server.registrar.passwords.set('agent-1', 'secret-of-the-agent');
    restoreSocket = server.install();
    webRtc = installFakeWebRtc();
  });

  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.stop();
    await pass(TRANSACTIONS_END_MS);
    const left = { timers: vi.getTimerCount(), open: openUrls(), connections: webRtc.live };
    restoreSocket();
    webRtc.restore();
    vi.restoreAllMocks();
    vi.useRealTimers();
    expect(left).toEqual({ timers: 0, open: [], connections: 0 });
  });
}
