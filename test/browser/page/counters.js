// Counts what a page holds on to: loaded before the SDK, so that nothing is made unseen.
(() => {
  const connections = new Set();
  const tracks = new Set();
  const elements = new Set();
  const contexts = new Set();
  const timers = new Set();
  let listeners = 0;

  const NativeConnection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends NativeConnection {
    constructor(...args) {
      super(...args);
      connections.add(this);
    }
  };

  const devices = navigator.mediaDevices;
  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const stream = await getUserMedia(constraints);
    for (const track of stream.getTracks()) tracks.add(track);
    return stream;
  };
  const clone = MediaStreamTrack.prototype.clone;
  MediaStreamTrack.prototype.clone = function () {
    const copy = clone.call(this);
    tracks.add(copy);
    return copy;
  };

  const NativeAudio = window.Audio;
  window.Audio = function (...args) {
    const element = new NativeAudio(...args);
    elements.add(element);
    return element;
  };
  const NativeContext = window.AudioContext;
  window.AudioContext = class extends NativeContext {
    constructor(...args) {
      super(...args);
      contexts.add(this);
    }
  };

  const { setTimeout: nativeSet, clearTimeout: nativeClear } = window;
  window.setTimeout = (callback, delayMs, ...args) => {
    const id = nativeSet(() => {
      timers.delete(id);
      callback(...args);
    }, delayMs);
    timers.add(id);
    return id;
  };
  window.clearTimeout = (id) => {
    timers.delete(id);
    nativeClear(id);
  };

  for (const target of [window, document]) {
    const { addEventListener, removeEventListener } = target;
    target.addEventListener = (...args) => {
      listeners += 1;
      addEventListener.apply(target, args);
    };
    target.removeEventListener = (...args) => {
      listeners -= 1;
      removeEventListener.apply(target, args);
    };
  }

  /** What is alive now. Finished tracks and closed connections are forgotten on the way. */
  window.counters = () => {
    for (const connection of connections)
      if (connection.signalingState === 'closed') connections.delete(connection);
    for (const track of tracks) if (track.readyState === 'ended') tracks.delete(track);
    for (const element of elements) if (!element.srcObject && element.paused) elements.delete(element);
    for (const context of contexts) if (context.state === 'closed') contexts.delete(context);
    return {
      connections: connections.size,
      tracks: tracks.size,
      elements: elements.size,
      contexts: contexts.size,
      timers: timers.size,
      listeners,
    };
  };
})();
