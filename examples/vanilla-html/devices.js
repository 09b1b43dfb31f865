/** Which microphone and which speaker. */
import { byId, make } from './dom.js';
import { log, logError } from './event-log.js';
import { rememberDevice, rememberedDevices } from './phone.js';
import { showNotice } from './notices.js';
import { adviceFor } from './error-advice.js';

const pickers = [
  { kind: 'audioinput', memory: 'input', select: byId('microphone'), method: 'setInputDevice' },
  { kind: 'audiooutput', memory: 'output', select: byId('speaker'), method: 'setOutputDevice' },
];

/** @returns a function that lets go of the Device */
export function bindDevices(device) {
  const chosen = rememberedDevices();
  const current = { input: chosen.inputDeviceId, output: chosen.outputDeviceId };
  const unbinding = new AbortController();

  const list = () => refreshDevices(device, current);
  for (const { memory, select, method } of pickers) {
    select.addEventListener(
      'change',
      async () => {
        const deviceId = select.value;
        try {
          await device[method](deviceId);
          current[memory] = deviceId;
          rememberDevice(memory, deviceId);
          log('media', `${select.labels[0].textContent}: ${select.selectedOptions[0].textContent}`);
        } catch (error) {
          logError(error);
          if (error.code === 'UNSUPPORTED') hideSpeaker();
          else showNotice({ key: 'device', text: adviceFor(error).text, tone: 'error' });
          select.value = current[memory]; // the one before goes on
        }
      },
      { signal: unbinding.signal },
    );
  }
  navigator.mediaDevices?.addEventListener('devicechange', list, { signal: unbinding.signal });
  void list();
  return { refresh: list, unbind: () => unbinding.abort() };
}

async function refreshDevices(device, current) {
  let devices = [];
  try {
    devices = await device.enumerateDevices();
  } catch (error) {
    logError(error);
  }
  for (const { kind, memory, select } of pickers) {
    // Without a permission, browsers list nameless devices; and "default" is the first choice already.
    const known = devices.filter((one) => one.kind === kind && one.label && one.deviceId !== 'default');
    const options = known.map(({ deviceId, label }) => make('option', { value: deviceId }, label));
    select.replaceChildren(make('option', { value: '' }, 'System default'), ...options);
    select.value = known.some(({ deviceId }) => deviceId === current[memory]) ? current[memory] : '';
  }
  // Safari cannot choose an output: no control is better than one that does nothing.
  if (!('setSinkId' in HTMLMediaElement.prototype)) hideSpeaker();
}

function hideSpeaker() {
  byId('speaker-field').hidden = true;
}
