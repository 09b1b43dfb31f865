/** Calls in which one side hears nothing: each is noticed within 5 s, and so is its end. */
import { type End, notesOf, pause, type RelayedCall, spellsOf } from './calls';

export interface SilenceResult {
  readonly breaches: readonly string[];
  readonly raised: string;
  readonly cleared: string;
}

export interface Silence {
  readonly name: string;
  run(call: RelayedCall): Promise<SilenceResult>;
}

const WITHIN_MS = 5_000;
/** A second more for a busy machine, which is shown but not held against it. */
const TOLERANCE_MS = 1_000;
const LONG_MS = 8_000;
const GOOD_MS = 4_000;

interface Owed {
  readonly side: End;
  readonly warning: string;
  readonly fromMs: number;
  readonly toMs: number;
}

async function resultOf(owed: readonly Owed[], quiet: readonly End[] = []): Promise<SilenceResult> {
  const breaches: string[] = [];
  const raised: string[] = [];
  const cleared: string[] = [];
  for (const { side, warning, fromMs, toMs } of owed) {
    const spells = spellsOf(await notesOf(side));
    for (const { name } of spells) if (name !== warning) breaches.push(`${name} was raised`);
    const [spell] = spells.filter(({ name }) => name === warning);
    const tell = (list: string[], what: string, sinceMs: number, atMs: number | undefined) => {
      if (atMs === undefined || atMs - sinceMs > WITHIN_MS + TOLERANCE_MS)
        breaches.push(`${warning}: ${what} late`);
      list.push(`${warning} ${atMs === undefined ? 'never' : `${((atMs - sinceMs) / 1000).toFixed(1)} s`}`);
    };
    tell(raised, 'raised', fromMs, spell?.raisedMs);
    tell(cleared, 'cleared', toMs, spell?.clearedMs);
  }
  for (const side of quiet)
    for (const { name } of spellsOf(await notesOf(side)))
      breaches.push(`${name} was raised at the other side`);
  return { breaches, raised: raised.join(', '), cleared: cleared.join(', ') };
}

const muteFarEnd = ({ farEnd }: RelayedCall, on: boolean) =>
  farEnd.page.evaluate(
    ([name, isMuted]) => {
      window.lab.mute(name, isMuted);
    },
    [farEnd.name, on] as const,
  );

const setMicrophone = ({ farEnd }: RelayedCall, deviceId: string) =>
  farEnd.page.evaluate(([name, id]) => window.lab.setMicrophone(name, id), [farEnd.name, deviceId] as const);

export const SILENCES: readonly Silence[] = [
  {
    name: 'no packet of the far end arrives for 8 s',
    async run({ relay, agent }) {
      await pause(GOOD_MS);
      const fromMs = Date.now();
      relay.become({ lossRatio: 1, delayMs: 0, sparesControl: true });
      await pause(LONG_MS);
      const toMs = Date.now();
      relay.become({ lossRatio: 0, delayMs: 0 });
      await pause(LONG_MS);
      return resultOf([{ side: agent, warning: 'noPacketsReceived', fromMs, toMs }]);
    },
  },
  {
    name: 'the far end is muted for 8 s',
    async run(call) {
      await pause(GOOD_MS);
      const fromMs = Date.now();
      await muteFarEnd(call, true);
      await pause(LONG_MS);
      const toMs = Date.now();
      await muteFarEnd(call, false);
      await pause(LONG_MS);
      return resultOf([{ side: call.agent, warning: 'remoteSilent', fromMs, toMs }], [call.farEnd]);
    },
  },
  {
    name: 'the microphone of the far end gives digital silence for 8 s',
    async run(call) {
      await pause(GOOD_MS);
      const fromMs = Date.now();
      await setMicrophone(call, 'silent');
      await pause(LONG_MS);
      const toMs = Date.now();
      await setMicrophone(call, 'default');
      await pause(LONG_MS);
      return resultOf([
        { side: call.agent, warning: 'remoteSilent', fromMs, toMs },
        { side: call.farEnd, warning: 'inputSilent', fromMs, toMs },
      ]);
    },
  },
];
