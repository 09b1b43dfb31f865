/** What went over the wire, for tests to wait on and for people to read. Secrets are taken out first. */
import EventEmitter from 'eventemitter3';
import { waitFor } from '../wait';
import type { Flow } from './flow';
import type { SipMessage } from './message';
import { serializeMessage, Headers } from './message';

export interface TraceEntry {
  readonly at: Date;
  /** As seen from the sandbox. */
  readonly direction: 'received' | 'sent';
  /** The agent's user_uuid or the customer's number; undefined before the socket has authenticated. */
  readonly peer: string | undefined;
  readonly peerKind: 'agent' | 'customer' | undefined;
  /** Names the socket, so that two of one agent can be told apart. */
  readonly flowId: string;
  /** The method of a request, and of the request that a response answers. */
  readonly method: string;
  /** Undefined for a request. */
  readonly status: number | undefined;
  readonly callId: string;
  /** The whole message, with the values of Authorization and the like replaced. */
  readonly text: string;
}

export interface TraceEvents {
  message: [entry: TraceEntry];
}

/** Headers whose values are secrets or could be replayed. */
const secretHeaders = new Set([
  'authorization',
  'proxy-authorization',
  'www-authenticate',
  'proxy-authenticate',
  'authentication-info',
]);

/** Keeps the newest messages; a call takes about 20. */
const keptEntries = 2000;

export class Trace extends EventEmitter<TraceEvents> {
  #entries: TraceEntry[] = [];

  /** The newest messages, oldest first. */
  get entries(): readonly TraceEntry[] {
    return this.#entries;
  }

  /** @internal */
  record(direction: TraceEntry['direction'], flow: Flow, message: SipMessage): void {
    const entry: TraceEntry = {
      at: new Date(),
      direction,
      peer: flow.identity?.user,
      peerKind: flow.identity?.kind,
      flowId: flow.id,
      method:
        message.kind === 'request'
          ? message.method
          : (message.headers.get('CSeq') ?? '').split(' ').slice(1).join(' '),
      status: message.kind === 'response' ? message.status : undefined,
      callId: message.headers.get('Call-ID') ?? '',
      text: redacted(message),
    };
    this.#entries.push(entry);
    if (this.#entries.length > keptEntries * 1.5) this.#entries = this.#entries.slice(-keptEntries);
    this.emit('message', entry);
  }

  /** Messages that match, oldest first. */
  find(matches: (entry: TraceEntry) => boolean): TraceEntry[] {
    return this.#entries.filter(matches);
  }

  /**
   * The first message that matches: of those already seen, or the next to come.
   * @param timeoutMs default 5000
   * @throws Error when none came in time
   */
  waitFor(
    matches: (entry: TraceEntry) => boolean,
    options: { readonly timeoutMs?: number; readonly onlyNew?: boolean } = {},
  ): Promise<TraceEntry> {
    const seen = options.onlyNew === true ? undefined : this.#entries.find(matches);
    if (seen !== undefined) return Promise.resolve(seen);
    return waitFor<TraceEntry>('a SIP message', options.timeoutMs ?? 5000, (resolve) => {
      const listener = (entry: TraceEntry): void => {
        if (matches(entry)) resolve(entry);
      };
      this.on('message', listener);
      return () => this.off('message', listener);
    });
  }
}

function redacted(message: SipMessage): string {
  const headers = message.headers.list.map((header) =>
    secretHeaders.has(header.name.toLowerCase()) ? { name: header.name, value: '[redacted]' } : header,
  );
  return serializeMessage({ ...message, headers: new Headers(headers) });
}
