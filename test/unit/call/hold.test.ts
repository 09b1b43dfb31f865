import { describe, expect, it } from 'vitest';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpDirection, sdpOffer } from '../../support/wire/sdp';
import { agree, answeredDirection, useBench } from './bench';

const context = useBench();

const microphone = () => context.bench.media.liveTracks.at(0);

describe('holding', () => {
  it('offers sendonly, emits when the far end has agreed, and sendrecv to resume', async () => {
    const { bench, device } = context;
    const { call, dialog, events } = await bench.talk(device);
    const holding = call.hold(true);
    const hold = await dialog.expect('INVITE');
    expect(sdpDirection(hold.body)).toBe('sendonly');
    expect(hold.body).toContain('a=candidate:');
    expect(call.isOnHold()).toBe(false);
    expect(events.names).toEqual(['accepted']);
    await agree(dialog, hold);
    await holding;
    expect(call.isOnHold()).toBe(true);

    const resuming = call.hold(false);
    const resume = await dialog.expect('INVITE');
    expect(sdpDirection(resume.body)).toBe('sendrecv');
    expect(resume.cseq).toBeGreaterThan(hold.cseq);
    expect(call.isOnHold()).toBe(true);
    await agree(dialog, resume);
    await resuming;
    expect(events.of('hold')).toEqual([[true], [false]]);
    expect(call.isOnHold()).toBe(false);
  });

  it('works the same for a call that came in', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.ring(device);
    const [dialog] = await Promise.all([invite.answered(), call.accept()]);
    const holding = call.hold(true);
    const hold = await dialog.expect('INVITE');
    expect(sdpDirection(hold.body)).toBe('sendonly');
    await agree(dialog, hold);
    await holding;
    expect(call.isOnHold()).toBe(true);
  });

  it('is silent from the click on, and heard again only after the far end agreed to resume', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    expect(microphone()?.enabled).toBe(true);
    const holding = call.hold(true);
    await Promise.resolve();
    expect(microphone()?.enabled).toBe(false);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    expect(microphone()?.enabled).toBe(false);
    const resuming = call.hold(false);
    const resume = await dialog.expect('INVITE');
    expect(microphone()?.enabled).toBe(false);
    await agree(dialog, resume);
    await resuming;
    expect(microphone()?.enabled).toBe(true);
  });

  it('twice quickly is one re-INVITE', async () => {
    const { bench, device } = context;
    const { call, dialog, events } = await bench.talk(device);
    const both = Promise.all([call.hold(true), call.hold(true)]);
    await agree(dialog, await dialog.expect('INVITE'));
    await both;
    await settle();
    expect(bench.server.requests('INVITE')).toHaveLength(2);
    expect(events.of('hold')).toEqual([[true]]);
  });

  it('and resuming quickly are two, one after the other', async () => {
    const { bench, device } = context;
    const { call, dialog, events } = await bench.talk(device);
    const both = Promise.all([call.hold(true), call.hold(false)]);
    const hold = await dialog.expect('INVITE');
    await settle();
    expect(bench.server.requests('INVITE')).toHaveLength(2);
    await agree(dialog, hold);
    const resume = await dialog.expect('INVITE');
    expect([hold, resume].map(({ body }) => sdpDirection(body))).toEqual(['sendonly', 'sendrecv']);
    await agree(dialog, resume);
    await both;
    expect(events.of('hold')).toEqual([[true], [false]]);
    expect(call.isOnHold()).toBe(false);
  });

  it('what is not held changes nothing', async () => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    await call.hold(false);
    await settle();
    expect(bench.server.requests('INVITE')).toHaveLength(1);
  });

  it.each([[undefined], [null], ['yes'], [1]])('hold(%j) is an argument error', async (on) => {
    const { bench, device } = context;
    const { call } = await bench.talk(device);
    expect(await codeOf(call.hold(on as unknown as boolean))).toBe('INVALID_ARGUMENT');
    expect(bench.server.requests('INVITE')).toHaveLength(1);
    expect(microphone()?.enabled).toBe(true);
  });

  it('passes a challenge, with the CSeq of the second INVITE in the ACK', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const holding = call.hold(true);
    const first = await dialog.expect('INVITE');
    first.reply(407, {
      headers: bench.server.registrar.challenge().map((value) => `Proxy-Authenticate: ${value}`),
    });
    const second = await dialog.expect('INVITE');
    expect(second.cseq).toBe(first.cseq + 1);
    second.reply(200, { body: sdpOffer({ direction: 'recvonly' }).replace('actpass', 'active') });
    expect((await dialog.expect('ACK')).cseq).toBe(second.cseq);
    await holding;
    expect(call.isOnHold()).toBe(true);
  });
});

describe('held by the far end', () => {
  it.each(['sendonly', 'inactive'] as const)(
    'with %s: an event each way, and the right answer',
    async (direction) => {
      const { bench, device } = context;
      const { call, dialog, events } = await bench.talk(device);
      const hold = dialog.request('INVITE', { body: sdpOffer({ direction, version: 2 }) });
      expect(await answeredDirection(hold)).toBe(direction === 'sendonly' ? 'recvonly' : 'inactive');
      await settle();
      expect(call.isOnRemoteHold()).toBe(true);
      const again = dialog.request('INVITE', { body: sdpOffer({ direction, version: 3 }) });
      await again.response(200);
      await settle();
      const resume = dialog.request('INVITE', { body: sdpOffer({ version: 4 }) });
      expect(await answeredDirection(resume)).toBe('sendrecv');
      await settle();
      expect(call.isOnRemoteHold()).toBe(false);
      expect(events.names).toEqual(['accepted', 'remoteHold', 'remoteHold']);
      expect(events.of('remoteHold')).toEqual([[true], [false]]);
      expect(call.isOnHold()).toBe(false);
      expect(microphone()?.enabled).toBe(true);
    },
  );

  it('by UPDATE as well', async () => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const update = dialog.request('UPDATE', { body: sdpOffer({ direction: 'sendonly', version: 2 }) });
    expect(await answeredDirection(update)).toBe('recvonly');
    await settle();
    expect(call.isOnRemoteHold()).toBe(true);
  });

  it.each(['sendonly', 'inactive'] as const)(
    'then by us as well, then resumed by them (%s)',
    async (direction) => {
      const { bench, device } = context;
      const { call, dialog } = await bench.talk(device);
      await dialog.request('INVITE', { body: sdpOffer({ direction, version: 2 }) }).response(200);
      const holding = call.hold(true);
      await agree(dialog, await dialog.expect('INVITE'), { direction: 'inactive', version: 3 });
      await holding;
      expect([call.isOnHold(), call.isOnRemoteHold()]).toEqual([true, true]);
      const resume = dialog.request('INVITE', { body: sdpOffer({ version: 4 }) });
      expect(await answeredDirection(resume)).toBe('sendonly');
      await settle();
      expect([call.isOnHold(), call.isOnRemoteHold()]).toEqual([true, false]);
      expect(microphone()?.enabled).toBe(false);
    },
  );

  it.each([
    ['sendonly', 'inactive'],
    ['inactive', 'inactive'],
    ['sendrecv', 'sendonly'],
    ['recvonly', 'sendonly'],
  ] as const)('after us: an offer of %s is answered %s', async (offered, answered) => {
    const { bench, device } = context;
    const { call, dialog } = await bench.talk(device);
    const holding = call.hold(true);
    await agree(dialog, await dialog.expect('INVITE'));
    await holding;
    const hold = dialog.request('INVITE', { body: sdpOffer({ direction: offered, version: 3 }) });
    expect(await answeredDirection(hold)).toBe(answered);
    await settle();
    expect(call.isOnHold()).toBe(true);
    expect(microphone()?.enabled).toBe(false);
    const resuming = call.hold(false);
    const resume = await dialog.expect('INVITE');
    expect(sdpDirection(resume.body)).toBe('sendrecv');
    await agree(dialog, resume, { version: 4 });
    await resuming;
    expect(microphone()?.enabled).toBe(true);
  });
});
