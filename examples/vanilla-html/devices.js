/** Which microphone, which speaker, where it rings; and what to say when one of them is unplugged. */
import { byId, make } from './dom.js';
import { adviceFor } from './error-advice.js';
import { log, logError } from './event-log.js';
import { hideNotice, showNotice } from './notices.js';
import { changeSettings, readSettings } from './settings.js';
import { bindSoundTests } from './sound-tests.js';

const microphone = byId('microphone');
const speaker = byId('speaker');
const ringtone = byId('ringtone');
const SWITCHES = ['echoCancellation', 'noiseSuppression', 'autoGainControl'];

/** @returns a function that lets go of the Device */
export function bindDevices(device) {
  const { audio } = device;
  const unbinding = new AbortController();
  const { signal } = unbinding;
  let speakers = [];

  const list = (devices) => {
    // Without a permission, browsers list nameless devices; and "default" is the first choice already.
    const usable = devices.filter(({ label, deviceId }) => label && deviceId !== 'default');
    speakers = usable.filter(({ kind }) => kind === 'audiooutput');
    const microphones = usable.filter(({ kind }) => kind === 'audioinput');
    fill(microphone, [['', 'System default'], ...optionsOf(microphones)], audio.inputDeviceId);
    fill(speaker, [['', 'System default'], ...optionsOf(speakers)], audio.outputDeviceId);
    const everywhere = speakers.length > 1 ? [['all', 'All speakers']] : [];
    const places = [['', 'Same as calls'], ...everywhere, ...optionsOf(speakers)];
    fill(ringtone, places, readSettings().ringtoneDeviceId);
  };
  const refresh = () => device.enumerateDevices().then(list, logError);

  const choose = (select, change) =>
    select.addEventListener(
      'change',
      async () => {
        try {
          await change(select.value);
          hideNotice('device');
          log('media', `${select.labels[0].textContent}: ${select.selectedOptions[0].textContent}`);
        } catch (error) {
          logError(error);
          showNotice({ key: 'device', text: adviceFor(error).text, tone: 'error' });
          void refresh(); // the one before goes on
        }
      },
      { signal },
    );
  choose(microphone, (id) => device.setInputDevice(id));
  choose(speaker, (id) => device.setOutputDevice(id));
  const ringOn = (id) => audio.setRingtoneDevices(idsOf(id, speakers));
  choose(ringtone, async (id) => {
    await ringOn(id);
    changeSettings({ ringtoneDeviceId: id });
  });

  bindSwitches(audio, signal);
  bindSoundTests(device, signal);
  followDevices(audio, list);
  void showPermission(audio);
  void refresh().then(() => ringOn(readSettings().ringtoneDeviceId).catch(logError));
  // Safari cannot choose an output: no control is better than one that does nothing.
  const hasOutputs = 'setSinkId' in HTMLMediaElement.prototype;
  for (const id of ['speaker-field', 'ringtone-field']) byId(id).hidden = !hasOutputs;
  return () => unbinding.abort();
}

function followDevices(audio, list) {
  audio.on('devicesChanged', ({ added, removed, devices }) => {
    list(devices);
    const named = (some) => some.filter(({ deviceId }) => deviceId !== 'default').map(({ label }) => label);
    for (const label of new Set(named(added))) log('media', `Plugged in: ${label}`);
    for (const label of new Set(named(removed))) log('media', `Unplugged: ${label}`);
  });
  audio.on('deviceLost', ({ kind, device, replacement }) => {
    const role = kind === 'audioinput' ? 'microphone' : 'speaker';
    const now = replacement
      ? `now using ${replacement.label || 'the system default'}`
      : `there is no other ${role}`;
    tell(`${device.label || `Your ${role}`} is unplugged, ${now}.`, kind);
  });
  audio.on('deviceRecovered', ({ kind, device }) => tell(`${device.label} is back and in use.`, kind));
  audio.on('permissionChanged', ({ state }) => drawPermission(state));
}

function tell(text, kind) {
  log('media', text);
  showNotice({ key: `hot-plug-${kind}`, text, forMs: 12_000 });
}

function bindSwitches(audio, signal) {
  const settings = readSettings();
  for (const name of SWITCHES) {
    const box = byId(name);
    box.checked = settings[name];
    box.addEventListener(
      'change',
      async () => {
        try {
          await audio.setInputProcessing({ [name]: box.checked });
          changeSettings({ [name]: box.checked });
          log('media', `${box.labels[0].textContent.trim()}: ${box.checked ? 'on' : 'off'}`);
        } catch (error) {
          logError(error);
          box.checked = !box.checked;
        }
      },
      { signal },
    );
  }
}

async function showPermission(audio) {
  drawPermission(await audio.permission().catch(() => 'unknown'));
}

const PERMISSION = {
  granted: 'Microphone allowed',
  denied: 'Microphone blocked: allow it beside the address of this page',
  prompt: 'The browser will ask for the microphone',
  unknown: 'Microphone permission unknown',
};

function drawPermission(state) {
  byId('permission').dataset.state = state;
  byId('permission').textContent = PERMISSION[state];
}

const optionsOf = (devices) => devices.map(({ deviceId, label }) => [deviceId, label]);

const idsOf = (choice, speakers) =>
  choice === 'all' ? speakers.map(({ deviceId }) => deviceId).slice(0, 8) : choice === '' ? [] : [choice];

function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, label]) => make('option', { value }, label)));
  select.value = options.some(([value]) => value === chosen) ? chosen : '';
}
