import { createConnection } from 'node:net';
import { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSandbox, type Sandbox } from '../../../src/sandbox/index';
import { waitFor } from '../../../src/sandbox/wait';
import { offer } from './support/offer';
import { RawAgent } from './support/raw-agent';

/** Mulberry32: a small generator whose runs can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const spice = [
  '%',
  '%zz',
  '<',
  '>',
  '"',
  '\\',
  ';',
  ',',
  ':',
  '@',
  '\r\n',
  '\n',
  '\0',
  ' ',
  '\t',
  '=',
  '?',
  '[',
  ']',
];
const extremes = ['-1', '0', '99999999999999999999', 'NaN', '1e309', '\u{1F600}', 'é'];

function mutate(text: string, random: () => number): string {
  let result = text;
  const rounds = 1 + Math.floor(random() * 4);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  for (let round = 0; round < rounds; round += 1) {
    const at = Math.floor(random() * result.length);
    const end = Math.min(result.length, at + Math.floor(random() * 60));
    const kind = Math.floor(random() * 6);
    if (kind === 0) result = result.slice(0, at) + pick(spice) + result.slice(at);
    else if (kind === 1) result = result.slice(0, at) + result.slice(end);
    else if (kind === 2) result = result.slice(0, end) + result.slice(at);
    else if (kind === 3) result = result.slice(0, at) + pick(extremes) + result.slice(end);
    else if (kind === 4)
      result = result.slice(0, at) + pick(spice).repeat(Math.floor(random() * 400)) + result.slice(at);
    else {
      const lines = result.split('\r\n');
      lines.splice(Math.floor(random() * lines.length), 1, pick(lines));
      result = lines.join('\r\n');
    }
  }
  return result.slice(0, 60_000);
}

describe('a hostile peer', () => {
  let sandbox: Sandbox;
  const agents: RawAgent[] = [];

  beforeEach(async () => {
    sandbox = await startSandbox({ limits: { messagesPerSecond: 1_000_000, authenticationMs: 300_000 } });
  });

  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.close();
    await sandbox.close();
  });

  // 20,000 answers; 6 s alone, 35 s on a busy machine. A parser of quadratic cost would need many minutes.
  it('sends 20,000 mutated messages and everyone else goes on calling', { timeout: 120_000 }, async () => {
    const mallory = await RawAgent.register(sandbox, 'mallory');
    const alice = await RawAgent.register(sandbox, 'alice');
    agents.push(mallory, alice);
    const sdp = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n';
    const uri = `sip:echo@${sandbox.domain}`;
    const seeds = [
      mallory.write({ method: 'REGISTER', uri: `sip:${sandbox.domain}`, to: `<${mallory.aor}>` }),
      mallory.write({
        method: 'INVITE',
        uri,
        body: sdp,
        headers: ['Route: <sip:127.0.0.1;lr>', 'Require: x'],
      }),
      mallory.write({ method: 'CANCEL', uri }),
      mallory.write({ method: 'BYE', uri: alice.contactUri, to: `<${alice.aor}>;tag=1` }),
      mallory.write({ method: 'OPTIONS', uri: `sip:${sandbox.domain}` }),
      `SIP/2.0 200 OK\r\nVia: SIP/2.0/WS 127.0.0.1:1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`,
    ];
    const random = seeded(4711);
    for (let round = 0; round < 20; round += 1) {
      for (let count = 0; count < 1000; count += 1) {
        mallory.send(mutate(seeds[Math.floor(random() * seeds.length)] ?? '', random));
      }
      await mallory.settle();
      const call = await alice.request({ method: 'INVITE', uri: `sip:busy@${sandbox.domain}` });
      expect(call.status).toBe(486);
    }
    expect(mallory.closeCode).toBeUndefined();
    expect(sandbox.registrations().map(({ user }) => user)).toContain('alice');
  });

  it('sends 3,000 mutated messages into calls of its own, and hundreds of mutated offers', async () => {
    const mallory = await RawAgent.register(sandbox, 'mallory');
    const alice = await RawAgent.register(sandbox, 'alice');
    agents.push(mallory, alice);
    const random = seeded(1742);
    const ringing = { uri: `sip:no-answer@${sandbox.domain}`, callId: 'inside' };
    mallory.send(mallory.write({ method: 'INVITE', ...ringing }));
    const challenge = await mallory.final('inside', 1, 'INVITE');
    const authorization = mallory.authorization(challenge, 'INVITE', ringing.uri);
    mallory.send(
      mallory.write({ method: 'INVITE', ...ringing, cseq: 2, body: offer, headers: [authorization] }),
    );
    const to = (await mallory.next(({ status }) => status === 180)).header('To');
    for (let count = 0; count < 3000; count += 1) {
      const method = ['INFO', 'UPDATE', 'REFER', 'NOTIFY', 'INVITE', 'ACK', 'MESSAGE'][count % 7] ?? '';
      mallory.send(mutate(mallory.write({ method, ...ringing, to, cseq: count + 3, body: offer }), random));
    }
    await mallory.settle();
    for (let count = 0; count < 200; count += 1) {
      for (const customer of sandbox.customers) customer.hangup();
      const uri = count % 2 === 0 ? `sip:echo@${sandbox.domain}` : `sip:tone@${sandbox.domain}`;
      const body = mutate(offer, random);
      const answer = await mallory.request({ method: 'INVITE', uri, callId: `offer-${count}`, body });
      expect(answer.status, body).toBeGreaterThanOrEqual(200);
    }
    const call = await alice.request({ method: 'INVITE', uri: `sip:busy@${sandbox.domain}` });
    expect(call.status).toBe(486);
  });

  it.each([
    ['one endless header', (length: number) => `Subject: ${'a'.repeat(length)}`],
    ['spaces', (length: number) => `Subject:${' '.repeat(length)}x`],
    ['an unclosed quote', (length: number) => `Contact: "${'\\"'.repeat(length / 2)}`],
    ['open brackets', (length: number) => `Contact: ${'<'.repeat(length)}`],
    ['commas', (length: number) => `Via: ${','.repeat(length)}`],
    ['semicolons', (length: number) => `From: <sip:a@b>${';a=b'.repeat(length / 4)}`],
    ['digest parameters', (length: number) => `Authorization: Digest ${'a="b", '.repeat(length / 7)}`],
    ['folded lines', (length: number) => `Subject: a${'\r\n b'.repeat(length / 4)}`],
    ['empty headers', (length: number) => 'X:\r\n'.repeat(length / 4) + 'X: x'],
  ])('cannot slow it with 60 KB of %s', async (_what, header) => {
    const stranger = await RawAgent.connect(sandbox, 'stranger');
    agents.push(stranger);
    const uri = `sip:${sandbox.domain}`;
    for (const size of [8_000, 60_000]) {
      const started = performance.now();
      for (let count = 0; count < 10; count += 1) {
        stranger.send(stranger.write({ method: 'REGISTER', uri, headers: [header(size)] }));
      }
      await stranger.settle();
      expect((performance.now() - started) / 10).toBeLessThan(50);
    }
  });

  it('cannot crash it with broken escapes in a path or an address', async () => {
    const stranger = await RawAgent.connect(sandbox, 'stranger');
    agents.push(stranger);
    for (const uri of [
      'sip:%@x',
      'sip:%e0%a4@sandbox.test',
      'sip:a@%zz',
      'sip:',
      'sip:@',
      'sip:[::1',
      'x:y',
    ]) {
      stranger.send(stranger.write({ method: 'INVITE', uri, to: '<sip:%>' }));
    }
    await stranger.settle();
    const paths = [
      '/%',
      '/%zz',
      '/%e0%a4%a',
      '/open/%00',
      '//',
      '/..%2f..%2fetc/passwd',
      '/__proto__',
      '/constructor',
    ];
    const statuses = await Promise.all(paths.map(async (path) => (await fetch(sandbox.url + path)).status));
    expect(statuses.every((status) => status === 404 || status === 400)).toBe(true);
  });

  it('cannot hand a line break on to another agent', async () => {
    const mallory = await RawAgent.register(sandbox, 'mallory');
    const alice = await RawAgent.register(sandbox, 'alice');
    agents.push(mallory, alice);
    const uri = alice.aor;
    mallory.send(mallory.write({ method: 'INVITE', uri, callId: 'lf', headers: ['Subject: a\nX-Evil: 1'] }));
    mallory.send(mallory.write({ method: 'INVITE', uri, callId: 'cr', headers: ['Subject: a\rX-Evil: 1'] }));
    await mallory.settle();
    await alice.settle();
    expect(alice.texts.some((text) => text.includes('X-Evil'))).toBe(false);
    expect(mallory.count((message) => message.header('Call-ID') === 'lf')).toBe(0);
  });

  it('is cut off for a message that is too large, and for too many', async () => {
    const large = await RawAgent.connect(sandbox, 'large');
    const strict = await startSandbox({ limits: { messagesPerSecond: 10 } });
    const fast = await RawAgent.connect(strict, 'fast');
    agents.push(large, fast);
    large.send('x'.repeat(70_000));
    expect(await large.closed()).toBe(1009);
    for (let count = 0; count < 30; count += 1) fast.send('\r\n\r\n');
    expect(await fast.closed()).toBe(1008);
    await strict.close();
  });

  it('is cut off when it does not authenticate in time, and has only so many sockets', async () => {
    const strict = await startSandbox({ limits: { authenticationMs: 100, socketsPerUser: 2 } });
    const silent = await RawAgent.connect(strict, 'silent');
    expect(await silent.closed()).toBe(1008);
    const [first, second, third] = [
      await RawAgent.register(strict, 'alice'),
      await RawAgent.register(strict, 'alice'),
      await RawAgent.register(strict, 'alice').catch(() => undefined),
    ];
    expect(await first.closed()).toBe(1008);
    second.close();
    third?.close();
    await strict.close();
  });

  it.each([
    ['/sip', 'chat', 400],
    ['/other', 'sip', 404],
  ])('gets no socket at %s for %s', async (path, protocol, status) => {
    const socket = new WebSocket(`${sandbox.wsUrl.replace('/sip', '')}${path}`, protocol);
    socket.on('error', () => undefined);
    const refused = await waitFor<number>('refusal', 5000, (resolve) => {
      socket.once('unexpected-response', (_request, response) => {
        resolve(response.statusCode ?? 0);
      });
      return () => undefined;
    });
    expect(refused).toBe(status);
    socket.terminate();
  });

  it('survives garbage in place of HTTP and an upgrade that breaks off', async () => {
    for (const text of [
      '\0\x01\x02\r\n\r\n',
      'GET /sip HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    ]) {
      const socket = createConnection(sandbox.port, '127.0.0.1');
      await waitFor<undefined>('end of the connection', 5000, (resolve) => {
        socket.once('close', () => {
          resolve(undefined);
        });
        socket.on('error', () => undefined);
        socket.write(text);
        socket.resume();
        return () => socket.destroy();
      });
    }
    expect((await fetch(`${sandbox.url}/`)).status).toBe(404);
  });
});
