// A backend that lets its own agents in. Needs what is common to Node and edge runtimes.
import {
  AccessTokenError,
  RequestRefusal,
  createAccessTokenHandler,
  createAccessTokens,
  createCredentialsHandler,
  createSipVerifier,
  createTokenVerifier,
  sipCredentials,
  toNodeListener,
  turnCredentials,
} from '@2chat/voice-sdk/server';
import type {
  AccessTokenClaims,
  AccessTokens,
  Handler,
  JwkSet,
  NodeListener,
  TokenVerifier,
} from '@2chat/voice-sdk/server';

export async function serve(keySet: JwkSet): Promise<void> {
  const tokens: AccessTokens = createAccessTokens({
    key: ['new', new Uint8Array(32)],
    isRevoked: async () => false,
  });
  const pair: AccessTokens = createAccessTokens({ alg: 'EdDSA', privateKey: 'pem', kid: '1', keySet });
  const verifier: TokenVerifier = createTokenVerifier({ alg: 'RS256', keySet, audience: 'phones' });
  const { token, expiresAt } = await tokens.mint({ userUuid: 'alice', label: 'Alice', ttlSeconds: 60 });
  const claims: AccessTokenClaims = await verifier.verify(token);
  const mint: Handler = createAccessTokenHandler({
    tokens: pair,
    checkApiKey: (key) => key === 'x',
    rateLimit: ({ address }) => (address === undefined ? 0 : 1),
  });
  const credentials: Handler = createCredentialsHandler({
    tokens: verifier,
    sip: {
      secret: 'secret',
      domain: 'sip.example.com',
      wsUrls: (request) => [new URL(request.url).host],
      shaAlgorithm: 'SHA-256',
    },
    turn: { secret: 'secret', urls: ['turn:turn.example.com'], ttlSeconds: 3600 },
    authorize: ({ userUuid }) => {
      if (userUuid === 'x') throw new RequestRefusal(403, 'no');
      return true;
    },
  });
  const response: Response = await credentials(new Request('https://example.com/'), { address: '192.0.2.1' });
  const listener: NodeListener = toNodeListener(mint);
  const { username, password } = await sipCredentials({ secret: 'secret', user: 'alice', expiresAt });
  const { credential } = await turnCredentials({ secret: 'secret', user: 'alice', ttlSeconds: 60 });
  const user: string | undefined = (await createSipVerifier({ secret: 'secret' }).verify(username, password))
    ?.user;
  const code: 'TOKEN_EXPIRED' | undefined = await tokens.verify('x').then(
    () => undefined,
    (error: unknown) =>
      error instanceof AccessTokenError && error.code === 'TOKEN_EXPIRED' ? error.code : undefined,
  );
  void [claims, response, listener, credential, user, code];
  // @ts-expect-error an algorithm that is none
  createAccessTokens({ alg: 'none', key: 'x' });
  // @ts-expect-error a key pair has a name
  createAccessTokens({ alg: 'EdDSA', privateKey: 'pem' });
  // @ts-expect-error who only checks cannot mint
  void verifier.mint({ userUuid: 'alice' });
  // @ts-expect-error lifetimes are bounded
  void tokens.mintExact({ userUuid: 'alice' });
  // @ts-expect-error the handler needs to know who may mint
  createAccessTokenHandler({ tokens });
}
