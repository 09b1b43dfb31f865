import { afterEach, beforeEach, expect, vi } from 'vitest';
import { AgentBench, type BenchOptions } from '../../support/agent';
import type { ScriptedServer } from '../../support/wire/scripted-server';
import { settle } from '../../support/wire/next-task';

export const START = Date.UTC(2025, 0, 1, 9);
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/** The bench of the current test. */
export let bench: AgentBench;

/** Lets fake time pass, and everything that it sets off run to its end. */
export async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await settle(4);
}

// Timers F and H of RFC 3261 (64*T1) bound what JsSIP's transactions leave behind.
const TRANSACTIONS_END_MS = 33 * SECOND;

/**
 * A bench and a fake clock for each test. After each test every Device is destroyed, and whatever still waits,
 * listens or is connected when the SIP transactions have run out fails the test.
 */
export function useAgentBench(options: BenchOptions = {}): void {
  let listeners: number;

  beforeEach(() => {
    vi.useFakeTimers({ now: START });
    listeners = 0;
    const target = new EventTarget();
    vi.stubGlobal('addEventListener', (type: string, listener: () => void) => {
      listeners += 1;
      target.addEventListener(type, listener);
    });
    vi.stubGlobal('removeEventListener', (type: string, listener: () => void) => {
      listeners -= 1;
      target.removeEventListener(type, listener);
    });
    vi.stubGlobal('dispatchEvent', target.dispatchEvent.bind(target));
    bench = new AgentBench(options);
  });

  afterEach(async () => {
    const { server, media, webRtc } = bench;
    for (const device of bench.devices) device.destroy();
    await pass(TRANSACTIONS_END_MS);
    const left = {
      timers: vi.getTimerCount(),
      windowListeners: listeners,
      otherListeners: media.listeners,
      sockets: server.sockets.filter((socket) => socket.readyState < socket.CLOSING).length,
      tracks: media.liveTracks.length,
      peerConnections: webRtc.live,
      audioElements: media.heldElements.length,
    };
    bench.stop();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.useRealTimers();
    const nothing = { timers: 0, windowListeners: 0, otherListeners: 0, sockets: 0 };
    expect(left).toEqual({ ...nothing, tracks: 0, peerConnections: 0, audioElements: 0 });
  });
}

/** REGISTER requests that carried credentials, with what they asked for; each answer to a challenge counts once. */
export function registers(server: ScriptedServer = bench.server): string[] {
  return server
    .requests('REGISTER')
    .filter((request) => request.header('authorization') !== undefined)
    .map((request) => (request.header('expires') === '0' ? 'remove' : 'bind'));
}

/** Wakes the page up, as the browser does when the network is back. */
export function wakeUp(): void {
  globalThis.dispatchEvent(new Event('online'));
}
