/** The backend: access tokens for agents, and credentials for whoever has one. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  createAccessTokenHandler,
  createAccessTokens,
  createCredentialsHandler,
  toNodeListener,
} from '@2chat/voice-sdk/server';

/**
 * `POST /open/sdk/access-token` and `GET /open/sdk/credentials`. Below `/edge/<n>` credentials name that edge alone,
 * below `/edge/<n>/ws` by its URL without TLS.
 * @param {{ host: string, port: number, domain: string, secrets: import('../edge.d.mts').EdgeSecrets,
 *   edges: readonly { wssUrl: string, wsUrl: string }[], turnUrls: readonly string[], registerExpiresSeconds: number }} options
 */
export async function startApi({ host, port, domain, secrets, edges, turnUrls, registerExpiresSeconds }) {
  const tokens = createAccessTokens({ key: secrets.tokenKey });
  const mint = toNodeListener(createAccessTokenHandler({ tokens, checkApiKey: secrets.apiKey }));
  const credentials = toNodeListener(
    createCredentialsHandler({
      tokens,
      sip: {
        secret: secrets.sip,
        domain,
        wsUrls: (request) => wsUrlsFor(new URL(request.url).pathname, edges),
        registerExpiresSeconds,
      },
      ...(turnUrls.length === 0 ? {} : { turn: { secret: secrets.turn, urls: turnUrls } }),
    }),
  );
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (/^(\/edge\/\d+(\/ws)?)?\/open\/sdk\/credentials$/.test(path)) credentials(request, response);
    else if (/^(\/edge\/\d+(\/ws)?)?\/open\/sdk\/access-token$/.test(path)) mint(request, response);
    else
      response
        .writeHead(404, { 'Content-Type': 'application/json' })
        .end('{"success":false,"error":"not found"}');
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${server.address().port}`,
    tokens,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function wsUrlsFor(path, edges) {
  const [, number, plain] = /^\/edge\/(\d+)(\/ws)?\//.exec(path) ?? [];
  const chosen = number === undefined ? edges : edges.slice(Number(number) - 1, Number(number));
  return chosen.map((edge) => (plain === undefined ? edge.wssUrl : edge.wsUrl));
}
