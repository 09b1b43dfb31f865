/** Decides who a request is from. */
import type { SipVerifier } from '../../server/sip-verifier';
import { DigestAuthenticator } from './digest';
import type { Flow, Identity } from './flow';
import type { SipRequest } from './message';
import type { HeaderPair } from './reply';

export type LoginCheck =
  | { readonly kind: 'ok'; readonly identity: Identity; readonly expiresAtMs: number }
  | { readonly kind: 'challenge'; readonly status: 401 | 407; readonly header: HeaderPair }
  | { readonly kind: 'refused'; readonly status: 400 | 403; readonly reason: string };

export class Gatekeeper {
  readonly #digest: DigestAuthenticator;

  constructor(
    realm: string,
    private readonly credentials: SipVerifier,
  ) {
    this.#digest = new DigestAuthenticator(realm, (username) => credentials.passwordsOf(username));
  }

  async check(
    request: SipRequest,
    flow: Flow,
    headerName: 'Authorization' | 'Proxy-Authorization',
  ): Promise<LoginCheck> {
    const result = await this.#digest.check(request, flow, headerName);
    if (result.kind === 'malformed') return { kind: 'refused', status: 400, reason: 'Bad Credentials' };
    if (result.kind === 'challenge') {
      const value = this.#digest.challenge(flow, result.stale);
      return headerName === 'Authorization'
        ? { kind: 'challenge', status: 401, header: ['WWW-Authenticate', value] }
        : { kind: 'challenge', status: 407, header: ['Proxy-Authenticate', value] };
    }
    const holder = this.credentials.holder(result.username);
    if (holder === undefined || holder.expiresAt.getTime() <= Date.now()) {
      return { kind: 'refused', status: 403, reason: 'Credentials Expired' };
    }
    const identity: Identity = { kind: 'agent', user: holder.user };
    if (!flow.prove(identity)) return { kind: 'refused', status: 403, reason: 'Socket Belongs To Another' };
    return { kind: 'ok', identity, expiresAtMs: holder.expiresAt.getTime() };
  }
}
