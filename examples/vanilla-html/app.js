/** The page: sign in, join the parts, sign out. */
import { fetchDirectory } from './backend.js';
import { CallStage } from './call-stage.js';
import { bindDevices } from './devices.js';
import { bindDialer, showDirectory } from './dialer.js';
import { announce, byId, make } from './dom.js';
import { adviceFor } from './error-advice.js';
import { log, logError } from './event-log.js';
import { formatAddress, formatName, formatTime } from './format.js';
import { hideAllNotices, hideNotice, showNotice } from './notices.js';
import { renewToken, startPhone } from './phone.js';
import { bindShortcuts } from './shortcuts.js';

const DEMO_AGENTS = [
  { id: 'alice', label: 'Alice Moreau' },
  { id: 'bob', label: 'Bob Tanaka' },
  { id: 'carol', label: 'Carol Nwosu' },
];
const parameters = new URLSearchParams(location.search);

let session; // { agent, device, devices } while signed in
let directory = [];

const stage = new CallStage(nameOf, (address) => void place(address));
const place = bindDialer(dial);
bindShortcuts(stage);
byId('number').addEventListener('input', () => hideNotice('dial'));

function nameOf(address) {
  const shown = formatAddress(address);
  const entry = directory.find(({ number, name }) => [formatAddress(number), name].includes(shown));
  return entry && formatName(entry.name);
}

/** What the phone tells the page. */
const on = {
  status: showStatus,
  error: (error) => showError(error),
  log,
  incoming(call) {
    stage.add(call);
    call.on('accepted', () => void session?.devices.refresh()); // devices have names now
    followAudio(call);
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
    const call = await session.device.connect({ to }); // `from` is a caller ID that your account may use
    stage.add(call);
    call.on('accepted', () => void session?.devices.refresh());
    followAudio(call);
    return true;
  } catch (error) {
    showError(error, 'dial');
    return false;
  }
}

function followAudio(call) {
  call.on('audioBlocked', () => showAudioBlocked(true));
  call.on('audioUnblocked', () => showAudioBlocked(false));
}

function showAudioBlocked(isBlocked) {
  log('media', isBlocked ? 'The browser blocks sound until a click' : 'Sound plays again');
  if (!isBlocked) hideNotice('audio');
  // Any click will do: the SDK starts the sound by itself.
  else {
    const action = { label: 'Turn on', run: () => {} };
    showNotice({ key: 'audio', text: 'Sound is off until you click.', action });
  }
}

function showStatus(state, detail) {
  const words = {
    connecting: 'Connecting',
    registered: 'Registered',
    reconnecting: `Reconnecting, attempt ${detail}`,
    offline: 'Offline',
  }[state];
  byId('status').dataset.state = state;
  byId('status-text').textContent = words;
  byId('reconnect').hidden = state !== 'offline' || !session;
  byId('idle-title').textContent = state === 'registered' ? 'Ready for calls' : 'Not reachable right now';
  log('device', words, state === 'offline' ? detail : '');
  announce(words);
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
  showStatus('connecting');
  try {
    await session.device.register();
  } catch (error) {
    showStatus('offline', error.message);
    showError(error);
  }
}

async function signIn(agent) {
  const button = byId('sign-in-button');
  const message = byId('sign-in-error');
  if (button.ariaBusy === 'true') return;
  button.ariaBusy = 'true';
  button.textContent = 'Signing in';
  message.textContent = '';
  try {
    const device = await startPhone(agent, on);
    session = { agent, device, devices: bindDevices(device) };
    openDesk(agent);
  } catch (error) {
    logError(error);
    showStatus('offline');
    message.textContent = [error.message, error.remedy].filter(Boolean).join(' ');
    message.dataset.code = error.code ?? '';
  }
  button.ariaBusy = 'false';
  button.textContent = 'Sign in';
}

async function openDesk({ id, label }) {
  sessionStorage.setItem('agent', JSON.stringify({ id, label }));
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
  session.devices.unbind();
  session.device.destroy(); // hangs up, un-registers, gives the microphone back
  session = undefined;
  stage.clear();
  hideAllNotices();
  showStatus('offline');
  setView('signed-out');
  byId('agent-id').focus();
}

function setView(view) {
  document.body.dataset.view = view;
  byId('desk').hidden = view !== 'desk';
  byId('sign-in').hidden = view === 'desk';
}

function bindSignIn() {
  const idField = byId('agent-id');
  const labelField = byId('agent-label');
  const fill = ({ id, label }) => {
    idField.value = id;
    labelField.value = label ?? '';
    for (const choice of byId('agent-choices').children) choice.ariaPressed = String(choice.value === id);
  };
  byId('agent-choices').append(
    ...DEMO_AGENTS.map((agent) => {
      const choice = make(
        'button',
        { type: 'button', value: agent.id, className: 'choice' },
        agent.label.split(' ')[0],
      );
      choice.dataset.testid = `agent-${agent.id}`;
      choice.addEventListener('click', () => fill(agent));
      return choice;
    }),
  );
  idField.addEventListener('input', () => fill({ id: idField.value, label: labelField.value }));
  byId('sign-in-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const agent = { id: idField.value.trim(), label: labelField.value.trim() };
    if (agent.id) void signIn(agent);
    else idField.focus();
  });
  byId('sign-out').addEventListener('click', signOut);
  byId('reconnect').addEventListener('click', () => void reconnect());

  const remembered = JSON.parse(sessionStorage.getItem('agent') ?? 'null') ?? DEMO_AGENTS[0];
  const asked = parameters.get('agent');
  fill(asked ? (DEMO_AGENTS.find(({ id }) => id === asked) ?? { id: asked }) : remembered);
  if (!globalThis.TwoChatVoice) {
    byId('sign-in-button').disabled = true;
    byId('sign-in-error').textContent =
      'The SDK is not there: run "npm run build", then load this page again.';
  } else if (parameters.has('autostart')) byId('sign-in-form').requestSubmit();
}

bindSignIn();
