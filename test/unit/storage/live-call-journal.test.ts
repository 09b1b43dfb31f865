import 'fake-indexeddb/auto';
import { IDBFactory, IDBObjectStore } from 'fake-indexeddb';
import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '../../../src/core/logger';
import { LiveCallJournal } from '../../../src/storage/live-call-journal';
import { type LiveCallRecord, readLiveCallRecord } from '../../../src/storage/live-call-record';

const RECORD: LiveCallRecord = {
  dialog: {
    callId: 'abc@host',
    localTag: 'local',
    remoteTag: 'remote',
    localUri: 'sip:agent@pbx.test',
    remoteUri: 'sip:customer@pbx.test',
    remoteTarget: 'sip:customer@192.0.2.1:5060;transport=ws',
    routeSet: ['<sip:edge.test;lr>', '<sip:192.0.2.2;transport=tcp;lr>;x=1'],
    localCseq: 7,
    remoteCseq: 0,
  },
  scope: 'https://api.test agent-1',
  instanceId: '00000000-0000-4000-8000-000000000000',
  accountUri: 'sip:agent@pbx.test',
  direction: 'outbound',
  remoteIdentity: '+493012345678',
  customHeaders: { Case: '7' },
  isMuted: false,
  isOnHold: false,
  canReplace: false,
  acceptedAtMs: 1,
  aliveAtMs: 2,
};

const withDialog = (part: object): unknown => ({ ...RECORD, dialog: { ...RECORD.dialog, ...part } });

let journals: LiveCallJournal[];

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  journals = [];
});
afterEach(() => {
  for (const journal of journals) journal.close();
  vi.unstubAllGlobals();
});

function journal(): LiveCallJournal {
  const made = new LiveCallJournal(new Logger('silent'));
  journals.push(made);
  return made;
}

describe('the journal', () => {
  it('holds the newest state of each call, for other pages too', async () => {
    const first = journal();
    await first.put(RECORD);
    await first.put({ ...RECORD, isMuted: true });
    const other = { ...RECORD, dialog: { ...RECORD.dialog, callId: 'other' } };
    await first.put(other);
    expect(await journal().all()).toEqual([{ ...RECORD, isMuted: true }, other]);
    await first.remove(other);
    expect(await journal().all()).toEqual([{ ...RECORD, isMuted: true }]);
  });

  it('keeps the order in which it was asked, without anybody waiting', async () => {
    const one = journal();
    void one.put(RECORD);
    void one.put({ ...RECORD, isOnHold: true });
    void one.remove(RECORD);
    void one.put({ ...RECORD, isMuted: true });
    expect(await one.all()).toEqual([{ ...RECORD, isMuted: true }]);
  });

  it('throws away what cannot be read', async () => {
    await journal().put(RECORD);
    const database = await openDB('2chat-voice', 1);
    await database.put('calls', { nonsense: true }, 'x');
    await database.put('calls', RECORD, 'a key that is not its own');
    database.close();
    expect(await journal().all()).toEqual([RECORD]);
    expect(await journal().all()).toHaveLength(1);
  });

  it('leaves a newer database alone and keeps nothing', async () => {
    const newer = await openDB('2chat-voice', 2, {
      upgrade: (database) => void database.createObjectStore('other'),
    });
    const one = journal();
    await one.put(RECORD);
    expect(await one.all()).toEqual([]);
    expect(one.isUsable).toBe(false);
    expect([...newer.objectStoreNames]).toEqual(['other']);
    newer.close();
  });

  it('makes way for a newer version in another tab', async () => {
    const one = journal();
    await one.put(RECORD);
    const newer = await openDB('2chat-voice', 2);
    expect(newer.version).toBe(2);
    newer.close();
    await one.put(RECORD);
    expect(one.isUsable).toBe(false);
  });

  it('is usable again when a write has worked after one that failed, call by call', async () => {
    const one = journal();
    const other = { ...RECORD, dialog: { ...RECORD.dialog, callId: 'other' } };
    const full = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(full);
    await one.put(RECORD);
    expect(one.isUsable).toBe(false);
    await one.put(other);
    expect(one.isUsable).toBe(false);
    await one.put(RECORD);
    expect(one.isUsable).toBe(true);
    put.mockImplementationOnce(full);
    void one.put(other);
    await one.remove(other);
    expect(one.isUsable).toBe(true);
    put.mockRestore();
    expect(await journal().all()).toEqual([RECORD]);
  });

  it('says once that it cannot write', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const one = new LiveCallJournal(new Logger('warn'));
    journals.push(one);
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    for (let turn = 0; turn < 3; turn += 1) await one.put(RECORD);
    put.mockRestore();
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });

  it.each([
    ['absent', undefined],
    [
      'refused',
      {
        open() {
          throw new DOMException('no', 'SecurityError');
        },
      },
    ],
  ])('is empty and harmless where IndexedDB is %s', async (_how, value) => {
    vi.stubGlobal('indexedDB', value);
    const one = journal();
    await one.put(RECORD);
    await one.remove(RECORD);
    expect(await one.all()).toEqual([]);
    expect(one.isUsable).toBe(false);
  });

  it('takes one second to give up a database that does not open', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    // Who does not let go of it keeps a deletion waiting, and that everybody else.
    const blocker = await openDB('2chat-voice', 1);
    const deleted = deleteDB('2chat-voice');
    const all = journal().all();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await all).toEqual([]);
    blocker.close();
    await deleted;
    vi.useRealTimers();
  });
});

describe('a record', () => {
  it('is read as it was written', () => {
    expect(readLiveCallRecord(structuredClone(RECORD))).toEqual(RECORD);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'x'],
    ['no dialog', { ...RECORD, dialog: undefined }],
    ['a header in the Call-ID', withDialog({ callId: 'a\r\nEvil: 1' })],
    ['an empty tag', withDialog({ localTag: '' })],
    ['a parameter in a tag', withDialog({ remoteTag: 'a;b=1' })],
    ['a header in the target', withDialog({ remoteTarget: 'sip:a@b\r\nEvil: 1' })],
    ['another scheme', withDialog({ remoteTarget: 'javascript:alert(1)' })],
    ['an unclosed URI', withDialog({ localUri: 'sip:a@b>' })],
    ['a header in a route', withDialog({ routeSet: ['<sip:a;lr>\r\nEvil: 1'] })],
    ['a route that is none', withDialog({ routeSet: ['sip:a'] })],
    ['two routes in one', withDialog({ routeSet: ['<sip:a;lr>,<sip:b;lr>'] })],
    ['routes without end', withDialog({ routeSet: Array(33).fill('<sip:a;lr>') })],
    ['no routes', withDialog({ routeSet: undefined })],
    ['a CSeq that is none', withDialog({ localCseq: '7' })],
    ['a CSeq over 2^31', withDialog({ localCseq: 2 ** 31 })],
    ['a negative CSeq', withDialog({ remoteCseq: -1 })],
    ['a long text', { ...RECORD, remoteIdentity: 'x'.repeat(2049) }],
    ['another direction', { ...RECORD, direction: 'sideways' }],
    ['mute as a word', { ...RECORD, isMuted: 'yes' }],
    ['no time', { ...RECORD, aliveAtMs: Number.NaN }],
    ['headers that are no texts', { ...RECORD, customHeaders: { a: 1 } }],
    ['headers without end', { ...RECORD, customHeaders: { a: 'x'.repeat(65_537) } }],
    ['a name that is none', { ...RECORD, remoteDisplayName: 7 }],
  ])('with %s is none', (_what, value) => {
    expect(readLiveCallRecord(value)).toBeUndefined();
  });
});
