import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSandbox, type CustomerCall, type Sandbox } from '../../../src/sandbox/index';
import { offer } from './support/offer';
import { RawAgent } from './support/raw-agent';

/** Two customers of one sandbox may call each other: JsSIP, the proxy and media at both ends, without a browser. */
describe('customers', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await startSandbox({ limits: { requestsPerSecond: 1000 } });
    sandbox.customer({ name: 'ann', toneHz: 600 });
  });

  afterAll(async () => {
    await sandbox.close();
  });

  const callFromAnn = async (to: string): Promise<{ near: CustomerCall; far: CustomerCall }> => {
    const near = await sandbox.customer('ann').call(to);
    const far = await sandbox.customer(to).waitForCall();
    return { near, far };
  };

  it('hear each other by their tones, and the end', async () => {
    const { near, far } = await callFromAnn('tone');
    const heard = await near.hears({ hz: 440, minDbfs: -20 });
    expect(heard).toMatchObject({ codec: 'PCMU' });
    expect(Math.abs((heard.levelDbfs ?? 0) + 18)).toBeLessThan(2);
    await far.hears({ hz: 600 });
    near.hangup();
    await far.waitFor('ended');
    expect(far.end).toMatchObject({ by: 'agent', cause: 'Terminated' });
    expect(near.end).toMatchObject({ by: 'customer' });
    await near.hearsSilence();
  });

  it('echo what they hear, and nothing while held', async () => {
    const { near, far } = await callFromAnn('echo');
    await near.hears({ hz: 600 });
    await near.hold(true);
    expect(far.isOnHold).toBe(true);
    expect(far.mediaDirection).toBe('recvonly');
    await near.hearsSilence();
    await near.hold(false);
    await near.hears({ hz: 600 });
    expect(far.isOnHold).toBe(false);
    near.hangup();
  });

  it('key digits in order, in rows that do not mix', async () => {
    const { near, far } = await callFromAnn('listener');
    await near.waitFor('answered');
    await far.waitFor('audio');
    const digits: string[] = [];
    far.on('digit', (digit, transport) => digits.push(`${digit}/${transport}`));
    await Promise.all([near.sendDigits('12'), near.sendDigits('2#d')]);
    expect(await far.waitForDigits('122#D')).toBe('122#D');
    expect(digits).toEqual(['1/rtp', '2/rtp', '2/rtp', '#/rtp', 'D/rtp']);
    await expect(near.sendDigits('1w')).rejects.toThrow('digits');
    near.hangup();
  });

  it('key their own digits after the answer', async () => {
    const { near } = await callFromAnn('digits');
    expect(await near.waitForDigits('123#')).toBe('123#');
    near.hangup();
  });

  it('are answered and refused by hand', async () => {
    sandbox.customer({ name: 'manual', onCall: 'ring' });
    expect(() => sandbox.customer('manual').answer()).toThrow('nobody is calling');
    const first = await callFromAnn('manual');
    await first.near.waitFor('ringing');
    expect(sandbox.customer('manual').answer()).toBe(first.far);
    await first.near.waitFor('answered');
    expect(() => {
      first.far.answer();
    }).toThrow('answered');
    first.far.hangup();
    await first.near.waitFor('ended');
    const second = await callFromAnn('manual');
    expect(() => {
      second.far.hangup(200);
    }).toThrow('300 to 699');
    second.far.hangup(480);
    await second.near.waitFor('ended');
    expect(second.near.end).toMatchObject({ by: 'agent', status: 480 });
  });

  it('take back a call that still rings', async () => {
    const { near, far } = await callFromAnn('no-answer');
    await near.waitFor('ringing');
    near.hangup();
    await far.waitFor('ended');
    expect(far.end).toMatchObject({ by: 'agent', cause: 'Canceled' });
  });

  it('say clearly what did not happen in time, and what cannot be', async () => {
    const { near, far } = await callFromAnn('listener');
    await near.waitFor('answered');
    await expect(near.hears({ hz: 1234, timeoutMs: 150 })).rejects.toThrow(
      'no tone of 1234 Hz within 150 ms',
    );
    await expect(far.waitForDigits('9', { timeoutMs: 50 })).rejects.toThrow('no digits "9" (only "")');
    await near.waitFor('audio');
    near.hangup();
    await far.waitFor('ended');
    await expect(far.waitFor('answered')).resolves.toBeUndefined();
    await expect(near.waitFor('audio').then(() => near.waitFor('ringing'))).resolves.toBeUndefined();
    expect(() => sandbox.customer('nobody')).toThrow('no customer "nobody"; there are echo');
    expect(() => sandbox.customer({ name: 'echo' })).toThrow('already');
    expect(() => sandbox.customer({ displayName: 'a\r\nb' })).toThrow('displayName');
    expect(() => sandbox.customer({ toneHz: 9000 })).toThrow('toneHz');
    expect(() => sandbox.customer({ onCall: { refuseWith: 200 } })).toThrow('refuseWith');
    await expect(
      sandbox.customer('ann').call('tone', { headers: { 'X-A': 'b\r\nX-Evil: 1' } }),
    ).rejects.toThrow('header');
  });

  it('hear from an agent who is not there, and from nobody', async () => {
    const missing = await sandbox.customer('ann').call('nobody');
    await missing.waitFor('ended');
    expect(missing.end?.status).toBe(404);
    await expect(missing.waitFor('answered')).rejects.toThrow('ended before "answered"');
    const agent = await RawAgent.register(sandbox, 'absent');
    agent.close();
    await sandbox.waitForUnregistration('absent');
    const offline = await sandbox.customer('ann').call('absent');
    await offline.waitFor('ended');
    expect(offline.end?.status).toBe(480);
  });

  it('let a test cut, freeze and forget agents', async () => {
    const agent = await RawAgent.register(sandbox, 'faulty');
    expect(sandbox.faults.freezeSockets('faulty')).toBe(1);
    const call = await sandbox.customer('ann').call('faulty');
    await sandbox.trace.waitFor(
      ({ method, peer, direction }) => method === 'INVITE' && peer === 'faulty' && direction === 'sent',
    );
    expect(agent.count(({ method }) => method === 'INVITE')).toBe(0);
    sandbox.faults.thawSockets('faulty');
    await agent.settle();
    sandbox.faults.forgetRegistrations('faulty');
    expect(sandbox.registrations()).toEqual([]);
    expect(sandbox.faults.dropSockets('faulty')).toBe(1);
    await agent.closed();
    await call.waitFor('ended');
    expect(call.end?.status).toBe(480);
  });

  it('keep secrets out of the trace', async () => {
    const agent = await RawAgent.register(sandbox, 'traced');
    const register = await sandbox.trace.waitFor(
      ({ method, text }) =>
        method === 'REGISTER' && text.includes('Authorization') && text.includes('traced'),
    );
    expect(register.text).toContain('Authorization: [redacted]');
    expect(sandbox.trace.entries.some(({ text }) => /nonce=|response=/.test(text))).toBe(false);
    agent.close();
  });

  it('leave no socket behind after 60 calls', async () => {
    const sockets = (): number =>
      process.getActiveResourcesInfo().filter((name) => name.startsWith('UDP')).length;
    await vi.waitFor(() => {
      expect(sockets()).toBe(0);
    });
    const first = await callFromAnn('listener');
    await first.near.waitFor('audio');
    expect(sockets()).toBeGreaterThan(0);
    first.near.hangup();
    for (let count = 0; count < 60; count += 1) {
      const { near, far } = await callFromAnn('listener');
      await near.waitFor('answered');
      near.hangup();
      await far.waitFor('ended');
    }
    await vi.waitFor(() => {
      expect(sockets()).toBe(0);
    });
    expect(sandbox.customer('ann').calls.every(({ state }) => state === 'ended')).toBe(true);
  });

  it('hang up before the sandbox closes its sockets', async () => {
    const closing = await startSandbox();
    const [alice, bob] = [await RawAgent.register(closing, 'alice'), await RawAgent.register(closing, 'bob')];
    const uri = `sip:listener@${closing.domain}`;
    const answer = await alice.request({ method: 'INVITE', uri, callId: 'answered', body: offer });
    expect(answer.status).toBe(200);
    const to = answer.header('To');
    alice.send(alice.write({ method: 'ACK', uri, callId: 'answered', cseq: 2, to }));
    await alice.settle();
    expect(alice.count(({ method }) => method === 'BYE')).toBe(0);
    await closing.customer('listener').call('bob');
    bob.reply(await bob.next(({ method, status }) => method === 'INVITE' && status === 0), 180);
    await bob.settle();
    await closing.close();
    expect(await Promise.all([alice.closed(), bob.closed()])).toEqual([1001, 1001]);
    expect(alice.count(({ method, status }) => method === 'BYE' && status === 0)).toBe(1);
    expect(bob.count(({ method, status }) => method === 'CANCEL' && status === 0)).toBe(1);
  });

  it('are gone when the sandbox is closed, and its port is free', async () => {
    const closing = await startSandbox();
    const call = await closing.customer('music').call('listener');
    await call.waitFor('answered');
    await Promise.all([closing.close(), closing.close()]);
    expect(call.state).toBe('ended');
    await expect(closing.customer('music').call('listener')).rejects.toThrow('closed');
    const again = await startSandbox({ port: closing.port });
    expect(again.port).toBe(closing.port);
    await again.close();
  });
});
