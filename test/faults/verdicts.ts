/** What this SDK owes in each cell. Raw JsSIP owes nothing: it is what is compared with. */
import type { FaultName, State } from './plan';
import type { Measured } from './support/cell';

/** The cap of the backoff between two tries, and a try. */
const BACK_IDLE_MS = 30_000 + 1_000;
/** The same while a call is live. */
const BACK_IN_CALL_MS = 4_000 + 1_000;
/** A dead connection that looks alive is found within this time, then made anew. */
const FOUND_IDLE_MS = 10_000 + BACK_IDLE_MS;
const FOUND_IN_CALL_MS = 5_000 + BACK_IN_CALL_MS;
/** Another interface: from the fault to audio both ways. */
const ROAMED_MS = 3_000;
/** Media that nothing happened to: a few packets of a busy machine. */
const UNTOUCHED_MS = 500;
/** What a machine that is busier still adds, as far as its pages' timers tell; not more, or the figure says nothing. */
const MOST_LATE_MS = 1_500;
/** A call that the far end has left is over by then. */
const ZOMBIE_MS = 10_000;

/** Media that goes on, or finds another way at once. */
const MEDIA_LIVES: readonly FaultName[] = ['cut', 'frozen', 'server', 'link', 'page'];
const LONG_OUTAGE_MS = 30_000;
/** Whose re-INVITE was answered in such an outage: the far end has waited 32 s for the ACK and ends the call (64*T1). */
const UNACKNOWLEDGED: State = 'mid re-INVITE';

/** What is wrong, in words; empty where nothing is. */
export function breachesOf(
  fault: FaultName,
  outageMs: number,
  state: State,
  { ours, raw }: { readonly ours: Measured; readonly raw: Measured },
  lateMs: number,
): string[] {
  const breaches: string[] = [];
  const owe = (holds: boolean, breach: string): void => {
    if (!holds) breaches.push(breach);
  };
  const isTooLate = state === UNACKNOWLEDGED && outageMs >= LONG_OUTAGE_MS;
  const isSurvivable = MEDIA_LIVES.includes(fault) || outageMs < LONG_OUTAGE_MS;

  if (state === 'idle' || state === 'far end hangs up') {
    owe(ours.isReachable === true, 'does not ring when called');
  }
  if (state === 'far end hangs up') {
    const { endedMs = null } = ours;
    owe(endedMs !== null, 'a call goes on that the far end has left');
    owe(
      endedMs === null || endedMs <= outageMs + ZOMBIE_MS,
      `ended ${endedMs} ms after the far end had left`,
    );
  } else if (state !== 'idle' && (state === 'ringing out' || !isSurvivable || isTooLate)) {
    // Where others decide whether there still is a call, all we owe is to know.
    owe(ours.isKept === true || ours.end !== null, 'neither in a call nor told that it is over');
  } else if (state !== 'idle') {
    owe(ours.isKept === true, `the call is lost (${ours.end ?? 'without an end'})`);
  }
  if (ours.isKept === true) owe(ours.isReachable === true, 'does not learn that the far end hangs up');

  if (state === 'in call' && ours.gapMs !== null) {
    const slackMs = Math.min(lateMs, MOST_LATE_MS);
    if (fault === 'link') owe(ours.gapMs < ROAMED_MS, `no audio for ${ours.gapMs} ms`);
    if (fault === 'cut' || fault === 'frozen' || fault === 'server') {
      owe(ours.gapMs < UNTOUCHED_MS + slackMs, `no audio for ${ours.gapMs} ms`);
    }
  }

  owe(ours.registeredMs !== null, 'never registered again');
  if (ours.registeredMs !== null) {
    const isCall = state === 'in call' || state === 'on hold';
    const back = isCall ? BACK_IN_CALL_MS : BACK_IDLE_MS;
    const limits: Readonly<Record<FaultName, number>> = {
      cut: back,
      server: back,
      page: back,
      frozen: isCall ? FOUND_IN_CALL_MS : FOUND_IDLE_MS,
      link: isCall ? FOUND_IN_CALL_MS : FOUND_IDLE_MS,
      offline: isCall ? FOUND_IN_CALL_MS : FOUND_IDLE_MS,
    };
    owe(ours.registeredMs <= limits[fault], `registered after ${ours.registeredMs} ms`);
    // The two wait for random times: only where the server is there at once does one of them have to be first.
    if (fault === 'cut' && outageMs === 0) {
      owe(ours.registeredMs < (raw.registeredMs ?? Infinity), `registered later than raw JsSIP`);
    }
  }
  return breaches;
}
