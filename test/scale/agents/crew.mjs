// A process full of agents, told what to do by its parent: `{ id, method, args }` is answered by `{ id, result }`.
import './globals.mjs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createAccessTokens, sipCredentials } from '@2chat/voice-sdk/server';
import { openSockets } from './globals.mjs';

const [kind, given] = process.argv.slice(2);
const { secret, domain, registerExpiresSeconds } = JSON.parse(given);
const makeAgent =
  kind === 'sdk' ? (await import('./sdk-agent.mjs')).sdkAgent : (await import('./raw-agent.mjs')).rawAgent;

const HOUR_SECONDS = 3600;
const tokens = createAccessTokens({ key: 'k'.repeat(32) });
const loop = monitorEventLoopDelay({ resolution: 10 });
loop.enable();

/** By user. */
const agents = new Map();
let credentialsAsked = 0;
let cpuThen = process.cpuUsage();
const errors = [];
/** Of agents that were ended. */
const references = [];

/** What the agent's backend answers. */
async function credentialsOf(user, urls) {
  credentialsAsked += 1;
  const expiresAt = new Date(Date.now() + HOUR_SECONDS * 1000);
  const { username, password } = await sipCredentials({ secret, user, expiresAt });
  return {
    ws_urls: urls,
    sip_uri: `sip:${user}@${domain}`,
    authorization_username: username,
    password,
    register_expires: registerExpiresSeconds,
  };
}

const methods = {
  /** Registers these users, so many a second; resolves with the names of those that could not. */
  async register(users, urls, perSecond) {
    const failed = [];
    const all = users.map(async (user, at) => {
      await new Promise((resolve) => setTimeout(resolve, (at * 1000) / perSecond));
      const { token } = await tokens.mint({ userUuid: user, ttlSeconds: HOUR_SECONDS });
      const agent = await makeAgent({
        token,
        credentials: () => credentialsOf(user, urls),
        onError: (code) => errors.push(code),
      });
      agents.set(user, agent);
      await agent
        .register()
        // On a busy machine the first attempt may come to nothing; how that goes is no question of this run.
        .catch(() => agent.register())
        .catch((error) => failed.push(`${user}: ${error.message}`));
    });
    await Promise.all(all);
    return { failed };
  },

  /** Who says of themselves that they are registered. */
  registered: () => [...agents].filter(([, agent]) => agent.isRegistered()).map(([user]) => user),

  /** Since the last time this was asked. */
  figures() {
    const lagMs = Math.round(loop.max / 1e6);
    loop.reset();
    const asked = credentialsAsked;
    credentialsAsked = 0;
    const { user, system } = process.cpuUsage(cpuThen);
    cpuThen = process.cpuUsage();
    const cpuMs = Math.round((user + system) / 1000);
    return { lagMs, cpuMs, credentialsAsked: asked, sockets: openSockets.size, errors: errors.splice(0) };
  },

  /** Ends them all; resolves when their sockets have closed, after that time at most. */
  async stop(withinMs) {
    endAll();
    await until(() => openSockets.size === 0, withinMs);
  },

  /** What is left of them; the last question. */
  async leftovers(withinMs) {
    const phones = () => {
      globalThis.gc();
      return references.filter((reference) => reference.deref() !== undefined).length;
    };
    const startedMs = performance.now();
    await until(() => phones() === 0, withinMs);
    // From here on nothing but a leak keeps this process alive.
    loop.disable();
    return { sockets: openSockets.size, phones: phones(), tookMs: Math.round(performance.now() - startedMs) };
  },
};

/** Not in the method itself: its frame would keep the last agent alive. */
function endAll() {
  for (const agent of agents.values()) {
    references.push(new WeakRef(agent.phone));
    agent.stop();
  }
  agents.clear();
}

async function until(isTrue, withinMs) {
  const deadlineMs = performance.now() + withinMs;
  while (!isTrue() && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

process.on('message', ({ id, method, args }) => {
  Promise.resolve(methods[method](...args)).then(
    (result) => process.send({ id, result }, () => method === 'leftovers' && process.disconnect()),
    (error) => process.send({ id, error: String(error) }),
  );
});
