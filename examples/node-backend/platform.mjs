/**
 * The one endpoint that your backend adds when the platform runs the telephony: an access token for the agent who
 * is signed in to your application. The key that mints tokens stays in this process; what the browser gets is good
 * for one agent and one hour.
 */
import { createServer } from 'node:http';

const apiKey = process.env.TWOCHAT_API_KEY;
const api = process.env.TWOCHAT_API_URL ?? 'https://api.p.2chat.io';
const DEADLINE_MS = 5_000;
if (!apiKey) throw new Error('TWOCHAT_API_KEY is not set');

/**
 * STUB: replace it by your own session check. Who the agent is must come from your session, never from the
 * body of the request. Outside of development this one knows nobody.
 */
function agentOf(request) {
  if (process.env.NODE_ENV !== 'development') return undefined;
  const isDemo = /(?:^|; )session=demo-session(?:;|$)/.test(request.headers.cookie ?? '');
  return isDemo ? { user_uuid: 'alice', label: 'Alice Moreau' } : undefined;
}

async function mintToken(agent) {
  const answer = await fetch(`${api}/open/sdk/access-token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-User-API-Key': apiKey },
    body: JSON.stringify({ ...agent, ttl: 3600 }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const body = await answer.json().catch(() => ({}));
  if (answer.ok && body.success === true) return { token: body.token, expires_at: body.expires_at };
  // For the log only: whether our key is wrong is nothing that a browser needs to know.
  throw Object.assign(new Error(`the platform answered ${answer.status}: ${body.error ?? 'no reason'}`), {
    httpStatus: answer.status === 429 ? 503 : 502,
  });
}

async function handle(request) {
  if (request.url !== '/api/voice-token') return [404, { error: 'not found' }];
  if (request.method !== 'POST') return [405, { error: 'use POST' }];
  const agent = agentOf(request);
  if (!agent) return [401, { error: 'sign in first' }];
  try {
    return [200, await mintToken(agent)];
  } catch (error) {
    console.error(`no voice token for ${agent.user_uuid}: ${error.message}`);
    return [
      error.name === 'TimeoutError' ? 504 : (error.httpStatus ?? 502),
      { error: 'phones are unavailable' },
    ];
  }
}

createServer(async (request, response) => {
  const [status, body] = await handle(request);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}).listen(Number(process.env.PORT ?? 3000), '127.0.0.1', function onListening() {
  console.log(`POST http://127.0.0.1:${this.address().port}/api/voice-token`);
});
