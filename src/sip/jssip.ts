/**
 * The one door to JsSIP. Its own typings are hand-written, need `@types/events` and `@types/debug` at the
 * consumer and leave out what the work-arounds in this room lean on, so the parts that we use are typed here.
 * Everything with a leading underscore is a private hook of the pinned version; contract tests watch each of them.
 *
 * The build leaves out its log lines, whole SIP messages with their Authorization header among them, and puts
 * `jssip-parts` in the place of its larger parts (`browser-bundle.ts`).
 */
// Not the package's main file: that one adds a WebSocket of its own and its whole manifest to every page.
import UA from 'jssip/lib/UA.js';
import type { TimerHandle } from '../core/clock';

export interface RawMessage {
  readonly method: string;
  readonly body: string | null;
  readonly call_id: string;
  readonly from_tag: string;
  readonly to_tag: string;
  getHeader(name: string): string | undefined;
  getHeaders(name: string): string[];
  hasHeader(name: string): boolean;
}

export interface RawRequest extends RawMessage {
  /** Of our responses, once JsSIP has made a session of the request. */
  to_tag: string;
  readonly via_branch: string;
  cseq: number;
  readonly server_transaction: RawTransaction;
  readonly from: RawNameAddress;
  readonly headers: Readonly<Record<string, readonly { readonly raw: string }[]>>;
  reply(
    statusCode: number,
    reasonPhrase?: string | null,
    extraHeaders?: string[],
    body?: string | null,
    onSent?: () => void,
    onFailed?: () => void,
  ): void;
}

export interface RawResponse extends RawMessage {
  readonly headers: Record<string, { raw: string; readonly parsed?: RawNameAddressParams }[] | undefined>;
  readonly status_code: number;
  readonly reason_phrase: string;
  readonly cseq: number;
  parseHeader(name: string): { stale?: boolean | null } | undefined;
}

/** What JsSIP makes of one Contact. */
export interface RawNameAddressParams {
  readonly uri: { readonly user: string | null };
  getParam(name: string): string | null | undefined;
  setParam(name: string, value: string): void;
  deleteParam(name: string): void;
}

export interface RawNameAddress {
  readonly display_name: string | null;
  readonly uri: { readonly user: string | null; readonly host: string; toString(): string };
}

/** What a client transaction tells its user. */
export interface RawTransactionHandlers {
  onReceiveResponse(response: RawResponse): void;
  onTransportError(): void;
  onRequestTimeout(): void;
}

export interface RawTransaction {
  readonly type: 'nict' | 'ict' | 'nist' | 'ist';
  state: number;
  request: RawOutgoingRequest;
  eventHandlers: RawTransactionHandlers;
  readonly transport: { isConnected(): boolean; send(message: unknown): boolean };
  /** Timer B of an INVITE client transaction. */
  readonly B?: TimerHandle;
  readonly constructor: new (
    userAgent: object,
    transport: RawTransaction['transport'],
    request: RawOutgoingRequest,
    handlers: RawTransactionHandlers,
  ) => RawTransaction;
  /** Client transactions only. */
  send?(): void;
  /** Server transactions only. */
  readonly last_response?: unknown;
  cancel?(reason?: string): void;
  onTransportError(): void;
  on(event: 'stateChanged', listener: () => void): void;
}

/** Transaction states (Transactions.js of the pinned version). */
export const TRANSACTION_STATE = { proceeding: 2, calling: 3, accepted: 4, completed: 5 } as const;

export interface RawOutgoingRequest {
  readonly method: string;
  readonly to_tag?: string;
  readonly call_id: string;
  body: string | null;
}

/** The initial INVITE of an outbound session. */
export interface RawInvite extends RawOutgoingRequest {
  cseq: number;
  readonly transaction: RawTransaction | null;
  clone(): RawInvite;
  setHeader(name: string, value: string): void;
}

export interface RequestHandlers {
  onSuccessResponse?: (response: RawResponse) => void;
  onErrorResponse?: (response: RawResponse) => void;
  onTransportError?: () => void;
  onRequestTimeout?: () => void;
  onDialogError?: (response: RawResponse) => void;
}

export interface RawDialog {
  readonly id: { readonly call_id: string; readonly local_tag: string; readonly remote_tag: string };
  _outgoing_ack_seqnum: number | null;
  readonly uac_pending_reply: boolean;
  readonly uas_pending_reply: boolean;
  sendRequest(
    method: string,
    options?: { extraHeaders?: string[]; body?: string; eventHandlers?: RequestHandlers },
  ): RawOutgoingRequest;
  terminate(): void;
}

export interface RawEnd {
  readonly originator: 'local' | 'remote' | 'system';
  /** The words of an exception, where the browser failed. */
  readonly message: RawRequest | RawResponse | string | null;
  readonly cause: string;
}

export interface TerminateOptions {
  status_code?: number;
  reason_phrase?: string;
  cause?: string;
  extraHeaders?: string[];
}

/** RTCSession, as far as this room uses it. */
export interface RawSession {
  readonly id: string;
  readonly status: number;
  readonly connection: RTCPeerConnection | null;
  readonly direction: 'incoming' | 'outgoing';
  readonly remote_identity: RawNameAddress;
  readonly contact: string;
  answer(options: Record<string, unknown>): void;
  terminate(options?: TerminateOptions): void;
  sendRequest(
    method: string,
    options?: { extraHeaders?: string[]; body?: string; eventHandlers?: RequestHandlers },
  ): RawOutgoingRequest | undefined;
  isEnded(): boolean;
  on(event: string, listener: (data: never) => void): void;
  onTransportError(): void;
  onRequestTimeout(): void;
  onDialogError(): void;
  receiveRequest(request: RawRequest): void;
  _request: { readonly call_id: string };
  readonly _ua: { readonly _sessions: Record<string, RawSession> };
  _close(): void;
  readonly _timers: { readonly expiresTimer: TimerHandle | null; readonly ackTimer: TimerHandle | null };
  _setACKTimer(): void;
  _dialog?: RawDialog | null | undefined;
  _from_tag: string | null;
  _to_tag: string | null;
  _createDialog(message: RawResponse, type: 'UAC'): boolean;
  _connectionPromiseQueue: Promise<unknown>;
  _status: number;
  readonly _is_confirmed: boolean;
  _acceptAndTerminate(response: RawResponse, statusCode?: number, reasonPhrase?: string): void;
  _receiveInviteResponse(response: RawResponse): void;
  _toggleMuteAudio(mute: boolean): void;
  _toggleMuteVideo(mute: boolean): void;
}

/** RTCSession states (RTCSession.js of the pinned version). */
export const SESSION_STATUS = {
  inviteSent: 1,
  provisional: 2,
  waitingForAck: 6,
  canceled: 7,
  terminated: 8,
  confirmed: 9,
} as const;

/** Causes that JsSIP names (Constants.js of the pinned version). */
export const CAUSE = {
  rtpTimeout: 'RTP Timeout',
  noAnswer: 'No Answer',
  noAck: 'No ACK',
  expires: 'Expires',
  canceled: 'Canceled',
  connectionError: 'Connection Error',
  requestTimeout: 'Request Timeout',
} as const;

/** What JsSIP tells of a session that begins. */
export interface RawNewSession {
  readonly originator: 'local' | 'remote' | 'system';
  readonly session: RawSession;
  readonly request: RawRequest;
}

/** What JsSIP asks of a socket (its Socket.js). */
export interface RawSocket {
  readonly url: string;
  readonly sip_uri: string;
  readonly via_transport: string;
  connect(): void;
  disconnect(): void;
  send(message: string): boolean;
  isConnected(): boolean;
  isConnecting(): boolean;
  onconnect: () => void;
  ondisconnect: (error: boolean, code?: number, reason?: string) => void;
  ondata: (data: string) => void;
}

export interface RawRegistrationFailure {
  readonly response: RawResponse | null;
  readonly cause?: string | null;
}

export interface RawTransport {
  connect(): void;
  isConnecting(): boolean;
  /** Waits 2 s and more, and connects. */
  _reconnect: () => void;
}

export interface RawUserAgent {
  readonly status: number;
  readonly contact: {
    pub_gruu: string | null;
    uri: { readonly user: string | null; toString(): string };
    toString(): string;
  };
  readonly transport: RawTransport;
  readonly _sessions: Readonly<Record<string, RawSession | undefined>>;
  /** `register`: whether it registers by itself when a connection opens. */
  readonly _dynConfiguration: { register: boolean };
  readonly _registrator: {
    _registered: boolean;
    _registering: boolean;
    readonly _registrationTimer: TimerHandle | null;
    readonly _expires: number;
    readonly _sipInstance: string | null;
  };
  start(): void;
  stop(): void;
  register(): void;
  unregister(): void;
  isRegistered(): boolean;
  isConnected(): boolean;
  call(target: string, options: Record<string, unknown>): RawSession;
  set(parameter: string, value: unknown): boolean;
  on(event: string, listener: (data: never) => void): void;
  removeAllListeners(): void;
}

// The declarations beside the module describe another shape than what it exports.
const RawUA = UA as unknown as new (configuration: Record<string, unknown>) => RawUserAgent;

/** Builds a user agent; throws when the pinned version refuses the configuration. */
export function createRawUserAgent(configuration: Record<string, unknown>): RawUserAgent {
  return new RawUA(configuration);
}
