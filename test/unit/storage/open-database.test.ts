import 'fake-indexeddb/auto';
import { IDBDatabase, IDBFactory } from 'fake-indexeddb';
import { type DBSchema, openDB } from 'idb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openDatabase } from '../../../src/storage/open-database';

interface Schema extends DBSchema {
  former: { key: string; value: string };
  new: { key: string; value: string };
}

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it('keeps what is there, and nothing of another version', async () => {
  const first = await openDatabase<Schema>('it', 1, 'former');
  await first.put('former', 'kept', 'key');
  first.close();
  const again = await openDatabase<Schema>('it', 1, 'former');
  expect(await again.get('former', 'key')).toBe('kept');
  again.close();
  const newer = await openDatabase<Schema>('it', 2, 'new');
  expect([...newer.objectStoreNames]).toEqual(['new']);
  newer.close();
});

it('goes out of the way of a newer version', async () => {
  await openDatabase<Schema>('it', 1, 'former');
  const newer = await openDatabase<Schema>('it', 2, 'new');
  expect(newer.version).toBe(2);
  newer.close();
});

it('gives up on a page that keeps the former version open, and closes what opens later', async () => {
  const held = await openDB('it', 1);
  await expect(openDatabase<Schema>('it', 2, 'new')).rejects.toThrow('does not open');
  const closed = vi.spyOn(IDBDatabase.prototype, 'close');
  held.close();
  await vi.waitFor(() => {
    expect(closed.mock.contexts).toContainEqual(expect.objectContaining({ version: 2 }));
  });
});

it('rejects with what the browser throws', async () => {
  const refused = new DOMException('not here', 'SecurityError');
  vi.stubGlobal('indexedDB', {
    open: () => {
      throw refused;
    },
  });
  await expect(openDatabase<Schema>('it', 1, 'new')).rejects.toBe(refused);
});
