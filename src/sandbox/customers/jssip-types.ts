/** The part of JsSIP 3.13.8 that customers use, as it is and not as its own typings say. */
import type { ConnectionConfig } from '../media/peer-connection';

export interface JsSipMessage {
  readonly method: string;
  readonly body: string | null;
  readonly status_code?: number;
  readonly reason_phrase?: string;
  readonly headers: Readonly<Record<string, readonly { readonly raw: string }[]>>;
  getHeader(name: string): string | undefined;
  reply(
    status: number,
    reason?: string | null,
    extraHeaders?: readonly string[] | null,
    body?: string | null,
    onSuccess?: () => void,
    onFailure?: () => void,
  ): void;
  readonly from: { readonly uri: JsSipUri; readonly display_name: string | null };
}

export interface JsSipUri {
  readonly user: string;
  toString(): string;
}

/** What JsSIP wants of a media stream; customers' audio does not come from one. */
export interface EmptyStream {
  getTracks(): readonly [];
  getAudioTracks(): readonly [];
  getVideoTracks(): readonly [];
}

export interface SessionOptions {
  readonly mediaStream: EmptyStream;
  readonly mediaConstraints: { readonly audio: boolean; readonly video: boolean };
  readonly pcConfig: ConnectionConfig;
  readonly extraHeaders?: readonly string[];
  readonly fromDisplayName?: string;
}

export interface EndEvent {
  readonly originator: 'local' | 'remote' | 'system';
  readonly cause: string;
  readonly message: JsSipMessage | null;
}

export interface SessionEvents {
  progress: (event: { readonly originator: string; readonly response?: JsSipMessage | null }) => void;
  accepted: () => void;
  confirmed: () => void;
  ended: (event: EndEvent) => void;
  failed: (event: EndEvent) => void;
  hold: (event: { readonly originator: 'local' | 'remote' }) => void;
  unhold: (event: { readonly originator: 'local' | 'remote' }) => void;
  newDTMF: (event: {
    readonly originator: 'local' | 'remote';
    readonly dtmf: { readonly tone: string };
  }) => void;
  refer: (event: {
    accept: (onSession: (session: JsSipSession) => void, options: SessionOptions) => void;
    reject: () => void;
    readonly request: JsSipMessage;
  }) => void;
}

export interface JsSipSession {
  readonly direction: 'incoming' | 'outgoing';
  readonly remote_identity: { readonly uri: JsSipUri; readonly display_name: string | null };
  on<Name extends keyof SessionEvents>(name: Name, listener: SessionEvents[Name]): this;
  answer(options: SessionOptions): void;
  terminate(options?: {
    status_code?: number;
    reason_phrase?: string;
    extraHeaders?: readonly string[];
  }): void;
  isEnded(): boolean;
  isEstablished(): boolean;
  hold(options?: object, done?: () => void): boolean;
  unhold(options?: object, done?: () => void): boolean;
}

export interface JsSipUserAgent {
  start(): void;
  stop(): void;
  call(target: string, options: SessionOptions): JsSipSession;
  on(
    name: 'newRTCSession',
    listener: (event: {
      readonly originator: 'local' | 'remote';
      readonly session: JsSipSession;
      readonly request: JsSipMessage;
    }) => void,
  ): this;
  on(name: 'connected', listener: () => void): this;
}

/** JsSIP's transport interface. */
export interface JsSipSocket {
  readonly via_transport: string;
  readonly url: string;
  readonly sip_uri: string;
  connect(): void;
  disconnect(): void;
  send(data: string): boolean;
  onconnect?: () => void;
  ondisconnect?: (error: boolean, code?: number, reason?: string) => void;
  ondata?: (data: string) => void;
}

export interface UserAgentConfiguration {
  readonly sockets: readonly JsSipSocket[];
  readonly uri: string;
  readonly display_name?: string;
  readonly register: boolean;
  readonly session_timers: boolean;
  readonly user_agent: string;
  readonly no_answer_timeout: number;
}

export interface JsSip {
  readonly version: string;
  readonly UA: new (configuration: UserAgentConfiguration) => JsSipUserAgent;
}
