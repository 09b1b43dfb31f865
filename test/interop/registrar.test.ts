/** What the edge's registrar answers to messages that no browser sends: over UDP, as they are written here. */
import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startEdges, type Edges } from '../../examples/kamailio/edge.mjs';
import { sipCredentials } from '../../src/server/index';

const HOST = '127.0.0.8';
const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const random = (): string => randomBytes(8).toString('hex');

let edges: Edges;

beforeAll(async () => {
  edges = await startEdges({ turn: false, api: false });
});

afterAll(() => edges.close());

interface Register {
  readonly user: string;
  readonly cseq: number;
  readonly authorization?: string;
  readonly contact?: string;
  readonly expiresSeconds?: number;
}

/** A plain phone's socket, and one Call-ID as RFC 3261, 10.2.4 wants for all of its REGISTERs. */
class Telephone {
  readonly #callId = random();
  readonly #socket: Socket;
  readonly #answers: string[] = [];
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (answer) => {
      this.#answers.push(answer.toString());
      this.#wake();
    });
  }

  static async open(): Promise<Telephone> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.bind(0, HOST, resolve);
    });
    return new Telephone(socket);
  }

  register({ user, cseq, authorization, contact, expiresSeconds = 300 }: Register): string {
    const { port } = this.#socket.address();
    const ours = `<sip:${user}@${HOST}:${port}>`;
    return [
      `REGISTER sip:${edges.domain} SIP/2.0`,
      `Via: SIP/2.0/UDP ${HOST}:${port};branch=z9hG4bK${random()}`,
      'Max-Forwards: 70',
      `From: <sip:${user}@${edges.domain}>;tag=${random()}`,
      `To: <sip:${user}@${edges.domain}>`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${cseq} REGISTER`,
      `Contact: ${contact ?? ours}`,
      ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
      `Expires: ${expiresSeconds}`,
      'Content-Length: 0\r\n\r\n',
    ].join('\r\n');
  }

  async ask(request: string): Promise<string> {
    const [host, port] = (edges.edges[0]?.sipHost ?? '').split(':');
    this.#socket.send(request, Number(port), host);
    while (this.#answers.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#answers.shift() ?? '';
  }

  /** Asks once without credentials, and again with the answer to the challenge. */
  async registered(register: Omit<Register, 'cseq' | 'authorization'>, as: Account): Promise<string> {
    const challenge = await this.ask(this.register({ ...register, cseq: 1 }));
    return this.ask(this.register({ ...register, cseq: 2, authorization: answerTo(challenge, as) }));
  }

  close(): void {
    this.#socket.close();
  }
}

interface Account {
  readonly username: string;
  readonly password: string;
}

const accountOf = (user: string, ttlSeconds = 600): Promise<Account> =>
  sipCredentials({
    secret: edges.secrets.sip,
    user,
    expiresAt: new Date(Date.now() + ttlSeconds * 1000),
  });

/** RFC 7616, 3.4 with `qop=auth`. */
function answerTo(challenge: string, { username, password }: Account): string {
  const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
  const uri = `sip:${edges.domain}`;
  const cnonce = random();
  const secret = md5(`${username}:${edges.domain}:${password}`);
  const response = md5(`${secret}:${nonce}:00000001:${cnonce}:auth:${md5(`REGISTER:${uri}`)}`);
  return (
    `Digest username="${username}", realm="${edges.domain}", nonce="${nonce}", uri="${uri}", qop=auth, ` +
    `nc=00000001, cnonce="${cnonce}", response="${response}"`
  );
}

const statusOf = (answer: string): string => /^SIP\/2\.0 (\d{3} .*)$/m.exec(answer)?.[1]?.trim() ?? answer;

describe('the registrar of the edge', () => {
  let phone: Telephone;

  beforeEach(async () => {
    phone = await Telephone.open();
  });

  afterEach(() => {
    phone.close();
  });

  test('gives a repeated REGISTER the answer that was lost', async () => {
    const account = await accountOf('repeats');
    const challenge = await phone.ask(phone.register({ user: 'repeats', cseq: 1 }));
    expect(statusOf(challenge)).toBe('401 Unauthorized');
    const authorization = answerTo(challenge, account);
    const request = phone.register({ user: 'repeats', cseq: 2, authorization });
    const answer = await phone.ask(request);
    expect(statusOf(answer)).toBe('200 OK');
    expect(await phone.ask(request)).toBe(answer);
    expect(await phone.ask(request)).toBe(answer);
  });

  test('gives a refused REGISTER the same refusal again', async () => {
    const challenge = await phone.ask(phone.register({ user: 'late', cseq: 1 }));
    const authorization = answerTo(challenge, await accountOf('late', -1));
    const request = phone.register({ user: 'late', cseq: 2, authorization });
    const answer = await phone.ask(request);
    expect(statusOf(answer)).toBe('403 Credentials Expired');
    expect(await phone.ask(request)).toBe(answer);
  });

  test('takes a nonce once: the same credentials in another request are challenged', async () => {
    const account = await accountOf('replays');
    const challenge = await phone.ask(phone.register({ user: 'replays', cseq: 1 }));
    const authorization = answerTo(challenge, account);
    expect(statusOf(await phone.ask(phone.register({ user: 'replays', cseq: 2, authorization })))).toBe(
      '200 OK',
    );
    const again = await phone.ask(phone.register({ user: 'replays', cseq: 3, authorization }));
    expect(statusOf(again)).toBe('401 Unauthorized');
    expect(again).toContain('stale=true');
  });

  test('challenges a wrong password', async () => {
    const { username } = await accountOf('guesses');
    const answer = await phone.registered({ user: 'guesses' }, { username, password: 'guessed' });
    expect(statusOf(answer)).toBe('401 Unauthorized');
  });

  test.each([
    ['another agent', { user: 'somebody' }, '403 Not Your Address Of Record'],
    [
      'two contacts',
      { user: 'me', contact: '<sip:a@127.0.0.8>, <sip:b@127.0.0.8>' },
      '400 One Contact At A Time',
    ],
    ['a time too short', { user: 'me', expiresSeconds: 2 }, '423 Interval Too Brief'],
  ])('refuses to register %s', async (_what, register, status) => {
    const account = await accountOf('me');
    expect(statusOf(await phone.registered(register, account))).toBe(status);
  });
});
