// What the tests drive: one Device, its calls by number, and every event in order.
(() => {
  const { Device } = window.TwoChatVoice;
  const calls = [];
  const events = [];
  const waiting = new Set();
  let device;

  function plain(value) {
    if (value instanceof Error) return { code: value.code, message: value.message };
    if (calls.includes(value)) return { call: calls.indexOf(value) };
    return value;
  }

  function record(source, event, args) {
    events.push({ source, event, args: args.map(plain), atMs: performance.now() });
    for (const check of [...waiting]) check();
  }

  const DEVICE_EVENTS = [
    'registered',
    'unregistered',
    'tokenWillExpire',
    'reconnecting',
    'reconnected',
    'error',
    'leadership',
    'callLost',
  ];
  const CALL_EVENTS = [
    'ringing',
    'accepted',
    'disconnect',
    'error',
    'mute',
    'hold',
    'remoteHold',
    'reconnecting',
    'reconnected',
    'inputMuted',
    'deviceLost',
    'deviceRecovered',
  ];
  const AUDIO_EVENTS = ['audioBlocked', 'audioUnblocked'];

  function adopt(call) {
    const index = calls.push(call) - 1;
    for (const event of [...CALL_EVENTS, ...AUDIO_EVENTS]) {
      call.on(event, (...args) => record(`call ${index}`, event, args));
    }
    return index;
  }

  window.sdkPhone = {
    calls,
    events,
    get device() {
      return device;
    },

    /** With an `account` the Device asks nobody for credentials. */
    create({ account, ...options }) {
      if (account !== undefined) options.fetchCredentials = () => Promise.resolve(account);
      device = new Device({ apiBaseUrl: location.origin, logLevel: 'warn', ...options });
      for (const event of [...DEVICE_EVENTS, ...AUDIO_EVENTS]) {
        device.on(event, (...args) => record('device', event, args));
      }
      for (const event of ['devicesChanged', 'deviceLost', 'deviceRecovered', 'permissionChanged']) {
        device.audio.on(event, (...args) => record('audio', event, args));
      }
      device.on('recovered', (call) => {
        const index = adopt(call);
        record('device', 'recovered', [
          {
            index,
            from: call.remoteIdentity,
            status: call.getStatus(),
            isMuted: call.isMuted(),
            isOnHold: call.isOnHold(),
            isOnRemoteHold: call.isOnRemoteHold(),
            headers: call.customHeaders,
          },
        ]);
      });
      for (const event of ['incoming', 'callShared']) {
        device.on(event, (call) => {
          const index = adopt(call);
          record('device', event, [
            { index, from: call.remoteIdentity, name: call.remoteDisplayName, headers: call.customHeaders },
          ]);
        });
      }
    },

    async connect(options) {
      return adopt(await device.connect(options));
    },

    /** Resolves with the first matching event at or after position `from`. */
    next(source, event, from, timeoutMs = 10_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          const seen = events.map((one) => `${one.source}: ${one.event}`).join(', ');
          reject(new Error(`no "${event}" of ${source}; seen: ${seen}`));
        }, timeoutMs);
        const check = () => {
          const index = events.findIndex(
            (one, at) => at >= from && one.source === source && one.event === event,
          );
          if (index < 0) return;
          waiting.delete(check);
          clearTimeout(timer);
          resolve({ index, ...events[index] });
        };
        waiting.add(check);
        check();
      });
    },

    /** What a call hears, over a moment: the loudest pitch in hertz, and the level in dBFS. */
    async hear(index, forMs = 400) {
      const receiver = calls[index].session.connection
        .getReceivers()
        .find(({ track }) => track.kind === 'audio');
      const context = new AudioContext();
      try {
        await context.resume();
        const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
        context.createMediaStreamSource(new MediaStream([receiver.track])).connect(analyser);
        const spectrum = new Float32Array(analyser.frequencyBinCount);
        const samples = new Float32Array(analyser.fftSize);
        const untilMs = performance.now() + forMs;
        let best = { hz: 0, dbfs: -Infinity };
        while (performance.now() < untilMs) {
          await new Promise((resolve) => requestAnimationFrame(resolve));
          analyser.getFloatTimeDomainData(samples);
          const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
          const dbfs = 10 * Math.log10(power + 1e-12);
          if (dbfs < best.dbfs) continue;
          analyser.getFloatFrequencyData(spectrum);
          const peak = spectrum.indexOf(Math.max(...spectrum));
          best = { hz: (peak * context.sampleRate) / analyser.fftSize, dbfs };
        }
        return best;
      } finally {
        await context.close();
      }
    },
  };
})();
