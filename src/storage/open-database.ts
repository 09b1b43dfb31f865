import { type DBSchema, type IDBPDatabase, openDB, type StoreNames } from 'idb';
import { withDeadline } from '../core/deadline';

/** Opening takes milliseconds, or for ever where another page keeps an old version open: registering cannot wait. */
const OPEN_TIMEOUT_MS = 1_000;

/**
 * A database of this origin with one object store. Of another version nothing is kept. Rejects where there is no IndexedDB
 * (private windows of some browsers, storage that is full or blocked), and after 1 s; what opens later is closed.
 */
export async function openDatabase<Schema extends DBSchema>(
  name: string,
  version: number,
  store: StoreNames<Schema>,
): Promise<IDBPDatabase<Schema>> {
  const opening = openDB<Schema>(name, version, {
    upgrade(database) {
      for (const former of [...database.objectStoreNames]) database.deleteObjectStore(former);
      database.createObjectStore(store);
    },
    // A newer version in another tab waits for this one; it goes first.
    blocking: (_current, _wanted, event) => {
      (event.target as IDBDatabase).close();
    },
  });
  try {
    return await withDeadline(opening, OPEN_TIMEOUT_MS, () => new Error('IndexedDB does not open'));
  } catch (error) {
    opening.then(
      (late) => {
        late.close();
      },
      () => undefined,
    );
    throw error;
  }
}
