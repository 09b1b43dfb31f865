/** Puts the parts together: one server, one gateway, the customers, and the handle that tests hold. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createUnboundedAccessTokens } from '../server/access-tokens';
import { createSipVerifier } from '../server/sip-verifier';
import type { Sandbox } from './contract/sandbox';
import type { CustomerWorld } from './customers/customer';
import { loadJsSip } from './customers/jssip-loader';
import { CustomerDirectory } from './customers/directory';
import { Api } from './http/api';
import { authorityFromHost, listen } from './http/listen';
import { loadWebSocketServer, SipSocketServer, sipPath } from './http/sip-socket';
import { AudioSession } from './media/audio-session';
import { FrameClock } from './media/frame-clock';
import { loadWerift } from './media/werift';
import { defaultLimits, isLoopbackHost, sipDomain, type SandboxOptions } from './options';
import type { Flow } from './sip/flow';
import { Gateway } from './sip/gateway';
import { Registrar } from './sip/registrar';
import { SipTrace } from './sip/trace';
import { SocketFaults } from './faults';
import { waitFor } from './wait';

/** The addresses that a browser on this machine, or on its networks, can reach. */
function mediaAddresses(host: string): string[] {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const reachable = own.filter((address) => address.family === 'IPv4' && !address.internal);
  if (isLoopbackHost(host) || reachable.length === 0) return ['127.0.0.1'];
  return reachable.map(({ address }) => address);
}

/**
 * Starts the other side of a softphone on this machine: token API, SIP over WebSocket and customers with real
 * audio. Resolves when it listens; end it with `close()`.
 * @throws Error (rejection) when the port is taken (`code` is `EADDRINUSE`), when werift or ws is not installed,
 * and for `demo` on a host that others can reach
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const host = options.host ?? '127.0.0.1';
  if (options.demo === true && !isLoopbackHost(host)) {
    throw new Error('demo mode hands out tokens without a key: it needs a loopback host');
  }
  const [werift, WebSocketServer] = await Promise.all([loadWerift(), loadWebSocketServer()]);
  const jssip = loadJsSip();
  const log = options.onLog ?? ((): void => undefined);
  const limits = { ...defaultLimits, ...options.limits };
  const apiKey = options.apiKey ?? randomBytes(24).toString('base64url');
  const registerExpiresSeconds = options.registerExpiresSeconds ?? 300;

  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, maxHeaderSize: 16 * 1024 });
  const { port, authority, isWildcard } = await listen(server, options.port ?? 0, host);

  const sipSecret = randomBytes(32);
  const credentials = createSipVerifier({ secret: sipSecret });
  const trace = new SipTrace();
  const registrar = new Registrar({
    domain: sipDomain,
    defaultExpiresSeconds: registerExpiresSeconds,
    // RFC 3261 section 10.3 allows a minimum of up to an hour; a minute keeps a loop from hammering.
    minExpiresSeconds: Math.min(60, registerExpiresSeconds),
    maxContactsPerUser: limits.socketsPerUser,
  });
  const directory = new CustomerDirectory();
  const gateway = new Gateway(
    {
      domain: sipDomain,
      sentBy: authority,
      ringTimeoutMs: options.ringTimeoutMs ?? 180_000,
      returnGraceMs: options.returnGraceMs ?? 4_000,
      // Timer F, 64 * T1 (RFC 3261 section 17.1.2.2).
      answerTimeoutMs: 32_000,
    },
    { credentials, registrar, directory, trace },
  );
  const clock = new FrameClock();
  const hostAddresses = mediaAddresses(host);
  const world: CustomerWorld = {
    jssip,
    createAudio: (audio) => new AudioSession(werift, clock, hostAddresses, audio),
    gateway,
    domain: sipDomain,
    log,
  };
  directory.open(world);
  const tokens = createUnboundedAccessTokens({
    key: randomBytes(32),
    // One clock mints and checks.
    clockToleranceSeconds: 0,
    checkUser: (userUuid) =>
      directory.isReserved(userUuid) ? 'user_uuid is the number of a customer' : undefined,
  });
  const wsUrlAt = (reachedAs: string): string => `ws://${reachedAs}${sipPath}`;
  const api = new Api(
    {
      apiKey,
      sipSecret,
      domain: sipDomain,
      demo: options.demo === true,
      registerExpiresSeconds,
      iceServers: options.iceServers,
      limits,
      staticDirs: options.staticDirs ?? {},
      wsUrl: (hostHeader) => {
        const reachedAs = isWildcard ? authorityFromHost(hostHeader) : authority;
        return reachedAs === undefined ? undefined : wsUrlAt(reachedAs);
      },
      customers: () => directory.list(),
      onAgent: (userUuid) => {
        directory.noteAgent(userUuid);
      },
    },
    tokens,
  );
  const sockets = new SipSocketServer(WebSocketServer, gateway, limits);
  server.on('request', (request, response) => {
    api.handle(request, response);
  });
  server.on('upgrade', (request, socket, head) => {
    sockets.upgrade(request, socket, head);
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  registrar.on('registered', (user) => {
    log(`${user} is registered`);
  });
  registrar.on('unregistered', (user) => {
    log(`${user} is no longer registered`);
  });

  const agentFlows = (userUuid?: string): Flow[] =>
    [...gateway.flows].filter(
      ({ identity }) => identity?.kind === 'agent' && (userUuid === undefined || identity.user === userUuid),
    );
  const waitForPresence = (user: string, wanted: boolean, timeoutMs = 5000): Promise<void> => {
    const isPresent = (): boolean => registrar.contacts(user).length > 0;
    if (isPresent() === wanted) return Promise.resolve();
    const event = wanted ? 'registered' : 'unregistered';
    return waitFor(`"${event}" of ${user}`, timeoutMs, (resolve) => {
      const listener = (who: string): void => {
        if (who === user) resolve(undefined);
      };
      registrar.on(event, listener);
      return () => registrar.off(event, listener);
    });
  };

  const shutDown = async (): Promise<void> => {
    directory.stop();
    // Their BYEs reach the gateway in the next turn, and the agents before the sockets close.
    await nextTurn();
    directory.close();
    sockets.close();
    gateway.close();
    registrar.close();
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
      server.closeAllConnections();
    });
  };
  let closing: Promise<void> | undefined;
  return {
    url: `http://${authority}`,
    wsUrl: wsUrlAt(authority),
    port,
    apiKey,
    domain: sipDomain,
    mintToken: (request) => (request.exact === true ? tokens.mintExact(request) : tokens.mint(request)),
    customer: (nameOrOptions) =>
      typeof nameOrOptions === 'string' ? directory.get(nameOrOptions) : directory.add(nameOrOptions),
    get customers() {
      return directory.customers;
    },
    registrations: () =>
      registrar.users().map((user) => ({
        user,
        contacts: registrar.contacts(user).map((binding) => ({
          uri: binding.contact,
          instanceId: binding.instanceId,
          expiresAt: new Date(binding.expiresAtMs),
          flowId: binding.flow.id,
        })),
      })),
    waitForRegistration: (user, { timeoutMs } = {}) => waitForPresence(user, true, timeoutMs),
    waitForUnregistration: (user, { timeoutMs } = {}) => waitForPresence(user, false, timeoutMs),
    trace,
    faults: new SocketFaults(agentFlows, registrar),
    close: () => {
      closing ??= shutDown();
      return closing;
    },
  };
}
