/** What an edge is started with and what comes back. */

/** Where media of calls between two browsers goes; with a plain phone it always goes through RTPengine. */
export type MediaRelay = 'always' | 'plain-only';

export type EdgeProgram = 'kamailio' | 'haproxy' | 'rtpengine' | 'turnserver';

/** Ports, the same ones at each edge's address, but for `api`. */
export interface EdgePorts {
  /** SIP over UDP and TCP. Default 5060. */
  readonly sip: number;
  /** SIP over WebSocket with TLS, at HAProxy. Default 8443. */
  readonly wss: number;
  /** SIP over WebSocket without TLS, behind it. Default 8080. */
  readonly ws: number;
  /** What edges say to each other. Default 5062. */
  readonly link: number;
  /** RTPengine's control. Default 2223. */
  readonly ng: number;
  /** TURN over UDP and TCP. Default 3478. */
  readonly turn: number;
  /** TURN over TLS. Default 5349. */
  readonly turnTls: number;
  /** RTPengine's media ports, first and last. Default 30000 to 34999. */
  readonly rtpFrom: number;
  readonly rtpTo: number;
  /** coturn's relay ports, first and last. Default 35000 to 39999. */
  readonly turnFrom: number;
  readonly turnTo: number;
  /** Tokens and credentials over HTTP; 0 takes a free one. Default 8788. */
  readonly api: number;
}

/** None may hold `!`, `"` or a backslash. */
export interface EdgeSecrets {
  /** Shared by Kamailio and the credentials endpoint. */
  readonly sip: string;
  /** Shared by coturn and the credentials endpoint. */
  readonly turn: string;
  /** Signs access tokens (HS256), at least 32 bytes. */
  readonly tokenKey: string;
  /** `X-User-API-Key` of the token endpoint. */
  readonly apiKey: string;
  /** Signs digest nonces; the same at all edges. */
  readonly nonce: string;
  /** Seals the Record-Route of calls; the same at all edges. */
  readonly seal: string;
}

export interface EdgeTrunk {
  /** Where calls to numbers go. Default `sip:127.0.0.9:5060`. */
  readonly uri: string;
  /** Networks whose requests are the carrier's (CIDR). Default `127.0.0.9/32`. */
  readonly sources: readonly string[];
}

export interface EdgeOptions {
  /** How many edges, 1 to 9. Default 1. */
  readonly count?: number;
  /** Address of each edge. Default `127.0.0.1`, `127.0.0.2`, ... */
  readonly hosts?: readonly string[];
  /** Host part of addresses of record, and the digest realm. Default `edge.test`. */
  readonly domain?: string;
  readonly ports?: Partial<EdgePorts>;
  readonly secrets?: Partial<EdgeSecrets>;
  readonly trunk?: Partial<EdgeTrunk>;
  /** For all edges or for each one. Default `plain-only`. */
  readonly mediaRelay?: MediaRelay | readonly MediaRelay[];
  /** Whether to start coturn. Default true. */
  readonly turn?: boolean;
  /** Whether to start the HTTP API, which needs the package to be built. Default true. */
  readonly api?: boolean;
  /** Address of the HTTP API. Default `127.0.0.1`. */
  readonly apiHost?: string;
  /** How long a call may ring before the caller gets 408. Default 90. */
  readonly ringSeconds?: number;
  /** How long a digest nonce is good. Default 300. */
  readonly nonceSeconds?: number;
  /** Shorter registrations are answered with 423. Default 30. */
  readonly minExpiresSeconds?: number;
  /** Longer registrations are shortened. Default 3600. */
  readonly maxExpiresSeconds?: number;
  /** What the credentials endpoint tells phones to ask for. Default 300. */
  readonly registerExpiresSeconds?: number;
  /** How many requests of strangers one address may send within two seconds. Default 1000. */
  readonly floodRequestsPer2Seconds?: number;
  /** Origins of the pages that may open a WebSocket, `https://desk.example.com` for example. Default: all. */
  readonly allowedOrigins?: readonly string[];
  /** Worker processes for each transport. Default 4. */
  readonly workers?: number;
  /** Shared memory of Kamailio in MB, of which each agent on a WebSocket takes 0.13. Default 128. */
  readonly sharedMemoryMb?: number;
  /** Where configuration, certificates and logs go. Default: a new directory that is removed at the end. */
  readonly directory?: string;
  /** Whether the default directory stays. Default false. */
  readonly keepDirectory?: boolean;
}

export interface EdgeCertificate {
  /** The authority that browsers have to trust, PEM. */
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Both in one file, as HAProxy takes them. */
  readonly certificateAndKeyFile: string;
  /** Of the server certificate, colon-separated hexadecimal. */
  readonly fingerprint256: string;
  /** SHA-256 of the public key in base64: for Chromium's `--ignore-certificate-errors-spki-list`. */
  readonly spkiSha256: string;
}

export interface EdgeFacts {
  /** From 1. */
  readonly number: number;
  readonly host: string;
  readonly wssUrl: string;
  readonly wsUrl: string;
  /** `host:port` of SIP over UDP and TCP. */
  readonly sipHost: string;
  /** `host:port` of TURN over UDP and TCP. */
  readonly turnHost: string;
  /** `apiBaseUrl` for a Device that shall use this edge only, over WSS. */
  readonly apiUrl: string;
  /** The same without TLS. */
  readonly plainApiUrl: string;
  readonly directory: string;
  readonly logs: Readonly<Record<EdgeProgram, string>>;
}

export interface MintedToken {
  readonly token: string;
  readonly userUuid: string;
  readonly label: string | undefined;
  readonly expiresAt: Date;
}

export interface Edges {
  /** `apiBaseUrl` for a Device that may use any edge, over WSS, the first one preferred. */
  readonly apiUrl: string;
  readonly domain: string;
  readonly edges: readonly EdgeFacts[];
  readonly certificate: EdgeCertificate;
  readonly secrets: EdgeSecrets;
  /** Configuration, certificates and logs. */
  readonly directory: string;
  /** An access token without the detour over HTTP. */
  mintToken(request: {
    readonly userUuid: string;
    readonly label?: string;
    readonly ttlSeconds?: number;
  }): Promise<MintedToken>;
  /** Runs `kamcmd` at an edge and returns what it prints; rejects when it fails. */
  kamcmd(edge: number, ...args: string[]): Promise<string>;
  /** Ends a program of an edge as a power cut would (SIGKILL, all its processes). Default `kamailio`. */
  kill(edge: number, program?: EdgeProgram): Promise<void>;
  /** Starts it again, after an orderly stop where it runs; resolves when it serves. Default `kamailio`. */
  restart(edge: number, program?: EdgeProgram): Promise<void>;
  /** Stops everything that was started. */
  close(): Promise<void>;
}

/**
 * Starts edges and resolves when all of them serve.
 * @throws Error when a program is missing (the message has the apt-get command), or does not start (the message has
 * the end of its log)
 */
export function startEdges(options?: EdgeOptions): Promise<Edges>;
