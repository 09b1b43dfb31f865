/**
 * Timers that keep their time in a hidden tab. Browsers let the timers of such a page fire once a minute (Chromium's
 * intensive throttling), which is too late for a keep-alive; those of a worker, and the messages it sends, are exempt.
 */
import { startTimer, stopTimer, type TimerHandle } from './clock';

/** What the worker runs: `[id, delayMs]` starts a timer, `[id]` stops it, and `id` comes back when it is due. */
const WORKER_SOURCE =
  'const t={};onmessage=({data:[i,d]})=>{clearTimeout(t[i]);delete t[i];' +
  'if(d!==undefined)t[i]=setTimeout(()=>{delete t[i];postMessage(i)},d)}';

const pending = new Map<number, () => void>();
let worker: Worker | undefined;
let isRefused = false;
let lastId = 0;

/**
 * Calls back once after `delayMs`, also in a hidden tab. Beside the worker's timer runs one of the page, and the
 * first of both counts: where workers or `blob:` URLs are refused (a policy) or absent (Node), that one is left.
 * Stopped by `stopTimer` of the clock.
 */
export function startSteadyTimer(delayMs: number, callback: () => void): TimerHandle {
  const id = (lastId += 1);
  const stop = () => {
    stopTimer(plain);
    pending.delete(id);
    worker?.postMessage([id]);
    retireWorker();
  };
  const fire = () => {
    stop();
    callback();
  };
  const plain = startTimer(delayMs, fire);
  pending.set(id, fire);
  sharedWorker()?.postMessage([id, delayMs]);
  return { stop };
}

function sharedWorker(): Worker | undefined {
  if (worker || isRefused || typeof Worker !== 'function') return worker;
  try {
    const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: 'text/javascript' }));
    worker = new Worker(url);
    URL.revokeObjectURL(url);
    worker.onmessage = ({ data }: MessageEvent<number>) => pending.get(data)?.();
    worker.onerror = (event) => {
      // Not for the console of the application: nothing is missing but the exemption.
      event.preventDefault();
      isRefused = true;
      worker?.terminate();
      worker = undefined;
    };
  } catch {
    isRefused = true;
  }
  return worker;
}

/** Ends the worker when nothing waits any more, unless the next timer follows at once, as it mostly does. */
function retireWorker(): void {
  if (pending.size > 0 || !worker) return;
  startTimer(0, () => {
    if (pending.size > 0) return;
    worker?.terminate();
    worker = undefined;
  });
}
