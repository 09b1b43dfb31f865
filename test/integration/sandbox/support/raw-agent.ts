/**
 * An agent that writes its SIP by hand over a real WebSocket: it can be as wrong as a test wants. Reads
 * messages with code of its own, so that a fault of the sandbox's parser does not hide itself.
 */
import { createHash, randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { waitFor } from '../../../../src/sandbox/wait';
import type { Sandbox } from '../../../../src/sandbox/index';

export interface RawMessage {
  readonly start: string;
  readonly status: number;
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  header(name: string): string;
  all(name: string): string[];
}

export function readRaw(text: string): RawMessage {
  const end = text.indexOf('\r\n\r\n');
  const [start = '', ...lines] = text.slice(0, end).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  const all = (name: string): string[] =>
    headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  return {
    start,
    status: start.startsWith('SIP/2.0 ') ? Number(start.slice(8, 11)) : 0,
    method: start.startsWith('SIP/2.0 ')
      ? (all('CSeq')[0]?.split(' ')[1] ?? '')
      : (start.split(' ')[0] ?? ''),
    headers,
    body: text.slice(end + 4),
    header: (name) => all(name)[0] ?? '',
    all,
  };
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const random = (): string => randomBytes(6).toString('hex');

export interface RequestParts {
  readonly method: string;
  readonly uri?: string;
  readonly branch?: string;
  readonly callId?: string;
  readonly cseq?: number;
  readonly from?: string;
  readonly to?: string;
  readonly contact?: string | null;
  readonly headers?: readonly string[];
  readonly body?: string;
}

export class RawAgent {
  readonly host = `${random()}.invalid`;
  readonly messages: RawMessage[] = [];
  readonly texts: string[] = [];
  instanceId = `urn:uuid:00000000-0000-4000-8000-${random()}`;
  closeCode: number | undefined;
  #listeners = new Set<() => void>();
  #login = { username: '', password: '' };

  private constructor(
    readonly socket: WebSocket,
    readonly sandbox: Sandbox,
    readonly user: string,
  ) {
    socket.on('message', (data: Buffer) => {
      const text = data.toString('utf8');
      this.texts.push(text);
      if (text.trim() !== '') this.messages.push(readRaw(text));
      for (const listener of [...this.#listeners]) listener();
    });
    socket.on('close', (code) => {
      this.closeCode = code;
      for (const listener of [...this.#listeners]) listener();
    });
    socket.on('error', () => undefined);
  }

  static async connect(sandbox: Sandbox, user: string): Promise<RawAgent> {
    const socket = new WebSocket(sandbox.wsUrl, 'sip');
    const agent = new RawAgent(socket, sandbox, user);
    await waitFor<undefined>('open socket', 5000, (resolve, reject) => {
      socket.once('open', () => {
        resolve(undefined);
      });
      socket.once('error', reject);
      return () => undefined;
    });
    return agent;
  }

  /** Connected, with credentials, and registered. */
  static async register(
    sandbox: Sandbox,
    user: string,
    options: { instanceId?: string } = {},
  ): Promise<RawAgent> {
    const agent = await RawAgent.connect(sandbox, user);
    if (options.instanceId !== undefined) agent.instanceId = options.instanceId;
    await agent.fetchCredentials();
    const answer = await agent.registerNow();
    if (answer.status !== 200) throw new Error(`REGISTER: ${answer.start}`);
    return agent;
  }

  async fetchCredentials(ttlSeconds?: number): Promise<void> {
    const { token } = await this.sandbox.mintToken({
      userUuid: this.user,
      ...(ttlSeconds === undefined ? {} : { ttlSeconds, exact: true }),
    });
    const answer = await fetch(`${this.sandbox.url}/open/sdk/credentials`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const body = (await answer.json()) as { authorization_username: string; password: string };
    this.#login = { username: body.authorization_username, password: body.password };
  }

  /** From now on this agent has a password that is nobody's. */
  forgetPassword(): void {
    this.#login = { ...this.#login, password: 'guess' };
  }

  get aor(): string {
    return `sip:${this.user}@${this.sandbox.domain}`;
  }

  get contactUri(): string {
    return `sip:${this.user}-device@${this.host};transport=ws`;
  }

  get contact(): string {
    return `<${this.contactUri}>;+sip.instance="<${this.instanceId}>";reg-id=1`;
  }

  registerNow(
    headers: readonly string[] = ['Expires: 300', 'Supported: path, outbound, gruu'],
  ): Promise<RawMessage> {
    return this.request({
      method: 'REGISTER',
      uri: `sip:${this.sandbox.domain}`,
      to: `<${this.aor}>`,
      headers,
    });
  }

  send(text: string): void {
    this.socket.send(text);
  }

  /** The text of a request, complete unless parts say otherwise. */
  write(parts: RequestParts): string {
    const { method, uri = this.aor, cseq = 1, body = '' } = parts;
    const lines = [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/WS ${this.host};branch=${parts.branch ?? `z9hG4bK${random()}`}`,
      'Max-Forwards: 70',
      `From: ${parts.from ?? `<${this.aor}>;tag=${this.user}-tag`}`,
      `To: ${parts.to ?? `<${uri}>`}`,
      `Call-ID: ${parts.callId ?? random()}`,
      `CSeq: ${cseq} ${method}`,
      ...(parts.contact === null ? [] : [`Contact: ${parts.contact ?? this.contact}`]),
      ...(parts.headers ?? []),
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    const overridden = lines.filter(
      (line, at) =>
        !(line.startsWith('Max-Forwards') && lines.slice(at + 1).some((l) => l.startsWith('Max-Forwards'))),
    );
    return [...overridden, '', body].join('\r\n');
  }

  /** Sends a request, answers one challenge, resolves with the final answer. */
  async request(parts: RequestParts): Promise<RawMessage> {
    const callId = parts.callId ?? random();
    const cseq = parts.cseq ?? 1;
    this.send(this.write({ ...parts, callId, cseq }));
    const first = await this.final(callId, cseq, parts.method);
    if (first.status !== 401 && first.status !== 407) return first;
    const authorized = this.authorization(first, parts.method, parts.uri ?? this.aor);
    const headers = [...(parts.headers ?? []), authorized];
    this.send(this.write({ ...parts, callId, cseq: cseq + 1, headers }));
    return this.final(callId, cseq + 1, parts.method);
  }

  authorization(challenge: RawMessage, method: string, uri: string, nc = '00000001'): string {
    const isProxy = challenge.status === 407;
    const value = challenge.header(isProxy ? 'Proxy-Authenticate' : 'WWW-Authenticate');
    const field = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(value)?.[1] ?? '';
    const { username, password } = this.#login;
    const cnonce = random();
    const response = md5(
      [
        md5(`${username}:${field('realm')}:${password}`),
        field('nonce'),
        nc,
        cnonce,
        'auth',
        md5(`${method}:${uri}`),
      ].join(':'),
    );
    return (
      `${isProxy ? 'Proxy-Authorization' : 'Authorization'}: Digest algorithm=MD5, username="${username}", ` +
      `realm="${field('realm')}", nonce="${field('nonce')}", uri="${uri}", response="${response}", ` +
      `qop=auth, cnonce="${cnonce}", nc=${nc}`
    );
  }

  final(callId: string, cseq: number, method: string, timeoutMs = 5000): Promise<RawMessage> {
    return this.next(
      (message) =>
        message.status >= 200 &&
        message.header('Call-ID') === callId &&
        message.header('CSeq') === `${cseq} ${method}`,
      timeoutMs,
    );
  }

  /** The first message that matches, of those seen or to come. */
  next(matches: (message: RawMessage) => boolean, timeoutMs = 5000): Promise<RawMessage> {
    return this.nth(1, matches, timeoutMs);
  }

  nth(count: number, matches: (message: RawMessage) => boolean, timeoutMs = 5000): Promise<RawMessage> {
    const find = (): RawMessage | undefined => this.messages.filter(matches)[count - 1];
    return waitFor(`message ${count} of ${this.user}`, timeoutMs, (resolve) => {
      const look = (): void => {
        const found = find();
        if (found !== undefined) resolve(found);
      };
      this.#listeners.add(look);
      look();
      return () => this.#listeners.delete(look);
    });
  }

  count(matches: (message: RawMessage) => boolean): number {
    return this.messages.filter(matches).length;
  }

  /** Answers a received request. */
  reply(
    request: RawMessage,
    status: number,
    options: { tag?: string; body?: string; contact?: string; headers?: readonly string[] } = {},
  ): void {
    const { tag = `${this.user}-uas`, body = '' } = options;
    const to = request.header('To');
    const lines = [
      `SIP/2.0 ${status} Because`,
      ...request.all('Via').map((via) => `Via: ${via}`),
      ...request.all('Record-Route').map((route) => `Record-Route: ${route}`),
      `From: ${request.header('From')}`,
      `To: ${to}${to.includes('tag=') || status === 100 ? '' : `;tag=${tag}`}`,
      `Call-ID: ${request.header('Call-ID')}`,
      `CSeq: ${request.header('CSeq')}`,
      `Contact: ${options.contact ?? `<${this.contactUri}>`}`,
      ...(options.headers ?? []),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.send([...lines, '', body].join('\r\n'));
  }

  /** A round trip: everything sent before has been dealt with. */
  async settle(): Promise<void> {
    const callId = random();
    const method = 'OPTIONS';
    this.send(this.write({ method, uri: `sip:${this.sandbox.domain}`, callId }));
    await this.final(callId, 1, method);
  }

  closed(timeoutMs = 5000): Promise<number> {
    return waitFor('closed socket', timeoutMs, (resolve) => {
      const look = (): void => {
        if (this.closeCode !== undefined) resolve(this.closeCode);
      };
      this.#listeners.add(look);
      look();
      return () => this.#listeners.delete(look);
    });
  }

  close(): void {
    this.socket.terminate();
  }
}
