import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/index';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone, startPhoneSandbox } from '../support/phone';

const ALICE_HZ = 600;
const BOB_HZ = 1000;

let sandbox: Sandbox;
let aliceBrowser: ChromiumLab;
let bobBrowser: ChromiumLab;
const phones: Phone[] = [];

beforeAll(async () => {
  [sandbox, aliceBrowser, bobBrowser] = await Promise.all([
    startPhoneSandbox(),
    ChromiumLab.launch({ micToneHz: ALICE_HZ }),
    ChromiumLab.launch({ micToneHz: BOB_HZ }),
  ]);
});
afterEach(async () => {
  for (const phone of phones.splice(0)) await phone.close();
});
afterAll(async () => {
  await Promise.all([aliceBrowser.close(), bobBrowser.close()]);
  await sandbox.close();
});

async function talk(): Promise<{ a: Phone; b: Phone; out: number; into: number }> {
  const [a, b] = await Promise.all([
    Phone.registered(aliceBrowser, sandbox, { userUuid: 'alice' }),
    Phone.registered(bobBrowser, sandbox, { userUuid: 'bob' }),
  ]);
  phones.push(a, b);
  const out = await a.connect('bob');
  const { index: into } = await b.incoming();
  await b.do(into, 'accept');
  await a.next(`call ${out}`, 'accepted');
  await Promise.all([a.hears(out, BOB_HZ), b.hears(into, ALICE_HZ)]);
  return { a, b, out, into };
}

/** Makes the SDK believe that the browser found the media path broken. */
function breakPath(phone: Phone, call: number): Promise<void> {
  return phone.page.evaluate((index) => {
    const connection = window.sdkPhone.calls[index]?.session.connection;
    if (!connection) throw new Error('no connection');
    Object.defineProperty(connection, 'connectionState', { value: 'failed', configurable: true });
    connection.dispatchEvent(new Event('connectionstatechange'));
    Reflect.deleteProperty(connection, 'connectionState');
  }, call);
}

function localUfrag(phone: Phone, call: number): Promise<string | undefined> {
  return phone.page.evaluate((index) => {
    const sdp = window.sdkPhone.calls[index]?.session.connection?.localDescription?.sdp ?? '';
    return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
  }, call);
}

describe('the media path is made anew', () => {
  test('in a call, and both hear each other', async () => {
    const { a, b, out, into } = await talk();
    const before = await localUfrag(a, out);
    await breakPath(a, out);
    await a.next(`call ${out}`, 'reconnecting');
    await a.next(`call ${out}`, 'reconnected');
    expect(await localUfrag(a, out)).not.toBe(before);
    await Promise.all([a.hears(out, BOB_HZ), b.hears(into, ALICE_HZ)]);
  });

  test.for(['caller', 'callee'] as const)(
    'while the %s holds: nobody is heard, and after it both hear each other',
    async (holder) => {
      const { a, b, out, into } = await talk();
      const [one, call] = holder === 'caller' ? [a, out] : [b, into];
      await one.do(call, 'hold', true);
      const before = await localUfrag(one, call);
      await breakPath(one, call);
      await one.next(`call ${call}`, 'reconnecting');
      await expect.poll(() => localUfrag(one, call)).not.toBe(before);
      expect(await one.do(call, 'isOnHold')).toBe(true);
      await Promise.all([a.hearsNobody(out), b.hearsNobody(into)]);
      await one.do(call, 'hold', false);
      await Promise.all([a.hears(out, BOB_HZ), b.hears(into, ALICE_HZ)]);
    },
  );

  test('by the side that is held, which stays held', async () => {
    const { a, b, out, into } = await talk();
    await a.do(out, 'hold', true);
    await b.next(`call ${into}`, 'remoteHold');
    const before = await localUfrag(b, into);
    await breakPath(b, into);
    await expect.poll(() => localUfrag(b, into)).not.toBe(before);
    await Promise.all([a.hearsNobody(out), b.hearsNobody(into)]);
    await a.do(out, 'hold', false);
    await Promise.all([a.hears(out, BOB_HZ), b.hears(into, ALICE_HZ)]);
  });
});

describe('the connection to the server is cut', () => {
  test('in a call: both go on hearing each other, and hold and hang-up work after it', async () => {
    const { a, b, out, into } = await talk();
    sandbox.faults.dropSockets('alice');
    await a.next(`call ${out}`, 'reconnecting');
    await a.hears(out, BOB_HZ);
    await a.next(`call ${out}`, 'reconnected');
    await a.do(out, 'hold', true);
    await b.next(`call ${into}`, 'remoteHold');
    await a.do(out, 'hold', false);
    await Promise.all([a.hears(out, BOB_HZ), b.hears(into, ALICE_HZ)]);
    await b.do(into, 'disconnect');
    expect((await a.next(`call ${out}`, 'disconnect')).args[0]).toMatchObject({ reason: 'hangup' });
  });

  test('while the far end hangs up: the call ends within 10 s', async () => {
    const { a, b, out, into } = await talk();
    sandbox.faults.freezeSockets('alice');
    await b.do(into, 'disconnect');
    sandbox.faults.dropSockets('alice');
    const { args } = await a.next(`call ${out}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'remote', initiator: 'remote' });
  });

  test('while it rings out: it goes on ringing and can be answered', async () => {
    const [a, b] = await Promise.all([
      Phone.registered(aliceBrowser, sandbox, { userUuid: 'alice' }),
      Phone.registered(bobBrowser, sandbox, { userUuid: 'bob', device: { allowIncomingWhileBusy: true } }),
    ]);
    phones.push(a, b);
    const out = await a.connect('bob');
    await b.incoming();
    await a.next(`call ${out}`, 'ringing');
    sandbox.faults.dropSockets('alice');
    await a.next(`call ${out}`, 'reconnected');
    const { index } = await b.incoming();
    await b.do(index, 'accept');
    await a.next(`call ${out}`, 'accepted');
    await Promise.all([a.hears(out, BOB_HZ), b.hears(index, ALICE_HZ)]);
  });
});
