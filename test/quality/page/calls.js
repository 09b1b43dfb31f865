// One Device whose calls each go through a relay of their own, and a note of all that they say of quality. Calls are made
// one after the other: the route that was set last is that of the next one.
(() => {
  const { Device } = window.TwoChatVoice;
  const phones = new Map();
  let device;
  let route;

  /** The one way to the far end is the relay. */
  const throughRelay = (sdp, port) =>
    sdp
      .replaceAll(/^a=candidate:.*\r\n/gm, '')
      .replaceAll(/^a=end-of-candidates\r\n/gm, '')
      .replace(
        /^(m=audio .*\r\n)/m,
        `$1a=candidate:1 1 udp 2130706431 127.0.0.1 ${port} typ host\r\na=end-of-candidates\r\n`,
      );

  const NativeConnection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends NativeConnection {
    #route = route;

    setRemoteDescription({ type, sdp }) {
      return super.setRemoteDescription({ type, sdp: throughRelay(sdp, this.#route.port) });
    }

    createOffer(...args) {
      this.#prefer();
      return super.createOffer(...args);
    }

    createAnswer(...args) {
      this.#prefer();
      return super.createAnswer(...args);
    }

    #prefer() {
      const wanted = [`audio/${this.#route.codec}`, 'audio/telephone-event'];
      const { codecs } = RTCRtpReceiver.getCapabilities('audio');
      for (const transceiver of this.getTransceivers())
        transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => wanted.includes(mimeType)));
    }
  };

  // One microphone for all, without the processing that each call would pay for; or one without a sound.
  const devices = navigator.mediaDevices;
  const getUserMedia = devices.getUserMedia.bind(devices);
  const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  let shared;
  devices.getUserMedia = async (constraints) => {
    if (JSON.stringify(constraints).includes('"silent"')) {
      const context = new AudioContext();
      await context.resume();
      const destination = context.createMediaStreamDestination();
      // Nothing at all would be no track that is silent, but one without a frame.
      const nothing = new ConstantSourceNode(context, { offset: 0 });
      nothing.connect(destination);
      nothing.start();
      return destination.stream;
    }
    shared ??= getUserMedia({ audio: raw });
    return (await shared).clone();
  };

  function adopt(call) {
    const notes = [];
    phones.set(route.name, { call, notes });
    const note = (event, detail) => notes.push({ atMs: Date.now(), event, detail });
    call.on('accepted', () => note('accepted'));
    call.on('warning', (warning) => note('warning', warning));
    call.on('warningCleared', ({ name }) => note('warningCleared', { name }));
    call.on('quality', (sample) => note('quality', { ...sample, at: sample.at.toISOString() }));
    call.on('disconnect', (info) => note('disconnect', info));
    call.on('error', (error) => note('error', { code: error.code }));
  }

  window.lab = {
    async create(token) {
      device = new Device({
        token,
        apiBaseUrl: location.origin,
        logLevel: 'warn',
        allowIncomingWhileBusy: true,
      });
      device.on('incoming', (call) => {
        adopt(call);
        void call.accept();
      });
      await device.register();
    },

    /** Of the next call: `name`, `codec`, and the `port` of its relay. */
    route(next) {
      route = next;
    },

    /** Resolves when it is answered. */
    async call(to) {
      const call = await device.connect({ to });
      adopt(call);
      await new Promise((resolve, reject) => {
        call.once('accepted', resolve);
        call.once('disconnect', ({ reason }) => reject(new Error(`${route.name}: ${reason}`)));
      });
    },

    /** `silent` is one without a sound. */
    setMicrophone: (name, deviceId) => phones.get(name).call.setInputDevice(deviceId),
    mute: (name, on) => phones.get(name).call.mute(on),
    hangUp: (name) => phones.get(name).call.disconnect(),
    notes: (name) => phones.get(name).notes,
    /** All at one moment. */
    story: (name) => ({ notes: phones.get(name).notes, report: phones.get(name).call.getReport() }),
  };
})();
