/** What `startSandbox` takes, and what it takes where nothing is said. */

/** An ICE server as browsers take it, handed on in the credentials. */
export interface IceServer {
  /** `stun:`, `turn:` or `turns:` (RFC 7064, RFC 7065). */
  readonly urls: string | readonly string[];
  /** Of a TURN server. */
  readonly username?: string;
  /** Of a TURN server. A secret, handed to agents only. */
  readonly credential?: string;
}

/** What one peer may use up, so that none can stop or slow the sandbox. */
export interface SandboxLimits {
  /** Largest HTTP request body in bytes. Default 16 KiB: a token request is under 300 bytes. */
  readonly bodyBytes: number;
  /** Largest SIP message in bytes. Default 64 KiB: an INVITE from Chromium is about 4 KiB. */
  readonly messageBytes: number;
  /** HTTP requests a second from one address, with a burst of as many. Default 50. */
  readonly requestsPerSecond: number;
  /** SIP messages a second on one socket, with a burst of twice as many; then the socket is closed. Default 200. */
  readonly messagesPerSecond: number;
  /** Open sockets of one agent; the oldest is closed for the newest. Default 10. */
  readonly socketsPerUser: number;
  /** Open sockets in all. Default 1000. */
  readonly sockets: number;
  /** Time that a new socket has to authenticate, in ms. Default 30,000. */
  readonly authenticationMs: number;
}

/** Options of `startSandbox`. Everything has a default. */
export interface SandboxOptions {
  /** The TCP port of the API and of the SIP WebSocket. Default 0: a free one. */
  readonly port?: number;
  /**
   * The address to listen on. Default `127.0.0.1`: nobody else on the network can reach it. With `0.0.0.0` or `::`
   * agents are told the host that they asked the API under, which is how they reach this machine.
   */
  readonly host?: string;
  /** The key that mints tokens. Default: a random one, in `Sandbox.apiKey`. */
  readonly apiKey?: string;
  /** Folders to serve: URL prefix to path, for example `{ '/': 'examples/page', '/dist/': 'dist' }`. Default: none. */
  readonly staticDirs?: Readonly<Record<string, string>>;
  /**
   * Serves `POST /demo/token` without a key, for a demo page without a backend. Loopback hosts only.
   * Default false.
   */
  readonly demo?: boolean;
  /** How long a registration lasts, in seconds; told to agents as `register_expires`. Default 300. */
  readonly registerExpiresSeconds?: number;
  /** How long a phone may ring before the caller hears 408, in ms. Default 180,000 (RFC 3261 timer C). */
  readonly ringTimeoutMs?: number;
  /**
   * How long a call that rings waits for an agent whose connection is gone, in ms: it rings again at the agent's next
   * registration, as after a reload of the page. Default 4,000, within the 5,000 of a `waitFor`; 0: the caller hears 480 at once.
   */
  readonly returnGraceMs?: number;
  /** Handed to agents in their credentials. Default: none, which is right on one machine. */
  readonly iceServers?: readonly IceServer[];
  /** Replaces single limits. */
  readonly limits?: Partial<SandboxLimits>;
  /** Gets one line for each thing worth telling; never holds a secret. Default: nobody is told. */
  readonly onLog?: (line: string) => void;
}

export const defaultLimits: SandboxLimits = {
  bodyBytes: 16 * 1024,
  messageBytes: 64 * 1024,
  requestsPerSecond: 50,
  messagesPerSecond: 200,
  socketsPerUser: 10,
  sockets: 1000,
  authenticationMs: 30_000,
};

/** The SIP domain: reserved for testing, so it can never be resolved (RFC 6761). */
export const sipDomain = 'sandbox.test';

/** `127.0.0.1` and its relatives. */
export function isLoopbackHost(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase();
  return plain === 'localhost' || plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}
