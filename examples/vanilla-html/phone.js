/**
 * One agent's phone: a Device, a registration that is kept up, and tokens that are renewed in time. Nothing in
 * here touches the page, so it is the part to copy.
 */
import { fetchToken } from './backend.js';
import { formatTime } from './format.js';
import { createRingtoneUrl } from './ringtone.js';
import { readSettings } from './settings.js';

/** A file of the package, so that the policy of the page needs no `script-src blob:`. */
export const LEVEL_WORKLET_URL = '/dist/level-worklet.js';

const RETRY_MS = 5_000;

/**
 * @param {{ id: string, label?: string }} agent
 * @param {object} on what to tell the page: `status(state, detail)`, `call(call)` for each call to show,
 *   `callLost(detail)`, `leadership(isLeader)`, `error(error)`, `token(expiresAt)`, `audioBlocked(isBlocked)`,
 *   `log(kind, text)`
 * @returns the Device, registered
 * @throws VoiceSDKError, or an Error when the backend gives no token
 */
export async function startPhone(agent, on) {
  const { Device } = globalThis.TwoChatVoice;
  const { recoverCalls, closeProtection, multiTab, ...audio } = readSettings();
  const { echoCancellation, noiseSuppression, autoGainControl } = audio;
  const device = new Device({
    token: await fetchToken(agent),
    apiBaseUrl: location.origin, // leave this out to use the platform
    ringtoneUrl: createRingtoneUrl(),
    allowIncomingWhileBusy: true,
    recoverCalls,
    closeProtection,
    multiTab,
    media: {
      rememberDevices: true,
      inputProcessing: { echoCancellation, noiseSuppression, autoGainControl },
      levelWorkletUrl: LEVEL_WORKLET_URL,
    },
  });

  device.on('registered', () => on.status('registered'));
  device.on('unregistered', ({ reason }) => on.status('offline', reason));
  device.on('reconnecting', ({ attempt }) => on.status('reconnecting', attempt));
  device.on('reconnected', () => on.status('registered'));
  device.on('incoming', (call) => on.call(call));
  device.on('recovered', (call) => on.call(call)); // of this page before its reload
  device.on('callShared', (call) => on.call(call)); // of another tab
  device.on('callLost', (lost) => on.callLost(lost));
  device.on('leadership', ({ isLeader }) => on.leadership(isLeader));
  device.on('error', (error) => on.error(error));
  device.on('audioBlocked', () => on.audioBlocked(true));
  device.on('audioUnblocked', () => on.audioBlocked(false));
  device.on('tokenWillExpire', ({ expiresAt }) => {
    on.log('token', `Token expires at ${formatTime(expiresAt)}: fetching a fresh one`);
    void renewToken(device, agent, on, expiresAt);
  });

  on.status('connecting');
  try {
    await device.register();
  } catch (error) {
    device.destroy();
    throw error;
  }
  on.token(device.tokenExpiresAt);
  return device;
}

/** Until the old token is worthless a failed renewal is tried again; calls go on either way. */
export async function renewToken(device, agent, on, giveUpAt = new Date()) {
  for (;;) {
    try {
      await device.updateToken(await fetchToken(agent));
      on.token(device.tokenExpiresAt);
      on.log('token', 'Token renewed');
      return;
    } catch (error) {
      on.error(error);
      // The agent signed out meanwhile, or it is too late.
      if (error.code === 'DESTROYED' || Date.now() + RETRY_MS > giveUpAt.getTime()) return;
      await new Promise((retry) => setTimeout(retry, RETRY_MS));
    }
  }
}
