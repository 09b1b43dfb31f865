import { describe, expect, it, vi } from 'vitest';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpDirection, sdpOffer } from '../../support/wire/sdp';
import type { WireDialog } from '../../support/wire/wire-dialog';
import { advance, agree, errorsOf, fakeClock, findServer, loseServer, useBench } from './bench';
import { talkWithAudio } from './media-bench';

const context = useBench();

const connection = () => context.bench.webRtc.connection;
const ufrag = (sdp: string) => /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
const reinvites = (dialog: WireDialog) =>
  context.bench.server.requests('INVITE').filter((request) => dialog.owns(request));

const talk = () => talkWithAudio(context);

/** The next re-INVITE, which must come with new ICE credentials. */
async function restarted(dialog: WireDialog, before: string) {
  const reinvite = await dialog.expect('INVITE');
  expect(ufrag(reinvite.body)).not.toBe(ufrag(before));
  return reinvite;
}

describe('a media path that breaks', () => {
  it('is made anew after it was disconnected for 2 s', async () => {
    const { call, invite, dialog, events, rtp } = await talk();
    rtp.isFlowing = false;
    connection().setIceConnectionState('disconnected');
    connection().setConnectionState('disconnected');
    await advance(1_900);
    expect(reinvites(dialog)).toHaveLength(0);
    await advance(200);
    expect(events.of('reconnecting')).toEqual([[{ cause: 'media' }]]);
    const reinvite = await restarted(dialog, invite.body);
    expect(reinvite.body).toContain('a=candidate:');
    expect(sdpDirection(reinvite.body)).toBe('sendrecv');
    await agree(dialog, reinvite);
    rtp.isFlowing = true;
    // Two looks: the first one counts what came before the break.
    await advance(1_200);
    expect(events.names).toEqual(['accepted', 'reconnecting', 'reconnected']);
    expect(call.getStatus()).toBe('accepted');
  });

  it('is left alone when it comes back by itself within 2 s', async () => {
    const { dialog, events } = await talk();
    connection().setConnectionState('disconnected');
    await advance(1_500);
    connection().setConnectionState('connected');
    await advance(10_000);
    expect(reinvites(dialog)).toHaveLength(0);
    expect(events.names).toEqual(['accepted']);
  });

  it('is made anew at once when it failed, and does not end the call', async () => {
    const { call, invite, dialog, events } = await talk();
    connection().setIceConnectionState('failed');
    connection().setConnectionState('failed');
    await settle();
    await agree(dialog, await restarted(dialog, invite.body));
    await settle();
    expect(call.getStatus()).toBe('accepted');
    expect(errorsOf(events)).toEqual([]);
  });

  it('is tried again, ever more rarely, while the call lives, and says once that it is hopeless', async () => {
    const { call, dialog, events, rtp } = await talk();
    rtp.isFlowing = false;
    connection().connects = false;
    connection().setConnectionState('failed');
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      // At most 2.5 s for the path to settle and 10 s of backoff, both counted from the answer before.
      for (let seconds = 0; reinvites(dialog).length < attempt && seconds < 20; seconds += 1)
        await advance(1_000);
      await settle();
      await agree(dialog, await dialog.expect('INVITE'));
      await settle();
    }
    await advance(13_000);
    expect(errorsOf(events)).toEqual(['ICE_FAILED']);
    expect(events.of('reconnecting')).toHaveLength(1);
    expect(call.getStatus()).toBe('accepted');
    await call.disconnect();
    await advance(30_000);
    expect(reinvites(dialog).length).toBeLessThanOrEqual(6);
  });

  /** Answers every offer of a new path, none of which comes about, for that long. */
  async function inVain(dialog: WireDialog, forMs: number): Promise<void> {
    for (let ms = 0; ms < forMs; ms += 500) {
      await advance(500);
      const offer = reinvites(dialog).at(-1);
      if (!offer || offer.finalStatus !== undefined) continue;
      await agree(dialog, offer);
      await settle();
    }
  }

  function breakForGood(rtp: { isFlowing: boolean }): void {
    rtp.isFlowing = false;
    connection().connects = false;
    connection().setConnectionState('failed');
  }

  it('for good ends the call after a minute in vain, with a BYE and the reason', async () => {
    const { call, dialog, events, rtp } = await talk();
    breakForGood(rtp);
    await inVain(dialog, 57_000);
    expect(call.getStatus()).toBe('accepted');
    expect(errorsOf(events)).toEqual(['ICE_FAILED']);
    await inVain(dialog, 20_000);
    expect(context.bench.server.requests('BYE')).toHaveLength(1);
    expect(call.getStatus()).toBe('disconnected');
    expect(errorsOf(events)).toEqual(['ICE_FAILED', 'ICE_FAILED']);
    expect(events.of('disconnect')).toMatchObject([[{ reason: 'media', initiator: 'network' }]]);
    expect(events.of('reconnected')).toEqual([]);
    const offers = reinvites(dialog).length;
    await advance(60_000);
    expect(reinvites(dialog)).toHaveLength(offers);
  });

  it('and comes back at the last moment goes on, with a minute again for the next time', async () => {
    const { call, dialog, rtp } = await talk();
    for (let time = 1; time <= 2; time += 1) {
      breakForGood(rtp);
      await inVain(dialog, 55_000);
      rtp.isFlowing = true;
      connection().setConnectionState('connected');
      await inVain(dialog, 5_000);
    }
    expect(call.getStatus()).toBe('accepted');
  });

  it('is given another minute when the network changes, and the time without a server does not count', async () => {
    const { bench, device } = context;
    const { call, dialog, events, rtp } = await talk();
    breakForGood(rtp);
    await inVain(dialog, 55_000);
    globalThis.dispatchEvent(new Event('online'));
    await inVain(dialog, 55_000);
    await loseServer(bench);
    await advance(120_000);
    expect(call.getStatus()).toBe('accepted');
    await findServer(bench, device);
    await inVain(dialog, 50_000);
    expect(call.getStatus()).toBe('accepted');
    await inVain(dialog, 30_000);
    expect(events.of('disconnect')).toMatchObject([[{ reason: 'media' }]]);
  });

  it.each([488, 500, 403])('is tried again when the far end answers %i', async (status) => {
    const { call, dialog, rtp } = await talk();
    rtp.isFlowing = false;
    connection().setConnectionState('failed');
    await settle();
    (await dialog.expect('INVITE')).reply(status);
    await dialog.expect('ACK');
    await settle();
    await advance(3_600);
    await agree(dialog, await dialog.expect('INVITE'));
    await settle();
    expect(call.getStatus()).toBe('accepted');
    expect(connection().signalingState).toBe('stable');
  });

  it('keeps a hold, and resuming after it lets both sides hear each other', async () => {
    const { call, dialog } = await talk();
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    connection().setConnectionState('failed');
    await settle();
    const restart = await dialog.expect('INVITE');
    expect(sdpDirection(restart.body)).toBe('sendonly');
    await agree(dialog, restart);
    await settle();
    const resuming = call.hold(false);
    const resume = await dialog.expect('INVITE');
    expect(sdpDirection(resume.body)).toBe('sendrecv');
    await agree(dialog, resume);
    await resuming;
    expect(connection().getTransceivers()[0]?.currentDirection).toBe('sendrecv');
    expect(context.bench.media.liveTracks[0]?.enabled).toBe(true);
    expect(call.isOnRemoteHold()).toBe(false);
  });

  it('waits its turn behind a hold that is under way', async () => {
    const { call, dialog } = await talk();
    const holding = call.hold(true);
    const first = await dialog.expect('INVITE');
    connection().setConnectionState('failed');
    await settle();
    expect(reinvites(dialog)).toHaveLength(1);
    await agree(dialog, first);
    await holding;
    await settle();
    const restart = await dialog.expect('INVITE');
    expect(sdpDirection(restart.body)).toBe('sendonly');
    await agree(dialog, restart);
  });

  it('is made anew as soon as the server is back when the offer was lost with the connection', async () => {
    const { bench, device } = context;
    const { dialog, events, invite } = await talk();
    connection().setConnectionState('failed');
    await settle();
    await restarted(dialog, invite.body);
    await loseServer(bench);
    await findServer(bench, device);
    await settle();
    await agree(dialog, await dialog.expect('INVITE'));
    expect(reinvites(dialog)).toHaveLength(2);
    expect(errorsOf(events)).toEqual([]);
  });

  it('waits for the server, and is made anew as soon as it is back', async () => {
    const { bench, device } = context;
    const { invite, dialog, events, rtp } = await talk();
    rtp.isFlowing = false;
    await loseServer(bench);
    await advance(1_500);
    expect(events.of('reconnecting')).toEqual([[{ cause: 'signaling' }], [{ cause: 'media' }]]);
    await findServer(bench, device);
    expect(events.of('reconnected')).toEqual([]);
    await agree(dialog, await restarted(dialog, invite.body));
  });
});

describe('what the network says', () => {
  it('makes a call look closely: without packets for a second the path is made anew', async () => {
    const { invite, dialog, rtp } = await talk();
    rtp.isFlowing = false;
    globalThis.dispatchEvent(new Event('online'));
    await advance(1_600);
    await agree(dialog, await restarted(dialog, invite.body));
  });

  it('changes nothing while audio comes', async () => {
    const { dialog, events } = await talk();
    globalThis.dispatchEvent(new Event('online'));
    await advance(20_000);
    expect(reinvites(dialog)).toHaveLength(0);
    expect(events.names).toEqual(['accepted']);
  });

  it('changes nothing while the far end holds and so sends nothing', async () => {
    const { dialog, rtp } = await talk();
    await dialog.request('INVITE', { body: sdpOffer({ direction: 'sendonly', version: 2 }) }).response(200);
    rtp.isFlowing = false;
    globalThis.dispatchEvent(new Event('online'));
    await advance(20_000);
    expect(reinvites(dialog)).toHaveLength(0);
  });
});

it('a far end that falls silent is asked whether it knows the call, and nothing more', async () => {
  fakeClock();
  const { bench, device } = context;
  const { call, invite } = await bench.ring(device);
  const [dialog] = await Promise.all([invite.answered(), call.accept()]);
  await settle();
  const inbound = { id: 'I', type: 'inbound-rtp', kind: 'audio', packetsReceived: 7 };
  vi.spyOn(connection(), 'getStats').mockResolvedValue(new Map<string, unknown>([['I', inbound]]));
  await advance(7_000);
  (await dialog.expect('UPDATE')).reply(481);
  await settle();
  expect(call.getStatus()).toBe('disconnected');
});

it('a second offer of what the far end has answered late does not undo an ICE restart', async () => {
  const { dialog, rtp } = await talk();
  rtp.isFlowing = false;
  connection().setConnectionState('failed');
  await settle();
  const restart = await dialog.expect('INVITE');
  restart.reply(200, { body: sdpAnswer(restart.body, { iceUfrag: 'theirs-2' }) });
  await dialog.expect('ACK');
  await settle();
  expect(connection().remoteDescription?.sdp).toContain('theirs-2');
});
