/** What all handlers of this room have in common: a Request in, a Response out, JSON, and a status for each fault. */
import { corsHeaders, type CorsPolicy } from './cors';

/** What the Request itself does not say. */
export interface HandlerContext {
  /**
   * The network address of the caller, as whoever accepted the connection knows it. Behind a proxy that is yours,
   * take it from the header that this proxy sets; never from one that a caller can send.
   */
  readonly address?: string;
}

/** Answers an HTTP request; never rejects. For routers that hand over web-standard requests, or `toNodeListener`. */
export type Handler = (request: Request, context?: HandlerContext) => Promise<Response>;

/** Whom to limit. What the caller sent is not checked yet when a limit is asked for. */
export interface RateLimitInfo {
  /** The request. Its body must be left alone. */
  readonly request: Request;
  /** As in {@link HandlerContext}. */
  readonly address: string | undefined;
  /** `X-User-API-Key` as it was sent: a secret, and perhaps a guess. Undefined where none is. */
  readonly apiKey: string | undefined;
}

/**
 * Counts a request. Answers 0 to let it pass, else after how many seconds the caller may try again (sent as
 * `Retry-After`, at least 1). When it throws, the request is not served.
 */
export type RateLimit = (info: RateLimitInfo) => number | Promise<number>;

/** Options of every handler. */
export interface HandlerOptions {
  /** Default: no limit of our own. */
  readonly rateLimit?: RateLimit;
  /**
   * Gets what a hook threw, and what else went wrong inside; the caller learns nothing of it but 503 or 500.
   * Default: nobody is told.
   */
  readonly onError?: (error: unknown) => void;
}

/**
 * An answer that is not a success, thrown instead of returned. A hook may throw it as well, to choose the status
 * itself. Its message is sent to the caller.
 */
export class RequestRefusal extends Error {
  /** `RequestRefusal` */
  override readonly name = 'RequestRefusal';
  /** HTTP status code, 400 to 599 (RFC 9110 section 15). */
  readonly status: number;
  /** Sent with the answer. */
  readonly headers: Readonly<Record<string, string>>;

  /**
   * @param status HTTP status code
   * @param message for the caller to read; must hold no secret
   * @param headers sent with the answer; default none
   * @throws RangeError for a status that is none of an error
   * @throws TypeError for a header that HTTP cannot carry
   */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    if (!Number.isInteger(status) || status < 400 || status > 599)
      throw new RangeError('status is not between 400 and 599');
    // Throws here, where the mistake is, and not when the answer is written.
    new Headers(headers);
    this.status = status;
    this.headers = headers;
  }
}

interface Endpoint extends HandlerOptions {
  readonly method: 'GET' | 'POST';
  readonly cors: CorsPolicy | undefined;
  /** Gives the body of a 200. */
  readonly answer: (request: Request, hooks: Hooks) => unknown;
}

/** Calls a hook; what it throws other than a refusal becomes a 503. */
export type Hooks = <Result>(call: () => Result | Promise<Result>) => Promise<Result>;

export function createHandler(endpoint: Endpoint): Handler {
  return async (request, context = {}) => {
    const cors = corsHeaders(endpoint.cors, request.headers.get('Origin'));
    try {
      if (request.method === 'OPTIONS')
        return new Response(null, { status: 204, headers: { Allow: allowOf(endpoint), ...cors } });
      return jsonResponse(200, await serve(endpoint, request, context), cors);
    } catch (error) {
      if (!(error instanceof RequestRefusal)) report(endpoint, error);
      return refusalResponse(error, cors);
    }
  };
}

async function serve(endpoint: Endpoint, request: Request, { address }: HandlerContext): Promise<unknown> {
  if (request.method !== endpoint.method) {
    const allow = allowOf(endpoint);
    throw new RequestRefusal(405, `use ${allow}`, { Allow: allow });
  }
  const hooks: Hooks = async (call) => {
    try {
      return await call();
    } catch (error) {
      if (error instanceof RequestRefusal) throw error;
      report(endpoint, error);
      throw new RequestRefusal(503, 'temporarily unavailable');
    }
  };
  const { rateLimit } = endpoint;
  if (rateLimit !== undefined) {
    const sent = request.headers.get('X-User-API-Key') ?? '';
    const apiKey = sent === '' ? undefined : sent;
    const waitSeconds = await hooks(() => rateLimit({ request, address, apiKey }));
    if (waitSeconds !== 0) throw tooManyRequests(waitSeconds);
  }
  return endpoint.answer(request, hooks);
}

const allowOf = ({ method }: Endpoint): string => `${method}, OPTIONS`;

function tooManyRequests(waitSeconds: number): RequestRefusal {
  // RFC 9110 section 10.2.3: whole seconds. What is no number limits all the same.
  const wait = Number.isFinite(waitSeconds) ? Math.max(1, Math.ceil(waitSeconds)) : 1;
  return new RequestRefusal(429, 'too many requests', { 'Retry-After': wait.toString() });
}

function report({ onError }: HandlerOptions, error: unknown): void {
  try {
    onError?.(error);
  } catch {
    // A reporter that fails must not keep the caller from an answer.
  }
}

/** JSON that no cache keeps: it may hold a token or a password. */
export function jsonResponse(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
  });
}

/** The answer to what was thrown; only a refusal says why. */
export function refusalResponse(error: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  const refusal = error instanceof RequestRefusal ? error : new RequestRefusal(500, 'internal error');
  const body = { success: false, error: refusal.message };
  return jsonResponse(refusal.status, body, { ...headers, ...refusal.headers });
}
