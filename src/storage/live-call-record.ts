/** What a SIP dialog is (RFC 3261 section 12), apart from its media. */
export interface StoredDialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly localUri: string;
  readonly remoteUri: string;
  readonly remoteTarget: string;
  /** Route header values, in the order in which requests carry them. */
  readonly routeSet: readonly string[];
  readonly localCseq: number;
  /** 0 while the far end has sent no request. */
  readonly remoteCseq: number;
}

/** One live call as a later page needs it to go on. Nothing in it opens a door: no token, password or media key. */
export interface LiveCallRecord {
  readonly dialog: StoredDialog;
  /** Whose call it is: API and user. */
  readonly scope: string;
  /** The phone (RFC 5626 section 4.1) that held the call; its page holds the Web Lock of that name. */
  readonly instanceId: string;
  /** Address of record that the call is held under. */
  readonly accountUri: string;
  readonly direction: 'inbound' | 'outbound';
  readonly remoteIdentity: string;
  readonly remoteDisplayName?: string;
  readonly customHeaders: Readonly<Record<string, string>>;
  readonly isMuted: boolean;
  readonly isOnHold: boolean;
  /** Whether the far end said `Supported: replaces` (RFC 3891). */
  readonly canReplace: boolean;
  /** The `o=` line of the last description that was sent (RFC 8866 section 5.2). */
  readonly sdpOrigin?: string;
  readonly acceptedAtMs: number;
  /** Last sign of life of the page that holds the call, on the wall clock. */
  readonly aliveAtMs: number;
}

// Far above what a dialog holds, and a bound on what a hostile script could have us send.
const LONGEST_TEXT = 2048;
const MOST_ROUTES = 32;
/** All custom headers together; they come from one SIP message. */
const LONGEST_HEADERS = 65_536;
// RFC 3261 section 8.1.1.5.
const CSEQ_LIMIT = 2 ** 31;

/**
 * A record out of a database that every script of the page can write to; undefined for what cannot be one. A control
 * character would become a SIP header of its own.
 */
export function readLiveCallRecord(value: unknown): LiveCallRecord | undefined {
  if (!isObject(value) || !isObject(value['dialog'])) return undefined;
  const { dialog } = value;
  const { routeSet } = dialog;
  const isGood =
    ['callId', 'localTag', 'remoteTag'].every((name) => isToken(dialog[name])) &&
    ['localUri', 'remoteUri', 'remoteTarget'].every((name) => isSipUri(dialog[name])) &&
    Array.isArray(routeSet) &&
    routeSet.length <= MOST_ROUTES &&
    routeSet.every((route) => isText(route) && /^<sips?:[^<>\s]+>[^<>\s]*$/i.test(route)) &&
    isCseq(dialog['localCseq']) &&
    isCseq(dialog['remoteCseq']) &&
    ['scope', 'instanceId', 'remoteIdentity'].every((name) => isText(value[name])) &&
    isSipUri(value['accountUri']) &&
    ['inbound', 'outbound'].includes(value['direction'] as string) &&
    (value['sdpOrigin'] === undefined || isText(value['sdpOrigin'])) &&
    (value['remoteDisplayName'] === undefined || typeof value['remoteDisplayName'] === 'string') &&
    isHeaders(value['customHeaders']) &&
    ['isMuted', 'isOnHold', 'canReplace'].every((name) => typeof value[name] === 'boolean') &&
    ['acceptedAtMs', 'aliveAtMs'].every((name) => Number.isFinite(value[name]));
  return isGood ? (value as unknown as LiveCallRecord) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT && !/[\u0000-\u001f\u007f]/.test(value);
}

/** Call-ID and tags: no white space, and nothing that ends a header parameter. */
function isToken(value: unknown): boolean {
  return isText(value) && /^[^\s;,<>"]+$/.test(value);
}

function isSipUri(value: unknown): boolean {
  return isText(value) && /^sips?:[^\s<>"]+$/i.test(value);
}

function isCseq(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < CSEQ_LIMIT;
}

function isHeaders(value: unknown): boolean {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.flat().every((text) => typeof text === 'string') &&
    entries.flat().join('').length <= LONGEST_HEADERS
  );
}
