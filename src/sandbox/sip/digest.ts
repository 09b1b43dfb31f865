/**
 * Digest authentication (RFC 3261 section 22, RFC 7616): MD5 with qop=auth, what browsers' user agents
 * speak. Nonces are stateless: a time, some randomness and a signature over both and the flow, so any number
 * of requests may be challenged at once and a nonce seen on one socket is worth nothing on another.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { equalSecrets, includesSecret } from '../../server/secrets';
import { parseDigest, parseUri, type Params } from './headers';
import type { Flow } from './flow';
import type { SipRequest } from './message';

/** Long enough for a challenged request to come back over any network; then `stale=true` renews it. */
const nonceLifetimeMs = 60_000;
/** A user agent that reuses a nonce counts up `nc`; this many are remembered for each flow and nonce. */
const maxUsesPerNonce = 256;
const maxNoncesPerFlow = 256;

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

export type DigestResult =
  | { readonly kind: 'ok'; readonly username: string }
  | { readonly kind: 'challenge'; readonly stale: boolean }
  | { readonly kind: 'malformed' };

export class DigestAuthenticator {
  readonly #key = randomBytes(32);

  constructor(
    readonly realm: string,
    /** The passwords that fit a user name; none where there is no such user. */
    private readonly passwordsOf: (username: string) => Promise<readonly string[]>,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** The value of WWW-Authenticate or Proxy-Authenticate. */
  challenge(flow: Flow, stale: boolean): string {
    const parts = [
      `realm="${this.realm}"`,
      `nonce="${this.#nonce(flow)}"`,
      'algorithm=MD5',
      'qop="auth"',
      ...(stale ? ['stale=true'] : []),
    ];
    return `Digest ${parts.join(', ')}`;
  }

  /** Checks the Authorization (or Proxy-Authorization) of a request. */
  async check(
    request: SipRequest,
    flow: Flow,
    headerName: 'Authorization' | 'Proxy-Authorization',
  ): Promise<DigestResult> {
    const params = this.#credentialsFor(request, headerName);
    if (params === undefined) return { kind: 'challenge', stale: false };
    const field = (name: string): string => params.get(name) ?? '';
    const algorithm = params.get('algorithm') ?? 'MD5';
    if (algorithm.toUpperCase() !== 'MD5' || field('qop') !== 'auth' || field('username') === '') {
      return { kind: 'malformed' };
    }
    if (!isSameAddress(field('uri'), request.uri)) return { kind: 'malformed' };
    const nonceAge = await this.#nonceAgeMs(field('nonce'), flow);
    if (nonceAge === undefined) return { kind: 'challenge', stale: false };
    const passwords = await this.passwordsOf(field('username'));
    const ha2 = md5(`${request.method}:${field('uri')}`);
    const expected = passwords.map((password) => {
      const ha1 = md5(`${field('username')}:${this.realm}:${password}`);
      return md5([ha1, field('nonce'), field('nc'), field('cnonce'), 'auth', ha2].join(':'));
    });
    const matches = await includesSecret(expected, field('response').toLowerCase());
    if (!matches) return { kind: 'challenge', stale: false };
    if (nonceAge > nonceLifetimeMs || !this.#firstUse(flow, params))
      return { kind: 'challenge', stale: true };
    return { kind: 'ok', username: field('username') };
  }

  #credentialsFor(request: SipRequest, headerName: string): Params | undefined {
    for (const line of request.headers.all(headerName)) {
      // Not `elements`: the commas inside one line separate parameters, not credentials.
      const params = parseDigest(splitCredentials(line));
      if (params?.get('realm') === this.realm) return params;
    }
    return undefined;
  }

  #nonce(flow: Flow): string {
    const body = `${this.nowMs().toString(36)}.${randomBytes(9).toString('base64url')}`;
    return `${body}.${this.#sign(body, flow)}`;
  }

  #sign(body: string, flow: Flow): string {
    return createHmac('sha256', this.#key).update(`${flow.id}.${body}`).digest('base64url').slice(0, 22);
  }

  /** Undefined when we did not issue it to this flow. */
  async #nonceAgeMs(nonce: string, flow: Flow): Promise<number | undefined> {
    const [time = '', random = '', signature = '', ...rest] = nonce.split('.');
    const isOurs = await equalSecrets(signature, this.#sign(`${time}.${random}`, flow));
    if (rest.length > 0 || !isOurs) return undefined;
    return this.nowMs() - parseInt(time, 36);
  }

  #firstUse(flow: Flow, params: Params): boolean {
    const nonce = params.get('nonce') ?? '';
    const count = params.get('nc') ?? '';
    const uses = flow.usedNonces.get(nonce) ?? new Set<string>();
    if (uses.has(count) || uses.size >= maxUsesPerNonce) return false;
    uses.add(count);
    flow.usedNonces.delete(nonce);
    flow.usedNonces.set(nonce, uses);
    if (flow.usedNonces.size > maxNoncesPerFlow) {
      const oldest = flow.usedNonces.keys().next();
      if (oldest.done !== true) flow.usedNonces.delete(oldest.value);
    }
    return true;
  }
}

/**
 * The answer covers what its `uri` says: one for another address would let a request be sent elsewhere than it
 * was authorised for (RFC 7616 section 3.4.6). Parameters may differ, as `;transport=ws` often does.
 */
function isSameAddress(written: string, requested: string): boolean {
  if (written === requested) return true;
  const [a, b] = [parseUri(written), parseUri(requested)];
  return a !== undefined && a.scheme === b?.scheme && a.user === b.user && a.host === b.host;
}

/** Splits the parameters of one credentials line at its commas, outside quotes. */
function splitCredentials(line: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at];
    if (quoted && char === '\\') at += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === ',' && !quoted) {
      parts.push(line.slice(start, at).trim());
      start = at + 1;
    }
  }
  parts.push(line.slice(start).trim());
  return parts;
}
