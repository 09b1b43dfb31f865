/** What the agent has chosen for this browser. Nothing in here is secret. */

const KEY = 'voice.settings';

const DEFAULTS = {
  /** A reload in a call comes back with the call. */
  recoverCalls: true,
  /** The browser asks before a page with a call is left. */
  closeProtection: true,
  /**
   * All tabs of one agent are one phone. Off: the usual desk has one tab, and two tabs are two phones that both ring.
   * Turn it on where agents work in several tabs of the CRM; the tab that leads has the audio, the others show the call.
   */
  multiTab: false,
  /** '' rings where calls play, 'all' on every speaker, else the id of one. */
  ringtoneDeviceId: '',
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

export function readSettings() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return { ...DEFAULTS };
  }
}

export function changeSettings(changes) {
  localStorage.setItem(KEY, JSON.stringify({ ...readSettings(), ...changes }));
}
