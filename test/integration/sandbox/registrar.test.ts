import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../../src/sandbox/index';
import { RawAgent, type RawMessage } from './support/raw-agent';

describe('the registrar over a raw socket', () => {
  let sandbox: Sandbox;
  const open: RawAgent[] = [];

  const connect = async (user: string): Promise<RawAgent> => {
    const agent = await RawAgent.connect(sandbox, user);
    open.push(agent);
    await agent.fetchCredentials();
    return agent;
  };

  beforeEach(async () => {
    sandbox = await startSandbox();
  });

  afterEach(async () => {
    for (const agent of open.splice(0)) agent.close();
    await sandbox.close();
  });

  it('challenges, registers and grants a GRUU', async () => {
    const alice = await connect('alice');
    const answer = await alice.registerNow();
    expect(answer.status).toBe(200);
    expect(answer.header('Contact')).toContain(`<${alice.contactUri}>;expires=300`);
    expect(answer.header('Contact')).toContain(
      `pub-gruu="sip:alice@${sandbox.domain};gr=${alice.instanceId}"`,
    );
    expect(answer.header('Require')).toBe('outbound');
    expect(alice.messages[0]?.status).toBe(401);
    expect(sandbox.registrations()).toMatchObject([{ user: 'alice', contacts: [{ uri: alice.contactUri }] }]);
  });

  it('refuses a wrong password, and an address of record that is not the own', async () => {
    const alice = await connect('alice');
    const mallory = await connect('mallory');
    const uri = `sip:${sandbox.domain}`;
    const stolen = await mallory.request({ method: 'REGISTER', uri, to: `<${alice.aor}>` });
    expect(stolen.status).toBe(403);
    const stranger = await connect('alice');
    stranger.forgetPassword();
    const answer = await stranger.registerNow();
    expect(answer.status).toBe(401);
    expect(sandbox.registrations()).toEqual([]);
  });

  it('refuses a proof that was made for another address', async () => {
    const alice = await connect('alice');
    const register = {
      method: 'REGISTER',
      uri: `sip:${sandbox.domain}`,
      to: `<${alice.aor}>`,
      callId: 'proof',
    };
    alice.send(alice.write(register));
    const challenge = await alice.final('proof', 1, 'REGISTER');
    const elsewhere = alice.authorization(challenge, 'REGISTER', 'sip:elsewhere.example');
    alice.send(alice.write({ ...register, cseq: 2, headers: [elsewhere] }));
    expect((await alice.final('proof', 2, 'REGISTER')).status).toBe(400);
    const here = alice.authorization(challenge, 'REGISTER', `${register.uri};transport=ws`);
    alice.send(alice.write({ ...register, cseq: 3, headers: [here] }));
    expect((await alice.final('proof', 3, 'REGISTER')).status).toBe(200);
  });

  it('answers 423 to an interval that is too brief, and says which is not', async () => {
    const alice = await connect('alice');
    const answer = await alice.registerNow(['Expires: 5']);
    expect(answer.status).toBe(423);
    expect(answer.header('Min-Expires')).toBe('60');
  });

  it('answers 420 to an extension it does not know', async () => {
    const alice = await connect('alice');
    const answer = await alice.registerNow(['Require: gruu, teleportation']);
    expect(answer.status).toBe(420);
    expect(answer.header('Unsupported')).toBe('teleportation');
  });

  it('unregisters one contact with expires=0 and all with a star', async () => {
    const alice = await RawAgent.register(sandbox, 'alice');
    const second = await RawAgent.register(sandbox, 'alice');
    open.push(alice, second);
    expect(sandbox.registrations()[0]?.contacts).toHaveLength(2);
    await alice.registerNow(['Expires: 0']);
    expect(sandbox.registrations()[0]?.contacts).toHaveLength(1);
    const uri = `sip:${sandbox.domain}`;
    const to = `<${second.aor}>`;
    const answer = await second.request({
      method: 'REGISTER',
      uri,
      to,
      contact: '*',
      headers: ['Expires: 0'],
    });
    expect(answer.status).toBe(200);
    expect(sandbox.registrations()).toEqual([]);
  });

  it('replaces the binding of a device that comes with a new socket, and drops it with its socket', async () => {
    const first = await RawAgent.register(sandbox, 'alice');
    const second = await RawAgent.register(sandbox, 'alice', { instanceId: first.instanceId });
    open.push(first, second);
    expect(sandbox.registrations()[0]?.contacts).toMatchObject([{ uri: second.contactUri }]);
    first.close();
    await first.closed();
    await second.settle();
    expect(sandbox.registrations()[0]?.contacts).toHaveLength(1);
    second.close();
    await sandbox.waitForUnregistration('alice');
    expect(sandbox.registrations()).toEqual([]);
  });

  it('lets a registration die with the token, and refuses what comes after', async () => {
    const alice = await RawAgent.connect(sandbox, 'alice');
    open.push(alice);
    await alice.fetchCredentials(2);
    const answer = await alice.registerNow();
    expect(answer.status).toBe(200);
    expect(Number(/expires=(\d+)/.exec(answer.header('Contact'))?.[1])).toBeLessThanOrEqual(2);
    await sandbox.waitForUnregistration('alice');
    const again = await alice.registerNow();
    expect(again.status).toBe(403);
    expect(again.start).toContain('Credentials Expired');
    const call = await alice.request({ method: 'INVITE', uri: `sip:echo@${sandbox.domain}` });
    expect(call.status).toBe(403);
  });

  it('takes a nonce once for each count, on one socket only', async () => {
    const alice = await connect('alice');
    const uri = `sip:${sandbox.domain}`;
    const to = `<${alice.aor}>`;
    const method = 'REGISTER';
    alice.send(alice.write({ method, uri, to, callId: 'first' }));
    const challenge = await alice.final('first', 1, method);
    const attempt = async (agent: RawAgent, callId: string, authorization: string): Promise<RawMessage> => {
      agent.send(agent.write({ method, uri, to, callId, headers: [authorization] }));
      return agent.final(callId, 1, method);
    };
    const authorization = alice.authorization(challenge, method, uri);
    expect((await attempt(alice, 'second', authorization)).status).toBe(200);
    const replayed = await attempt(alice, 'third', authorization);
    expect(replayed.status).toBe(401);
    expect(replayed.header('WWW-Authenticate')).toContain('stale=true');
    const counted = alice.authorization(challenge, method, uri, '00000002');
    expect((await attempt(alice, 'fourth', counted)).status).toBe(200);
    const other = await connect('alice');
    const elsewhere = other.authorization(challenge, method, uri, '00000003');
    expect((await attempt(other, 'fifth', elsewhere)).status).toBe(401);
  });

  it('takes 20 calls at once', async () => {
    const alice = await RawAgent.register(sandbox, 'alice');
    open.push(alice);
    const uri = `sip:busy@${sandbox.domain}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        alice.request({ method: 'INVITE', uri, callId: `parallel-${at}` }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(486));
  });

  it('keeps the socket of one agent from logging in as another', async () => {
    const alice = await RawAgent.register(sandbox, 'alice');
    const bob = await connect('bob');
    open.push(alice);
    const uri = `sip:${sandbox.domain}`;
    alice.send(alice.write({ method: 'REGISTER', uri, to: `<${bob.aor}>`, callId: 'swap' }));
    const challenge = await alice.final('swap', 1, 'REGISTER');
    const headers = [bob.authorization(challenge, 'REGISTER', uri)];
    alice.send(
      alice.write({ method: 'REGISTER', uri, to: `<${bob.aor}>`, callId: 'swap', cseq: 2, headers }),
    );
    expect((await alice.final('swap', 2, 'REGISTER')).status).toBe(403);
  });
});
