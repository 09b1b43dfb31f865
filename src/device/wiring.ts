import type { TokenKeeper } from '../auth/token-keeper';
import { voiceError, type VoiceSDKError } from '../core/errors';
import type { Registration } from '../registration/registration';
import type { Wake } from '../registration/wake';
import type { WakefulLock } from '../tabs/wakeful-lock';
import type { Calls } from './calls';
import type { DeviceEvents } from './device-events';
import type { LineEvent } from './line';

/** The parts of a Device, and where it hears of what they say. */
export interface WiredParts {
  readonly registration: Registration;
  readonly calls: Calls;
  readonly token: TokenKeeper;
  readonly wake: Wake;
  readonly wakefulLock: WakefulLock;
  readonly onLine: (...event: LineEvent) => void;
  readonly onTokenExpired: () => void;
  readonly onLeave: () => void;
  readonly onError: (error: VoiceSDKError) => void;
  readonly emit: <K extends 'audioBlocked' | 'audioUnblocked' | 'tokenWillExpire'>(
    event: K,
    ...args: DeviceEvents[K]
  ) => void;
}

/** Has the parts of a Device hear of each other. */
export function connectParts(parts: WiredParts): void {
  const { registration, calls, token, wake, wakefulLock, onLine, onError, emit } = parts;
  registration.on('registered', () => {
    wakefulLock.acquire();
    calls.sounds.prepare();
    onLine('registered');
  });
  registration.on('unregistered', (detail) => {
    wakefulLock.release();
    onLine('unregistered', detail);
  });
  registration.on('reconnecting', (detail) => {
    onLine('reconnecting', detail);
  });
  registration.on('reconnected', () => {
    onLine('reconnected');
  });
  registration.on('error', onError);
  registration.on('incoming', (session) => {
    // An agent whose token ran out takes no new calls; 480 lets the caller's queue go on to the next agent.
    if (token.isExpired) session.reject(480);
    else calls.receive(session);
  });
  calls.on('incoming', (call) => {
    onLine('incoming', call);
  });
  calls.on('error', onError);
  for (const event of ['audioBlocked', 'audioUnblocked'] as const)
    calls.on(event, (isRingtone) => {
      if (isRingtone) onLine(event);
      else emit(event);
    });
  token.watch.on('willExpire', ({ expiresAt }) => {
    emit('tokenWillExpire', { expiresAt });
  });
  token.watch.on('expired', () => {
    onError(voiceError('TOKEN_EXPIRED'));
    parts.onTokenExpired();
  });
  wake.on('wake', () => {
    token.watch.check();
    calls.networkChanged();
  });
  wake.on('leave', parts.onLeave);
}
