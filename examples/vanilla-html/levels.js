/** How loud both sides of a call are, while it lasts. */

/** Quieter than this is drawn as nothing: the noise of a quiet room through a headset. */
const FLOOR_DBFS = -60;
/** How much of the last level stays in the next frame when it gets quieter, so that the bars do not flicker. */
const DECAY = 0.85;

let context;
let users = 0;

/**
 * @param {RTCPeerConnection} connection of the call: `call.session.connection`
 * @param {(levels: { microphone: number, farEnd: number }) => void} onLevels 0..1, once per frame
 * @returns a function that stops it and gives everything back
 */
export function watchLevels(connection, onLevels) {
  users += 1;
  context ??= new AudioContext();
  const microphone = createProbe(context);
  const farEnd = createProbe(context);
  let frame = requestAnimationFrame(function draw() {
    // Looked up each time: the track of the microphone is another one after a change of device.
    microphone.listenTo(connection.getSenders().find(({ track }) => track?.kind === 'audio')?.track);
    farEnd.listenTo(connection.getReceivers().find(({ track }) => track.kind === 'audio')?.track);
    onLevels({ microphone: microphone.level(), farEnd: farEnd.level() });
    frame = requestAnimationFrame(draw);
  });
  return () => {
    cancelAnimationFrame(frame);
    microphone.listenTo(undefined);
    farEnd.listenTo(undefined);
    users -= 1;
    if (users > 0) return;
    void context.close();
    context = undefined;
  };
}

function createProbe(audio) {
  const analyser = new AnalyserNode(audio, { fftSize: 1024 });
  const samples = new Float32Array(analyser.fftSize);
  let source;
  let current;
  let shown = 0;
  return {
    listenTo(track) {
      if (track === current) return;
      source?.disconnect();
      current = track;
      source = track && audio.createMediaStreamSource(new MediaStream([track]));
      source?.connect(analyser);
    },
    level() {
      if (!source) return 0;
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const dbfs = 10 * Math.log10(power + 1e-12);
      const level = Math.min(1, Math.max(0, 1 - dbfs / FLOOR_DBFS));
      shown = Math.max(level, shown * DECAY);
      return shown < 0.01 ? 0 : shown;
    },
  };
}
