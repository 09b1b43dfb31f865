/** The form of the demo. Your CRM knows who is signed in and needs none of this, except perhaps the options. */
import { byId, make } from './dom.js';
import { changeSettings, readSettings } from './settings.js';

export const DEMO_AGENTS = [
  { id: 'alice', label: 'Alice Moreau' },
  { id: 'bob', label: 'Bob Tanaka' },
  { id: 'carol', label: 'Carol Nwosu' },
];
/** Of this tab: who signs in again after a reload, and whom the form suggests otherwise. */
const SIGNED_IN = 'voice.signed-in';
const LAST = 'voice.agent';
const OPTIONS = ['recoverCalls', 'closeProtection', 'multiTab'];

const parameters = new URLSearchParams(location.search);
const idField = byId('agent-id');
const labelField = byId('agent-label');
const button = byId('sign-in-button');
const message = byId('sign-in-error');

/** Who is in the form. */
export const typedAgent = () => ({ id: idField.value.trim(), label: labelField.value.trim() });

/** @param {(agent: { id: string, label: string }) => Promise<void>} signIn rejects with what to show */
export function bindSignIn(signIn) {
  byId('agent-choices').append(...DEMO_AGENTS.map(makeChoice));
  idField.addEventListener('input', () => fill(typedAgent()));
  byId('sign-in-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const agent = typedAgent();
    if (!agent.id) return idField.focus();
    if (button.ariaBusy === 'true') return;
    button.ariaBusy = 'true';
    button.textContent = 'Signing in';
    message.textContent = '';
    try {
      await signIn(agent);
    } catch (error) {
      message.textContent = [error.message, error.remedy].filter(Boolean).join(' ');
      message.dataset.code = error.code ?? '';
    }
    button.ariaBusy = 'false';
    button.textContent = 'Sign in';
  });
  for (const name of OPTIONS) {
    const box = byId(name);
    box.checked = readSettings()[name];
    box.addEventListener('change', () => changeSettings({ [name]: box.checked }));
  }
  begin();
}

/** A page that is reloaded signs in by itself: a call of the page before is waiting for it. */
function begin() {
  const returning = read(SIGNED_IN);
  const asked = parameters.get('agent');
  const isReturning = returning && (!asked || asked === returning.id);
  if (isReturning) fill(returning);
  else if (asked) fill(DEMO_AGENTS.find(({ id }) => id === asked) ?? { id: asked });
  else fill(read(LAST) ?? DEMO_AGENTS[0]);
  if (!globalThis.TwoChatVoice) {
    button.disabled = true;
    message.textContent = 'The SDK is not there: run "npm run build", then load this page again.';
  } else if (isReturning || parameters.has('autostart')) byId('sign-in-form').requestSubmit();
}

export function rememberSignIn(agent) {
  sessionStorage.setItem(SIGNED_IN, JSON.stringify(agent));
  sessionStorage.setItem(LAST, JSON.stringify(agent));
}

export function forgetSignIn() {
  sessionStorage.removeItem(SIGNED_IN);
  idField.focus();
}

function makeChoice(agent) {
  const [firstName] = agent.label.split(' ');
  const choice = make('button', { type: 'button', value: agent.id, className: 'choice' }, firstName);
  choice.dataset.testid = `agent-${agent.id}`;
  choice.addEventListener('click', () => fill(agent));
  return choice;
}

function fill({ id, label }) {
  if (idField.value !== id) idField.value = id;
  if (labelField.value !== label) labelField.value = label ?? '';
  for (const choice of byId('agent-choices').children) choice.ariaPressed = String(choice.value === id);
}

const read = (key) => JSON.parse(sessionStorage.getItem(key) ?? 'null');
