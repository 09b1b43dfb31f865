/** What the page asks its own backend for. In production that is your server: see ../node-backend. */

const DEADLINE_MS = 10_000;

/** Shown when the backend has no directory. */
const FALLBACK_DIRECTORY = [
  { number: '+12025550101', name: 'echo', description: 'answers and sends back what you say' },
  { number: '+12025550102', name: 'music', description: 'answers and plays a melody' },
  { number: '+12025550104', name: 'busy', description: 'is busy (486)' },
];

/**
 * A fresh access token for the agent. The key that mints tokens stays on the server; the demo server mints
 * for whoever asks, yours must look at its own session first.
 */
export async function fetchToken({ id, label }) {
  const response = await fetch('/demo/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user_uuid: id, ...(label ? { label } : {}) }),
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok || answer.success !== true) {
    throw new Error(`No token: ${answer.error ?? `HTTP ${response.status}`}.`);
  }
  return answer.token;
}

/** Whom one can call: a list of { number, name, description }. Never fails. */
export async function fetchDirectory() {
  try {
    const response = await fetch('/demo/customers', { signal: AbortSignal.timeout(DEADLINE_MS) });
    const answer = await response.json();
    const list = Array.isArray(answer) ? answer : answer.customers;
    return response.ok && Array.isArray(list) ? list : FALLBACK_DIRECTORY;
  } catch {
    return FALLBACK_DIRECTORY;
  }
}
