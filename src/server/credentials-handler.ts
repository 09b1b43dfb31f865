/** `GET /open/sdk/credentials`: gives an agent who has a token what a phone registers with. */
import type { AccessTokenClaims, TokenVerifier } from './access-tokens';
import type { CorsPolicy } from './cors';
import { minSecretBytes, sipCredentials, turnCredentials, type ShaAlgorithm } from './ephemeral';
import { createHandler, RequestRefusal, type Handler, type HandlerOptions, type Hooks } from './handler';
import { readSecrets, type Secrets } from './secrets';
import { AccessTokenError } from './token-error';

/** The contract's default; a registration is renewed at half of it or so. */
const defaultRegisterExpiresSeconds = 300;
/** No longer than the longest token that the contract knows, whoever minted it. */
const defaultMaxTtlSeconds = 86_400;

/** An ICE server as browsers take it (W3C WebRTC, `RTCIceServer`). */
export interface IceServerConfig {
  /** `stun:`, `turn:` or `turns:` (RFC 7064, RFC 7065). */
  readonly urls: string | readonly string[];
  /** Of a TURN server. */
  readonly username?: string;
  /** Of a TURN server. A secret, handed to agents only. */
  readonly credential?: string;
}

/** Where agents register, and with what. */
export interface SipOptions {
  /** Shared with the SIP server; see `sipCredentials`. Of several the first signs. */
  readonly secret: Secrets;
  /** See `sipCredentials`. Default `SHA-1`. */
  readonly shaAlgorithm?: ShaAlgorithm;
  /** The host part of addresses of record, which is also the digest realm. */
  readonly domain: string;
  /**
   * SIP over WebSocket (RFC 7118), `wss:` URLs in order of preference, or a function that chooses them for a request,
   * by region for example.
   */
  readonly wsUrls:
    | readonly string[]
    | ((request: Request, claims: AccessTokenClaims) => readonly string[] | Promise<readonly string[]>);
  /** How long a registration lasts, in seconds. Default 300. */
  readonly registerExpiresSeconds?: number;
  /** The longest that credentials are good for, in seconds. They never outlive the token. Default 86,400. */
  readonly maxTtlSeconds?: number;
}

/** A TURN server that makes up no accounts: coturn with `use-auth-secret`. */
export interface TurnOptions {
  /** Shared with the TURN server; see `turnCredentials`. Of several the first signs. */
  readonly secret: Secrets;
  /** `turn:` and `turns:` URLs (RFC 7065). */
  readonly urls: string | readonly string[];
  /** The longest that credentials open an allocation, in seconds. They never outlive the token. Default: no other end. */
  readonly ttlSeconds?: number;
}

/** Options of {@link createCredentialsHandler}. */
export interface CredentialsHandlerOptions extends HandlerOptions {
  /** Checks the tokens. */
  readonly tokens: TokenVerifier;
  /** Where agents register, and with what. */
  readonly sip: SipOptions;
  /** Default: no TURN server. */
  readonly turn?: TurnOptions;
  /** Servers that need no credentials of their own, STUN for example, before the TURN server. Default: none. */
  readonly iceServers?: readonly IceServerConfig[];
  /**
   * Whether an agent may have credentials now. Only `true` lets it pass; else the answer is 403. When it throws,
   * the request is not served. Default: whoever has a good token may.
   */
  readonly authorize?: (claims: AccessTokenClaims, request: Request) => boolean | Promise<boolean>;
  /** Default: pages of every origin, because the token protects it and cookies are not looked at. */
  readonly cors?: CorsPolicy;
}

/**
 * Answers `GET` with `Authorization: Bearer <token>` (RFC 6750) by SIP and TURN credentials that end with the token:
 * `{ ws_urls, sip_uri, authorization_username, password, display_name?, ice_servers?, register_expires, expires_at }`.
 * Everything else by `{ success: false, error }` and 401 (no token, or not a good one), 403 (`authorize`), 405,
 * 429 (`rateLimit`), 503 (a hook failed). The path is the router's business.
 * @throws TypeError for secrets that are missing or too short, a domain or URLs that are missing, and times that are
 * less than a second or none
 */
export function createCredentialsHandler(options: CredentialsHandlerOptions): Handler {
  const { tokens, sip, turn, authorize } = options;
  assertUsable(sip, turn);
  return createHandler({
    ...options,
    method: 'GET',
    cors: options.cors ?? { origins: '*' },
    answer: async (request, hooks) => {
      const token = bearerOf(request);
      const claims = await hooks(() => tokens.verify(token).catch(refuse));
      if (authorize !== undefined) {
        const isAllowed: unknown = await hooks(() => authorize(claims, request));
        if (isAllowed !== true) throw new RequestRefusal(403, 'not allowed to have a phone now');
      }
      return credentialsFor(claims, await wsUrlsFor(sip, request, claims, hooks), options);
    },
  });
}

function assertUsable(sip: SipOptions, turn: TurnOptions | undefined): void {
  readSecrets('sip.secret', sip.secret, minSecretBytes);
  if (typeof sip.domain !== 'string' || !/^[^\s@<>"]+$/.test(sip.domain))
    throw new TypeError('sip.domain is missing or malformed');
  assertSeconds('sip.registerExpiresSeconds', sip.registerExpiresSeconds);
  assertSeconds('sip.maxTtlSeconds', sip.maxTtlSeconds);
  if (typeof sip.wsUrls !== 'function' && sip.wsUrls.length === 0) throw new TypeError('sip.wsUrls is empty');
  if (turn === undefined) return;
  readSecrets('turn.secret', turn.secret, minSecretBytes);
  if (turn.urls.length === 0) throw new TypeError('turn.urls is empty');
  assertSeconds('turn.ttlSeconds', turn.ttlSeconds);
}

// A setting that is missing from the environment becomes NaN on its way through `Number`.
function assertSeconds(name: string, seconds: number | undefined): void {
  if (seconds !== undefined && !(Number.isFinite(seconds) && seconds >= 1))
    throw new TypeError(`${name} is not a number of seconds`);
}

function bearerOf(request: Request): string {
  const [scheme = '', token = '', ...rest] = (request.headers.get('Authorization') ?? '').split(' ');
  if (scheme.toLowerCase() === 'bearer' && token !== '' && rest.length === 0) return token;
  // RFC 6750 section 3.1: without a token the answer says no more than how to send one.
  throw new RequestRefusal(401, 'send Authorization: Bearer with the access token', {
    'WWW-Authenticate': 'Bearer',
  });
}

function refuse(error: unknown): never {
  if (!(error instanceof AccessTokenError) || error.code === 'REVOCATION_UNKNOWN') throw error;
  throw invalidToken(error.message);
}

function invalidToken(message: string): RequestRefusal {
  return new RequestRefusal(401, message, { 'WWW-Authenticate': 'Bearer error="invalid_token"' });
}

async function wsUrlsFor(
  { wsUrls }: SipOptions,
  request: Request,
  claims: AccessTokenClaims,
  hooks: Hooks,
): Promise<readonly string[]> {
  if (typeof wsUrls !== 'function') return wsUrls;
  return hooks(async () => {
    const chosen = await wsUrls(request, claims);
    if (chosen.length === 0) throw new Error('sip.wsUrls chose no URL');
    return chosen;
  });
}

async function credentialsFor(
  { userUuid, label, expiresAt: tokenExpiresAt }: AccessTokenClaims,
  wsUrls: readonly string[],
  { sip, turn, iceServers = [] }: CredentialsHandlerOptions,
): Promise<unknown> {
  const nowMs = Date.now();
  const sipEnd = earlier(tokenExpiresAt, nowMs, sip.maxTtlSeconds ?? defaultMaxTtlSeconds);
  // A token that only the tolerance for clocks let pass opens nothing.
  if (sipEnd.getTime() <= nowMs) throw invalidToken('the token has expired');
  const login = await sipCredentials({ ...sip, user: userUuid, expiresAt: sipEnd });
  const turnLogin =
    turn === undefined
      ? undefined
      : await turnCredentials({
          secret: turn.secret,
          user: userUuid,
          expiresAt: earlier(sipEnd, nowMs, turn.ttlSeconds ?? Infinity),
        });
  const servers: readonly IceServerConfig[] =
    turn === undefined || turnLogin === undefined
      ? iceServers
      : [...iceServers, { urls: turn.urls, username: turnLogin.username, credential: turnLogin.credential }];
  return {
    ws_urls: wsUrls,
    sip_uri: `sip:${userUuid}@${sip.domain}`,
    authorization_username: login.username,
    password: login.password,
    ...(label === undefined ? {} : { display_name: label }),
    ...(servers.length === 0 ? {} : { ice_servers: servers }),
    register_expires: sip.registerExpiresSeconds ?? defaultRegisterExpiresSeconds,
    // All of the answer is good until then, so it is the first of both ends.
    expires_at: (turnLogin?.expiresAt ?? sipEnd).toISOString(),
  };
}

/** The earlier of a moment and one that is `ttlSeconds` away, in whole seconds as user names carry it. */
function earlier(moment: Date, nowMs: number, ttlSeconds: number): Date {
  return new Date(Math.floor(Math.min(moment.getTime(), nowMs + ttlSeconds * 1000) / 1000) * 1000);
}
