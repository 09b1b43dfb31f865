import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeMediaStream } from '../../support/fake-peer-connection';
import { captureUncaught } from '../../support/wire/dom-target';
import { settle } from '../../support/wire/next-task';
import { MicrophoneTrack, type RawAgent, startRawAgent } from '../../support/wire/raw-agent';
import { sdpAnswer, sdpOffer } from '../../support/wire/sdp';

/** What to read when an assertion below fails after an upgrade. */
function changed(what: string, workAround: string): string {
  return `JsSIP no longer does this: ${what}. Review the work-around in src/sip: ${workAround}.`;
}

let agent: RawAgent;

beforeEach(async () => {
  agent = await startRawAgent();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  agent.stop();
});

describe('ending a call', () => {
  it('ignores a 200 that crosses its CANCEL', async () => {
    const { session, invite } = await agent.dial();
    agent.server.auto.cancel = false;
    const ringing = once(session, 'progress');
    invite.reply(180);
    await ringing;
    session.terminate();
    const cancel = await agent.server.next('CANCEL');
    invite.reply(200, { body: sdpAnswer(invite.body) });
    cancel.reply(200);
    await settle();
    const message = changed('a 200 after CANCEL is neither acknowledged nor ended', 'answering every 2xx');
    expect(agent.server.requests('ACK'), message).toHaveLength(0);
    expect(agent.server.requests('BYE'), message).toHaveLength(0);
  });

  it('acknowledges and ends that 200 once `_is_canceled` is set', async () => {
    const { session, invite } = await agent.dial();
    agent.server.auto.cancel = false;
    const ringing = once(session, 'progress');
    invite.reply(180);
    await ringing;
    session.terminate();
    session._is_canceled = true;
    await agent.server.next('CANCEL');
    invite.reply(200, { body: sdpAnswer(invite.body) });
    const dialog = agent.server.dialog(invite);
    expect((await dialog.expect('ACK')).cseq).toBe(invite.cseq);
    expect((await dialog.expect('BYE')).cseq).toBeGreaterThan(invite.cseq);
  });

  it('says goodbye to the good party when a second fork answers', async () => {
    const { session, invite } = await agent.dial();
    const body = sdpAnswer(invite.body);
    const confirmed = once(session, 'confirmed');
    invite.reply(200, { toTag: 'first', body });
    await confirmed;
    invite.reply(200, { toTag: 'second', body });
    await settle();
    const message = changed('the BYE for a second fork goes to the first one', 'answering every 2xx');
    expect(
      agent.server.requests('BYE').map(({ toTag }) => toTag),
      message,
    ).toEqual(['first']);
    expect(session.isEstablished(), message).toBe(true);
  });

  it('reports every end of an unanswered outgoing call as `Canceled`', async () => {
    const message = changed('the caller side reports `Canceled` for all ends', 'telling end reasons apart');
    const causes: string[] = [];
    const note = ({ cause }: { cause: string }) => causes.push(cause);

    const hungUp = await agent.dial();
    hungUp.session.on('failed', note);
    hungUp.session.terminate();

    const lost = await agent.dial();
    lost.session.on('failed', note);
    agent.server.cut();
    await once(lost.session, 'failed');

    const reconnected = once(agent.ua, 'registered');
    (agent.ua.transport as { connect(): void }).connect();
    await reconnected;
    vi.useFakeTimers();
    agent.server.auto.trying = false;
    const unanswered = await agent.dial();
    unanswered.session.on('failed', note);
    await vi.advanceTimersByTimeAsync(32_000);

    expect(causes, message).toEqual(['Canceled', 'Canceled', 'Canceled']);
  });
});

describe('re-INVITE', () => {
  it('repeats an offer that got 491 with the old CSeq header, and ends the call at the second 491', async () => {
    const { session, dialog } = await agent.talk();
    vi.useFakeTimers();
    session.hold();
    const first = await dialog.expect('INVITE');
    first.reply(491);
    await vi.advanceTimersByTimeAsync(1_000);
    const second = await dialog.expect('INVITE');
    const message = changed('the retry after 491 has the CSeq of the refused one', 'the negotiation queue');
    expect(second.cseq, message).toBe(first.cseq);
    second.reply(491);
    await settle();
    expect(session.isEnded(), changed('a second 491 ends the call', 'the negotiation queue')).toBe(true);
  });

  it('answers 491 in glare and applies the offer all the same', async () => {
    const { session, dialog } = await agent.talk();
    session.hold();
    await dialog.expect('INVITE');
    const offer = sdpOffer({ direction: 'sendonly', version: 2 });
    const crossing = dialog.request('INVITE', { body: offer });
    expect((await crossing.response()).status).toBe(491);
    const message = changed(
      'an offer refused with 491 is applied',
      'the glare guard of the negotiation queue',
    );
    await settle();
    expect(session.connection?.remoteDescription?.sdp, message).toBe(offer);
    expect(crossing.responses.map(({ status }) => status)).not.toContain(200);
  });

  it('ends the call when hold is refused, having reported hold before the answer', async () => {
    const { session, dialog } = await agent.talk();
    let reported = false;
    session.once('hold', () => {
      reported = true;
    });
    session.hold();
    const message = changed('hold is reported before it is agreed', 'the negotiation queue');
    expect(reported, message).toBe(true);
    expect(session.isOnHold().local, message).toBe(true);
    (await dialog.expect('INVITE')).reply(488);
    await settle();
    const byes = agent.server.requests('BYE').map((bye) => bye.header('reason'));
    expect(byes, changed('a refused hold ends the call', 'the negotiation queue')).toEqual([
      expect.stringContaining('Hold Failed'),
    ]);
    expect(session.isEnded()).toBe(true);
  });

  it('emits the local offer twice', async () => {
    const { session, dialog } = await agent.talk();
    const offers: string[] = [];
    session.on('sdp', ({ originator, sdp }: { originator: string; sdp: string }) => {
      if (originator === 'local') offers.push(sdp);
    });
    session.hold();
    const invite = await dialog.expect('INVITE');
    const message = changed(
      '`sdp` comes twice for one re-INVITE, first unmangled',
      'reading directions off the wire',
    );
    expect(offers, message).toHaveLength(2);
    expect(offers[0], message).toContain('a=sendrecv');
    expect(offers[1], message).toBe(invite.body);
  });
});

describe('media', () => {
  it('waits for the end of gathering for ever', async () => {
    agent.stop();
    agent = await startRawAgent({ gathering: { complete: 'never' } });
    vi.useFakeTimers();
    const mediaStream = new FakeMediaStream([new MicrophoneTrack()]);
    const session = agent.ua.call('bob', { mediaStream });
    const candidate = once(session, 'icecandidate');
    await vi.advanceTimersByTimeAsync(120_000);
    const message = changed('there is no limit to gathering', 'the gathering policy');
    expect(agent.server.requests('INVITE'), message).toHaveLength(0);
    const [event] = (await candidate) as [{ ready(): void }];
    event.ready();
    expect((await agent.server.next('INVITE')).body).toContain('typ host');
  });

  it('leaves the microphone open when the call ends while it is being opened', async () => {
    const microphone = new MicrophoneTrack();
    let grant: (stream: FakeMediaStream) => void = () => undefined;
    const opened = new Promise<FakeMediaStream>((resolve) => {
      grant = resolve;
    });
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => opened } });
    const session = agent.ua.call('bob', { mediaConstraints: { audio: true, video: false } });
    await settle();
    session.terminate();
    grant(new FakeMediaStream([microphone]));
    await settle();
    const message = changed('a late microphone is never closed', 'passing `mediaStream` only');
    expect(microphone.readyState, message).toBe('live');
  });

  it.each(['NotAllowedError', 'NotFoundError', 'NotReadableError'])(
    'calls %s "User Denied Media Access", and fails before it says why',
    async (name) => {
      const error = new DOMException('refused', name);
      vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => Promise.reject(error) } });
      const session = agent.ua.call('bob', { mediaConstraints: { audio: true, video: false } });
      const events: unknown[] = [];
      session.on('failed', ({ cause }: { cause: string }) => events.push(cause));
      session.on('getusermediafailed', (reason: unknown) => events.push(reason));
      await settle();
      const message = changed('every microphone error has one cause', 'opening the microphone ourselves');
      expect(events, message).toEqual(['User Denied Media Access', error]);
    },
  );

  it('asks for the camera unless told otherwise', async () => {
    const getUserMedia = vi.fn(() => Promise.reject(new DOMException('refused', 'NotAllowedError')));
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
    agent.ua.call('bob');
    await settle();
    const message = changed(
      'call() without constraints asks for audio and video',
      'passing `mediaStream` only',
    );
    expect(getUserMedia, message).toHaveBeenCalledExactlyOnceWith({ audio: true, video: true });
  });

  it('says muted while a replaced track is live', async () => {
    const { session, microphone } = await agent.talk();
    session.mute();
    expect(microphone.enabled).toBe(false);
    const other = new MicrophoneTrack('headset');
    await agent.webRtc.connection.getSenders()[0]?.replaceTrack(other);
    await settle();
    expect(session.isMuted().audio).toBe(true);
    const message = changed('mute is not applied to a replaced track', 'owning `enabled` of every track');
    expect(other.enabled, message).toBe(true);
  });
});

describe('digits', () => {
  it('sends INFO unless told otherwise', async () => {
    const { session } = await agent.talk();
    session.sendDTMF('5');
    await settle();
    const [info] = agent.server.requests('INFO');
    const message = changed('sendDTMF defaults to INFO', 'choosing the DTMF transport');
    expect(info?.header('content-type'), message).toBe('application/dtmf-relay');
    expect(info?.body, message).toMatch(/^Signal=5/);
  });

  it('emits nothing for RFC 4733 digits and throws while the far end holds', async () => {
    const { session, dialog } = await agent.talk();
    const announced = vi.fn();
    session.on('newDTMF', announced);
    await settle();
    session.sendDTMF('1', { transportType: 'RFC2833' });
    await settle();
    const { dtmf } = agent.webRtc.connection.getSenders()[0] ?? {};
    expect(dtmf?.played.map(({ tone }) => tone)).toEqual(['1']);
    expect(
      announced,
      changed('RFC 4733 digits are silent', 'choosing the DTMF transport'),
    ).not.toHaveBeenCalled();

    await dialog.request('INVITE', { body: sdpOffer({ direction: 'sendonly', version: 2 }) }).response(200);
    await settle();
    const message = changed('digits during remote hold throw', 'choosing the DTMF transport');
    expect(() => {
      session.sendDTMF('2', { transportType: 'RFC2833' });
    }, message).toThrow(DOMException);
  });
});

describe('requests nobody listens for', () => {
  it('accepts REFER and then says nothing but 100', async () => {
    const { dialog } = await agent.talk();
    const refer = dialog.request('REFER', { headers: ['Refer-To: <sip:carol@pbx.test>'] });
    expect((await refer.response()).status).toBe(202);
    await settle();
    expect(
      agent.server.requests('NOTIFY').map(({ body }) => body),
      changed('REFER without a listener is accepted and left', 'refusing references'),
    ).toEqual(['SIP/2.0 100 Trying']);
  });

  it('leaves an INVITE with Replaces at 100', async () => {
    const { dialog } = await agent.talk();
    // Without any listener for calls JsSIP answers 405 before it looks at Replaces.
    agent.ua.on('newRTCSession', () => undefined);
    const { callId, localTag, remoteTag } = dialog.state;
    const replacing = agent.server.invite({
      body: sdpOffer(),
      headers: [`Replaces: ${callId};to-tag=${remoteTag};from-tag=${localTag}`],
    });
    await replacing.response(100);
    await settle();
    const message = changed('INVITE with Replaces is never answered', 'refusing references');
    expect(
      replacing.responses.map(({ status }) => status),
      message,
    ).toEqual([100]);
  });

  it('sends no 180 when a listener throws', async () => {
    const uncaught = captureUncaught();
    agent.ua.on('newRTCSession', () => {
      throw new Error('listener');
    });
    const call = agent.server.invite({ body: sdpOffer() });
    await call.response(100);
    await settle();
    uncaught.restore();
    expect(uncaught.errors).toEqual([new Error('listener')]);
    const message = changed('an exception in a listener stops the 180', 'containing listeners');
    expect(
      call.responses.map(({ status }) => status),
      message,
    ).toEqual([100]);
  });
});

describe('what the caller typed', () => {
  it('leaves the domain, and escapes blanks', async () => {
    const mediaStream = () => new FakeMediaStream([new MicrophoneTrack()]);
    agent.ua.call('bob@evil.example', { mediaStream: mediaStream() });
    expect((await agent.server.next('INVITE')).uri, changed('a foreign domain is dialled', 'addresses')).toBe(
      'sip:bob@evil.example',
    );
    agent.ua.call('+1 (555) 123', { mediaStream: mediaStream() });
    expect((await agent.server.next('INVITE')).uri, changed('blanks are escaped', 'addresses')).toContain(
      '%20',
    );
  });

  it.each([
    ['extraHeaders', { extraHeaders: ['X-Note: a\r\nX-Injected: yes'] }],
    ['fromDisplayName', { fromDisplayName: 'a\r\nX-Injected: yes' }],
  ])('turns a line break in %s into a header', async (_option, options) => {
    const { invite } = await agent.dial(options);
    const message = changed('line breaks become headers', 'refusing control characters');
    expect(invite.header('X-Injected'), message).toMatch(/^yes/);
  });
});
