/** What registers one agent's user agent at a SIP server. */
export interface SipCredentials {
  /** SIP over WebSocket (RFC 7118) URLs, `wss:` or `ws:`, in order of preference; at least one. */
  readonly ws_urls: readonly string[];
  /** Address of record (RFC 3261 section 10), `sip:user@domain`. */
  readonly sip_uri: string;
  /** User name for digest authentication (RFC 3261 section 22). */
  readonly authorization_username: string;
  /** Digest password. Either this or `ha1` with `realm`. */
  readonly password?: string;
  /** MD5 of `username:realm:password` in hexadecimal (RFC 7616 section 3.4.2). */
  readonly ha1?: string;
  /** The digest realm that `ha1` was made for. */
  readonly realm?: string;
  /** Shown to the far end. Default: none. */
  readonly display_name?: string;
  /** STUN and TURN servers (W3C WebRTC, RTCIceServer), with time-limited credentials. Default: none. */
  readonly ice_servers?: readonly RTCIceServer[];
  /** Expiry to ask of the registrar (RFC 3261 section 10.2.1.1), in seconds, at most 86400. Default 300. */
  readonly register_expires?: number;
  /** ISO 8601: when these credentials stop working; fresh ones are fetched before. Default: they do not. */
  readonly expires_at?: string;
  /**
   * ISO 8601: the time at the backend when it answered. Corrects a clock of the browser that is wrong, so that tokens
   * end when they really do. Default: the Date header of the platform's answer, where the page may read it.
   */
  readonly issued_at?: string;
}

/**
 * Exchanges an access token for SIP credentials. Must reject when `signal` aborts, as it does when the answer takes
 * longer than 10 s. What it rejects with becomes the `cause` of `CONFIG_FETCH_FAILED`, unless it is a VoiceSDKError.
 *
 * @param token the current access token
 * @param context what the exchange may need
 */
export type FetchCredentials = (
  token: string,
  context: {
    /** Aborts when nobody waits for the answer any more. */
    signal: AbortSignal;
  },
) => Promise<SipCredentials>;

/**
 * Names the first field that cannot be used, or undefined when all can. Works on anything, because an
 * integrator's own `fetchCredentials` answers from an untyped backend as well.
 */
export function findCredentialsFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'the answer is not an object';
  const fields = value as Readonly<Record<string, unknown>>;
  const urls = fields['ws_urls'];
  if (!Array.isArray(urls) || urls.length === 0) return 'ws_urls is missing or empty';
  if (!urls.every(isWebSocketUrl)) return 'ws_urls holds something that is not a ws: or wss: URL';
  if (!isLine(fields['sip_uri']) || !/^sip:[^@\s]+@[^@\s]+$/i.test(fields['sip_uri']))
    return 'sip_uri is not sip:user@domain';
  if (!isLine(fields['authorization_username'])) return 'authorization_username is missing';
  if (!isLine(fields['password']) && !(isLine(fields['ha1']) && isLine(fields['realm']))) {
    return 'neither password nor ha1 with realm is given';
  }
  if (
    fields['display_name'] !== undefined &&
    fields['display_name'] !== null &&
    typeof fields['display_name'] !== 'string'
  ) {
    return 'display_name is not a string';
  }
  const servers = fields['ice_servers'];
  if (!isAbsent(servers) && !(Array.isArray(servers) && servers.every(isIceServer)))
    return 'ice_servers is not a list of RTCIceServer';
  const expires = fields['register_expires'];
  if (!isAbsent(expires) && !(Number.isFinite(expires) && Number(expires) > 0))
    return 'register_expires is not a positive number';
  const expiresAt = fields['expires_at'];
  if (!isAbsent(expiresAt) && !(typeof expiresAt === 'string' && !Number.isNaN(Date.parse(expiresAt)))) {
    return 'expires_at is not an ISO 8601 date';
  }
  return undefined;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isLine(value: unknown): value is string {
  // A control character would end up inside a SIP header.
  return typeof value === 'string' && value !== '' && !/[\u0000-\u001f\u007f]/.test(value);
}

function isIceServer(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('urls' in value)) return false;
  const urls: readonly unknown[] = Array.isArray(value.urls) ? value.urls : [value.urls];
  return urls.length > 0 && urls.every(isLine);
}

function isWebSocketUrl(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return ['ws:', 'wss:'].includes(new URL(value).protocol);
  } catch {
    return false;
  }
}
