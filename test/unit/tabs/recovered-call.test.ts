import { expect, it } from 'vitest';
import { sdpAnswer } from '../../support/wire/sdp';
import { bench, pass, SECOND } from '../registration/harness';
import { IDBFactory } from 'fake-indexeddb';
import { vi } from 'vitest';
import { journaled, settleStorage, takeUp, withStorage, writeJournal } from '../device/recovery-harness';
import { openTab, tabs, useTabs } from './harness';

const real = globalThis.setImmediate;
useTabs();

it('a recovered call is shown in the other tabs', async () => {
  globalThis.setImmediate = real;
  vi.stubGlobal('indexedDB', new IDBFactory());
  const first = openTab('first', { recoverCalls: true });
  await withStorage(tabs.in('first', () => first.device.register()));
  const { invite } = await bench.dial(first.device);
  const dialog = bench.server.accept(invite, { body: sdpAnswer(invite.body) });
  await dialog.expect('ACK');
  await settleStorage();
  const records = await journaled();
  expect(records).toHaveLength(1);
  tabs.kill('first');
  first.device.destroy();
  await dialog.expect('BYE');
  await pass(3 * SECOND);
  for (const record of records) await writeJournal(record);
  const second = openTab('second', { recoverCalls: true });
  const recovered: unknown[] = [];
  second.device.on('recovered', (call) => recovered.push(call));
  await withStorage(tabs.in('second', () => second.device.register()));
  await takeUp(dialog);
  expect(recovered).toHaveLength(1);
  const third = openTab('third');
  await withStorage(tabs.in('third', () => third.device.register()));
  await pass(SECOND);
  expect(third.events.of('callShared')).toHaveLength(1);
});
