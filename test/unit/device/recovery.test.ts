import { IDBObjectStore } from 'fake-indexeddb';
import { deleteDB, openDB } from 'idb';
import { describe, expect, it, vi } from 'vitest';
import { sdpAnswer, sdpDirection } from '../../support/wire/sdp';
import { tokenFor } from '../../support/agent';
import { FakeProcessor } from '../../support/fake-processor';
import { bench, MINUTE, pass, SECOND, useAgentBench } from '../registration/harness';
import {
  crash,
  journaled,
  locks,
  openPage,
  reinvite,
  settleStorage,
  tab,
  takeUp,
  talkingPage,
  useBrowserStorage,
  withStorage,
  writeJournal,
} from './recovery-harness';

useAgentBench();
useBrowserStorage();

const leavePage = () => globalThis.dispatchEvent(new Event('pagehide'));

it('a write that failed once does not have the next reload hang up', async () => {
  const { page, call } = await talkingPage();
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementationOnce(() => {
    throw new DOMException('full', 'QuotaExceededError');
  });
  call.mute(true);
  await settleStorage();
  put.mockRestore();
  // The next sign of life is written again.
  await pass(6 * SECOND);
  await settleStorage();
  expect((await journaled()).map(({ isMuted }) => isMuted)).toEqual([true]);
  leavePage();
  await pass(SECOND);
  expect(bench.server.requests('BYE')).toHaveLength(0);
  page.device.destroy();
});

describe('a call of the page before', () => {
  it('goes on in the same dialog with a new offer', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    const next = await openPage();
    const request = await reinvite(dialog);
    expect(request.contactUri).toBe([...bench.server.registrar.bindings.keys()].at(-1));
    request.reply(200, { body: sdpAnswer(request.body) });
    await withStorage(dialog.expect('ACK'));
    await settleStorage();
    expect(next.recovered.map((call) => call.getStatus())).toEqual(['accepted']);
    expect(next.recovered[0]?.callId).toBe(dialog.state.callId);
    expect(next.lost).toEqual([]);
    await next.recovered[0]?.disconnect();
    expect((await dialog.expect('BYE')).cseq).toBe(request.cseq + 1);
  });

  it('goes through the processors of the new page, muted as it was', async () => {
    const { page, dialog, call } = await talkingPage();
    call.mute(true);
    await crash(page, dialog);
    const gain = new FakeProcessor('gain');
    // In use when the call is taken up, whatever IndexedDB does meanwhile.
    await import('../../../src/media/processors/process-track');
    const next = await openPage({}, (device) => {
      device.audio.addProcessor(gain);
    });
    await takeUp(dialog);
    expect(next.recovered.map((one) => one.isMuted())).toEqual([true]);
    expect(bench.webRtc.connection.getSenders()[0]?.track).toBe(gain.output);
    expect(gain.output.enabled).toBe(false);
    next.recovered[0]?.mute(false);
    expect(gain.output.enabled).toBe(true);
    await next.recovered[0]?.disconnect();
    expect(gain.held).toEqual([]);
  });

  it('never reuses a CSeq of the page before', async () => {
    const { page, dialog } = await talkingPage();
    const [record] = await crash(page, dialog);
    const used = Math.max(...bench.server.requests('BYE').map(({ cseq }) => cseq));
    await openPage();
    expect((await reinvite(dialog)).cseq).toBeGreaterThan(used);
    expect(record?.dialog.localCseq).toBe(used - 1);
  });

  it('is ended by the far end', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    const next = await openPage();
    await takeUp(dialog);
    await dialog.request('BYE').response(200);
    expect(next.recovered[0]?.getStatus()).toBe('disconnected');
    await settleStorage();
    expect(await journaled()).toEqual([]);
  });

  it('counts its duration from the first page on', async () => {
    const { page, dialog } = await talkingPage();
    await pass(10 * SECOND);
    await crash(page, dialog);
    const next = await openPage();
    await takeUp(dialog);
    const durations: number[] = [];
    next.recovered[0]?.on('disconnect', ({ durationMs }) => durations.push(durationMs));
    await next.recovered[0]?.disconnect();
    expect(durations[0]).toBeGreaterThan(10 * SECOND);
  });

  it('began, as its report says, no later than it was accepted', async () => {
    const { page, dialog } = await talkingPage();
    await pass(10 * SECOND);
    await crash(page, dialog);
    const next = await openPage();
    await takeUp(dialog);
    const report = next.recovered[0]?.getReport();
    expect(report?.durationMs).toBeGreaterThanOrEqual(10 * SECOND);
    expect(report?.startedAt).toBe(report?.acceptedAt);
    expect(report?.timings?.startedAt).toBeDefined();
    expect(Date.parse(report?.timings?.startedAt ?? '')).toBeGreaterThan(Date.parse(report?.startedAt ?? ''));
  });

  it('is muted as before, from the first packet on', async () => {
    const { page, dialog, call } = await talkingPage();
    call.mute(true);
    await crash(page, dialog);
    const next = await openPage();
    const request = await reinvite(dialog);
    expect(bench.media.liveTracks.map(({ enabled }) => enabled)).toEqual([false]);
    request.reply(200, { body: sdpAnswer(request.body) });
    await settleStorage();
    expect(next.recovered[0]?.isMuted()).toBe(true);
  });

  it('is held as before, and can be resumed', async () => {
    const { page, dialog, call } = await talkingPage();
    const held = call.hold(true);
    const hold = await dialog.expect('INVITE');
    hold.reply(200, { body: sdpAnswer(hold.body) });
    await held;
    await dialog.expect('ACK');
    await crash(page, dialog);
    const next = await openPage();
    expect(sdpDirection(await takeUp(dialog))).toBe('sendonly');
    const [recovered] = next.recovered;
    expect(recovered?.isOnHold()).toBe(true);
    expect(bench.media.liveTracks.map(({ enabled }) => enabled)).toEqual([false]);
    const resumed = recovered?.hold(false);
    const resume = await dialog.expect('INVITE');
    expect(sdpDirection(resume.body)).toBe('sendrecv');
    resume.reply(200, { body: sdpAnswer(resume.body) });
    await resumed;
    expect(bench.media.liveTracks.map(({ enabled }) => enabled)).toEqual([true]);
  });

  it('is on hold at the far end as before', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    const next = await openPage();
    await takeUp(dialog, { direction: 'sendonly' });
    expect(next.recovered[0]?.isOnRemoteHold()).toBe(true);
  });

  it('came from outside: who it is and its headers are as before', async () => {
    const page = await openPage();
    const headers = ['X-2Chat-Customer-Id: 42'];
    const { call, invite } = await bench.ring(page.device, {
      headers,
      from: '+4930111',
      displayName: 'Jane',
    });
    const accepted = call.accept();
    const dialog = await invite.answered();
    await accepted;
    await settleStorage();
    await crash(page, dialog);
    const next = await openPage();
    await takeUp(dialog);
    expect(next.recovered[0]).toMatchObject({
      direction: 'inbound',
      remoteIdentity: '+4930111',
      remoteDisplayName: 'Jane',
      customHeaders: { 'Customer-Id': '42' },
    });
    await dialog
      .request('INFO', { headers: ['Content-Type: application/dtmf-relay'], body: 'Signal=1' })
      .response();
    await next.recovered[0]?.disconnect();
    await dialog.expect('BYE');
  });

  it('survives a second crash', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    const second = await openPage();
    await takeUp(dialog);
    await crash(second, dialog);
    const third = await openPage();
    await takeUp(dialog);
    expect(third.recovered).toHaveLength(1);
  });

  it('is as reachable as a new one: its phone is the same', async () => {
    const { page, dialog } = await talkingPage();
    const [record] = await crash(page, dialog);
    await openPage();
    await takeUp(dialog);
    const contact = bench.server.requests('REGISTER').at(-1)?.header('contact');
    expect(contact).toContain(record?.instanceId);
  });

  it('waits for its connection when that is lost meanwhile', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    const next = await openPage();
    await reinvite(dialog);
    bench.server.cut();
    await pass(3 * SECOND);
    // The loss itself makes the SDK say again where it stands; the recovery does so too.
    while (next.recovered.length === 0) await takeUp(dialog);
    expect(next.recovered).toHaveLength(1);
    expect(next.lost).toEqual([]);
  });
});

describe('a call that cannot be taken up', () => {
  it('is ended at both ends after a minute', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    await pass(2 * MINUTE);
    const next = await openPage();
    await withStorage(dialog.expect('BYE'));
    await settleStorage();
    expect(next.lost).toEqual([
      { callId: dialog.state.callId, remoteIdentity: '+493012345678', reason: 'expired' },
    ]);
    expect(await journaled()).toEqual([]);
  });

  it('keeps the origin of its descriptions (RFC 8866 section 5.2), with a higher version', async () => {
    const { page, dialog, invite } = await talkingPage();
    await crash(page, dialog);
    await openPage();
    const [, id, version] = /^o=- (\d+) (\d+) /m.exec(invite.body) ?? [];
    const [, newId, newVersion] = /^o=- (\d+) (\d+) /m.exec(await takeUp(dialog)) ?? [];
    expect(newId).toBe(id);
    expect(Number(newVersion)).toBeGreaterThan(Number(version));
  });

  it('is over at the far end, which is no trouble to write to the log about', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    const log = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const next = await openPage({ logLevel: 'warn' });
    (await reinvite(dialog)).reply(481);
    await settleStorage();
    expect(log).not.toHaveBeenCalled();
    expect(next.lost).toEqual([
      { callId: dialog.state.callId, remoteIdentity: '+493012345678', reason: 'ended' },
    ]);
    expect(await journaled()).toEqual([]);
  });

  it('is hung up by the far end while the microphone is asked for', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    bench.media.autoGrant = false;
    const next = await openPage();
    await settleStorage();
    dialog.state.remoteTarget = [...bench.server.registrar.bindings.keys()].at(-1) ?? '';
    await dialog.request('BYE').response(200);
    await settleStorage();
    expect(next.lost.map(({ reason }) => reason)).toEqual(['ended']);
  });

  it('is hung up when the page gets no microphone', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    bench.media.refuseNext('NotAllowedError');
    const next = await openPage();
    await withStorage(dialog.expect('BYE'));
    await settleStorage();
    expect(next.lost.map(({ reason }) => reason)).toEqual(['microphone']);
  });

  it('is hung up where the far end refuses the offer', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    const next = await openPage();
    (await reinvite(dialog)).reply(488);
    await withStorage(dialog.expect('BYE'));
    await settleStorage();
    expect(next.lost.map(({ reason }) => reason)).toEqual(['refused']);
  });

  it('is replaced where the far end can do that (RFC 3891)', async () => {
    const { page, dialog } = await talkingPage({ headers: ['Supported: 100rel, replaces'] });
    await crash(page, dialog);
    const next = await openPage();
    (await reinvite(dialog)).reply(488);
    const invite = await withStorage(bench.server.next('INVITE'));
    const { callId, localTag, remoteTag } = dialog.state;
    expect(invite.header('replaces')).toBe(`${callId};to-tag=${localTag};from-tag=${remoteTag}`);
    expect(invite.header('require')).toBe('replaces');
    bench.server.accept(invite, { body: sdpAnswer(invite.body) });
    await settleStorage();
    await dialog.request('BYE').response(200);
    expect(next.recovered.map((call) => call.getStatus())).toEqual(['accepted']);
    expect(next.lost).toEqual([]);
  });

  it('is hung up where the far end does not replace it after all', async () => {
    const { page, dialog } = await talkingPage({ headers: ['Supported: replaces'] });
    await crash(page, dialog);
    const next = await openPage();
    (await reinvite(dialog)).reply(488);
    (await withStorage(bench.server.next('INVITE'))).reply(486);
    await withStorage(dialog.expect('BYE'));
    await settleStorage();
    expect(next.lost.map(({ reason }) => reason)).toEqual(['refused']);
  });

  it('was held under another account', async () => {
    const { page, dialog } = await talkingPage();
    const [record] = await crash(page, dialog);
    await writeJournal({ ...record, accountUri: 'sip:other@pbx.test' });
    const next = await openPage();
    await settleStorage();
    expect(next.lost.map(({ reason }) => reason)).toEqual(['failed']);
  });
});

describe('whose call it is', () => {
  it('another user takes up nothing, and leaves it alone', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    const other = await openPage({ token: tokenFor({ userUuid: 'agent-2' }) });
    await settleStorage();
    expect([other.recovered, other.lost]).toEqual([[], []]);
    expect(await journaled()).toHaveLength(1);
  });

  it('numbers of others do not stay for longer than their calls could', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    await pass(2 * MINUTE);
    await openPage({ token: tokenFor({ userUuid: 'agent-2' }) });
    await settleStorage();
    expect(await journaled()).toEqual([]);
  });

  it('another tab leaves the call to the one that is loading', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    tab.clear();
    const other = await openPage();
    await settleStorage();
    expect(other.recovered).toEqual([]);
    expect(bench.server.requests('INVITE')).toHaveLength(1);
  });

  it('another tab takes up the call of one that did not come back', async () => {
    const { page, dialog } = await talkingPage();
    await crash(page, dialog);
    tab.clear();
    const other = await openPage();
    await pass(11 * SECOND);
    await takeUp(dialog);
    expect(other.recovered).toHaveLength(1);
  });

  it('a duplicated tab is a phone of its own and leaves the call of the living one', async () => {
    const { dialog } = await talkingPage();
    const instance = bench.server.requests('REGISTER').at(-1)?.header('contact');
    const twin = bench.device({ recoverCalls: true });
    // The other page, with a copy of the tab's storage.
    const copy = new Map(tab);
    for (const name of copy.keys()) tab.set(name, copy.get(name) ?? '');
    await withStorage(twin.register());
    expect(bench.server.requests('REGISTER').at(-1)?.header('contact')).not.toBe(instance);
    await pass(MINUTE);
    expect(bench.server.requests('INVITE').filter((request) => dialog.owns(request))).toEqual([]);
  });
});

describe('leaving the page', () => {
  it('says nothing to the far end of a live call, and keeps the registration', async () => {
    const { page, dialog } = await talkingPage();
    leavePage();
    await settleStorage();
    expect(bench.server.requests('BYE')).toEqual([]);
    expect(bench.server.registrar.bindings.size).toBe(1);
    await crash(page, dialog);
  });

  it('says nothing to a caller who rings', async () => {
    const page = await openPage();
    const { invite } = await bench.ring(page.device);
    leavePage();
    await settleStorage();
    expect(invite.responses.filter(({ status }) => status >= 200)).toEqual([]);
  });

  it('cancels an outbound call that nobody has answered', async () => {
    const page = await openPage();
    const { invite } = await bench.dial(page.device);
    invite.reply(180);
    await settleStorage();
    leavePage();
    await bench.server.next('CANCEL');
    await settleStorage();
    expect(bench.server.registrar.bindings.size).toBe(0);
  });

  it('removes the registration without a call', async () => {
    await openPage();
    leavePage();
    await pass(0);
    expect(bench.server.registrar.bindings.size).toBe(0);
  });

  it('ends the call without the option', async () => {
    const device = await bench.registered();
    const { dialog } = await bench.talk(device);
    leavePage();
    await dialog.expect('BYE');
  });
});

describe('without what it needs', () => {
  it('no IndexedDB: calls work, and leaving the page ends them', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const { dialog } = await talkingPage();
    leavePage();
    await dialog.expect('BYE');
  });

  it('IndexedDB that refuses (private windows): the same', async () => {
    vi.stubGlobal('indexedDB', {
      open() {
        throw new DOMException('refused', 'SecurityError');
      },
    });
    const { dialog } = await talkingPage();
    leavePage();
    await dialog.expect('BYE');
  });

  it('IndexedDB that never opens: registering does not wait, and leaving the page ends calls', async () => {
    const blocker = await withStorage(openDB('2chat-voice', 1));
    const deleted = deleteDB('2chat-voice');
    const { dialog } = await talkingPage();
    leavePage();
    await dialog.expect('BYE');
    await pass(SECOND);
    blocker.close();
    await withStorage(deleted);
  });

  it('no Web Locks: the same as without the option', async () => {
    Reflect.deleteProperty(globalThis.navigator, 'locks');
    const { dialog } = await talkingPage();
    leavePage();
    await dialog.expect('BYE');
    expect(await journaled()).toEqual([]);
  });

  it('no sessionStorage: calls still work', async () => {
    vi.stubGlobal('sessionStorage', undefined);
    const { call } = await talkingPage();
    expect(call.getStatus()).toBe('accepted');
  });

  it('a hostile instance id in sessionStorage never reaches the server', async () => {
    const first = await openPage();
    first.device.destroy();
    await pass(3 * SECOND);
    for (const name of tab.keys()) tab.set(name, 'x>"\r\nEvil: 1');
    await openPage();
    expect(bench.server.requests('REGISTER').at(-1)?.header('contact')).not.toContain('x>');
  });
});

it('holds nothing secret and no key of the media', async () => {
  await talkingPage();
  const text = JSON.stringify(await journaled());
  expect(text).toContain('+493012345678');
  expect(text).not.toMatch(/password|eyJ|ice-|fingerprint|ufrag|v=0|Authorization/i);
});

it('gives its lock back when the Device is destroyed', async () => {
  const { device } = await openPage();
  expect(locks.heldNames.filter((name) => name.includes('phone'))).toHaveLength(1);
  device.destroy();
  await settleStorage();
  expect(locks.heldNames).toEqual([]);
});

it('writes a sign of life every five seconds, and none without a call', async () => {
  const { call } = await talkingPage();
  const [first] = await journaled();
  await pass(5 * SECOND);
  const [second] = await journaled();
  expect(second?.aliveAtMs).toBeGreaterThanOrEqual((first?.aliveAtMs ?? 0) + 5 * SECOND);
  await call.disconnect();
  await pass(10 * SECOND);
  expect(await journaled()).toEqual([]);
});

describe('closeProtection', () => {
  const beforeUnload = () => {
    const event = new Event('beforeunload', { cancelable: true });
    globalThis.dispatchEvent(event);
    return event.defaultPrevented;
  };

  it('asks while a call rings or is live, and not else', async () => {
    const device = await bench.registered({ closeProtection: true });
    expect(beforeUnload()).toBe(false);
    const { call } = await bench.ring(device);
    expect(beforeUnload()).toBe(true);
    call.reject();
    expect(beforeUnload()).toBe(false);
  });

  it('does not ask without the option', async () => {
    const device = await bench.registered();
    await bench.talk(device);
    expect(beforeUnload()).toBe(false);
  });
});
