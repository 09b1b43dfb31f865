import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DigestAuthenticator } from '../../../src/sandbox/sip/digest';
import { Flow } from '../../../src/sandbox/sip/flow';
import { Headers, type SipRequest } from '../../../src/sandbox/sip/message';

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const newFlow = (): Flow => new Flow({ send: () => undefined, close: () => undefined }, '127.0.0.1');

const authorized = (
  challenge: string,
  overrides: Readonly<Record<string, string>> = {},
  requestUri = 'sip:test',
): SipRequest => {
  const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
  const params = {
    username: 'alice',
    realm: 'test',
    nonce,
    uri: 'sip:test',
    nc: '00000001',
    cnonce: 'c',
    ...overrides,
  };
  const response = md5(
    [
      md5('alice:test:secret'),
      params.nonce,
      params.nc,
      params.cnonce,
      'auth',
      md5(`REGISTER:${params.uri}`),
    ].join(':'),
  );
  const text = Object.entries({ response, qop: 'auth', ...params }).map(
    ([name, value]) => `${name}="${value}"`,
  );
  const headers = new Headers([{ name: 'Authorization', value: `Digest ${text.join(', ')}` }]);
  return { kind: 'request', method: 'REGISTER', uri: requestUri, headers, body: '' };
};

describe('digest authentication', () => {
  const setUp = (): { digest: DigestAuthenticator; clock: { nowMs: number }; flow: Flow } => {
    const clock = { nowMs: 1_000_000 };
    const passwordsOf = (user: string): Promise<readonly string[]> =>
      Promise.resolve(user === 'alice' ? ['another', 'secret'] : []);
    return {
      digest: new DigestAuthenticator('test', passwordsOf, () => clock.nowMs),
      clock,
      flow: newFlow(),
    };
  };

  it('accepts the right answer once', async () => {
    const { digest, flow } = setUp();
    const request = authorized(digest.challenge(flow, false));
    expect(await digest.check(request, flow, 'Authorization')).toEqual({ kind: 'ok', username: 'alice' });
    expect(await digest.check(request, flow, 'Authorization')).toEqual({ kind: 'challenge', stale: true });
  });

  it('calls an old nonce stale, and only with the right password', async () => {
    const { digest, clock, flow } = setUp();
    const challenge = digest.challenge(flow, false);
    clock.nowMs += 61_000;
    expect(await digest.check(authorized(challenge), flow, 'Authorization')).toEqual({
      kind: 'challenge',
      stale: true,
    });
    const wrong = authorized(challenge, { cnonce: 'c', response: '0'.repeat(32) });
    expect(await digest.check(wrong, flow, 'Authorization')).toEqual({ kind: 'challenge', stale: false });
  });

  it('knows no nonce of another flow, of its own invention or of nobody', async () => {
    const { digest, flow } = setUp();
    const foreign = authorized(digest.challenge(newFlow(), false));
    const invented = authorized('', { nonce: 'zz.aa.bb' });
    const none = { ...foreign, headers: new Headers() };
    for (const request of [foreign, invented, none]) {
      expect(await digest.check(request, flow, 'Authorization')).toEqual({ kind: 'challenge', stale: false });
    }
  });

  it.each([{ algorithm: 'SHA-256' }, { qop: 'auth-int' }, { username: '' }])(
    'refuses %j',
    async (override) => {
      const { digest, flow } = setUp();
      const request = authorized(digest.challenge(flow, false), override);
      expect(await digest.check(request, flow, 'Authorization')).toMatchObject({ kind: 'malformed' });
    },
  );

  it.each([
    ['sip:Test;transport=ws', 'sip:test', 'ok'],
    ['sip:bob@test', 'sip:bob@TEST;transport=ws', 'ok'],
    ['sip:b%6Fb@test', 'sip:bob@test', 'ok'],
    ['x:y', 'x:y', 'ok'],
    ['sip:bob@test', 'sip:carol@test', 'malformed'],
    ['sip:bob@test', 'sip:Bob@test', 'malformed'],
    ['sip:bob@elsewhere', 'sip:bob@test', 'malformed'],
    ['sips:bob@test', 'sip:bob@test', 'malformed'],
    ['bob', 'sip:bob@test', 'malformed'],
    ['', 'sip:test', 'malformed'],
  ])('given for "%s" in a request to "%s" is %s', async (uri, requestUri, kind) => {
    const { digest, flow } = setUp();
    const request = authorized(digest.challenge(flow, false), { uri }, requestUri);
    expect(await digest.check(request, flow, 'Authorization')).toMatchObject({ kind });
  });
});
