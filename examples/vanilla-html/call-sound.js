/** How loud both sides of a live call are, and how loud the agent hears the far end. */

/** Quieter than this is drawn as nothing: the noise of a quiet room through a headset. */
const FLOOR_DBFS = -60;

/** dBFS as a share of a bar's length. */
export const shareOf = (levelDbfs) => Math.min(1, Math.max(0, 1 - levelDbfs / FLOOR_DBFS));

export function showLevel(bar, levelDbfs) {
  bar.style.setProperty('--level', shareOf(levelDbfs).toFixed(3));
}

/**
 * Measuring costs a little, so the levels are listened to only while they are on the screen.
 * @param {object} call of the SDK
 * @param {Record<string, HTMLElement>} parts of the card: `microphoneLevel`, `farLevel`, `volume`
 * @returns a function that lets go of the levels
 */
export function followLevels(call, { microphoneLevel, farLevel }) {
  const onInput = ({ levelDbfs }) => showLevel(microphoneLevel, levelDbfs);
  const onOutput = ({ levelDbfs }) => showLevel(farLevel, levelDbfs);
  call.on('inputLevel', onInput);
  call.on('outputLevel', onOutput);
  return () => {
    call.off('inputLevel', onInput);
    call.off('outputLevel', onOutput);
  };
}

export function bindVolume(call, { volume }) {
  volume.value = String(Math.round(call.getVolume() * 100));
  volume.addEventListener('input', () => call.setVolume(Number(volume.value) / 100));
}
