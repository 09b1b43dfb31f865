// What must not compile: names that do not exist, payloads of another shape, and what nobody but the SDK may do.
import {
  Device,
  VoiceSDKError,
  type Call,
  type ConnectOptions,
  type DeviceOptions,
  type FetchCredentials,
} from '@2chat/voice-sdk';

export const misspeltOptions = (): unknown[] => [
  // @ts-expect-error logLevel
  new Device({ token: 'jwt', loglevel: 'warn' }),
  // @ts-expect-error ringtoneUrl
  new Device({ token: 'jwt', ringToneUrl: '/ring.mp3' }),
  // @ts-expect-error inputDeviceId
  new Device({ token: 'jwt', media: { inputDevice: 'id' } }),
  // @ts-expect-error 'warn'
  new Device({ token: 'jwt', logLevel: 'warning' }),
  // @ts-expect-error milliseconds are a number
  new Device({ token: 'jwt', tokenExpiryLeadMs: '60000' }),
  // @ts-expect-error a list
  new Device({ token: 'jwt', defaultExtraHeaders: 'X-Team: sales' }),
  // @ts-expect-error a list of servers
  new Device({ token: 'jwt', iceServers: { urls: 'stun:stun.example.com' } }),
  // @ts-expect-error the token is the one option that must be there
  new Device(),
];

// @ts-expect-error allowIncomingWhileBusy
export const busy: DeviceOptions = { token: 'jwt', allowIncomingWhenBusy: true };
// @ts-expect-error from
export const caller: ConnectOptions = { to: '+4930123456', form: '+4930999' };
// @ts-expect-error whom to call
export const nobody: ConnectOptions = { from: '+4930999' };
// @ts-expect-error the address of record is missing
export const exchange: FetchCredentials = () => Promise.resolve({ ws_urls: ['wss://sip.example.com'] });

export function onDevice(device: Device): void {
  // @ts-expect-error incoming
  device.on('incomming', () => undefined);
  // @ts-expect-error tokenWillExpire
  device.once('tokenWillExpires', () => undefined);
  // @ts-expect-error reconnected
  device.off('reConnected', () => undefined);
  // @ts-expect-error an event of a Call
  device.on('disconnect', () => undefined);
  // @ts-expect-error a Call, not its number
  device.on('incoming', (number: string) => number);
  // @ts-expect-error expiresAt is a Date
  device.on('tokenWillExpire', ({ expiresAt }) => expiresAt.toFixed());
  // @ts-expect-error attempt
  device.on('reconnecting', ({ attempts }) => attempts);
  // @ts-expect-error has no payload
  device.on('registered', (detail) => detail);
  // @ts-expect-error no code has this name
  device.on('error', (error) => error.code === 'TOKEN_EXPIRD');
  // @ts-expect-error only the SDK makes events
  device.emit('registered');
  // @ts-expect-error state is read, not written
  device.label = 'Alice';
  // @ts-expect-error a number is not an address
  void device.connect({ to: 4930123456 });
  // @ts-expect-error connect takes an object
  void device.connect('+4930123456');
}

export function onCall(call: Call): void {
  // @ts-expect-error disconnect
  call.on('disconnected', () => undefined);
  // @ts-expect-error a boolean
  call.on('mute', (state: string) => state);
  // @ts-expect-error 'hangup'
  call.on('disconnect', ({ reason }) => reason === 'hung_up');
  // @ts-expect-error unknown is null
  call.on('quality', ({ mos }) => mos.toFixed());
  // @ts-expect-error 'accepted'
  void (call.getStatus() === 'connected');
  // @ts-expect-error a status code
  call.reject('busy');
  // @ts-expect-error on or off must be said
  call.mute();
  // @ts-expect-error a string, so that a leading 0 is kept
  void call.sendDigits(123);
  // @ts-expect-error read only
  call.customHeaders['Ticket-Id'] = '42';
  // @ts-expect-error a method
  if (call.isMuted) return;
  // @ts-expect-error there may be none
  call.remoteIdentity.trim();
}

// @ts-expect-error no code has this name
export const unknownCode = new VoiceSDKError('NO_SUCH_CODE');
