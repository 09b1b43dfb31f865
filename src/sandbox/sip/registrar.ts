/**
 * The registrar and its location service (RFC 3261 section 10), with outbound (RFC 5626: a binding belongs
 * to its socket and dies with it) and GRUU (RFC 5627: an address of one device that survives its sockets).
 */
import { TypedEmitter } from '../../core/emitter';
import type { Flow } from './flow';
import { parseCseq, parseNameAddr, parseUri } from './headers';
import { everyCharacter } from '../text';
import { readNumber, type SipRequest } from './message';

export interface Binding {
  readonly user: string;
  /** The contact URI as the agent wrote it. */
  readonly contact: string;
  /** `+sip.instance`, with its angle brackets. */
  readonly instanceId: string | undefined;
  readonly regId: string | undefined;
  readonly callId: string;
  readonly cseq: number;
  readonly expiresAtMs: number;
  readonly flow: Flow;
  readonly q: number;
}

export interface RegistrarOptions {
  readonly domain: string;
  /** Given where the agent asks for no time of its own. */
  readonly defaultExpiresSeconds: number;
  /** Shorter wishes are answered 423 (RFC 3261 section 10.2.8). */
  readonly minExpiresSeconds: number;
  readonly maxContactsPerUser: number;
  readonly nowMs?: () => number;
}

export interface RegistrarEvents {
  registered: [user: string];
  unregistered: [user: string];
  /** A device can be reached by a socket by which it could not before. */
  bound: [binding: Binding];
}

export interface RegisterAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

const answer = (status: number, reason: string, headers: RegisterAnswer['headers'] = []): RegisterAnswer => ({
  status,
  reason,
  headers,
});

const supportedOptions = new Set(['path', 'outbound', 'gruu']);

interface Wish {
  readonly contact: string;
  readonly instanceId: string | undefined;
  readonly regId: string | undefined;
  readonly expiresSeconds: number;
  readonly q: number;
}

export class Registrar extends TypedEmitter<RegistrarEvents> {
  readonly #bindings = new Map<string, Binding[]>();
  readonly #sweep: NodeJS.Timeout;

  constructor(private readonly options: RegistrarOptions) {
    super();
    this.#sweep = setInterval(() => {
      for (const user of [...this.#bindings.keys()]) this.#keep(user, this.#live(user));
    }, 1000);
    this.#sweep.unref();
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#bindings.clear();
  }

  /** Those who can be called now, best first. */
  contacts(user: string): Binding[] {
    return this.#live(user)
      .filter((binding) => binding.flow.isOpen)
      .sort((a, b) => b.q - a.q || b.expiresAtMs - a.expiresAtMs);
  }

  users(): string[] {
    return [...this.#bindings.keys()].filter((user) => this.contacts(user).length > 0);
  }

  /** The device that `instanceId` names, wherever it is connected now. */
  device(user: string, instanceId: string): Binding | undefined {
    return this.contacts(user).find((binding) => binding.instanceId === instanceId);
  }

  gruu(user: string, instanceId: string): string {
    return `sip:${user}@${this.options.domain};gr=${instanceId.slice(1, -1)}`;
  }

  /** A socket is gone: what was reachable through it no longer is. */
  flowClosed(flow: Flow): void {
    for (const [user, bindings] of [...this.#bindings]) {
      if (bindings.some((binding) => binding.flow === flow)) {
        this.#keep(
          user,
          bindings.filter((binding) => binding.flow !== flow),
        );
      }
    }
  }

  /** Removes all bindings of a user, as an administrator would. */
  expel(user: string): void {
    this.#keep(user, []);
  }

  /** @param endsAtMs when the credentials that this REGISTER used stop working */
  register(user: string, request: SipRequest, flow: Flow, endsAtMs: number): RegisterAnswer {
    const unsupported = request.headers.elements('Require').filter((tag) => !supportedOptions.has(tag));
    if (unsupported.length > 0) {
      return answer(420, 'Bad Extension', [['Unsupported', unsupported.join(', ')]]);
    }
    const contacts = request.headers.elements('Contact');
    const cseq = parseCseq(request.headers.get('CSeq') ?? '')?.number ?? 0;
    const callId = request.headers.get('Call-ID') ?? '';
    if (contacts.includes('*')) return this.#removeAll(user, request, contacts, callId, cseq);
    const wishes = contacts.map((contact) => this.#readWish(contact, request));
    const valid = wishes.filter((wish): wish is Wish => wish !== undefined);
    if (valid.length < wishes.length) return answer(400, 'Bad Contact');
    const { minExpiresSeconds } = this.options;
    if (valid.some(({ expiresSeconds }) => expiresSeconds > 0 && expiresSeconds < minExpiresSeconds)) {
      return answer(423, 'Interval Too Brief', [['Min-Expires', `${minExpiresSeconds}`]]);
    }
    let bindings = this.#live(user);
    const moved: Binding[] = [];
    for (const wish of valid) {
      const existing = bindings.find((binding) => isSameBinding(binding, wish));
      if (existing?.callId === callId && existing.cseq >= cseq) return answer(500, 'CSeq out of order');
      bindings = bindings.filter((binding) => binding !== existing);
      if (wish.expiresSeconds === 0) continue;
      const expiresAtMs = Math.min(this.#nowMs() + wish.expiresSeconds * 1000, endsAtMs);
      const binding = { ...wish, user, callId, cseq, flow, expiresAtMs };
      bindings.push(binding);
      if (existing?.flow !== flow) moved.push(binding);
    }
    if (bindings.length > this.options.maxContactsPerUser) return answer(403, 'Too Many Contacts');
    const isNew = valid.some(({ expiresSeconds }) => expiresSeconds > 0) && this.#live(user).length === 0;
    this.#keep(user, bindings);
    if (isNew) this.emit('registered', user);
    for (const binding of moved) this.emit('bound', binding);
    return this.#accepted(user, request);
  }

  #removeAll(
    user: string,
    request: SipRequest,
    contacts: readonly string[],
    callId: string,
    cseq: number,
  ): RegisterAnswer {
    if (contacts.length > 1 || request.headers.get('Expires') !== '0') return answer(400, 'Bad Contact');
    const isStale = this.#live(user).some((binding) => binding.callId === callId && binding.cseq >= cseq);
    if (isStale) return answer(500, 'CSeq out of order');
    this.#keep(user, []);
    return this.#accepted(user, request);
  }

  #accepted(user: string, request: SipRequest): RegisterAnswer {
    const wantsGruu = request.headers.elements('Supported').includes('gruu');
    const contacts = this.#live(user).map((binding): [string, string] => {
      const seconds = Math.max(1, Math.round((binding.expiresAtMs - this.#nowMs()) / 1000));
      const params = [
        `<${binding.contact}>;expires=${seconds}`,
        ...(binding.instanceId === undefined ? [] : [`+sip.instance="${binding.instanceId}"`]),
        ...(binding.regId === undefined ? [] : [`reg-id=${binding.regId}`]),
        ...(wantsGruu && binding.instanceId !== undefined
          ? [`pub-gruu="${this.gruu(user, binding.instanceId)}"`]
          : []),
      ];
      return ['Contact', params.join(';')];
    });
    const usesOutbound = this.#live(user).some((binding) => binding.regId !== undefined);
    return answer(200, 'OK', [
      ...contacts,
      ['Supported', 'path, outbound, gruu'],
      ...(usesOutbound ? ([['Require', 'outbound']] as const) : []),
      ['Date', new Date(this.#nowMs()).toUTCString()],
    ]);
  }

  #readWish(contact: string, request: SipRequest): Wish | undefined {
    const address = parseNameAddr(contact);
    if (address === undefined || parseUri(address.uri) === undefined) return undefined;
    const { params } = address;
    const wished = params.get('expires') ?? request.headers.get('Expires');
    const expiresSeconds = wished === undefined ? this.options.defaultExpiresSeconds : readNumber(wished);
    const instanceId = params.get('+sip.instance');
    const regId = params.get('reg-id');
    const q = Number(params.get('q') ?? '1');
    const isInstance = instanceId === undefined || isInstanceId(instanceId);
    const isRegId = regId === undefined || readNumber(regId) !== undefined;
    if (expiresSeconds === undefined || !isInstance || !isRegId || !(q >= 0 && q <= 1)) return undefined;
    const maxSeconds = this.options.defaultExpiresSeconds;
    return {
      contact: address.uri,
      instanceId,
      regId,
      q,
      expiresSeconds: Math.min(expiresSeconds, maxSeconds),
    };
  }

  #live(user: string): Binding[] {
    const now = this.#nowMs();
    return (this.#bindings.get(user) ?? []).filter((binding) => binding.expiresAtMs > now);
  }

  #keep(user: string, bindings: readonly Binding[]): void {
    const had = this.#bindings.has(user);
    if (bindings.length > 0) this.#bindings.set(user, [...bindings]);
    else this.#bindings.delete(user);
    if (had && bindings.length === 0) this.emit('unregistered', user);
  }

  #nowMs(): number {
    return this.options.nowMs?.() ?? Date.now();
  }
}

/** `<urn:...>`, RFC 5626 section 4.1, without anything that could end the quotes or brackets it is put in. */
function isInstanceId(text: string): boolean {
  const inner = text.slice(1, -1);
  return (
    text.startsWith('<') &&
    text.endsWith('>') &&
    inner.length > 0 &&
    inner.length <= 128 &&
    everyCharacter(inner, (char) => char > ' ' && char < '\x7f' && !'<>"\\;,?'.includes(char))
  );
}

/** RFC 5626 section 6: the device and its flow number where given, the contact URI elsewhere. */
function isSameBinding(binding: Binding, wish: Wish): boolean {
  if (binding.instanceId !== undefined && binding.regId !== undefined && wish.regId !== undefined) {
    return binding.instanceId === wish.instanceId && binding.regId === wish.regId;
  }
  return binding.contact === wish.contact;
}
