/** Is this microphone heard, is this speaker? Neither touches a call. */
import { showLevel } from './call-sound.js';
import { byId } from './dom.js';
import { adviceFor } from './error-advice.js';
import { log, logError } from './event-log.js';

const MICROPHONE_TEST_MS = 3_000;

/** @param {AbortSignal} signal ends the binding and what runs */
export function bindSoundTests(device, signal) {
  const bar = byId('test-level');
  const field = byId('test-meter');
  bindTest(byId('test-microphone'), byId('microphone-result'), signal, async (stopped) => {
    field.hidden = false;
    try {
      const result = await device.audio.testMicrophone({
        durationMs: MICROPHONE_TEST_MS,
        signal: stopped,
        onLevel: ({ levelDbfs }) => showLevel(bar, levelDbfs),
      });
      const peak = `loudest moment ${Math.round(result.peakDbfs)} dBFS`;
      log(
        'media',
        `Microphone test: ${result.isSilent ? 'silence' : 'heard'}`,
        `${result.device.label}, ${peak}`,
      );
      return result.isSilent
        ? 'Nothing but silence. Check its mute switch, or choose another microphone.'
        : `Heard you: ${peak}.`;
    } finally {
      field.hidden = true;
      showLevel(bar, -Infinity);
    }
  });
  bindTest(byId('test-speaker'), byId('speaker-result'), signal, async (stopped) => {
    await device.audio.testOutput({ signal: stopped });
    log('media', 'Test tone played');
    return 'Two notes were played. If you did not hear them, choose another speaker.';
  });
}

/** A button that starts a test, and stops it while it runs. */
function bindTest(button, output, signal, run) {
  const words = button.textContent;
  let running;
  signal.addEventListener('abort', () => running?.abort());
  button.addEventListener(
    'click',
    async () => {
      if (running) return running.abort();
      running = new AbortController();
      button.textContent = 'Stop';
      output.textContent = '';
      try {
        output.textContent = await run(running.signal);
      } catch (error) {
        if (!running.signal.aborted) {
          logError(error);
          output.textContent = adviceFor(error).text;
        }
      }
      button.textContent = words;
      running = undefined;
    },
    { signal },
  );
}
