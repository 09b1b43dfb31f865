import type { DBSchema, IDBPDatabase } from 'idb';
import type { Logger } from '../core/logger';
import { openDatabase } from './open-database';

/** A device that the agent chose. Its id changes when site data is cleared; its name stays. */
export interface RememberedDevice {
  /** `''` is the system's default. */
  readonly deviceId: string;
  /** Empty where it was not known. */
  readonly label: string;
}

/** The devices of one agent; what was never chosen is absent. */
export interface RememberedDevices {
  readonly input?: RememberedDevice;
  readonly output?: RememberedDevice;
  readonly ringtone?: readonly RememberedDevice[];
}

export type RememberedPart = keyof RememberedDevices;

interface Schema extends DBSchema {
  devices: { key: string; value: RememberedDevices };
}

const DATABASE = '2chat-voice-preferences';
const VERSION = 1;
// Far above every real name and id: only so that nobody fills the memory of the page.
const LONGEST_TEXT = 1_024;
const MOST_RINGTONE_DEVICES = 8;

/**
 * What one agent prefers, in IndexedDB of this origin. Where there is none (private windows of some browsers, storage
 * that is full or blocked) nothing is remembered and the log says so.
 */
export class Preferences {
  readonly #scope: string;
  readonly #logger: Logger;
  readonly #database: Promise<IDBPDatabase<Schema> | undefined>;

  /** @param scope whose they are: API and user */
  constructor(scope: string, logger: Logger) {
    this.#scope = scope;
    this.#logger = logger;
    this.#database = this.#open();
  }

  /** What was saved last; empty where there is nothing that can be read. */
  async load(): Promise<RememberedDevices> {
    const database = await this.#database;
    try {
      return readDevices(await database?.get('devices', this.#scope));
    } catch (error) {
      this.#fail(error);
      return {};
    }
  }

  /**
   * Puts parts in place of what was saved, in one step: another tab cannot write in between.
   *
   * @param change the parts that are different now, of what is stored
   */
  async update(change: (stored: RememberedDevices) => RememberedDevices): Promise<void> {
    const database = await this.#database;
    try {
      const store = database?.transaction('devices', 'readwrite').store;
      if (!store) return;
      const stored = readDevices(await store.get(this.#scope));
      const changed = change(stored);
      if (Object.keys(changed).length > 0) await store.put({ ...stored, ...changed }, this.#scope);
    } catch (error) {
      this.#fail(error);
    }
  }

  close(): void {
    void this.#database.then((database) => {
      database?.close();
    });
  }

  async #open(): Promise<IDBPDatabase<Schema> | undefined> {
    try {
      return await openDatabase<Schema>(DATABASE, VERSION, 'devices');
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #fail(error: unknown): void {
    this.#logger.warn('the choice of devices cannot be remembered', error);
  }
}

/** Out of a database that every script of the page can write to. */
function readDevices(value: unknown): RememberedDevices {
  if (!isObject(value)) return {};
  const [input, output] = [readDevice(value['input']), readDevice(value['output'])];
  const { ringtone } = value;
  const ringtones = Array.isArray(ringtone)
    ? ringtone.slice(0, MOST_RINGTONE_DEVICES).flatMap(readDevice)
    : undefined;
  return {
    ...(input[0] ? { input: input[0] } : {}),
    ...(output[0] ? { output: output[0] } : {}),
    ...(ringtones ? { ringtone: ringtones } : {}),
  };
}

function readDevice(value: unknown): RememberedDevice[] {
  if (!isObject(value)) return [];
  const { deviceId, label } = value;
  return isText(deviceId) && isText(label) ? [{ deviceId, label }] : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT;
}
