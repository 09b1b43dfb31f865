import { asVoiceError, voiceError } from '../core/errors';
import type { Registration } from '../registration/registration';
import type { Calls } from './calls';
import type { Line, LocalPhone } from './line';
import type { SharedPhone } from './shared-phone';

/** The line of a tab that shares with nobody. */
export function ownLine(registration: Registration, calls: Calls): Line {
  return {
    get isRegistered() {
      return registration.isRegistered;
    },
    isLeader: true,
    register: () => registration.register(),
    unregister: () => registration.unregister(),
    async place(options) {
      const { userAgent, state } = registration;
      if (state === 'recovering') throw voiceError('SIGNALING_LOST');
      if (!userAgent || state !== 'registered') throw voiceError('NOT_REGISTERED');
      return calls.place(userAgent, options);
    },
    setInputDevice: (deviceId) => calls.setInputDevice(deviceId),
    setOutputDevice: (deviceId) => calls.setOutputDevice(deviceId),
  };
}

/** The line that the tabs of an agent share; undefined, with an `error` event, where this browser cannot share it. */
export async function sharedLine(agent: string, phone: LocalPhone): Promise<SharedPhone | undefined> {
  try {
    // Loaded only where it is used: most pages have one tab.
    const { shareTabs } = await import('./shared-phone');
    return shareTabs(agent, phone);
  } catch (error) {
    phone.emit('error', asVoiceError(error, 'UNSUPPORTED', 'Several tabs cannot share one phone here.'));
    return undefined;
  }
}
