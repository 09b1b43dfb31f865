/** Headsets that come and go, without hands. */

/** For a page, before its own scripts: takes devices away and gives them back where the page meets the browser; the tracks of one that is gone end. */
export const UNPLUGGABLE = `(() => {
  const { mediaDevices } = navigator;
  const gone = new Set();
  const tracks = new Set();
  const enumerate = mediaDevices.enumerateDevices.bind(mediaDevices);
  const open = mediaDevices.getUserMedia.bind(mediaDevices);
  const changed = () => mediaDevices.dispatchEvent(new Event('devicechange'));
  mediaDevices.enumerateDevices = async () =>
    (await enumerate()).filter(({ deviceId }) => !gone.has(deviceId));
  mediaDevices.getUserMedia = async (constraints) => {
    if (gone.has(constraints.audio?.deviceId?.exact)) throw new OverconstrainedError('deviceId', 'gone');
    const stream = await open(constraints);
    for (const track of stream.getTracks()) tracks.add(track);
    return stream;
  };
  window.unplug = (id, isStill) => {
    if (!isStill) gone.add(id);
    for (const track of tracks) {
      if (track.readyState === 'ended' || track.getSettings().deviceId !== id) continue;
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }
    if (!isStill) changed();
  };
  window.plug = (id) => {
    gone.delete(id);
    changed();
  };
})();`;

declare global {
  interface Window {
    /** `isStill`: it stops and is there all the same. */
    unplug(deviceId: string, isStill?: boolean): void;
    plug(deviceId: string): void;
  }
}
