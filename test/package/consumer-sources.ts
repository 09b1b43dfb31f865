import manifest from '../../package.json' with { type: 'json' };

/**
 * An integrator's code over the published declarations. The lines that must not compile prove that the types
 * resolved: over `any` they would.
 */
export const CORE_CONSUMER = `
import { AuthError, Device, RegistrationError, TokenError, VoiceSDKError } from '${manifest.name}';

const device = new Device({
  token: 'jwt',
  logLevel: 'warn',
  allowIncomingWhileBusy: false,
  iceServers: [{ urls: 'stun:stun.example.com' }],
  media: { inputDeviceId: 'microphone' },
  ringtoneUrl: '/ring.mp3',
  tokenExpiryLeadMs: 60_000,
  defaultExtraHeaders: ['X-Team: sales'],
  apiBaseUrl: 'https://api.example.com',
});
device.on('registered', () => undefined);
device.on('unregistered', ({ reason }) => { const text: string | undefined = reason; void text; });
device.on('tokenWillExpire', ({ expiresAt }) => { const at: Date = expiresAt; void at; });
device.on('reconnecting', ({ attempt }) => { const count: number = attempt; void count; });
device.on('error', (error) => { const known: VoiceSDKError = error; const code: string = known.code; void code; });
device.on('incoming', (call) => {
  const direction: 'inbound' | 'outbound' = call.direction;
  const status: 'pending' | 'ringing' | 'accepted' | 'disconnected' | 'failed' = call.getStatus();
  const headers: Readonly<Record<string, string>> = call.customHeaders;
  void direction; void status; void headers;
  call.on('disconnect', ({ reason }) => { const text: string | undefined = reason; void text; });
  call.on('mute', (on) => { const muted: boolean = on; void muted; });
  // @ts-expect-error no event has this name
  call.on('teleported', () => undefined);
  call.reject(603);
  const accepted: Promise<void> = call.accept();
  void accepted;
});
export async function work(): Promise<void> {
  await device.register();
  const call = await device.connect({ to: '+15551234567', from: '+15557654321' });
  call.mute(true);
  call.sendDigits('12#');
  await call.disconnect();
  await device.updateToken('jwt');
  await device.unregister();
  const expiresAt: Date = device.tokenExpiresAt;
  const registered: boolean = device.isRegistered();
  void expiresAt; void registered;
  device.destroy();
}
// @ts-expect-error the token is required
new Device({});
// @ts-expect-error no level has this name
new Device({ token: 'jwt', logLevel: 'loud' });
export const kinds: readonly (abstract new (...args: never) => VoiceSDKError)[] = [AuthError, RegistrationError, TokenError];
`;

export const SANDBOX_CONSUMER = `
import { builtInCustomers, startSandbox } from '${manifest.name}/sandbox';
import type { Customer, CustomerCall, Faults, Sandbox, SandboxOptions, Trace, TraceEntry } from '${manifest.name}/sandbox';

export async function play(options: SandboxOptions): Promise<void> {
  const sandbox: Sandbox = await startSandbox({ ...options, port: 0 });
  const url: string = sandbox.url;
  const apiKey: string = sandbox.apiKey;
  const { token, expiresAt } = await sandbox.mintToken({ userUuid: 'alice', label: 'Alice', ttlSeconds: 60 });
  const expiry: Date = expiresAt;
  const echo: Customer = sandbox.customer('echo');
  const named: Customer = sandbox.customer({ name: 'ann', toneHz: 600, onCall: { refuseWith: 486 } });
  const call: CustomerCall = await echo.call('alice', { headers: { 'X-2Chat-Ticket': '42' } });
  call.on('digit', (digit, transport) => { const key: string = digit; const by: 'rtp' | 'info' = transport; void key; void by; });
  call.once('ended', ({ by, status }) => { const code: number | undefined = status; void by; void code; });
  echo.on('incoming', (incoming) => { incoming.answer(); });
  const received: string = echo.received;
  const { dominantHz } = (await echo.lastCall?.hears({ hz: 440, timeoutMs: 1000 })) ?? { dominantHz: null };
  const trace: Trace = sandbox.trace;
  const invite: TraceEntry = await trace.waitFor(({ method }) => method === 'INVITE');
  trace.on('message', ({ text }) => { const shown: string = text; void shown; });
  const faults: Faults = sandbox.faults;
  const cut: number = faults.dropSockets('alice');
  const numbers: readonly string[] = builtInCustomers.map(({ number }) => number);
  void [url, apiKey, token, expiry, named, received, dominantHz, invite, cut, numbers];
  await sandbox.close();
  // @ts-expect-error the port is a number
  await startSandbox({ port: 'http' });
  // @ts-expect-error no event has this name
  call.on('teleported', () => undefined);
  // @ts-expect-error only the sandbox makes events
  call.emit('answered');
  // @ts-expect-error a pitch has hertz
  await call.hears({ pitch: 440 });
}
`;
