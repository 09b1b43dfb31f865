// The other side of every call: raw JsSIP at an edge that nothing happens to. It rings, and answers every INVITE, the
// first one or a later one, at once or when it is told to.
(() => {
  const phones = new Map();

  // G.711 costs next to nothing, and there are many calls.
  const cheap = RTCRtpReceiver.getCapabilities('audio').codecs.filter(
    ({ mimeType }) => mimeType === 'audio/PCMU' || mimeType === 'audio/telephone-event',
  );
  for (const name of ['createOffer', 'createAnswer']) {
    const native = RTCPeerConnection.prototype[name];
    RTCPeerConnection.prototype[name] = function (...args) {
      for (const transceiver of this.getTransceivers()) transceiver.setCodecPreferences(cheap);
      return native.apply(this, args);
    };
  }

  /** Few and long packets, in both directions: each costs more than what is in it. */
  const withLongPackets = (sdp) =>
    sdp.replace(/^(a=rtpmap:0 .*)$/m, '$1\r\na=ptime:60').replaceAll('\r\r', '\r');

  function newPhone({ account, answers }, stream) {
    const { JsSIP } = window;
    const ua = new JsSIP.UA({
      sockets: account.ws_urls.map((url) => new JsSIP.WebSocketInterface(url)),
      uri: account.sip_uri,
      authorization_user: account.authorization_username,
      password: account.password,
      // A refresh that does not get through would end the call at this end.
      session_timers: false,
    });
    const sessions = [];
    const events = [];
    const note = (event, detail) => events.push({ atMs: window.wire.now(), event, detail });
    let isAnswering = answers;
    const answer = ({ session }) => session.answer({ mediaStream: stream });
    const adopt = (session) => {
      const entry = { session, status: 'ringing' };
      sessions.push(entry);
      // What nobody plays is not received either, as far as statistics tell.
      const play = (connection) =>
        connection.addEventListener('track', ({ track }) => {
          const element = new Audio();
          element.muted = true;
          element.srcObject = new MediaStream([track]);
          void element.play().catch(() => undefined);
        });
      if (session.connection) play(session.connection);
      session.on('peerconnection', ({ peerconnection }) => play(peerconnection));
      session.on('sdp', (event) => {
        event.sdp = withLongPackets(event.sdp);
      });
      session.on('progress', () => note('progress'));
      session.on('accepted', () => {
        note('accepted');
        entry.status = 'accepted';
      });
      for (const event of ['ended', 'failed']) {
        session.on(event, ({ originator, cause }) => {
          note(event, `${originator}, ${cause}`);
          entry.status = 'disconnected';
        });
      }
      return entry;
    };
    ua.on('newRTCSession', ({ originator, session }) => {
      if (originator !== 'remote') return;
      note('incoming');
      const entry = adopt(session);
      if (isAnswering) setTimeout(answer, 0, entry);
    });
    const current = () => sessions.findLast(({ session }) => session.isEstablished()) ?? sessions.at(-1);
    return {
      ear: window.newEar(() => current()?.session.connection),
      events,
      register: () =>
        new Promise((resolve, reject) => {
          ua.once('registered', resolve);
          ua.once('registrationFailed', ({ cause }) => reject(new Error(cause)));
          ua.start();
        }),
      call: (to) => adopt(ua.call(to, { mediaStream: stream })),
      /** From now on every INVITE is answered, and the newest one that rings already: people talk on one line. */
      answerAll() {
        isAnswering = true;
        const ringing = sessions.findLast(({ session }) => session.isInProgress());
        if (ringing !== undefined) answer(ringing);
      },
      hangUp() {
        for (const { session } of sessions) if (!session.isEnded()) session.terminate();
      },
      current,
      count: () => sessions.length,
    };
  }

  window.farEnds = {
    async create({ user, slowMs, ...given }) {
      if (slowMs !== undefined) window.wire.slow.set(user, slowMs);
      const phone = newPhone(given, await navigator.mediaDevices.getUserMedia());
      phones.set(user, phone);
      await phone.register();
    },

    command(user, name, ...args) {
      phones.get(user)[name](...args);
    },

    glance: () =>
      Object.fromEntries(
        [...phones].map(([user, phone]) => [
          user,
          { status: phone.current()?.status ?? 'none', sessions: phone.count(), hears: phone.ear.hears() },
        ]),
      ),

    history: (user) => ({ gaps: phones.get(user).ear.gaps(), events: phones.get(user).events }),
  };
})();
