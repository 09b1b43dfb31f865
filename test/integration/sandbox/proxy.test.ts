import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../../src/sandbox/index';
import { RawAgent, type RawMessage, type RequestParts } from './support/raw-agent';

const isInvite = (message: RawMessage): boolean => message.method === 'INVITE' && message.status === 0;
const isMethod =
  (method: string) =>
  (message: RawMessage): boolean =>
    message.method === method && message.status === 0;

describe('the proxy over raw sockets', () => {
  let sandbox: Sandbox;
  let alice: RawAgent;
  let bob: RawAgent;
  const others: RawAgent[] = [];

  beforeEach(async () => {
    sandbox = await startSandbox({ returnGraceMs: 300 });
    alice = await RawAgent.register(sandbox, 'alice');
    bob = await RawAgent.register(sandbox, 'bob');
  });

  afterEach(async () => {
    for (const agent of [alice, bob, ...others.splice(0)]) agent.close();
    await sandbox.close();
  });

  /** Sends an INVITE past its challenge; resolves with the text that is then on the wire. */
  const invite = async (parts: Partial<RequestParts> & { callId: string }): Promise<string> => {
    const request = { method: 'INVITE', uri: bob.aor, ...parts };
    alice.send(alice.write(request));
    const challenge = await alice.final(parts.callId, 1, 'INVITE');
    const headers = [...(parts.headers ?? []), alice.authorization(challenge, 'INVITE', request.uri)];
    const text = alice.write({ ...request, cseq: 2, headers });
    alice.send(text);
    return text;
  };

  const answered = async (callId: string): Promise<RawMessage> => {
    await invite({ callId });
    const received = await bob.next((message) => isInvite(message) && message.header('Call-ID') === callId);
    bob.reply(received, 200);
    return alice.final(callId, 2, 'INVITE');
  };

  const inDialog = (method: string, callId: string, cseq: number): string =>
    alice.write({ method, uri: bob.contactUri, callId, cseq, to: `<${bob.aor}>;tag=bob-uas` });

  it('adds its Via and Record-Route, counts down and hides the password proof', async () => {
    await invite({ callId: 'routes' });
    const received = await bob.next(isInvite);
    expect(received.start).toBe(`INVITE ${bob.contactUri} SIP/2.0`);
    expect(received.all('Via')).toHaveLength(2);
    expect(received.all('Via')[0]).toContain(`SIP/2.0/WS 127.0.0.1:${sandbox.port};branch=z9hG4bK`);
    expect(received.all('Via')[1]).toContain('received=127.0.0.1');
    expect(received.header('Record-Route')).toBe(`<sip:127.0.0.1:${sandbox.port};transport=ws;lr>`);
    expect(received.header('Max-Forwards')).toBe('69');
    expect(received.header('Proxy-Authorization')).toBe('');
    expect(received.header('P-Asserted-Identity')).toBe(`<${alice.aor}>`);
    bob.reply(received, 180);
    const ringing = await alice.next(({ status }) => status === 180);
    expect(ringing.all('Via')).toHaveLength(1);
    expect(await alice.next(({ status }) => status === 100)).toBeDefined();
  });

  it('acts once on a request that comes twice', async () => {
    const text = await invite({ callId: 'twice' });
    const received = await bob.next(isInvite);
    bob.reply(received, 180);
    await alice.next(({ status }) => status === 180);
    alice.send(text);
    await alice.nth(2, ({ status }) => status === 180);
    await bob.settle();
    expect(bob.count(isInvite)).toBe(1);
  });

  it('holds a CANCEL back until the callee has said something', async () => {
    const text = await invite({ callId: 'cancel' });
    const received = await bob.next(isInvite);
    const branch = /branch=(z9hG4bK\w+)/.exec(text)?.[1] ?? '';
    alice.send(
      alice.write({ method: 'CANCEL', uri: bob.aor, callId: 'cancel', cseq: 2, branch, contact: null }),
    );
    expect((await alice.final('cancel', 2, 'CANCEL')).status).toBe(200);
    await bob.settle();
    expect(bob.count(isMethod('CANCEL'))).toBe(0);
    bob.reply(received, 180);
    const cancel = await bob.next(isMethod('CANCEL'));
    expect(cancel.header('Via')).toBe(received.header('Via'));
    expect(cancel.header('CSeq')).toBe('2 CANCEL');
    bob.reply(cancel, 200);
    bob.reply(received, 487);
    expect((await alice.final('cancel', 2, 'INVITE')).status).toBe(487);
    const ack = await bob.next(isMethod('ACK'));
    expect(ack.header('To')).toContain('tag=bob-uas');
    expect(ack.header('Via')).toBe(received.header('Via'));
  });

  it('knows what a CANCEL is of that comes in one breath with its INVITE', async () => {
    const request = { method: 'INVITE', uri: bob.aor, callId: 'breath' };
    alice.send(alice.write(request));
    const challenge = await alice.final('breath', 1, 'INVITE');
    const [branch, cseq] = ['z9hG4bKbreath', 2];
    const headers = [alice.authorization(challenge, 'INVITE', bob.aor)];
    alice.send(alice.write({ ...request, cseq, branch, headers }));
    alice.send(alice.write({ ...request, method: 'CANCEL', cseq, branch, contact: null }));
    const received = await bob.next(isInvite);
    expect((await alice.final('breath', 2, 'CANCEL')).status).toBe(200);
    bob.reply(received, 180);
    bob.reply(await bob.next(isMethod('CANCEL')), 200);
    bob.reply(received, 487);
    expect((await alice.final('breath', 2, 'INVITE')).status).toBe(487);
  });

  it('answers a CANCEL of nothing with 481', async () => {
    const answer = await alice.request({ method: 'CANCEL', callId: 'nothing', uri: bob.aor });
    expect(answer.status).toBe(481);
  });

  it('acknowledges a failure itself and swallows the ACK of the caller', async () => {
    const text = await invite({ callId: 'busy' });
    bob.reply(await bob.next(isInvite), 486);
    expect((await alice.final('busy', 2, 'INVITE')).status).toBe(486);
    await bob.next(isMethod('ACK'));
    const branch = /branch=(z9hG4bK\w+)/.exec(text)?.[1] ?? '';
    alice.send(alice.write({ method: 'ACK', uri: bob.aor, callId: 'busy', cseq: 2, branch }));
    await alice.settle();
    await bob.settle();
    expect(bob.count(isMethod('ACK'))).toBe(1);
  });

  it('passes every repetition of a 2xx and the ACK end to end', async () => {
    await answered('repeat');
    bob.reply(await bob.next(isInvite), 200);
    await alice.nth(2, ({ status, method }) => status === 200 && method === 'INVITE');
    alice.send(inDialog('ACK', 'repeat', 2));
    const ack = await bob.next(isMethod('ACK'));
    expect(ack.header('CSeq')).toBe('2 ACK');
    expect(ack.all('Via')).toHaveLength(2);
    bob.reply(await bob.next(isInvite), 486);
    await bob.settle();
    await alice.settle();
    expect(alice.count(({ status }) => status === 486)).toBe(0);
  });

  it('follows its own Route and no other', async () => {
    await answered('route');
    const own = `Route: <sip:127.0.0.1:${sandbox.port};transport=ws;lr>`;
    const text = inDialog('INFO', 'route', 3).replace('Max-Forwards', `${own}\r\nMax-Forwards`);
    alice.send(text);
    const info = await bob.next(isMethod('INFO'));
    expect(info.header('Route')).toBe('');
    const foreign = inDialog('INFO', 'route', 4).replace(
      'Max-Forwards',
      `${own}, <sip:elsewhere.example;lr>\r\nMax-Forwards`,
    );
    alice.send(foreign);
    expect((await alice.final('route', 4, 'INFO')).status).toBe(403);
  });

  it.each([
    ['Max-Forwards: 0', 483, ''],
    ['Proxy-Require: privacy', 420, 'privacy'],
  ])('refuses %s', async (header, status, unsupported) => {
    const answer = await alice.request({ method: 'INVITE', uri: bob.aor, headers: [header] });
    expect(answer.status).toBe(status);
    expect(answer.header('Unsupported')).toBe(unsupported);
  });

  it.each([
    ['INVITE', 'tel:+123', 416],
    ['INVITE', 'sip:bob@other.example', 404],
    ['INVITE', 'sip:nobody@sandbox.test', 404],
    ['INVITE', 'sip:%zz@sandbox.test', 400],
    ['PUBLISH', 'sip:bob@sandbox.test', 405],
    ['BYE', 'sip:bob@sandbox.test', 481],
  ])('answers %s %s with %i', async (method, uri, status) => {
    expect((await alice.request({ method, uri })).status).toBe(status);
  });

  it('rings all devices of an agent, takes the first answer and tells the others why', async () => {
    const second = await RawAgent.register(sandbox, 'bob');
    others.push(second);
    await invite({ callId: 'fork' });
    const atFirst = await bob.next(isInvite);
    const atSecond = await second.next(isInvite);
    bob.reply(atFirst, 180, { tag: 'one' });
    second.reply(atSecond, 180, { tag: 'two' });
    await alice.nth(2, ({ status }) => status === 180);
    second.reply(atSecond, 200, { tag: 'two' });
    const answer = await alice.final('fork', 2, 'INVITE');
    expect(answer.header('To')).toContain('tag=two');
    const cancel = await bob.next(isMethod('CANCEL'));
    expect(cancel.header('Reason')).toBe('SIP ;cause=200 ;text="Call completed elsewhere"');
    bob.reply(atFirst, 487, { tag: 'one' });
    await bob.next(isMethod('ACK'));
    expect(second.count(isMethod('CANCEL'))).toBe(0);
    await alice.settle();
    expect(alice.count(({ status }) => status === 487)).toBe(0);
  });

  it('picks the answer that says most when all refuse', async () => {
    const second = await RawAgent.register(sandbox, 'bob');
    const third = await RawAgent.register(sandbox, 'bob');
    others.push(second, third);
    await invite({ callId: 'best' });
    const received = await Promise.all([bob, second, third].map((agent) => agent.next(isInvite)));
    third.close();
    second.reply(received[1] as RawMessage, 500);
    await second.next(isMethod('ACK'));
    expect(alice.count(({ status }) => status >= 480)).toBe(0);
    bob.reply(received[0] as RawMessage, 486);
    expect((await alice.final('best', 2, 'INVITE')).status).toBe(486);
  });

  it('answers 480 when the only device goes away while ringing', async () => {
    await invite({ callId: 'gone' });
    bob.reply(await bob.next(isInvite), 180);
    await alice.next(({ status }) => status === 180);
    bob.close();
    expect((await alice.final('gone', 2, 'INVITE')).status).toBe(480);
  });

  it('rings again where a device that went away while ringing comes back', async () => {
    await invite({ callId: 'back' });
    bob.reply(await bob.next(isInvite), 180);
    await alice.next(({ status }) => status === 180);
    bob.close();
    const again = await RawAgent.register(sandbox, 'bob', { instanceId: bob.instanceId });
    others.push(again);
    const received = await again.next(isInvite);
    expect(received.header('Call-ID')).toBe('back');
    again.reply(received, 200);
    expect((await alice.final('back', 2, 'INVITE')).status).toBe(200);
    await alice.settle();
    expect(alice.count(({ status }) => status >= 480)).toBe(0);
  });

  it('rings at a device that registers while the call rings at another, and cancels who loses', async () => {
    await invite({ callId: 'joined' });
    bob.reply(await bob.next(isInvite), 180);
    const second = await RawAgent.register(sandbox, 'bob');
    others.push(second);
    const received = await second.next(isInvite);
    second.reply(received, 200);
    expect((await alice.final('joined', 2, 'INVITE')).status).toBe(200);
    await bob.next(isMethod('CANCEL'));
  });

  it('does not ring again where the device has refused', async () => {
    const second = await RawAgent.register(sandbox, 'bob');
    others.push(second);
    await invite({ callId: 'refused' });
    second.reply(await second.next(isInvite), 180);
    bob.reply(await bob.next(isInvite), 486);
    await bob.next(isMethod('ACK'));
    bob.close();
    const again = await RawAgent.register(sandbox, 'bob', { instanceId: bob.instanceId });
    others.push(again);
    await again.settle();
    expect(again.count(isInvite)).toBe(0);
  });

  it('lets the caller give up while nobody is there', async () => {
    await invite({ callId: 'impatient' });
    bob.reply(await bob.next(isInvite), 180);
    await alice.next(({ status }) => status === 180);
    bob.close();
    await sandbox.waitForUnregistration('bob');
    alice.close();
    const again = await RawAgent.register(sandbox, 'bob', { instanceId: bob.instanceId });
    others.push(again);
    await again.settle();
    expect(again.count(isInvite)).toBe(0);
  });

  it('a device that refreshes its registration does not ring twice', async () => {
    await invite({ callId: 'refreshed' });
    bob.reply(await bob.next(isInvite), 180);
    await bob.registerNow();
    await bob.settle();
    expect(bob.count(isInvite)).toBe(1);
  });

  it('stops the phones when the caller goes away', async () => {
    await invite({ callId: 'left' });
    bob.reply(await bob.next(isInvite), 180);
    await alice.next(({ status }) => status === 180);
    alice.close();
    expect((await bob.next(isMethod('CANCEL'))).header('Call-ID')).toBe('left');
  });

  it('ends ringing after timer C', async () => {
    const impatient = await startSandbox({ ringTimeoutMs: 200 });
    const caller = await RawAgent.register(impatient, 'alice');
    const answer = await caller.request({ method: 'INVITE', uri: `sip:no-answer@${impatient.domain}` });
    expect(answer.status).toBe(408);
    caller.close();
    await impatient.close();
  });

  it('lets nobody into a dialog who is not part of it', async () => {
    const mallory = await RawAgent.register(sandbox, 'mallory');
    others.push(mallory);
    await answered('private');
    const stranger = await RawAgent.connect(sandbox, 'alice');
    others.push(stranger);
    const parts = { callId: 'private', to: `<${bob.aor}>;tag=bob-uas`, from: `<${alice.aor}>;tag=alice-tag` };
    const bye = { method: 'BYE', uri: bob.contactUri, ...parts };
    mallory.send(mallory.write({ ...bye, cseq: 7 }));
    expect((await mallory.final('private', 7, 'BYE')).status).toBe(403);
    stranger.send(stranger.write({ ...bye, cseq: 8 }));
    expect((await stranger.final('private', 8, 'BYE')).status).toBe(407);
    mallory.send(mallory.write({ method: 'ACK', uri: bob.contactUri, ...parts, cseq: 2 }));
    mallory.send(mallory.write({ method: 'BYE', uri: bob.contactUri, callId: 'guessed', to: parts.to }));
    expect((await mallory.final('guessed', 1, 'BYE')).status).toBe(481);
    await mallory.settle();
    await bob.settle();
    expect(bob.count(isMethod('BYE')) + bob.count(isMethod('ACK'))).toBe(0);
  });

  it('takes no response from a socket that was not asked', async () => {
    const mallory = await RawAgent.register(sandbox, 'mallory');
    others.push(mallory);
    await invite({ callId: 'forged' });
    const received = await bob.next(isInvite);
    mallory.reply(received, 200);
    await mallory.settle();
    await alice.settle();
    expect(alice.count(({ status, method }) => status === 200 && method === 'INVITE')).toBe(0);
  });

  it('does not let one agent show the name of another', async () => {
    const from = `<${bob.aor}>;tag=x`;
    const uri = `sip:busy@${sandbox.domain}`;
    expect((await alice.request({ method: 'INVITE', uri, from })).status).toBe(403);
    const callerId = `"Shop" <sip:+12025550177@${sandbox.domain}>;tag=x`;
    expect((await alice.request({ method: 'INVITE', uri, from: callerId })).status).toBe(486);
    const { agent, callerId: shown } = sandbox.customer('busy').lastCall ?? {};
    expect([agent, shown]).toEqual(['alice', '+12025550177']);
  });

  it('follows a device to its new socket', async () => {
    await answered('moved');
    alice.send(inDialog('ACK', 'moved', 2));
    await bob.next(isMethod('ACK'));
    bob.close();
    await sandbox.waitForUnregistration('bob');
    alice.send(inDialog('INFO', 'moved', 3));
    expect((await alice.final('moved', 3, 'INFO')).status).toBe(430);
    const again = await RawAgent.register(sandbox, 'bob', { instanceId: bob.instanceId });
    others.push(again);
    alice.send(inDialog('BYE', 'moved', 4));
    const bye = await again.next(isMethod('BYE'));
    expect(bye.start).toBe(`BYE ${again.contactUri} SIP/2.0`);
    again.reply(bye, 200);
    expect((await alice.final('moved', 4, 'BYE')).status).toBe(200);
  });

  it('reaches one device by its GRUU', async () => {
    const second = await RawAgent.register(sandbox, 'bob');
    others.push(second);
    await invite({ callId: 'gruu', uri: `${bob.aor};gr=${second.instanceId}` });
    await second.next(isInvite);
    await bob.settle();
    expect(bob.count(isInvite)).toBe(0);
  });

  it('answers keep-alives and OPTIONS', async () => {
    alice.send('\r\n\r\n');
    await alice.settle();
    expect(alice.texts).toContain('\r\n');
    const options = alice.messages.find(({ method, status }) => method === 'OPTIONS' && status === 200);
    expect(options?.header('Allow')).toContain('INVITE');
  });

  it('leaves an established call alone when the token expires', async () => {
    const carol = await RawAgent.connect(sandbox, 'carol');
    others.push(carol);
    await carol.fetchCredentials(2);
    await carol.registerNow();
    const uri = bob.aor;
    const pending = carol.request({ method: 'INVITE', uri, callId: 'long' });
    bob.reply(await bob.next(isInvite), 200);
    expect((await pending).status).toBe(200);
    await sandbox.waitForUnregistration('carol');
    const to = `<${bob.aor}>;tag=bob-uas`;
    carol.send(carol.write({ method: 'BYE', uri: bob.contactUri, callId: 'long', cseq: 5, to }));
    bob.reply(await bob.next(isMethod('BYE')), 200);
    expect((await carol.final('long', 5, 'BYE')).status).toBe(200);
  });
});
