import type { Call, DeviceOptions } from '../../src/index';
import { Device } from '../../src/index';
import { FakeMedia, type FakeMediaOptions } from './fake-media';
import { type FakeWebRtc, type FakeWebRtcOptions, installFakeWebRtc } from './fake-peer-connection';
import { recordEvents, type Recorder } from './recorder';
import { ScriptedServer } from './wire/scripted-server';
import { sdpAnswer, sdpOffer, type SdpOptions } from './wire/sdp';
import type { ReceivedRequest } from './wire/wire-link';
import type { WireDialog } from './wire/wire-dialog';

export const PASSWORD = 'sip-password-of-the-agent';

export interface TokenOptions {
  readonly userUuid?: string;
  readonly label?: string;
  /** Seconds from now until `exp`; null leaves the claim out. */
  readonly ttlSeconds?: number | null;
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A JWT as a backend would mint it, except that nobody signed it: the browser does not verify. */
export function tokenFor(options: TokenOptions = {}): string {
  const { userUuid = 'agent-1', label, ttlSeconds = 3600, claims = {} } = options;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const payload = {
    user_uuid: userUuid,
    ...(label === undefined ? {} : { label }),
    iat: nowSeconds,
    ...(ttlSeconds === null ? {} : { exp: nowSeconds + ttlSeconds }),
    ...claims,
  };
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}.c2lnbmF0dXJl`;
}

export interface BenchOptions {
  readonly media?: FakeMediaOptions;
  readonly webRtc?: FakeWebRtcOptions;
}

/** A page with fake media and a scripted SIP server, and as many real Devices as a test wants. */
export class AgentBench {
  readonly server = new ScriptedServer();
  readonly media: FakeMedia;
  readonly webRtc: FakeWebRtc;
  readonly devices: Device[] = [];
  readonly #undo: (() => void)[] = [];

  constructor(options: BenchOptions = {}) {
    this.server.registrar.passwords.set('agent-1', PASSWORD);
    this.media = FakeMedia.install(options.media);
    this.webRtc = installFakeWebRtc(options.webRtc);
    this.#undo.push(
      () => {
        this.media.uninstall();
      },
      () => {
        this.webRtc.restore();
      },
      this.server.install(),
    );
  }

  readonly credentials = {
    ws_urls: ['wss://pbx.test/ws'],
    sip_uri: 'sip:agent-1@pbx.test',
    authorization_username: 'agent-1',
    password: PASSWORD,
    display_name: 'Agent One',
  };

  device(options: Partial<DeviceOptions> = {}): Device {
    const device = new Device({
      token: tokenFor(),
      logLevel: 'silent',
      fetchCredentials: () => Promise.resolve(this.credentials),
      ...options,
    });
    this.devices.push(device);
    return device;
  }

  async registered(options: Partial<DeviceOptions> = {}): Promise<Device> {
    const device = this.device(options);
    await device.register();
    return device;
  }

  /** Dials and returns what the server saw. */
  async dial(
    device: Device,
    to = '+493012345678',
  ): Promise<{ call: Call; invite: ReceivedRequest; events: Recorder }> {
    const call = await device.connect({ to });
    const events = recordEvents(call);
    return { call, invite: await this.server.next('INVITE'), events };
  }

  /** An outbound call that was answered. */
  async talk(
    device: Device,
    answer: SdpOptions = {},
  ): Promise<{ call: Call; invite: ReceivedRequest; dialog: WireDialog; events: Recorder }> {
    const { call, invite, events } = await this.dial(device);
    const dialog = this.server.accept(invite, { body: sdpAnswer(invite.body, answer) });
    await dialog.expect('ACK');
    await events.next('accepted');
    return { call, invite, dialog, events };
  }

  /** An inbound call that rings. */
  async ring(device: Device, options: { headers?: string[]; from?: string; displayName?: string } = {}) {
    const incoming = recordEvents(device).next('incoming');
    const invite = this.server.invite({ body: sdpOffer(), ...options });
    const [call] = (await incoming) as [Call];
    return { call, invite, events: recordEvents(call) };
  }

  stop(): void {
    for (const device of this.devices) device.destroy();
    for (const undo of this.#undo.splice(0)) undo();
  }
}
