import { digestHa1, digestMatches, digestParameters } from './digest';
import { addressUri, headerParameter, type SipRequest } from './sip-message';

/** How one REGISTER is answered, once its credentials were found right. */
export type RegisterBehaviour =
  | { readonly kind: 'accept' }
  /** Any refusal, with headers such as `Retry-After: 3`. */
  | { readonly kind: 'refuse'; readonly status: number; readonly headers?: readonly string[] }
  /** No answer at all. */
  | { readonly kind: 'silent' }
  /** 401 with a fresh nonce however right the credentials are. */
  | { readonly kind: 'challenge-again' }
  /** 200 whose only Contact belongs to somebody else. */
  | { readonly kind: 'foreign-contact' }
  /** 200 without any Contact. */
  | { readonly kind: 'no-contact' }
  /** 423 until the client asks for at least that much, RFC 3261 section 10.2.8. */
  | { readonly kind: 'too-brief'; readonly minExpiresSeconds: number };

export interface Binding {
  readonly contactUri: string;
  readonly instanceId: string | undefined;
  /** Address of record, instance and reg-id: what is the same binding to a registrar of RFC 5626. */
  readonly flow: string | undefined;
  readonly expiresSeconds: number;
}

export interface RegisterAnswer {
  readonly status: number;
  readonly headers: readonly string[];
}

/** The registrar of the scripted server: digest, bindings, and whatever a test tells it to do instead. */
export class ScriptedRegistrar {
  readonly realm: string;
  /** Username to password. Empty: nobody is challenged. */
  readonly passwords = new Map<string, string>();
  /** Current bindings by contact URI. */
  readonly bindings = new Map<string, Binding>();
  /** What a REGISTER is answered with when no one-off behaviour is queued. */
  behaviour: RegisterBehaviour = { kind: 'accept' };
  /** Longest lifetime granted, in seconds. */
  maxExpiresSeconds = 3600;
  /** What the 200 says was granted, instead of what was: any text. */
  grantedText: string | undefined;
  /** Grants `pub-gruu` and `temp-gruu`, RFC 5627. */
  grantsGruu = false;
  /** Digest algorithms offered, one WWW-Authenticate each, in order. */
  algorithms: readonly string[] = ['MD5'];

  readonly #once: RegisterBehaviour[] = [];
  readonly #nonces = new Set<string>();
  #nonceCount = 0;

  constructor(realm: string) {
    this.realm = realm;
  }

  /** Queues a behaviour for one authorised REGISTER; several are used up in order. */
  once(behaviour: RegisterBehaviour): void {
    this.#once.push(behaviour);
  }

  /** A fresh challenge header value per algorithm. */
  challenge(realm = this.realm): string[] {
    this.#nonceCount += 1;
    const nonce = `nonce-${this.#nonceCount}`;
    this.#nonces.add(nonce);
    return this.algorithms.map(
      (algorithm) => `Digest realm="${realm}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"`,
    );
  }

  /** Whether a request carries right credentials in the given header, or none are asked for. */
  authorised(
    request: SipRequest,
    headerName: 'Authorization' | 'Proxy-Authorization',
    realm = this.realm,
  ): boolean {
    if (this.passwords.size === 0) return true;
    const value = request.header(headerName);
    if (value === undefined) return false;
    const parameters = digestParameters(value);
    const username = parameters.get('username') ?? '';
    const password = this.passwords.get(username);
    if (password === undefined || parameters.get('realm') !== realm) return false;
    if (!this.#nonces.has(parameters.get('nonce') ?? '')) return false;
    return digestMatches(request, value, digestHa1(username, realm, password));
  }

  /** The answer to a REGISTER; undefined means silence. */
  answer(request: SipRequest): RegisterAnswer | undefined {
    if (!this.authorised(request, 'Authorization')) return this.#challenged();
    const behaviour = this.#once.shift() ?? this.behaviour;
    switch (behaviour.kind) {
      case 'silent':
        return undefined;
      case 'refuse':
        return { status: behaviour.status, headers: behaviour.headers ?? [] };
      case 'challenge-again':
        return this.#challenged();
      case 'foreign-contact':
        return {
          status: 200,
          headers: ['Contact: <sip:somebody@elsewhere.invalid;transport=ws>;expires=300'],
        };
      case 'no-contact':
        return { status: 200, headers: [] };
      case 'too-brief': {
        const { minExpiresSeconds } = behaviour;
        if (requestedExpires(request) >= minExpiresSeconds) return this.#accept(request);
        return { status: 423, headers: [`Min-Expires: ${minExpiresSeconds}`] };
      }
      case 'accept':
        return this.#accept(request);
    }
  }

  #challenged(): RegisterAnswer {
    return { status: 401, headers: this.challenge().map((value) => `WWW-Authenticate: ${value}`) };
  }

  #accept(request: SipRequest): RegisterAnswer {
    const contact = request.header('contact') ?? '';
    const expiresSeconds = Math.min(requestedExpires(request), this.maxExpiresSeconds);
    if (contact.trim().startsWith('*')) this.bindings.clear();
    else {
      const contactUri = addressUri(contact);
      const instanceId = headerParameter(contact, '+sip.instance');
      const regId = headerParameter(contact, 'reg-id');
      const aor = addressUri(request.header('to') ?? '');
      const flow =
        instanceId === undefined || regId === undefined ? undefined : `${aor} ${instanceId} ${regId}`;
      this.bindings.delete(contactUri);
      // RFC 5626 section 6: one binding for each, whatever Contact it comes with.
      for (const other of this.bindings.values())
        if (flow !== undefined && other.flow === flow) this.bindings.delete(other.contactUri);
      if (expiresSeconds > 0) this.bindings.set(contactUri, { contactUri, instanceId, flow, expiresSeconds });
    }
    const uris =
      expiresSeconds === 0
        ? []
        : [`${contact.replace(/;expires=\d+/, '')};expires=${this.grantedText ?? expiresSeconds}`];
    return { status: 200, headers: uris.map((uri) => `Contact: ${uri}${this.#gruu(request)}`) };
  }

  #gruu(request: SipRequest): string {
    if (!this.grantsGruu) return '';
    const aor = addressUri(request.header('to') ?? '');
    return `;pub-gruu="${aor};gr=urn:uuid:test";temp-gruu="sip:temp-gruu@${this.realm};gr"`;
  }
}

function requestedExpires(request: SipRequest): number {
  const ofContact = headerParameter(request.header('contact') ?? '', 'expires');
  // RFC 3261 section 10.2: without a wish the registrar chooses; an hour is what most of them do.
  return Number(ofContact ?? request.header('expires') ?? 3600);
}
