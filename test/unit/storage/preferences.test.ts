import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '../../../src/core/logger';
import { Preferences } from '../../../src/storage/preferences';

const HEADSET = { deviceId: 'a1', label: 'Headset' };
const SPEAKER = { deviceId: 'b2', label: 'Desk speaker' };

let open: Preferences[];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  open = [];
});
afterEach(() => {
  for (const preferences of open) preferences.close();
  vi.unstubAllGlobals();
});

function preferencesOf(scope: string): Preferences {
  const made = new Preferences(scope, new Logger('silent'));
  open.push(made);
  return made;
}

/** Puts something of whatever shape where the preferences are. */
async function plant(value: unknown): Promise<void> {
  await preferencesOf('anybody').load();
  const database = await openDB('2chat-voice-preferences');
  await database.put('devices', value, 'agent-1');
  database.close();
}

describe('preferences', () => {
  it('are there for the next session of the same agent, and for no other', async () => {
    const devices = { input: HEADSET, ringtone: [SPEAKER, HEADSET] };
    await preferencesOf('agent-1').update(() => devices);
    expect(await preferencesOf('agent-1').load()).toEqual(devices);
    expect(await preferencesOf('agent-2').load()).toEqual({});
  });

  it('keep the other parts when one is written, in two tabs at once', async () => {
    const [one, other] = [preferencesOf('agent-1'), preferencesOf('agent-1')];
    await one.update(() => ({ input: SPEAKER }));
    await Promise.all([one.update(() => ({ input: HEADSET })), other.update(() => ({ output: SPEAKER }))]);
    expect(await other.load()).toEqual({ input: HEADSET, output: SPEAKER });
  });

  it('are changed on top of what another tab has written', async () => {
    const [one, other] = [preferencesOf('agent-1'), preferencesOf('agent-1')];
    await one.update(() => ({ input: HEADSET }));
    const seen: unknown[] = [];
    await other.update((stored) => {
      seen.push(stored);
      return {};
    });
    expect(seen).toEqual([{ input: HEADSET }]);
    expect(await one.load()).toEqual({ input: HEADSET });
  });

  it.each([
    ['nothing', undefined],
    ['a text', 'hostile'],
    ['null', null],
    ['numbers', { input: 7, output: { deviceId: 7, label: 'x' }, ringtone: 'all' }],
    ['a novel', { input: { deviceId: 'x'.repeat(2_000), label: '' } }],
    ['half a device', { input: { deviceId: 'x' } }],
  ])('that are %s are none', async (_name, value) => {
    await plant(value);
    expect(await preferencesOf('agent-1').load()).toEqual({});
  });

  it('keep what is good of what is not', async () => {
    const many = Array.from({ length: 20 }, () => SPEAKER);
    await plant({ input: HEADSET, output: null, ringtone: [null, ...many], more: '<script>' });
    const loaded = await preferencesOf('agent-1').load();
    expect(loaded).toEqual({ input: HEADSET, ringtone: Array.from({ length: 7 }, () => SPEAKER) });
  });

  it('make way for a newer version in another tab', async () => {
    await preferencesOf('agent-1').update(() => ({ input: HEADSET }));
    await deleteDB('2chat-voice-preferences');
    expect(await preferencesOf('agent-1').load()).toEqual({});
  });
});

describe('where nothing can be kept', () => {
  it('nothing is, and nobody suffers: no IndexedDB', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const preferences = preferencesOf('agent-1');
    await preferences.update(() => ({ input: HEADSET }));
    expect(await preferences.load()).toEqual({});
  });

  it('nothing is, and nobody suffers: it refuses', async () => {
    const refusal = () => {
      throw new DOMException('private window', 'SecurityError');
    };
    vi.stubGlobal('indexedDB', { open: refusal });
    expect(await preferencesOf('agent-1').load()).toEqual({});
  });

  it('it is waited for a second only: it never answers', async () => {
    vi.useFakeTimers();
    vi.stubGlobal('indexedDB', { open: () => new EventTarget() });
    const loading = preferencesOf('agent-1').load();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await loading).toEqual({});
    vi.useRealTimers();
  });
});
