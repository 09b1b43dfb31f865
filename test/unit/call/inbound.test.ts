import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/index';
import { codeOf, recordEvents } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { sdpAnswer, sdpDirection, sdpOffer } from '../../support/wire/sdp';
import {
  advance,
  endOf,
  errorsOf,
  expectNothingHeld,
  expectNoTimerLeft,
  timersAtRest,
  fakeClock,
  statusesOf,
  useBench,
} from './bench';

const context = useBench();

describe('answering', () => {
  it('sends 180, then 200, and is accepted with the ACK', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    expect(call.direction).toBe('inbound');
    expect(call.getStatus()).toBe('ringing');
    const accepting = call.accept();
    await invite.response(200);
    await settle();
    expect(call.getStatus()).toBe('ringing');
    invite.ack();
    await accepting;
    expect(call.getStatus()).toBe('accepted');
    expect(statusesOf(invite)).toEqual([180, 200]);
    expect(events.names).toEqual(['accepted']);
  });

  it('takes an offer that comes late, in the ACK', async () => {
    const { bench, device } = context;
    const incoming = recordEvents(device).next('incoming');
    const invite = bench.server.invite();
    const [call] = (await incoming) as [Call];
    const accepting = call.accept();
    const offer = (await invite.response(200)).body;
    expect(offer).toContain('a=setup:actpass');
    const dialog = await invite.answered({ body: sdpAnswer(offer) });
    await accepting;
    await call.disconnect();
    await dialog.expect('BYE');
    expectNothingHeld(bench);
  });

  it.each([
    ['rubbish', 'v=0\r\nrubbish'],
    ['no audio', sdpOffer().replace('m=audio', 'm=video')],
    ['audio that is switched off', sdpOffer().replace('m=audio 40000', 'm=audio 0')],
  ])('refuses an offer of %s with 488, and nobody hears of it', async (_name, body) => {
    const { bench, device } = context;
    const events = recordEvents(device);
    const invite = bench.server.invite({ body });
    expect((await invite.response()).status).toBe(488);
    expect(statusesOf(invite)).toEqual([488]);
    expect(events.names).toEqual([]);
  });

  it('refuses an offer that the browser refuses with 488', async () => {
    const { bench, device } = context;
    const incoming = recordEvents(device).next('incoming');
    const invite = bench.server.invite({ body: sdpOffer().replace(/a=fingerprint.*\r\n/, '') });
    const [call] = (await incoming) as [Call];
    const events = recordEvents(call);
    expect(await codeOf(call.accept())).toBe('MEDIA_FAILED');
    expect((await invite.response()).status).toBe(488);
    expect(call.getStatus()).toBe('failed');
    expect(errorsOf(events)).toEqual(['MEDIA_FAILED']);
    await settle();
    expectNothingHeld(bench);
  });

  it('takes the audio of a video call and no video, then and later', async () => {
    const { bench, device } = context;
    const incoming = recordEvents(device).next('incoming');
    const invite = bench.server.invite({ body: sdpOffer({ video: true }) });
    const [call] = (await incoming) as [Call];
    const accepting = call.accept();
    const answer = (await invite.response(200)).body;
    const directions = (sdp: string) => [sdpDirection(sdp), sdpDirection(sdp, 'video')];
    expect(directions(answer)).toEqual(['sendrecv', 'inactive']);
    const dialog = await invite.answered();
    await accepting;
    const again = dialog.request('INVITE', { body: sdpOffer({ video: true, version: 2 }) });
    expect(directions((await again.response(200)).body)).toEqual(['sendrecv', 'inactive']);
    expect(bench.media.requests).toEqual([expect.objectContaining({ video: false })]);
  });

  it('answers video that is added to an audio call with audio alone', async () => {
    const { bench, device } = context;
    const { dialog } = await bench.talk(device);
    const added = dialog.request('INVITE', { body: sdpOffer({ video: true, version: 2 }) });
    const answer = (await added.response(200)).body;
    expect([sdpDirection(answer), sdpDirection(answer, 'video')]).toEqual(['sendrecv', 'inactive']);
  });

  it('refuses a body that is no SDP with 415, and nobody hears of it', async () => {
    const { bench, device } = context;
    const events = recordEvents(device);
    const invite = bench.server.invite({ body: 'hello', headers: ['Content-Type: text/plain'] });
    expect((await invite.response()).status).toBe(415);
    expect(events.names).toEqual([]);
  });

  it('fails when the browser refuses the peer connection', async () => {
    const { bench } = context;
    const device = await bench.registered({ iceServers: [{ urls: 'http://not-a-stun-server' }] });
    const { call, invite, events } = await bench.ring(device);
    expect(await codeOf(call.accept())).toBe('MEDIA_FAILED');
    expect((await invite.response()).status).toBe(500);
    expect(endOf(events)).toMatchObject({ reason: 'internal', code: 500, initiator: 'local' });
    expect(call.getStatus()).toBe('failed');
    expectNothingHeld(bench);
  });

  it('repeats the 200 until the ACK, and ends the call when none comes', async () => {
    fakeClock();
    const { bench, device } = context;
    const timers = timersAtRest();
    const { call, invite, events } = await bench.ring(device);
    const accepting = codeOf(call.accept());
    await invite.response(200);
    await advance(2_000);
    expect(bench.server.responses(200, 'INVITE').length).toBeGreaterThan(1);
    await advance(31_000);
    expect(await accepting).toBe('SIGNALING_LOST');
    expect(bench.server.requests('BYE')).toHaveLength(1);
    expect(endOf(events)).toMatchObject({ reason: 'network', initiator: 'network' });
    expect(call.getStatus()).toBe('failed');
    expectNothingHeld(bench);
    await expectNoTimerLeft(timers);
  });

  it('hung up between 200 and ACK sends the BYE after the ACK', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    const accepting = codeOf(call.accept());
    await invite.response(200);
    await call.disconnect();
    expect(await accepting).toBe('INVALID_STATE');
    expect(bench.server.requests('BYE')).toHaveLength(0);
    const dialog = await invite.answered();
    await dialog.expect('BYE');
    expect(endOf(events)).toMatchObject({ initiator: 'local' });
    expectNothingHeld(bench);
  });
});

describe('refusing', () => {
  it.each([400, 480, 486, 603, 699])('with %i', async (status) => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    call.reject(status);
    expect((await invite.response()).status).toBe(status);
    expect(endOf(events)).toMatchObject({
      reason: 'rejected',
      code: status,
      initiator: 'local',
      durationMs: 0,
    });
    expect(events.of('error')).toEqual([]);
    expect(call.getStatus()).toBe('disconnected');
    expectNothingHeld(bench);
  });

  it('is 486 by default', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.ring(device);
    call.reject();
    expect((await invite.response()).status).toBe(486);
  });

  it.each([[200], [180], [399], [700], [486.5], [Number.NaN], ['486'], [null], [{}]])(
    'with %j is an argument error, and the call rings on',
    async (status) => {
      const { bench, device } = context;
      const { call } = await bench.ring(device);
      expect(() => {
        call.reject(status as number);
      }).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error);
      expect(call.getStatus()).toBe('ringing');
    },
  );

  it('twice is once, and accepting afterwards is too late', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    call.reject();
    call.reject(603);
    expect(await codeOf(call.accept())).toBe('INVALID_STATE');
    await settle();
    expect(statusesOf(invite).filter((status) => status >= 200)).toEqual([486]);
    expect(events.names).toEqual(['disconnect']);
  });

  it('through the raw session is an ordinary refusal', async () => {
    const { bench, device } = context;
    const { call, events } = await bench.ring(device);
    (call.session as unknown as { terminate(options: object): void }).terminate({ status_code: 603 });
    expect(endOf(events)).toMatchObject({ reason: 'rejected', code: 603, initiator: 'local' });
    expect(events.of('error')).toEqual([]);
  });

  it('inside the incoming event keeps the caller from hearing ringing', async () => {
    const { bench, device } = context;
    device.on('incoming', (call) => {
      call.reject(603);
    });
    const invite = bench.server.invite({ body: sdpOffer() });
    await invite.response(603);
    await settle();
    expect(statusesOf(invite)).not.toContain(180);
  });
});

describe('the caller gives up', () => {
  it.each([
    ['without a reason', undefined, { reason: 'canceled' }],
    [
      'because another phone answered',
      'SIP;cause=200;text="Call completed elsewhere"',
      { reason: 'answered_elsewhere', code: 200 },
    ],
    ['with a Q.850 reason', 'Q.850;cause=16', { reason: 'canceled' }],
    ['with rubbish for a reason', 'SIP;cause=', { reason: 'canceled' }],
  ])('%s', async (_name, reason, expected) => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    invite.cancel(reason === undefined ? {} : { reason });
    await events.next('disconnect');
    expect((await invite.response()).status).toBe(487);
    expect(endOf(events)).toMatchObject({ ...expected, initiator: 'remote', durationMs: 0 });
    expect(events.of('error')).toEqual([]);
    expect(call.getStatus()).toBe('disconnected');
    expect(await codeOf(call.accept())).toBe('INVALID_STATE');
  });

  it('in the same tick: the call is over before a listener that waits gets to it', async () => {
    const { bench, device } = context;
    const seen = new Promise<Call>((resolve) => {
      device.on('incoming', (call) => {
        void settle().then(() => {
          resolve(call);
        });
      });
    });
    const invite = bench.server.invite({ body: sdpOffer() });
    invite.cancel();
    const call = await seen;
    expect(call.getStatus()).toBe('disconnected');
    expect(await codeOf(call.accept())).toBe('INVALID_STATE');
    call.reject();
    await call.disconnect();
    expect((await invite.response()).status).toBe(487);
    expectNothingHeld(bench);
  });

  it('with a BYE instead of a CANCEL', async () => {
    const { bench, device } = context;
    const { call, invite, events } = await bench.ring(device);
    await invite.response(180);
    await invite.dialog().request('BYE').response(200);
    expect((await invite.response()).status).toBe(487);
    expect(endOf(events)).toMatchObject({ reason: 'canceled', initiator: 'remote' });
    expect(call.getStatus()).toBe('disconnected');
  });

  it('too late: the answered call goes on', async () => {
    const { bench, device } = context;
    const { call, invite } = await bench.ring(device);
    const accepting = call.accept();
    await invite.response(200);
    invite.cancel();
    await invite.answered();
    await accepting;
    await settle();
    expect(call.getStatus()).toBe('accepted');
  });

  it('by the time in its Expires header', async () => {
    fakeClock();
    const { bench, device } = context;
    const { invite, events } = await bench.ring(device, { headers: ['Expires: 20'] });
    await advance(20_000);
    expect((await invite.response()).status).toBe(487);
    expect(endOf(events)).toMatchObject({ reason: 'unanswered', initiator: 'remote' });
  });

  it('never: after four minutes the phone stops ringing', async () => {
    fakeClock();
    const { bench, device } = context;
    const timers = timersAtRest();
    const { invite, events } = await bench.ring(device);
    await advance(240_000);
    expect((await invite.response()).status).toBe(408);
    expect(endOf(events)).toMatchObject({ reason: 'unanswered', initiator: 'local' });
    await expectNoTimerLeft(timers);
  });
});
