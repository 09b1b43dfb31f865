/** The page: join the parts when the agent signs in, and take them apart again. */
import { fetchDirectory } from './backend.js';
import { CallStage } from './call-stage.js';
import { bindDevices } from './devices.js';
import { downloadDiagnostics } from './diagnostics.js';
import { bindDialer, showDirectory } from './dialer.js';
import { byId } from './dom.js';
import { adviceFor, describeLost } from './error-advice.js';
import { log, logError } from './event-log.js';
import { formatAddress, formatName, formatTime } from './format.js';
import { hideAllNotices, hideNotice, showNotice } from './notices.js';
import { renewToken, startPhone } from './phone.js';
import { bindPreflight, leavePreflight } from './preflight-dialog.js';
import { readSettings } from './settings.js';
import { bindShortcuts } from './shortcuts.js';
import { bindSignIn, DEMO_AGENTS, forgetSignIn, rememberSignIn, typedAgent } from './sign-in.js';
import { showRole, showStatus } from './status.js';

let session; // { agent, device, unbindDevices } while signed in
let directory = [];
let isSoundBlocked = false;

const stage = new CallStage(nameOf, {
  redial: (address) => void place(address),
  diagnostics: saveDiagnostics,
});
const place = bindDialer(dial);
bindShortcuts(stage);
bindPreflight(
  () => session?.agent ?? typedAgent(),
  () => stage.isBusy,
);
byId('number').addEventListener('input', () => hideNotice('dial'));
byId('sign-out').addEventListener('click', signOut);
byId('reconnect').addEventListener('click', () => void reconnect());
byId('diagnostics').addEventListener('click', saveDiagnostics);

function nameOf(address) {
  const shown = formatAddress(address);
  const entry = directory.find(({ number, name }) => [formatAddress(number), name].includes(shown));
  return entry && formatName(entry.name);
}

/** What the phone tells the page. */
const on = {
  status: (state, detail) => showStatus(state, detail, session !== undefined),
  error: (error) => showError(error),
  log,
  call: showCall,
  callLost(lost) {
    const who = formatAddress(lost.remoteIdentity ?? '') || 'the far end';
    log('call', `The call with ${who} was lost`, lost.reason);
    showNotice({
      key: 'lost',
      text: `The call with ${who} is over: ${describeLost(lost.reason)}`,
      tone: 'error',
    });
  },
  leadership(isLeader) {
    log('device', isLeader ? 'This tab has the phone now' : 'Another tab has the phone now');
    showRole(readSettings().multiTab, isLeader);
  },
  token(expiresAt) {
    byId('token-expiry').textContent = `token until ${formatTime(expiresAt)}`;
    hideNotice('error');
  },
  audioBlocked: showAudioBlocked,
};

async function dial(to) {
  hideNotice('dial');
  stage.holdAll();
  try {
    showCall(await session.device.connect({ to })); // `from` is a caller ID that your account may use
    return true;
  } catch (error) {
    showError(error, 'dial');
    return false;
  }
}

function showCall(call) {
  leavePreflight();
  stage.add(call);
  call.on('audioBlocked', () => showAudioBlocked(true));
  call.on('audioUnblocked', () => showAudioBlocked(false));
}

function showAudioBlocked(isBlocked) {
  // The ringer, each call and `unlock()` tell of the same click.
  if (isBlocked === isSoundBlocked) return;
  isSoundBlocked = isBlocked;
  log('media', isBlocked ? 'The browser blocks sound until a click' : 'Sound plays again');
  if (!isBlocked) hideNotice('audio');
  // Any click will do, for the SDK starts by itself what it had to hold back; this one is for later calls as well.
  else {
    const action = { label: 'Turn on', run: () => void session?.device.audio.unlock().catch(logError) };
    showNotice({ key: 'audio', text: 'Sound is off until you click.', action });
  }
}

/** Until there was a gesture, no call can ring here. */
function askForClick() {
  showAudioBlocked(true);
  const unlock = () =>
    session?.device.audio.unlock().then(
      () => showAudioBlocked(false),
      ({ code }) => code === 'AUDIO_BLOCKED' && askForClick(),
    );
  document.addEventListener('click', unlock, { once: true, capture: true });
}

function showError(error, key = 'error') {
  logError(error);
  const { text, action, isQuiet } = adviceFor(error);
  if (isQuiet) return;
  const actions = {
    'sign-in': { label: 'Sign in again', run: signOut },
    'renew-token': { label: 'Renew', run: () => void renewToken(session.device, session.agent, on) },
    reconnect: { label: 'Reconnect', run: reconnect },
  };
  showNotice({ key, text, tone: 'error', action: session ? actions[action] : undefined });
}

async function reconnect() {
  on.status('connecting');
  try {
    await session.device.register();
  } catch (error) {
    on.status('offline', error.message);
    showError(error);
  }
}

async function saveDiagnostics() {
  try {
    await downloadDiagnostics(session.device);
    log('device', 'Diagnostics saved');
  } catch (error) {
    showError(error);
  }
}

async function signIn(agent) {
  try {
    // A call of the page before may be on the screen before this resolves.
    const device = await startPhone(agent, on);
    session = { agent, device, unbindDevices: bindDevices(device) };
  } catch (error) {
    logError(error);
    stage.clear();
    showStatus('offline', undefined, false);
    throw error;
  }
  rememberSignIn(agent);
  showRole(readSettings().multiTab, session.device.isLeader());
  void openDesk(agent);
  // In the click that signed in, so that the first call rings. After a reload there was none: a notice asks for it.
  session.device.audio.unlock().catch(({ code }) => code === 'AUDIO_BLOCKED' && askForClick());
}

async function openDesk({ id, label }) {
  byId('agent-name').textContent = label || id;
  setView('desk');
  byId('number').focus();
  const colleagues = DEMO_AGENTS.filter((agent) => agent.id !== id);
  directory = [
    ...(await fetchDirectory()),
    ...colleagues.map((agent) => ({
      number: agent.id,
      name: agent.label,
      description: 'agent in another window',
    })),
  ];
  showDirectory(directory, (to) => void place(to));
}

function signOut() {
  session.unbindDevices();
  session.device.destroy(); // hangs up, un-registers, gives the microphone back
  session = undefined;
  stage.clear();
  hideAllNotices();
  isSoundBlocked = false;
  showStatus('offline', undefined, false);
  setView('signed-out');
  forgetSignIn();
}

function setView(view) {
  document.body.dataset.view = view;
  byId('desk').hidden = view !== 'desk';
  byId('sign-in').hidden = view === 'desk';
}

bindSignIn(signIn);
