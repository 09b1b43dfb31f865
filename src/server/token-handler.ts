/** `POST /open/sdk/access-token`: gives a backend that has the API key a token for one of its agents. */
import type { AccessTokens } from './access-tokens';
import type { CorsPolicy } from './cors';
import { createHandler, RequestRefusal, type Handler, type HandlerOptions, type Hooks } from './handler';
import { readJsonObject, type BodyLimits } from './json-body';
import { includesSecret } from './secrets';
import { AccessTokenError } from './token-error';

/** A token request has under 300 bytes. */
const defaultMaxBodyBytes = 16 * 1024;
const defaultBodyTimeoutMs = 10_000;

/** Options of {@link createAccessTokenHandler}. */
export interface AccessTokenHandlerOptions extends HandlerOptions {
  /** Mints. */
  readonly tokens: Pick<AccessTokens, 'mint'>;
  /**
   * Who may mint: the keys (compared in constant time), or a function that says of a key whether it may. Only `true`
   * lets it pass, and when it throws, the request is not served.
   */
  readonly checkApiKey:
    string | readonly string[] | ((apiKey: string, request: Request) => boolean | Promise<boolean>);
  /** Largest body in bytes. Default 16 KiB. */
  readonly maxBodyBytes?: number;
  /** How long a body may take to arrive, in ms. Default 10,000. */
  readonly bodyTimeoutMs?: number;
  /** Default: no page of another origin, because the API key has no place in a browser. */
  readonly cors?: CorsPolicy;
}

/**
 * Answers `POST` with `X-User-API-Key` and JSON `{ user_uuid, label?, ttl? }` by
 * `{ success: true, token, user_uuid, label, expires_at }`; everything else by `{ success: false, error }` and
 * 400 (body), 401 (no key), 403 (wrong key), 405, 408 (body too slow), 413 (body too large), 415 (no JSON),
 * 429 (`rateLimit`), 503 (a hook failed). The path is the router's business.
 * @throws TypeError without a key that may mint
 */
export function createAccessTokenHandler(options: AccessTokenHandlerOptions): Handler {
  const { tokens, maxBodyBytes = defaultMaxBodyBytes, bodyTimeoutMs = defaultBodyTimeoutMs } = options;
  const isKey = keyCheckOf(options.checkApiKey);
  return createHandler({
    ...options,
    method: 'POST',
    cors: options.cors,
    answer: async (request, hooks) => {
      const apiKey = request.headers.get('X-User-API-Key') ?? '';
      if (apiKey === '') throw new RequestRefusal(401, 'X-User-API-Key is missing');
      const isAccepted: unknown = await hooks(() => isKey(apiKey, request));
      if (isAccepted !== true) throw new RequestRefusal(403, 'X-User-API-Key is not valid');
      return answerTokenRequest(tokens, request, { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs }, hooks);
    },
  });
}

type KeyCheck = (apiKey: string, request: Request) => boolean | Promise<boolean>;

function keyCheckOf(given: AccessTokenHandlerOptions['checkApiKey']): KeyCheck {
  if (typeof given === 'function') return given;
  const keys: readonly unknown[] = typeof given === 'string' ? [given] : given;
  const accepted = keys.filter((key): key is string => typeof key === 'string' && key !== '');
  if (accepted.length === 0 || accepted.length < keys.length)
    throw new TypeError('checkApiKey holds no key, or one that is empty');
  return (apiKey) => includesSecret(accepted, apiKey);
}

/** What is left once it is clear that the caller may mint. */
export async function answerTokenRequest(
  tokens: Pick<AccessTokens, 'mint'>,
  request: Request,
  limits: BodyLimits,
  hooks: Hooks,
): Promise<unknown> {
  const body = await readJsonObject(request, limits);
  // A backend that has no label or no lifetime to ask for may well write null.
  const [label, ttlSeconds] = [body['label'] ?? undefined, body['ttl'] ?? undefined];
  const wanted = {
    userUuid: body['user_uuid'] as string,
    ...(label === undefined ? {} : { label: label as string }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds: ttlSeconds as number }),
  };
  const minted = await hooks(() => tokens.mint(wanted).catch(refuse));
  return {
    success: true,
    token: minted.token,
    user_uuid: minted.userUuid,
    label: minted.label ?? null,
    expires_at: minted.expiresAt.toISOString(),
  };
}

function refuse(error: unknown): never {
  const isTheirs = error instanceof AccessTokenError && error.code === 'INVALID_ARGUMENT';
  throw isTheirs ? new RequestRefusal(400, error.message) : error;
}
