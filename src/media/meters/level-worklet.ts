/** The number goes up with each change of what the processor is told or tells: a copy of another version is refused. */
export const LEVEL_PROCESSOR = 'voice-sdk-level-1';

/**
 * The AudioWorklet module (Web Audio API, section 1.32) that measures, as text: it runs on the audio thread and is
 * loaded from a `blob:` URL, or from the copy of it that is published as `level-worklet.js`. One processor measures
 * many tracks, for waking it costs more than what it does: `[input, id]` begins on one of its inputs and `[input]` ends
 * there. About every 100 ms it posts `[id, mean square, highest magnitude]` of each, in one list.
 */
export const LEVEL_WORKLET_SOURCE = `// Measures the level of tracks for @2chat/voice-sdk. Makes no sound.
registerProcessor('${LEVEL_PROCESSOR}', class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.meters = [];
    this.port.onmessage = ({ data: [input, id] }) => {
      this.meters[input] = id && { id, squares: 0, peak: 0, frames: 0 };
    };
  }
  process(inputs) {
    const quantum = globalThis.renderQuantumSize || 128;
    for (let at = 0; at < this.meters.length; at += 1) {
      const meter = this.meters[at];
      if (meter) this.add(meter, inputs[at][0], quantum);
    }
    this.frames = (this.frames || 0) + quantum;
    if (this.frames * 10 >= sampleRate) this.tell();
    return true;
  }
  add(meter, samples, quantum) {
    meter.frames += quantum;
    if (!samples) return;
    let squares = 0;
    let peak = meter.peak;
    for (let i = 0; i < samples.length; i += 1) {
      const sample = samples[i];
      squares += sample * sample;
      if (sample > peak) peak = sample;
      else if (-sample > peak) peak = -sample;
    }
    meter.squares += squares;
    meter.peak = peak;
  }
  tell() {
    this.frames = 0;
    const measured = [];
    for (const meter of this.meters) {
      if (!meter || meter.frames === 0) continue;
      measured.push(meter.id, meter.squares / meter.frames, meter.peak);
      meter.squares = meter.peak = meter.frames = 0;
    }
    if (measured.length > 0) this.port.postMessage(measured);
  }
});
`;
