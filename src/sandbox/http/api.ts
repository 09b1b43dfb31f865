/** The HTTP endpoints of the platform, as the SDK and an integrator's backend use them, and those of the demo. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AccessTokens } from '../../server/access-tokens';
import { corsHeaders, type CorsPolicy } from '../../server/cors';
import { createCredentialsHandler } from '../../server/credentials-handler';
import { createHandler, refusalResponse, RequestRefusal, type Handler } from '../../server/handler';
import { sendResponse, toNodeListener, type NodeListener } from '../../server/node-listener';
import { answerTokenRequest, createAccessTokenHandler } from '../../server/token-handler';
import { isLoopbackHost, type IceServer, type SandboxLimits } from '../options';
import { AddressLimiter } from './rate-limit';
import { StaticFiles } from './static-files';

export interface ApiOptions {
  readonly apiKey: string;
  readonly sipSecret: Uint8Array;
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

/** Pages of any origin may ask, also from the internet: what protects the API is the key and the token. */
const cors: CorsPolicy = { origins: '*', allowPrivateNetwork: true };

const bodyTimeoutMs = 10_000;

export class Api {
  readonly #limiter: AddressLimiter;
  readonly #files: StaticFiles;
  readonly #routes: ReadonlyMap<string, NodeListener>;

  constructor(options: ApiOptions, tokens: AccessTokens) {
    this.#limiter = new AddressLimiter(options.limits.requestsPerSecond);
    this.#files = new StaticFiles(options.staticDirs);
    const handlers: Readonly<Record<string, Handler>> = {
      '/open/sdk/access-token': createAccessTokenHandler({
        tokens,
        cors,
        checkApiKey: options.apiKey,
        maxBodyBytes: options.limits.bodyBytes,
        bodyTimeoutMs,
      }),
      '/open/sdk/credentials': credentialsHandler(options, tokens),
      ...(options.demo ? demoHandlers(options, tokens) : {}),
    };
    this.#routes = new Map(
      Object.entries(handlers).map(([path, handler]) => [path, toNodeListener(handler)]),
    );
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#dispatch(request, response).catch((error: unknown) => {
      sendError(response, error);
    });
  }

  async #dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pathname = pathOf(request);
    if (pathname === undefined) throw new RequestRefusal(400, 'bad request target');
    const listener = this.#routes.get(pathname);
    if (listener === undefined) {
      await this.#files.serve(request, response, pathname);
      return;
    }
    if (!this.#limiter.take(request.socket.remoteAddress ?? '')) {
      throw new RequestRefusal(429, 'too many requests', { 'Retry-After': '1' });
    }
    listener(request, response);
  }
}

function credentialsHandler(options: ApiOptions, tokens: AccessTokens): Handler {
  return createCredentialsHandler({
    tokens,
    cors,
    sip: {
      secret: options.sipSecret,
      domain: options.domain,
      registerExpiresSeconds: options.registerExpiresSeconds,
      wsUrls: (request) => {
        const wsUrl = options.wsUrl(request.headers.get('Host') ?? undefined);
        if (wsUrl === undefined) throw new RequestRefusal(400, 'the Host header is not a host and a port');
        return [wsUrl];
      },
    },
    ...(options.iceServers === undefined ? {} : { iceServers: options.iceServers }),
    authorize: ({ userUuid }) => {
      options.onAgent(userUuid);
      return true;
    },
  });
}

function demoHandlers(options: ApiOptions, tokens: AccessTokens): Readonly<Record<string, Handler>> {
  const limits = { maxBytes: options.limits.bodyBytes, timeoutMs: bodyTimeoutMs };
  return {
    '/demo/token': createHandler({
      method: 'POST',
      cors,
      answer: (request, hooks) => {
        assertLocal(request);
        return answerTokenRequest(tokens, request, limits, hooks);
      },
    }),
    '/demo/customers': createHandler({
      method: 'GET',
      cors,
      answer: (request) => {
        assertLocal(request);
        return { customers: options.customers() };
      },
    }),
  };
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else
    sendResponse(refusalResponse(error, corsHeaders(cors, null)), response).catch(() => response.destroy());
}

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
function assertLocal(request: Request): void {
  const origin = request.headers.get('Origin');
  const isLocal = (url: string): boolean => URL.canParse(url) && isLoopbackHost(new URL(url).hostname);
  if (!isLocal(`http://${request.headers.get('Host') ?? ''}`) || (origin !== null && !isLocal(origin))) {
    throw new RequestRefusal(403, 'the demo answers pages of this machine only');
  }
}
