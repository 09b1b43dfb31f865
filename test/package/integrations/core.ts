// Every option, and every method and event that integrations began with.
import { AuthError, Device, RegistrationError, TokenError, VoiceSDKError } from '@2chat/voice-sdk';
import { createNoiseSuppression } from '@2chat/voice-sdk/noise-suppression';

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
device.on('unregistered', ({ reason }) => {
  const text: string | undefined = reason;
  void text;
});
device.on('tokenWillExpire', ({ expiresAt }) => {
  const at: Date = expiresAt;
  void at;
});
device.on('reconnecting', ({ attempt }) => {
  const count: number = attempt;
  void count;
});
device.on('error', (error) => {
  const known: VoiceSDKError = error;
  const code: string = known.code;
  void code;
});
device.on('incoming', (call) => {
  const direction: 'inbound' | 'outbound' = call.direction;
  const status: 'pending' | 'ringing' | 'accepted' | 'disconnected' | 'failed' = call.getStatus();
  const headers: Readonly<Record<string, string>> = call.customHeaders;
  void direction;
  void status;
  void headers;
  call.on('disconnect', ({ reason }) => {
    const text: string | undefined = reason;
    void text;
  });
  call.on('mute', (on) => {
    const muted: boolean = on;
    void muted;
  });
  // @ts-expect-error no event has this name
  call.on('teleported', () => undefined);
  call.reject(603);
  const accepted: Promise<void> = call.accept();
  void accepted;
});
const suppression = createNoiseSuppression({ workletUrl: '/voice/worklet.js' });
device.audio.addProcessor(suppression, { direction: 'input' });
device.audio.addProcessor({
  name: 'through',
  process: async (track) => track,
  release: (track) => void track,
});
device.audio.on('processorFailed', ({ name, direction, error }) => {
  const way: 'input' | 'remote' = direction;
  const known: VoiceSDKError = error;
  void [name, way, known.code];
});
device.audio.removeProcessor(suppression);
// @ts-expect-error a processor has a name
device.audio.addProcessor({ process: async (track: MediaStreamTrack) => track, release: () => undefined });
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
  void expiresAt;
  void registered;
  device.destroy();
}
// @ts-expect-error the token is required
new Device({});
// @ts-expect-error no level has this name
new Device({ token: 'jwt', logLevel: 'loud' });
export const kinds: readonly (abstract new (...args: never) => VoiceSDKError)[] = [
  AuthError,
  RegistrationError,
  TokenError,
];
