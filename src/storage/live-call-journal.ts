import type { DBSchema, IDBPDatabase } from 'idb';
import type { Logger } from '../core/logger';
import { type LiveCallRecord, readLiveCallRecord } from './live-call-record';
import { openDatabase } from './open-database';

interface Schema extends DBSchema {
  calls: { key: string; value: LiveCallRecord };
}

const DATABASE = '2chat-voice';
const VERSION = 1;

/**
 * The calls that live in pages of this origin, in IndexedDB. Where there is none (private windows of some browsers,
 * storage that is full or blocked) it keeps nothing and says so in the log, and no call suffers from it.
 */
export class LiveCallJournal {
  readonly #logger: Logger;
  readonly #database: Promise<IDBPDatabase<Schema> | undefined>;
  #isOpen = false;
  /** Keys of the calls whose newest state could not be written. */
  readonly #unwritten = new Set<string>();
  #isTold = false;

  constructor(logger: Logger) {
    this.#logger = logger;
    this.#database = this.#open();
  }

  /** Whether the newest state of every call is there for the next page. */
  get isUsable(): boolean {
    return this.#isOpen && this.#unwritten.size === 0;
  }

  /** Writes the newest state of a call. What was asked for last stands, also when the page dies right after. */
  async put(record: LiveCallRecord): Promise<void> {
    const key = keyOf(record);
    const isWritten = await this.#try(async (database) => {
      // Strict durability would survive a power failure, which no call does, at the price of a disk flush per change.
      const write = database.transaction('calls', 'readwrite', { durability: 'relaxed' });
      void write.store.put(record, key);
      write.commit();
      await write.done;
    });
    if (isWritten) this.#unwritten.delete(key);
    else this.#unwritten.add(key);
  }

  async remove(record: LiveCallRecord): Promise<void> {
    await this.#try(async (database) => {
      const write = database.transaction('calls', 'readwrite', { durability: 'relaxed' });
      void write.store.delete(keyOf(record));
      // Said outright: the page may be gone before the browser would find out by itself.
      write.commit();
      await write.done;
    });
    // Over: nothing of it is missed.
    this.#unwritten.delete(keyOf(record));
  }

  /** Every record that can be read; what cannot is thrown away. */
  async all(): Promise<LiveCallRecord[]> {
    const records: LiveCallRecord[] = [];
    await this.#try(async (database) => {
      const read = database.transaction('calls', 'readwrite');
      for (let cursor = await read.store.openCursor(); cursor; cursor = await cursor.continue()) {
        const record = readLiveCallRecord(cursor.value);
        if (record && keyOf(record) === cursor.key) records.push(record);
        else await cursor.delete();
      }
      await read.done;
    });
    return records;
  }

  close(): void {
    void this.#database.then((database) => {
      database?.close();
    });
  }

  async #open(): Promise<IDBPDatabase<Schema> | undefined> {
    try {
      // Calls live for minutes, not for versions: what another one kept is of no use.
      const database = await openDatabase<Schema>(DATABASE, VERSION, 'calls');
      this.#isOpen = true;
      return database;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** Whether it worked. */
  async #try(action: (database: IDBPDatabase<Schema>) => Promise<void>): Promise<boolean> {
    const database = await this.#database;
    if (!database) return false;
    try {
      await action(database);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** Once: it is tried again at each change, and fails each time where storage is blocked. */
  #fail(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#logger.warn('live calls cannot be kept for now: a reload will end them', error);
  }
}

function keyOf({ dialog }: LiveCallRecord): string {
  return [dialog.callId, dialog.localTag, dialog.remoteTag].join(' ');
}
