import { once } from 'node:events';
import JsSIP from 'jssip';
import {
  FakeMediaStream,
  type FakeWebRtc,
  type FakeWebRtcOptions,
  installFakeWebRtc,
} from '../fake-peer-connection';
import { sdpAnswer, type SdpOptions } from './sdp';
import { ScriptedServer } from './scripted-server';
import type { WireDialog } from './wire-dialog';
import type { ReceivedRequest } from './wire-link';

/** The parts of JsSIP that tests of the raw library look at, its private hooks included. */
export interface RawSession extends NodeJS.EventEmitter {
  readonly status: number;
  readonly connection: RTCPeerConnection | null;
  _is_canceled: boolean;
  _localHold: boolean;
  _from_tag: string | null;
  _to_tag: string | null;
  readonly _dialog: Record<string, unknown> | null;
  readonly _connectionPromiseQueue: unknown;
  answer(options?: Record<string, unknown>): void;
  terminate(options?: Record<string, unknown>): void;
  hold(): boolean;
  mute(): void;
  isMuted(): { audio: boolean };
  isOnHold(): { local: boolean; remote: boolean };
  isEnded(): boolean;
  isEstablished(): boolean;
  sendDTMF(tones: string, options?: Record<string, unknown>): void;
}

export interface RawUserAgent extends NodeJS.EventEmitter {
  readonly transport: Record<string, unknown>;
  readonly _transactions: Record<string, Record<string, unknown>>;
  readonly _registrator: Record<string, unknown>;
  readonly contact: Record<string, unknown>;
  start(): void;
  stop(): void;
  register(): void;
  unregister(): void;
  set(parameter: string, value: string): boolean;
  call(target: string, options?: Record<string, unknown>): RawSession;
}

/** A local microphone track that only remembers whether anybody stopped it. */
export class MicrophoneTrack {
  readonly kind = 'audio';
  enabled = true;
  readyState: 'live' | 'ended' = 'live';

  constructor(readonly id = 'microphone') {}

  stop(): void {
    this.readyState = 'ended';
  }
}

export interface RawAgent {
  readonly server: ScriptedServer;
  readonly webRtc: FakeWebRtc;
  readonly ua: RawUserAgent;
  /** Calls `bob` with a microphone and waits for the INVITE. */
  dial(options?: Record<string, unknown>): Promise<RawCall>;
  /** Dials, answers and waits until both sides agree that the call is up. */
  talk(answer?: SdpOptions): Promise<EstablishedRawCall>;
  stop(): void;
}

export interface RawCall {
  readonly session: RawSession;
  readonly invite: ReceivedRequest;
  readonly microphone: MicrophoneTrack;
}

export interface EstablishedRawCall extends RawCall {
  readonly dialog: WireDialog;
}

/** Starts the pinned JsSIP, unpatched, on a scripted server, and registers it. */
export async function startRawAgent(options: FakeWebRtcOptions = {}): Promise<RawAgent> {
  const server = new ScriptedServer();
  const restoreSocket = server.install();
  const webRtc = installFakeWebRtc(options);
  const socket = new JsSIP.WebSocketInterface('wss://pbx.test/ws');
  const ua = new JsSIP.UA({ uri: 'sip:agent@pbx.test', sockets: [socket] }) as unknown as RawUserAgent;
  ua.start();
  await once(ua, 'registered');

  const dial = async (callOptions: Record<string, unknown> = {}): Promise<RawCall> => {
    const microphone = new MicrophoneTrack();
    const mediaStream = new FakeMediaStream([microphone]);
    const session = ua.call('bob', { mediaStream, ...callOptions });
    return { session, microphone, invite: await server.next('INVITE') };
  };

  return {
    server,
    webRtc,
    ua,
    dial,
    async talk(answer = {}) {
      const call = await dial();
      const confirmed = once(call.session, 'confirmed');
      const dialog = server.accept(call.invite, { body: sdpAnswer(call.invite.body, answer) });
      await confirmed;
      await dialog.expect('ACK');
      return { ...call, dialog };
    },
    stop() {
      ua.removeAllListeners();
      ua.stop();
      restoreSocket();
      webRtc.restore();
    },
  };
}
