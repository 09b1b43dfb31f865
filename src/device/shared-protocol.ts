import type { Call, CallEvents, DisconnectInfo } from '../call/call';
import type { CallStatus } from '../call/call-state';
import type { LiveCall } from '../call/live-call';
import { plainError, readError } from '../tabs/rpc';
import { isSharedChoices, type SharedChoices } from './shared-choices';

/** Of the channel and the lock: tabs with another SDK that speaks otherwise do not meet. */
export const SHARING_VERSION = 1;

/** Where the agent's one registration is. */
export type SharedRegistration = 'unregistered' | 'registered' | 'reconnecting';

/** One call, as the tabs that do not carry it see it. */
export interface SharedCallState {
  /** Of the tab that carries it; the same in all tabs. */
  readonly id: string;
  /** Of the SIP dialog. A tab with SDK 0.3.0 does not say it. */
  readonly callId?: string;
  readonly direction: Call['direction'];
  readonly remoteIdentity?: string;
  readonly remoteDisplayName?: string;
  readonly customHeaders: Readonly<Record<string, string>>;
  readonly status: CallStatus;
  readonly isMuted: boolean;
  readonly isOnHold: boolean;
  readonly isOnRemoteHold: boolean;
  /** How long both sides have been connected, in milliseconds; absent before. */
  readonly acceptedForMs?: number;
}

/** A call as the tab that carries it has it. */
export type CarriedCall = Call & Pick<LiveCall, 'acceptedForMs'>;

/** What the leader tells: everything there is to know. */
export interface SharedView {
  readonly registration: SharedRegistration;
  /** Why it is not registered, where the server or the agent said so. */
  readonly reason?: string;
  /** Of `reconnecting`. */
  readonly attempt: number;
  /** Whether a tab that takes over registers: the agent asked for it and has not taken it back. */
  readonly isWanted: boolean;
  /** The instance (RFC 5626) of the registration: who takes over replaces it instead of adding another. */
  readonly instanceId: string;
  readonly calls: readonly SharedCallState[];
  /** Whether no tab may ring, in which a call should be heard. */
  readonly isRingtoneBlocked?: boolean;
  /** The tab that rings in place of the leader. */
  readonly ringer?: string;
  /** Whether calls that the leader before carried may still come back here. */
  readonly isRecovering?: boolean;
  /** What a tab that takes over goes on with. */
  readonly choices?: SharedChoices;
}

/** Levels stay in the tab that has the audio: they are many, and listening to them is what starts the meters. */
export type SharedCallEvent = Exclude<keyof CallEvents, 'inputLevel' | 'outputLevel' | 'speakingWhileMuted'>;

/** What the leader tells of one call. */
export interface SharedCallNews {
  readonly call: SharedCallState;
  readonly event: SharedCallEvent | 'shared';
  /** The event's payload as plain data; of `shared` the tab that asked for the call. */
  readonly detail?: unknown;
}

type Plain = Partial<Record<string, unknown>>;

// Far above every real header or name: only so that nobody fills the memory of a tab. What is longer is cut where it
// is written, since a caller chooses it, and refused where it is read.
const LONGEST_TEXT = 4_096;
export const MOST_CALLS = 64;
const MOST_HEADERS = 64;

const STATUSES: readonly unknown[] = ['pending', 'ringing', 'accepted', 'disconnected', 'failed'];
const REGISTRATIONS: readonly unknown[] = ['unregistered', 'registered', 'reconnecting'];
const INITIATORS: readonly unknown[] = ['local', 'remote', 'network'];

/** Payload to plain data and back; undefined for what is not that event's payload. */
interface Payload<T extends readonly unknown[]> {
  readonly write: (...args: T) => unknown;
  readonly read: (detail: unknown) => T | undefined;
}

const nothing: Payload<[]> = { write: () => undefined, read: () => [] };
const flag: Payload<[boolean]> = {
  write: (on) => on,
  read: (on) => (typeof on === 'boolean' ? [on] : undefined),
};
/** Of values that are plain already: checked for being a flat record, not field by field. */
function record<T extends object>(isGood: (value: Plain) => boolean): Payload<[T]> {
  return {
    write: (value) => Object.fromEntries(Object.entries(value).map(([name, part]) => [name, cut(part)])),
    read: (value) => (isRecord(value) && isGood(value) ? [Object.freeze(value) as T] : undefined),
  };
}

/** Every event of a call that is shared, so that a new one cannot be forgotten here. */
export const CALL_PAYLOADS: { readonly [K in SharedCallEvent]: Payload<CallEvents[K]> } = {
  ringing: record(({ hasEarlyMedia }) => typeof hasEarlyMedia === 'boolean'),
  accepted: nothing,
  disconnect: record<DisconnectInfo>(
    ({ reason, code, cause, initiator, durationMs }) =>
      isText(reason) &&
      isText(cause) &&
      INITIATORS.includes(initiator) &&
      typeof durationMs === 'number' &&
      (code === undefined || typeof code === 'number'),
  ),
  error: { write: plainError, read: (error) => (isRecord(error) ? [readError(error)] : undefined) },
  mute: flag,
  inputMuted: flag,
  deviceLost: record(isDeviceNews),
  deviceRecovered: record(isDeviceNews),
  hold: flag,
  remoteHold: flag,
  reconnecting: record(({ cause }) => cause === 'signaling' || cause === 'media'),
  reconnected: nothing,
  quality: record((sample) => sample['at'] instanceof Date),
  warning: record(
    ({ name, value, threshold }) =>
      isText(name) && typeof value === 'number' && typeof threshold === 'number',
  ),
  warningCleared: record(({ name }) => isText(name)),
  audioBlocked: nothing,
  audioUnblocked: nothing,
};

export function stateOf(id: string, call: CarriedCall): SharedCallState {
  const { callId, direction, remoteIdentity, remoteDisplayName, customHeaders, acceptedForMs } = call;
  return {
    id,
    callId: cut(callId),
    direction,
    ...(remoteIdentity === undefined ? {} : { remoteIdentity: cut(remoteIdentity) }),
    ...(remoteDisplayName === undefined ? {} : { remoteDisplayName: cut(remoteDisplayName) }),
    customHeaders: Object.fromEntries(
      Object.entries(customHeaders)
        .slice(0, MOST_HEADERS)
        .map(([name, value]) => [cut(name), cut(value)]),
    ),
    status: call.getStatus(),
    isMuted: call.isMuted(),
    isOnHold: call.isOnHold(),
    isOnRemoteHold: call.isOnRemoteHold(),
    ...(acceptedForMs === undefined ? {} : { acceptedForMs }),
  };
}

/** No longer than whoever reads it takes. */
export function cut<T>(value: T): T {
  return typeof value === 'string' ? (value.slice(0, LONGEST_TEXT) as T & string) : value;
}

/** What another tab claims to be a view; undefined when it is none. */
export function readView(body: unknown): SharedView | undefined {
  if (!isRecord(body)) return undefined;
  const {
    registration,
    reason,
    attempt,
    isWanted,
    instanceId,
    calls,
    isRecovering,
    isRingtoneBlocked,
    ringer,
    choices,
  } = body;
  const isView =
    REGISTRATIONS.includes(registration) &&
    (reason === undefined || isText(reason)) &&
    typeof attempt === 'number' &&
    typeof isWanted === 'boolean' &&
    isText(instanceId) &&
    [isRecovering, isRingtoneBlocked].every((flag) => flag === undefined || typeof flag === 'boolean') &&
    (ringer === undefined || isText(ringer)) &&
    (choices === undefined || isSharedChoices(choices)) &&
    Array.isArray(calls) &&
    calls.length <= MOST_CALLS &&
    calls.every(isCallState);
  return isView ? (body as unknown as SharedView) : undefined;
}

/** What another tab claims to be news of a call; undefined when it is none. */
export function readCallNews(body: unknown): SharedCallNews | undefined {
  if (!isRecord(body) || !isCallState(body['call'])) return undefined;
  const { event } = body;
  const isKnown = event === 'shared' || (typeof event === 'string' && Object.hasOwn(CALL_PAYLOADS, event));
  return isKnown ? (body as unknown as SharedCallNews) : undefined;
}

function isCallState(value: unknown): value is SharedCallState {
  if (!isRecord(value)) return false;
  const { id, callId, direction, remoteIdentity, remoteDisplayName, customHeaders, status, acceptedForMs } =
    value;
  return (
    isText(id) &&
    (callId === undefined || isText(callId)) &&
    (direction === 'inbound' || direction === 'outbound') &&
    (remoteIdentity === undefined || isText(remoteIdentity)) &&
    (remoteDisplayName === undefined || isText(remoteDisplayName)) &&
    isRecord(customHeaders) &&
    Object.keys(customHeaders).length <= MOST_HEADERS &&
    Object.values(customHeaders).every(isText) &&
    STATUSES.includes(status) &&
    (acceptedForMs === undefined || Number.isFinite(acceptedForMs)) &&
    [value['isMuted'], value['isOnHold'], value['isOnRemoteHold']].every((on) => typeof on === 'boolean')
  );
}

function isDeviceNews({ kind, device }: Plain): boolean {
  return (
    (kind === 'audioinput' || kind === 'audiooutput') &&
    isRecord(device) &&
    Object.values(device).every(isText)
  );
}

function isRecord(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT;
}
