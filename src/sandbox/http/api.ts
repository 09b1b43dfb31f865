/** The HTTP endpoints of the platform, as the SDK and an integrator's backend use them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { equalSecrets } from '../sip/digest';
import type { SipCredentials } from '../sip/credentials';
import { isLoopbackHost, type IceServer, type SandboxLimits } from '../options';
import { AddressLimiter } from './rate-limit';
import { HttpError, readJsonObject, sendError, sendJson, sendPreflight } from './respond';
import { StaticFiles } from './static-files';
import type { MintedToken } from '../contract/sandbox';
import type { Tokens } from './tokens';

export interface ApiOptions {
  readonly apiKey: string;
  readonly domain: string;
  readonly demo: boolean;
  readonly registerExpiresSeconds: number;
  readonly iceServers: readonly IceServer[] | undefined;
  readonly limits: SandboxLimits;
  readonly staticDirs: Readonly<Record<string, string>>;
  /** Where agents find SIP, given the Host that one asked under; undefined when that is no host. */
  readonly wsUrl: (hostHeader: string | undefined) => string | undefined;
  readonly customers: () => unknown;
  readonly onAgent: (userUuid: string) => void;
}

type Handler = (request: IncomingMessage) => unknown;

export class Api {
  readonly #limiter: AddressLimiter;
  readonly #files: StaticFiles;
  readonly #routes: Readonly<Record<string, Readonly<Record<string, Handler>>>>;

  constructor(
    private readonly options: ApiOptions,
    private readonly tokens: Tokens,
    private readonly credentials: SipCredentials,
  ) {
    this.#limiter = new AddressLimiter(options.limits.requestsPerSecond);
    this.#files = new StaticFiles(options.staticDirs);
    this.#routes = {
      '/open/sdk/access-token': { POST: (request) => this.#mint(request) },
      '/open/sdk/credentials': { GET: (request) => this.#exchange(request) },
      ...(options.demo
        ? {
            '/demo/token': { POST: (request) => this.#mintForDemo(request) },
            '/demo/customers': { GET: (request) => this.#listForDemo(request) },
          }
        : {}),
    };
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#dispatch(request, response).catch((error: unknown) => {
      sendError(response, error);
    });
  }

  async #dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pathname = pathOf(request);
    if (pathname === undefined) throw new HttpError(400, 'bad request target');
    const route = Object.hasOwn(this.#routes, pathname) ? this.#routes[pathname] : undefined;
    if (route === undefined) {
      await this.#files.serve(request, response, pathname);
      return;
    }
    if (!this.#limiter.take(request.socket.remoteAddress ?? '')) {
      throw new HttpError(429, 'too many requests', { 'Retry-After': '1' });
    }
    if (request.method === 'OPTIONS') {
      sendPreflight(response);
      return;
    }
    const method = request.method ?? '';
    const handler = Object.hasOwn(route, method) ? route[method] : undefined;
    if (handler === undefined) {
      const allow = [...Object.keys(route), 'OPTIONS'].join(', ');
      throw new HttpError(405, `use ${allow}`, { Allow: allow });
    }
    sendJson(response, 200, await handler(request));
  }

  async #mint(request: IncomingMessage): Promise<unknown> {
    const key = request.headers['x-user-api-key'];
    if (typeof key !== 'string' || key === '') throw new HttpError(401, 'X-User-API-Key is missing');
    if (!equalSecrets(key, this.options.apiKey)) throw new HttpError(403, 'X-User-API-Key is not valid');
    const body = await readJsonObject(request, this.options.limits.bodyBytes);
    return tokenAnswer(await this.tokens.mint(this.tokens.readRequest(body)));
  }

  async #mintForDemo(request: IncomingMessage): Promise<unknown> {
    assertLocal(request);
    const body = await readJsonObject(request, this.options.limits.bodyBytes);
    return tokenAnswer(await this.tokens.mint(this.tokens.readRequest(body)));
  }

  #listForDemo(request: IncomingMessage): unknown {
    assertLocal(request);
    return { customers: this.options.customers() };
  }

  async #exchange(request: IncomingMessage): Promise<unknown> {
    const [scheme = '', token = ''] = (request.headers.authorization ?? '').split(' ');
    if (scheme.toLowerCase() !== 'bearer' || token === '') {
      throw new HttpError(401, 'send Authorization: Bearer with the access token', {
        'WWW-Authenticate': 'Bearer',
      });
    }
    const { userUuid, label, expiresAt } = await this.tokens.verify(token);
    const wsUrl = this.options.wsUrl(request.headers.host);
    if (wsUrl === undefined) throw new HttpError(400, 'the Host header is not a host and a port');
    const login = this.credentials.issue(userUuid, expiresAt);
    this.options.onAgent(userUuid);
    return {
      ws_urls: [wsUrl],
      sip_uri: `sip:${userUuid}@${this.options.domain}`,
      authorization_username: login.username,
      password: login.password,
      ...(label === undefined ? {} : { display_name: label }),
      ...(this.options.iceServers === undefined ? {} : { ice_servers: this.options.iceServers }),
      register_expires: this.options.registerExpiresSeconds,
      expires_at: expiresAt.toISOString(),
    };
  }
}

const tokenAnswer = ({ token, userUuid, label, expiresAt }: MintedToken): unknown => ({
  success: true,
  token,
  user_uuid: userUuid,
  label: label ?? null,
  expires_at: expiresAt.toISOString(),
});

function pathOf(request: IncomingMessage): string | undefined {
  const target = request.url ?? '';
  if (!target.startsWith('/')) return undefined;
  const end = target.search(/[?#]/);
  return end < 0 ? target : target.slice(0, end);
}

/**
 * The demo has no key, so only pages of this machine may use it: a foreign site's script is refused by its
 * Origin, and one that points its own name at 127.0.0.1 by the Host.
 */
function assertLocal(request: IncomingMessage): void {
  const { host, origin } = request.headers;
  const hostName = hostNameOf(`http://${host ?? ''}`);
  const isLocal = (name: string | undefined): boolean => name !== undefined && isLoopbackHost(name);
  if (!isLocal(hostName) || (origin !== undefined && !isLocal(hostNameOf(origin)))) {
    throw new HttpError(403, 'the demo answers pages of this machine only');
  }
}

function hostNameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
