import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settle } from '../../support/wire/next-task';
import { type RawAgent, type RawSession, startRawAgent } from '../../support/wire/raw-agent';
import { sdpAnswer, sdpDirection, sdpOffer } from '../../support/wire/sdp';

let agent: RawAgent;

beforeEach(async () => {
  agent = await startRawAgent();
});

afterEach(() => {
  vi.useRealTimers();
  agent.stop();
});

/** Calls the agent and hands over both ends once it rings. */
async function ring(options: Parameters<RawAgent['server']['invite']>[0] = { body: sdpOffer() }) {
  const announced = once(agent.ua, 'newRTCSession') as Promise<[{ session: RawSession }]>;
  const call = agent.server.invite(options);
  const [{ session }] = await announced;
  await call.response(180);
  return { call, session };
}

describe('registrar', () => {
  it('accepts right digest credentials and refuses wrong ones', async () => {
    const { registrar } = agent.server;
    registrar.passwords.set('agent', 'right');
    agent.ua.set('password', 'wrong');
    const failed = once(agent.ua, 'registrationFailed') as Promise<[{ cause: string }]>;
    agent.ua.register();
    expect((await failed)[0].cause).toBe('Authentication Error');

    agent.ua.set('password', 'right');
    const registered = once(agent.ua, 'registered');
    agent.ua.register();
    await registered;
    expect([...registrar.bindings.keys()]).toEqual([String(agent.ua.contact.uri)]);
  });

  it('plays each scripted behaviour once, then the standing one', async () => {
    const { registrar } = agent.server;
    registrar.once({ kind: 'refuse', status: 503, headers: ['Retry-After: 7'] });
    const failed = once(agent.ua, 'registrationFailed') as Promise<
      [{ response: { getHeader(name: string): string } }]
    >;
    agent.ua.register();
    expect((await failed)[0].response.getHeader('Retry-After')).toBe('7');
    const registered = once(agent.ua, 'registered');
    agent.ua.register();
    await registered;
  });

  it('asks for a longer lifetime with 423', async () => {
    agent.server.registrar.behaviour = { kind: 'too-brief', minExpiresSeconds: 900 };
    agent.ua.register();
    const answers = agent.server.journal.wait('second REGISTER', () => agent.server.requests('REGISTER')[2]);
    expect((await answers).header('expires')).toBe('900');
  });

  it('forgets a binding that is removed', async () => {
    const removed = once(agent.ua, 'unregistered');
    agent.ua.unregister();
    await removed;
    expect(agent.server.registrar.bindings.size).toBe(0);
  });
});

describe('as callee', () => {
  it('challenges an INVITE and hands over the one with credentials', async () => {
    agent.server.registrar.passwords.set('agent', 'secret');
    agent.server.auto.challengeInvite = true;
    agent.ua.set('password', 'secret');
    const { invite } = await agent.dial();
    expect(invite.header('Proxy-Authorization')).toContain('username="agent"');
    expect(agent.server.requests('INVITE')).toHaveLength(2);
  });

  it('answers CANCEL and ends its INVITE', async () => {
    const { session, invite } = await agent.dial();
    invite.reply(180);
    await once(session, 'progress');
    session.terminate();
    const cancel = await agent.server.next('CANCEL');
    expect(cancel.branch).toBe(invite.branch);
    expect((await agent.server.next('ACK')).branch).toBe(invite.branch);
    expect(invite.finalStatus).toBe(487);
  });

  it('carries on an established dialog from both sides', async () => {
    const { session, dialog } = await agent.talk();
    const info = dialog.request('INFO', { headers: ['Content-Type: text/plain'], body: 'note' });
    expect((await info.response()).status).toBe(200);

    const offer = sdpOffer({ direction: 'inactive', version: 2 });
    const reinvite = dialog.request('INVITE', { body: offer });
    expect(sdpDirection((await reinvite.response(200)).body)).toBe('inactive');
    await settle();
    expect(session.isOnHold().remote).toBe(true);
    // Acknowledged by itself, so that nothing is repeated.
    expect(reinvite.responses.filter(({ status }) => status === 200)).toHaveLength(1);

    const ended = once(session, 'ended');
    expect((await dialog.request('BYE').response()).status).toBe(200);
    await ended;
  });

  it('rejects with any status', async () => {
    const { session, invite } = await agent.dial();
    const failed = once(session, 'failed') as Promise<[{ message: { status_code: number } }]>;
    invite.reply(603, { reason: 'No thanks' });
    expect((await failed)[0].message.status_code).toBe(603);
  });
});

describe('as caller', () => {
  it('is answered, talks and hears the hang-up', async () => {
    const { call, session } = await ring({ body: sdpOffer(), displayName: 'Ann', from: '+15550001' });
    session.answer({ mediaConstraints: { audio: false, video: false } });
    const dialog = await call.answered();
    await once(session, 'confirmed');
    session.terminate();
    expect((await dialog.expect('BYE')).fromTag).toBe(dialog.state.remoteTag);
  });

  it('answers a late offer in its ACK', async () => {
    const { call, session } = await ring({});
    const confirmed = once(session, 'confirmed');
    session.answer({
      mediaConstraints: { audio: false },
      rtcOfferConstraints: { offerToReceiveAudio: true },
    });
    const { body } = await call.response(200);
    call.ack({ body: sdpAnswer(body) });
    await confirmed;
    expect(sdpDirection(body)).toBe('recvonly');
  });

  it('withdraws the call with a reason', async () => {
    const { call, session } = await ring();
    const failed = once(session, 'failed') as Promise<[{ message: { getHeader(name: string): string } }]>;
    call.cancel({ reason: 'SIP;cause=200;text="Call completed elsewhere"' });
    expect((await failed)[0].message.getHeader('reason')).toContain('cause=200');
    expect((await call.response()).status).toBe(487);
  });
});

describe('the journal', () => {
  it('says what was seen when a wait runs out', async () => {
    await expect(agent.server.next('INVITE', 20)).rejects.toThrow(
      /^No INVITE within 20 ms[^]*--> REGISTER sip:pbx\.test SIP\/2\.0 \(CSeq 1\)\n {2}<-- SIP\/2\.0 200 OK/,
    );
  });

  it('returns each message from one wait only', async () => {
    await agent.server.next('REGISTER');
    await expect(agent.server.next('REGISTER', 20)).rejects.toThrow('No REGISTER');
  });
});

describe('fake timers', () => {
  it('lets a message cross and be answered within one advance of 0 ms', async () => {
    vi.useFakeTimers();
    const before = agent.server.requests('REGISTER').length;
    agent.ua.register();
    await vi.advanceTimersByTimeAsync(0);
    expect(agent.server.requests('REGISTER')).toHaveLength(before + 1);
    expect(Reflect.get(agent.ua._registrator, '_registering')).toBe(false);
  });
});
