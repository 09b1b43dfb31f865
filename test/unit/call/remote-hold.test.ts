import { describe, expect, it } from 'vitest';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpOffer } from '../../support/wire/sdp';
import { agree, useBench } from './bench';

const context = useBench();

describe('whether the far end holds', () => {
  it('is seen in its answer to a re-INVITE without an offer, both ways', async () => {
    const { call, dialog, events } = await context.bench.talk(context.device);
    for (const direction of ['sendonly', 'sendonly', 'sendrecv'] as const) {
      const reinvite = dialog.request('INVITE');
      const { body } = await reinvite.response(200);
      reinvite.ack({ body: sdpAnswer(body, { direction }) });
      await settle();
      expect(call.isOnRemoteHold()).toBe(direction === 'sendonly');
    }
    expect(events.of('remoteHold')).toEqual([[true], [false]]);
  });

  it('stays true when a re-INVITE without an offer says nothing new', async () => {
    const { call, dialog, events } = await context.bench.talk(context.device);
    await dialog.request('INVITE', { body: sdpOffer({ direction: 'sendonly' }) }).response(200);
    await settle();
    const again = dialog.request('INVITE');
    const { body } = await again.response(200);
    again.ack({ body: sdpAnswer(body, { direction: 'sendonly' }) });
    await settle();
    expect(call.isOnRemoteHold()).toBe(true);
    expect(events.of('remoteHold')).toEqual([[true]]);
  });

  it('is seen in its answer to our resume', async () => {
    const { call, dialog, events } = await context.bench.talk(context.device);
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    const resuming = call.hold(false);
    const reinvite = await dialog.expect('INVITE');
    reinvite.reply(200, { body: sdpAnswer(reinvite.body, { direction: 'sendonly' }) });
    await resuming;
    expect(call.isOnRemoteHold()).toBe(true);
    expect(events.of('remoteHold')).toEqual([[true]]);
  });

  it('is not read into an inactive answer to our own hold', async () => {
    const { call, dialog, events } = await context.bench.talk(context.device);
    const holding = call.hold(true);
    const reinvite = await dialog.expect('INVITE');
    reinvite.reply(200, { body: sdpAnswer(reinvite.body, { direction: 'inactive' }) });
    await holding;
    expect(call.isOnRemoteHold()).toBe(false);
    expect(events.of('remoteHold')).toEqual([]);
  });
});
