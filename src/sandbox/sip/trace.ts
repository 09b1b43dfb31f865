/** What went over the wire, for tests to wait on and for people to read. Secrets are taken out first. */
import { TypedEmitter } from '../../core/emitter';
import type { WaitOptions } from '../contract/customer-call';
import type { Trace, TraceEntry, TraceEvents } from '../contract/trace';
import { waitFor } from '../wait';
import type { Flow } from './flow';
import type { SipMessage } from './message';
import { serializeMessage, Headers } from './message';

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

export class SipTrace extends TypedEmitter<TraceEvents> implements Trace {
  #entries: TraceEntry[] = [];

  get entries(): readonly TraceEntry[] {
    return this.#entries;
  }

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

  find(matches: (entry: TraceEntry) => boolean): TraceEntry[] {
    return this.#entries.filter(matches);
  }

  waitFor(
    matches: (entry: TraceEntry) => boolean,
    options: WaitOptions & { readonly onlyNew?: boolean } = {},
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
