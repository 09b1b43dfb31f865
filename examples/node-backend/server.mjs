/**
 * The whole API for a SIP server of your own: tokens for the agents who are signed in to your application (or for
 * other backends, with a key), and the credentials that the SDK exchanges them for. Nothing is stored.
 */
import { createServer } from 'node:http';
import {
  createAccessTokenHandler,
  createAccessTokens,
  createCredentialsHandler,
  toNodeListener,
} from '@2chat/voice-sdk/server';

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const list = (name) => setting(name).split(',');

/** STUB: replace it by your own session check; see README. Outside of development it knows nobody. */
function agentOf(request) {
  if (process.env.NODE_ENV !== 'development') return undefined;
  const isDemo = /(?:^|; )session=demo-session(?:;|$)/.test(request.headers.get('cookie') ?? '');
  return isDemo ? { userUuid: 'alice', label: 'Alice Moreau' } : undefined;
}

const tokens = createAccessTokens({ key: setting('TOKEN_KEY') });
const answer = (status, body) => Response.json(body, { status, headers: { 'Cache-Control': 'no-store' } });
const onError = (error) => console.error(`not served: ${error.message}`);

async function giveToken(request) {
  if (request.method !== 'POST') return answer(405, { error: 'use POST' });
  const agent = agentOf(request);
  if (!agent) return answer(401, { error: 'sign in first' });
  const { token, expiresAt } = await tokens.mint(agent);
  return answer(200, { token, expires_at: expiresAt });
}

const routes = {
  '/api/voice-token': giveToken,
  '/open/sdk/access-token': createAccessTokenHandler({ tokens, checkApiKey: setting('API_KEY'), onError }),
  '/open/sdk/credentials': createCredentialsHandler({
    tokens,
    sip: { secret: setting('SIP_SECRET'), domain: setting('SIP_DOMAIN'), wsUrls: list('WS_URLS') },
    turn: { secret: setting('TURN_SECRET'), urls: list('TURN_URLS') },
    onError,
  }),
};
async function route(request, context) {
  const handler = routes[new URL(request.url).pathname];
  return handler ? handler(request, context) : answer(404, { error: 'not found' });
}

const server = createServer(toNodeListener(route));
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
