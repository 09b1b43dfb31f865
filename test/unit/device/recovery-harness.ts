import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, vi } from 'vitest';
import { Logger } from '../../../src/core/logger';
import type { Call, Device, DeviceOptions, LostCall } from '../../../src/index';
import { LiveCallJournal } from '../../../src/storage/live-call-journal';
import type { LiveCallRecord } from '../../../src/storage/live-call-record';
import { FakeLocks } from '../../support/web-locks';
import { sdpAnswer, type SdpOptions } from '../../support/wire/sdp';
import type { ReceivedRequest } from '../../support/wire/wire-link';
import type { WireDialog } from '../../support/wire/wire-dialog';
import { bench, pass } from '../registration/harness';

/** IndexedDB works in tasks of its own, whatever the clock does. */
const realSetImmediate = globalThis.setImmediate;

export let locks: FakeLocks;
export let tab: Map<string, string>;

/** IndexedDB, Web Locks and a tab's `sessionStorage`, new for each test. */
export function useBrowserStorage(): void {
  beforeEach(() => {
    locks = new FakeLocks();
    tab = new Map();
    globalThis.setImmediate = realSetImmediate;
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('sessionStorage', {
      getItem: (name: string) => tab.get(name) ?? null,
      setItem: (name: string, value: string) => tab.set(name, value),
    });
    Object.defineProperty(globalThis.navigator, 'locks', { value: locks, configurable: true });
  });
  afterEach(() => {
    Reflect.deleteProperty(globalThis.navigator, 'locks');
  });
}

/** Runs IndexedDB until it has nothing left to do. */
export async function settleStorage(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await pass(0);
}

/** Waits for a promise that needs IndexedDB to move on. */
export async function withStorage<T>(promise: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const done = () => {
    settled.abort();
  };
  promise.then(done, done);
  for (let turn = 0; turn < 200 && !settled.signal.aborted; turn += 1) await pass(0);
  return promise;
}

export async function journaled(): Promise<LiveCallRecord[]> {
  const journal = new LiveCallJournal(new Logger('silent'));
  const records = await withStorage(journal.all());
  journal.close();
  await settleStorage();
  return records;
}

export async function writeJournal(record: unknown): Promise<void> {
  const journal = new LiveCallJournal(new Logger('silent'));
  await withStorage(journal.put(record as LiveCallRecord));
  journal.close();
  await settleStorage();
}

export interface Page {
  readonly device: Device;
  readonly recovered: Call[];
  readonly lost: LostCall[];
  readonly rung: Call[];
}

/** A page that registers with `recoverCalls`. */
export async function openPage(
  options: Partial<DeviceOptions> = {},
  prepare: (device: Device) => void = () => undefined,
): Promise<Page> {
  const device = bench.device({ recoverCalls: true, ...options });
  prepare(device);
  const page: Page = { device, recovered: [], lost: [], rung: [] };
  device.on('recovered', (call) => page.recovered.push(call));
  device.on('callLost', (lost) => page.lost.push(lost));
  device.on('incoming', (call) => page.rung.push(call));
  await withStorage(device.register());
  return page;
}

/**
 * The page is gone without a word, with its journal as it was at this moment. (Inside one process its Device has to be
 * destroyed; what that says to the server is for nobody.)
 */
export async function crash(page: Page, ...dialogs: readonly WireDialog[]): Promise<LiveCallRecord[]> {
  await settleStorage();
  const records = await journaled();
  page.device.destroy();
  for (const dialog of dialogs) await dialog.expect('BYE');
  await pass(3_000);
  for (const record of records) await writeJournal(record);
  return records;
}

/** The re-INVITE by which a later page takes the call up; from then on the far end knows the new address. */
export async function reinvite(dialog: WireDialog): Promise<ReceivedRequest> {
  const request = await withStorage(dialog.expect('INVITE'));
  dialog.state.remoteTarget = request.contactUri ?? '';
  return request;
}

/** Accepts the re-INVITE of a later page; resolves with its offer. */
export async function takeUp(dialog: WireDialog, answer: SdpOptions = {}): Promise<string> {
  const request = await reinvite(dialog);
  request.reply(200, { body: sdpAnswer(request.body, answer) });
  await withStorage(dialog.expect('ACK'));
  await settleStorage();
  return request.body;
}

/** A page with an outbound call that was answered. */
export async function talkingPage(
  answer: { readonly headers?: string[] } = {},
): Promise<{ page: Page; dialog: WireDialog; call: Call; invite: ReceivedRequest }> {
  const page = await openPage();
  const { call, invite } = await bench.dial(page.device);
  const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body), ...answer });
  await dialog.expect('ACK');
  await settleStorage();
  return { page, dialog, call, invite };
}
