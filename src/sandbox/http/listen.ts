/** Opens the port, and knows under which host it is reached afterwards. */
import type { Server } from 'node:http';
import { waitFor } from '../wait';

export interface Endpoint {
  readonly port: number;
  /** `host:port` as this machine reaches it. */
  readonly authority: string;
  /** True when it listens on all addresses of this machine, so that others reach it under a host of theirs. */
  readonly isWildcard: boolean;
}

/** The unspecified addresses (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.2), and who stands in for them. */
const loopbackOf: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** @throws Error with the `code` of the system when the port cannot be had */
export function listen(server: Server, port: number, host: string): Promise<Endpoint> {
  return waitFor('free port', 5000, (resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      const reason = error.code === 'EADDRINUSE' ? `port ${port} of ${host} is in use` : error.message;
      reject(Object.assign(new Error(`the sandbox cannot listen: ${reason}`), { code: error.code }));
    };
    server.once('error', onError);
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address : { address: host, port };
      const loopback = loopbackOf[bound.address];
      const reached = loopback ?? host;
      resolve({
        port: bound.port,
        authority: `${reached.includes(':') ? `[${reached}]` : reached}:${bound.port}`,
        isWildcard: loopback !== undefined,
      });
    });
    return () => server.off('error', onError);
  });
}

/** A name, an IPv4 address or an IPv6 address in brackets, with or without a port, and nothing else. */
const hostPattern = /^(?:[a-z0-9][a-z0-9._-]{0,252}|\[[0-9a-f:.]{2,45}\])(?::[1-9][0-9]{0,4})?$/i;

/** The `host[:port]` that a client reached us under, from its Host header; undefined when it is anything else. */
export function authorityFromHost(header: string | undefined): string | undefined {
  if (header === undefined || !hostPattern.test(header)) return undefined;
  // What no URL can hold, such as port 70000, would be an address that nobody can open.
  return URL.canParse(`ws://${header}/`) ? header.toLowerCase() : undefined;
}
