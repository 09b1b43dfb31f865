/** Which pages of other origins may read an answer (the Fetch standard's CORS protocol). */

/** Pages that may call an endpoint from a browser. */
export interface CorsPolicy {
  /**
   * Origins such as `https://agents.example.com`, or `*` for all: no cookie is ever taken, so what protects an
   * endpoint is its token or key.
   */
  readonly origins: '*' | readonly string[];
  /** Lets pages from the internet reach a server in the caller's own network (Private Network Access). Default false. */
  readonly allowPrivateNetwork?: boolean;
}

/** How long a browser may remember a preflight, in seconds: Chromium keeps none for more than two hours. */
const maxAgeSeconds = 600;

/** @param origin of the page that asks, from the header of that name; null where there is none */
export function corsHeaders(policy: CorsPolicy | undefined, origin: string | null): Record<string, string> {
  if (policy === undefined) return {};
  const isForAll = policy.origins === '*';
  // The answer depends on who asks, whoever it is: a cache must know.
  const vary = isForAll ? undefined : { Vary: 'Origin' };
  const allowed = isForAll ? '*' : policy.origins.find((one) => one === origin);
  if (allowed === undefined) return { ...vary };
  return {
    ...vary,
    'Access-Control-Allow-Origin': allowed,
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, X-User-API-Key',
    'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
    // Its clock is what `exp` means, and the browser's may be wrong.
    'Access-Control-Expose-Headers': 'Date',
    'Access-Control-Max-Age': maxAgeSeconds.toString(),
    ...(policy.allowPrivateNetwork === true ? { 'Access-Control-Allow-Private-Network': 'true' } : {}),
  };
}
