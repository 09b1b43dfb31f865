/** "Check this computer": whether this agent can take calls here, and what to do where not. */
import { fetchToken } from './backend.js';
import { byId, make } from './dom.js';
import { downloadJson } from './diagnostics.js';
import { log } from './event-log.js';
import { showNotice } from './notices.js';
import { LEVEL_WORKLET_URL } from './phone.js';
import { formatScore } from './quality-words.js';

/** Answers and plays back what it hears: yours is a number of your own SIP server. */
const ECHO = { to: 'echo', durationMs: 3_000 };

const CHECKS = {
  browser: 'Browser',
  microphone: 'Microphone',
  credentials: 'Sign-in',
  webSocket: 'Phone system',
  registration: 'Registration',
  stun: 'STUN server',
  turnUdp: 'TURN over UDP',
  turnTcp: 'TURN over TCP',
  turnTls: 'TURN over TLS',
  echoCall: 'Echo call',
};
const TIMED = ['credentials', 'webSocket', 'registration', 'stun'];
const RESULTS = { passed: 'Passed', warned: 'Warning', failed: 'Failed', skipped: 'Skipped' };
const VERDICTS = {
  ready: 'This computer is ready for calls.',
  degraded: 'Calls work, but not as well as they should.',
  notReady: 'This computer cannot take calls yet.',
};

const dialog = byId('preflight');
let report;
let turns = 0;
let current = { stop: () => {}, done: Promise.resolve() };

/**
 * @param {() => { id: string, label?: string }} getAgent whose calls are tried
 * @param {() => boolean} isBusy in a call, which a second microphone may disturb
 */
export function bindPreflight(getAgent, isBusy) {
  for (const button of document.querySelectorAll('[data-action="preflight"]')) {
    button.addEventListener('click', () => {
      if (isBusy()) {
        showNotice({
          key: 'preflight',
          text: 'End your calls first: the check needs the microphone.',
          forMs: 8_000,
        });
        return;
      }
      dialog.showModal();
      void start(getAgent());
    });
  }
  byId('preflight-again').addEventListener('click', () => void start(getAgent()));
  byId('preflight-report').addEventListener('click', () => downloadJson('phone-check.json', report));
  byId('preflight-close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => current.stop());
}

/** A call comes in: it is not to be found under a dialog. */
export function leavePreflight() {
  if (dialog.open) dialog.close();
}

/** One at a time, however often the dialog is closed and opened. */
async function start(agent) {
  const turn = (turns += 1);
  current.stop();
  await current.done;
  if (turn !== turns || !dialog.open) return;
  const stopping = new AbortController();
  current = { stop: () => stopping.abort(), done: run(agent, stopping.signal) };
}

async function run(agent, signal) {
  const rows = drawChecks();
  show('running', 'Checking. The last step is a call that plays back what you say.');
  let token;
  try {
    token = await fetchToken(agent); // the first thing that can fail
  } catch (error) {
    show('notReady', String(error.message ?? error));
    return;
  }
  const { Device } = globalThis.TwoChatVoice;
  const preflight = Device.preflight({
    token,
    apiBaseUrl: location.origin,
    echo: ECHO,
    media: { levelWorkletUrl: LEVEL_WORKLET_URL },
    signal,
  });
  preflight.on('check', (check) => drawResult(rows.get(check.name), check));
  report = await preflight.report; // never rejects
  show(report.verdict, [VERDICTS[report.verdict], report.remedy].filter(Boolean).join(' '));
  log('device', `Check of this computer: ${report.verdict}`, report.reason ?? '');
}

function show(state, text) {
  const isRunning = state === 'running';
  dialog.dataset.verdict = state;
  byId('preflight-verdict').textContent = text;
  byId('preflight-again').disabled = isRunning;
  byId('preflight-report').hidden = isRunning || !report;
  byId('preflight-close').textContent = isRunning ? 'Stop' : 'Close';
}

function drawChecks() {
  const rows = new Map();
  for (const [name, label] of Object.entries(CHECKS)) {
    const result = make('span', { className: 'check-result' }, 'Waiting');
    const detail = make('span', { className: 'check-detail muted' });
    const item = make('li', {}, make('span', { className: 'check-name' }, label), result, detail);
    item.dataset.testid = `check-${name}`;
    item.dataset.result = 'waiting';
    rows.set(name, { item, result, detail });
  }
  byId('preflight-checks').replaceChildren(...[...rows.values()].map(({ item }) => item));
  return rows;
}

function drawResult(row, check) {
  row.item.dataset.result = check.result;
  row.result.textContent = describeResult(check);
  if (check.result === 'warned' || check.result === 'failed')
    row.detail.textContent = `${check.remedy} (${check.reason})`;
  else row.detail.textContent = check.details.deviceLabel ?? '';
}

function describeResult({ name, result, reason, durationMs, details }) {
  if (reason === 'NOT_CONFIGURED') return 'None set up';
  if (name === 'echoCall' && details.mos) return `${RESULTS[result]}, score ${formatScore(details.mos)}`;
  const isTimed = result === 'passed' && TIMED.includes(name);
  return isTimed ? `Passed in ${Math.round(durationMs)} ms` : RESULTS[result];
}
