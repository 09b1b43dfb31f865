import type { SipCredentials } from '../../auth/sip-credentials';
import { monotonicMs, randomUuid } from '../../core/clock';
import type { Disposer } from '../../core/disposer';
import { asVoiceError } from '../../core/errors';
import type { Logger } from '../../core/logger';
import type { SipUserAgent } from '../../sip/user-agent';
import type { SipWebSocket } from '../../sip/web-socket';
import type { CheckPlan } from './check-runner';
import type { CheckedPreflight } from './options';
import type { PreflightParts } from './parts';
import type { PreflightReason } from './reasons';
import type { PreflightServer } from './report';

/** A little more than the 10 s that the request itself has. */
const CREDENTIALS_TIMEOUT_MS = 12_000;
/** A little more than the 8 s that one attempt has. */
const CONNECT_TIMEOUT_MS = 10_000;
/** A WebSocket and a REGISTER with its challenge. No person waits longer. */
const REGISTER_TIMEOUT_MS = 15_000;
/** What a page that crashes meanwhile leaves at the registrar is gone after this. */
const LONGEST_BINDING_SECONDS = 90;
// 480 Temporarily Unavailable (RFC 3261 section 21.4.18): not 6xx, which would end the call at the agent's other phones.
const STATUS_UNAVAILABLE = 480;
/** Of each kind of server. */
export const MOST_SERVERS = 4;

const TOKEN_REASONS: Readonly<Partial<Record<string, PreflightReason>>> = {
  TOKEN_INVALID: 'TOKEN_INVALID',
  TOKEN_NO_EXPIRY: 'TOKEN_INVALID',
  TOKEN_EXPIRED: 'TOKEN_EXPIRED',
  TOKEN_NOT_YET_VALID: 'CLOCK_WRONG',
};

/** Whether the token is good for SIP credentials. */
export function credentialsCheck(
  { token, device }: CheckedPreflight,
  { platformCredentials, TokenKeeper }: PreflightParts,
): CheckPlan<SipCredentials> {
  return {
    name: 'credentials',
    deadlineMs: CREDENTIALS_TIMEOUT_MS,
    overdue: 'CREDENTIALS_UNREACHABLE',
    run: async ({ signal }) => {
      const fetchCredentials = device.fetchCredentials ?? platformCredentials(device.apiBaseUrl);
      try {
        const keeper = new TokenKeeper(token, device.tokenExpiryLeadMs, fetchCredentials);
        return { result: 'passed', value: await keeper.obtainCredentials(signal) };
      } catch (error) {
        signal.throwIfAborted();
        const { code, cause } = asVoiceError(error, 'CONFIG_FETCH_FAILED');
        const { httpStatus } = (cause ?? {}) as { httpStatus?: unknown };
        const details = {
          errorCode: code,
          ...(typeof httpStatus === 'number' ? { httpStatus } : {}),
        };
        return { result: 'failed', reason: TOKEN_REASONS[code] ?? httpReason(httpStatus, cause), details };
      }
    },
  };
}

function httpReason(httpStatus: unknown, cause: unknown): PreflightReason {
  if (httpStatus === 401 || httpStatus === 403) return 'CREDENTIALS_REFUSED';
  // What fetch() rejects with when nothing came back (Fetch, "network error"), and the SDK's own deadline.
  const isNetwork = cause instanceof TypeError || (cause instanceof Error && cause.message === 'timeout');
  return httpStatus === undefined && isNetwork ? 'CREDENTIALS_UNREACHABLE' : 'CREDENTIALS_FAILED';
}

/** Whether a WebSocket to each server can be opened. */
export function webSocketCheck(
  urls: readonly string[],
  { SipWebSocket }: PreflightParts,
  { book }: Logger,
): CheckPlan<boolean> {
  return {
    name: 'webSocket',
    deadlineMs: CONNECT_TIMEOUT_MS,
    overdue: 'WEBSOCKET_UNREACHABLE',
    run: async ({ disposer }) => {
      const servers = await Promise.all(
        urls.slice(0, MOST_SERVERS).map((url) => connect(new SipWebSocket(url, book), disposer)),
      );
      return judged(servers, ({ readyMs }) => readyMs !== null, 'WEBSOCKET_UNREACHABLE');
    },
  };
}

/** All servers passed, some of them (a warning), or none. */
export function judged(
  servers: readonly PreflightServer[],
  isGood: (server: PreflightServer) => boolean,
  reason: PreflightReason,
): { result: 'passed' | 'warned' | 'failed'; reason?: PreflightReason; details: object; value?: true } {
  const good = servers.filter(isGood).length;
  const details = { servers };
  if (good === servers.length) return { result: 'passed', details, value: true };
  return good > 0
    ? { result: 'warned', reason, details, value: true }
    : { result: 'failed', reason, details };
}

function connect(socket: SipWebSocket, disposer: Disposer): Promise<PreflightServer> {
  const startedAtMs = monotonicMs();
  const { protocol, host } = new URL(socket.url);
  // A path or a query may hold a token.
  const shown = `${protocol}//${host}`;
  return new Promise((resolve) => {
    disposer.add(() => {
      socket.disconnect();
    });
    socket.onconnect = () => {
      socket.disconnect();
      resolve({ url: shown, readyMs: Math.round(monotonicMs() - startedAtMs) });
    };
    socket.ondisconnect = () => {
      resolve({ url: shown, readyMs: null });
    };
    socket.connect();
  });
}

/**
 * Whether the server takes a registration: one of another instance (RFC 5626 section 4.1) than the agent's own phone, which
 * stays as it is.
 *
 * @param disposer holds the user agent for whoever goes on with it, and removes its binding
 */
export function registrationCheck(
  credentials: SipCredentials,
  { device }: CheckedPreflight,
  { accountOf, firstRegistration, SipUserAgent }: PreflightParts,
  logger: Logger,
  disposer: Disposer,
): CheckPlan<SipUserAgent> {
  return {
    name: 'registration',
    deadlineMs: REGISTER_TIMEOUT_MS,
    overdue: 'REGISTRATION_TIMEOUT',
    run: async ({ signal }) => {
      let userAgent: SipUserAgent | undefined;
      try {
        const account = accountOf(credentials, { ...device, instanceId: randomUuid() });
        const registerExpiresSeconds = Math.min(account.registerExpiresSeconds, LONGEST_BINDING_SECONDS);
        const made = new SipUserAgent({ ...account, registerExpiresSeconds }, logger);
        userAgent = made;
        disposer.add(() => {
          made.stop();
        });
        made.on('incoming', (session) => {
          session.reject(STATUS_UNAVAILABLE);
        });
        await firstRegistration(made, credentials.ws_urls.length, signal);
        return { result: 'passed', value: made };
      } catch (error) {
        // It would connect and register again by itself.
        userAgent?.stop();
        signal.throwIfAborted();
        const { code, cause } = asVoiceError(error, 'REGISTRATION_FAILED');
        const { statusCode } = (cause ?? {}) as { statusCode?: number };
        const refused = statusCode === undefined ? 'REGISTRATION_TIMEOUT' : 'REGISTRATION_REFUSED';
        const reason =
          code === 'AUTH_ERROR'
            ? 'SIP_AUTH_REFUSED'
            : code === 'SIGNALING_UNREACHABLE'
              ? 'WEBSOCKET_UNREACHABLE'
              : refused;
        const details = {
          errorCode: code,
          ...(statusCode === undefined ? {} : { sipStatus: statusCode }),
        };
        return { result: 'failed', reason, details };
      }
    },
  };
}
