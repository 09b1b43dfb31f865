import type { CallReport } from '../call/call-report';
import { nowMs } from '../core/clock';
import { KnownSecrets } from '../core/known-secrets';
import type { LogBook, LogLineLevel } from '../core/log-book';
import { Pseudonyms } from '../core/pseudonyms';
import { redactGrammar } from '../core/redact';
import { VERSION } from '../core/version';
import type { AudioDevice } from '../media/devices';
import { redactUris } from '../sip/redact-address';
import { redactSipMessage } from '../sip/redact-message';

/** A line of the log in a {@link Diagnostics} bundle. */
export interface DiagnosticLine {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** As in the option `logLevel`; the bundle has all of them, whatever that option is. */
  readonly level: LogLineLevel;
  /** The part of the SDK that wrote it. */
  readonly scope: string;
  /** What happened. */
  readonly message: string;
  /** More of it, as plain data. */
  readonly details?: unknown;
}

/** A SIP message, or the begin or end of a connection, in a {@link Diagnostics} bundle. */
export interface DiagnosticMessage {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** `opened` and `closed` are about the WebSocket, the others about a SIP message. */
  readonly kind: 'opened' | 'closed' | 'sent' | 'received';
  /** The message, or scheme and host of the server. */
  readonly text: string;
}

/**
 * What support needs to say why a phone did what it did: plain data, at most about 1 MB as JSON. Credentials, telephone
 * numbers, IP addresses and the persons that took part are not in it; who is the same person can be seen (`party-1`).
 * Of what people wrote themselves (a comment, the label of a device) this holds as far as a number looks like one and a
 * person took part in a call that is still told of.
 */
export interface Diagnostics {
  /** Of this format. */
  readonly formatVersion: 1;
  /** Of the SDK. */
  readonly sdkVersion: string;
  /** When it was put together; ISO 8601, UTC. */
  readonly createdAt: string;
  /** What the Device said of itself at that moment, and its options that are plain values. */
  readonly device: Readonly<Record<string, unknown>>;
  /** The browser, its network and the page. */
  readonly environment: Readonly<Record<string, unknown>>;
  /** Microphones and speakers with their labels, as the browser lists them within 3 s; without the owner of "Ada's AirPods". */
  readonly audioDevices: readonly Pick<AudioDevice, 'kind' | 'label'>[];
  /**
   * The last 20 calls that are over, the oldest first, and those that go on: as `call.getReport()`; of those that go on
   * also `isMuted`, `isOnHold` and `isOnRemoteHold`.
   */
  readonly calls: readonly unknown[];
  /** The last 500 lines of the log at any level. */
  readonly log: readonly DiagnosticLine[];
  /** The last 300 SIP messages. */
  readonly messages: readonly DiagnosticMessage[];
  /**
   * With `multiTab`, in a tab that does not lead: what that tab knows itself, while the rest is of the tab that leads.
   * Each has its own `party-1`. Absent where the tab that leads did not answer: the rest is then of the tab that was asked.
   */
  readonly follower?: Diagnostics;
}

/** What is told of a call: its report, and of one that goes on what a report leaves out. */
export interface DiagnosedCall extends CallReport {
  readonly isMuted?: boolean;
  readonly isOnHold?: boolean;
  readonly isOnRemoteHold?: boolean;
}

/** What a bundle is made of. */
export interface DiagnosticSources {
  readonly book: LogBook;
  readonly device: Readonly<Record<string, unknown>>;
  readonly audioDevices: readonly Pick<AudioDevice, 'kind' | 'label'>[];
  readonly calls: readonly DiagnosedCall[];
  /** Users, numbers, SIP URIs and display names that took part. */
  readonly persons: readonly (string | undefined)[];
  /** What must not be in it in any form. */
  readonly secrets: readonly unknown[];
}

/**
 * Puts a bundle together. Each part is redacted as what it is: persons are looked for in what people read and in SIP
 * addresses; names of members, numbers, dates and words of the SDK's own stay, whatever somebody is called.
 */
export function collectDiagnostics(sources: DiagnosticSources): Diagnostics {
  const names = new Pseudonyms();
  const secrets = new KnownSecrets(sources.secrets);
  const cutSecrets = (text: string) => secrets.cut(text);
  const hide = (text: string) => names.hide(redactUris(secrets.cut(text), names));
  for (const person of sources.persons) if (person !== undefined) names.of(userOf(person));
  // First, because they tell who took part.
  const messages = sources.book.messages.map(({ atMs, kind, text }) => ({
    at: iso(atMs),
    kind,
    text:
      kind === 'opened' || kind === 'closed'
        ? shownConnection(text, cutSecrets, hide)
        : redactSipMessage(text, { names, cutSecrets }),
  }));
  return {
    formatVersion: 1,
    sdkVersion: VERSION,
    createdAt: iso(nowMs()),
    device: plain(sources.device, (text) => text) as Record<string, unknown>,
    environment: plain(environment(), (text) => text) as Record<string, unknown>,
    audioDevices: sources.audioDevices.map(({ kind, label }) => ({ kind, label: hide(withoutOwner(label)) })),
    calls: sources.calls.map((call) => plain(shownCall(call, cutSecrets, hide), (text) => text)),
    log: sources.book.lines.map(({ atMs, level, scope, message, details }) => ({
      at: iso(atMs),
      level,
      scope,
      message: hide(message),
      ...(details === undefined ? {} : { details: plain(details, hide) }),
    })),
    messages,
  };
}

/** A report names nobody but in the words of people and of far ends. */
function shownCall(
  call: DiagnosedCall,
  cutSecrets: (text: string) => string,
  hide: (text: string) => string,
): DiagnosedCall {
  const { callId, end, feedback } = call;
  return {
    ...call,
    // As in the messages, so that they can be found.
    callId: redactGrammar(cutSecrets(callId)),
    ...(end ? { end: { ...end, cause: hide(end.cause) } } : {}),
    ...(feedback?.comment === undefined
      ? {}
      : { feedback: { ...feedback, comment: hide(feedback.comment) } }),
  };
}

/** A copy that changes no more and that JSON keeps whole, with every text `shown`. Depth is bounded. */
function plain(value: unknown, shown: (text: string) => string, depth = 12): unknown {
  if (typeof value === 'string') return shown(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return shown(String(value));
  if (typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'object') return undefined;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth === 0) return '[...]';
  if (Array.isArray(value)) return value.map((item) => plain(item, shown, depth - 1) ?? null);
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const copy = plain(item, shown, depth - 1);
      return copy === undefined ? [] : [[key, copy]];
    }),
  );
}

/** Of `sip:ada@pbx.test` Ada, who goes by that name elsewhere. */
function userOf(person: string): string {
  return /^sips?:([^:;]+)[^@]*@/i.exec(person)?.[1] ?? person;
}

/** `wss://host 1006 words of the server`: the URL of a connection, and how it ended. */
function shownConnection(
  text: string,
  cutSecrets: (text: string) => string,
  hide: (text: string) => string,
): string {
  const [, url = '', code = '', reason = ''] = /^(\S*)( \d+)?([^]*)$/.exec(text) ?? [];
  return redactGrammar(cutSecrets(url)) + code + hide(reason);
}

// Longer than any label, so that hostile ones take no time.
const LONGEST_LABEL = 200;

/** Systems name a headset after whoever owns it: "Ada's AirPods", "AirPods von Ada". */
function withoutOwner(label: string): string {
  return label
    .slice(0, LONGEST_LABEL)
    .replace(/^([^(]* - )?[^(]*?(['’]s )/, '$1[owner]$2')
    .replace(
      /\b((?:AirPods|Beats|iPhone|iPad|Mac)[\p{L}\d ]*?) (von|van|de|di|da|do|af|av|från|od|fra) [^()]+/u,
      '$1 $2 [owner] ',
    )
    .trim();
}

interface EnvironmentGlobals {
  readonly navigator?: Partial<Navigator> & {
    /** W3C Network Information, Chromium only. */
    readonly connection?: Readonly<
      Record<'effectiveType' | 'type' | 'rtt' | 'downlink' | 'saveData', unknown>
    >;
    readonly deviceMemory?: number;
  };
  readonly isSecureContext?: boolean;
  readonly crossOriginIsolated?: boolean;
}

function environment(): Record<string, unknown> {
  const { navigator, isSecureContext, crossOriginIsolated } = globalThis as EnvironmentGlobals;
  const { effectiveType, type, rtt, downlink, saveData } = navigator?.connection ?? {};
  return {
    userAgent: navigator?.userAgent,
    languages: navigator?.languages,
    hardwareConcurrency: navigator?.hardwareConcurrency,
    deviceMemoryGiB: navigator?.deviceMemory,
    network: { effectiveType, type, rttMs: rtt, downlinkMegabitsPerSecond: downlink, saveData },
    isSecureContext,
    crossOriginIsolated,
  };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
