import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Device, VoiceSDKError } from '../../../src/index';
import { AgentBench, type BenchOptions } from '../../support/agent';
import type { Recorder } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpDirection, type SdpOptions } from '../../support/wire/sdp';
import type { SentRequest, WireDialog } from '../../support/wire/wire-dialog';
import type { ReceivedRequest } from '../../support/wire/wire-link';

/** 64*T1 of RFC 3261: the longest that a transaction lives after its last message, and a little more. */
const TRANSACTIONS_OVER_MS = 33_000;

/** A bench and a registered Device for each test of the file. */
export function useBench(options: BenchOptions = {}): {
  readonly bench: AgentBench;
  readonly device: Device;
} {
  const current = {} as { bench: AgentBench; device: Device };
  beforeEach(async () => {
    current.bench = new AgentBench(options);
    current.device = await current.bench.registered({ ringtoneUrl: 'ring.mp3' });
  });
  afterEach(() => {
    current.bench.stop();
    vi.useRealTimers();
  });
  return current;
}

/** Moves the fake clock and lets everything that this sets off happen. */
export async function advance(durationMs: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(durationMs);
  await settle();
}

/** Only the timers, so that promises and the fake network go on by themselves. */
export function fakeClock(): void {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
  });
}

/**
 * How many timers a Device at rest holds that registered before the clock was faked: none of those until then, and from
 * the first call on the one of its keep-alive.
 */
export function timersAtRest(): number {
  return vi.getTimerCount() + 1;
}

/** No microphone, speaker, listener or peer connection is held for any call. */
export function expectNothingHeld({ media, webRtc }: AgentBench): void {
  expect(media.liveTracks).toHaveLength(0);
  expect(media.heldElements.filter(({ src }) => src === '')).toHaveLength(0);
  // How a call ended is told by a tone that plays once; the fake ones never come to their end.
  const isTold = ({ src, loop }: { src: string; loop: boolean }) => src.startsWith('blob:') && !loop;
  expect(media.elements.filter((element) => !element.paused && !isTold(element))).toHaveLength(0);
  expect(media.tracks.reduce((sum, track) => sum + track.listenerCount(), 0)).toBe(0);
  expect(webRtc.live).toBe(0);
}

/** Runs out what SIP keeps for retransmissions; no timer of the call may be left. Needs the fake clock. */
export async function expectNoTimerLeft(timersBefore: number): Promise<void> {
  await advance(TRANSACTIONS_OVER_MS);
  expect(vi.getTimerCount()).toBe(timersBefore);
}

/** The only `disconnect` of a call. */
export function endOf(events: Recorder): unknown {
  const ends = events.of('disconnect');
  expect(ends).toHaveLength(1);
  return ends[0]?.[0];
}

/** What a request of the far end was answered with so far, without the 100 of each INVITE. */
export function statusesOf(sent: SentRequest): number[] {
  return sent.responses.map(({ status }) => status).filter((status) => status !== 100);
}

/** The codes of the `error` events so far. */
export function errorsOf(events: Recorder): string[] {
  return events.of('error').map(([error]) => (error as VoiceSDKError).code);
}

/** Answers a re-INVITE of the agent and waits for its ACK. */
export async function agree(
  dialog: WireDialog,
  reinvite: ReceivedRequest,
  answer: SdpOptions = {},
): Promise<void> {
  reinvite.reply(200, { body: sdpAnswer(reinvite.body, answer) });
  await dialog.expect('ACK');
}

/** The direction in the body of the final response to a request of the far end. */
export async function answeredDirection(request: SentRequest): Promise<string> {
  return sdpDirection((await request.response(200)).body);
}

/** Takes the server away; nothing can be sent from here on. */
export async function loseServer({ server }: AgentBench): Promise<void> {
  server.connection = 'refuse';
  server.cut();
  await settle();
}

/** Brings the server back, and resolves when the Device is registered there again. */
export async function findServer({ server }: AgentBench, device: Device): Promise<void> {
  server.connection = 'accept';
  const registered = new Promise<void>((resolve) => {
    device.once('reconnected', resolve);
  });
  globalThis.dispatchEvent(new Event('online'));
  await registered;
  await settle();
}
