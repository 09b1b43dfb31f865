// Places calls by this SDK and by raw JsSIP, and notes when what happened. Loaded after both.
(() => {
  let inviteAtMs;
  const nativeSend = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (inviteAtMs === undefined && typeof data === 'string' && data.startsWith('INVITE '))
      inviteAtMs = performance.now();
    nativeSend.call(this, data);
  };

  /** The moment of the first audio packet, looked for every 2 ms at most. */
  async function firstAudio(connection) {
    for (;;) {
      for (const stats of (await connection.getStats()).values()) {
        if (stats.type === 'inbound-rtp' && stats.packetsReceived > 0) return performance.now();
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async function measure(place) {
    inviteAtMs = undefined;
    const startMs = performance.now();
    const { accepted, connection, hangUp } = await place();
    const acceptedMs = accepted.then(() => performance.now() - startMs);
    const audioMs = accepted.then(() => firstAudio(connection())).then((atMs) => atMs - startMs);
    const row = { accepted: await acceptedMs, audio: await audioMs, invite: inviteAtMs - startMs };
    await hangUp();
    return row;
  }

  window.bench = {
    async start({ token, credentials, iceServers }) {
      const { Device } = window.TwoChatVoice;
      this.device = new Device({ token, iceServers, fetchCredentials: () => Promise.resolve(credentials) });
      await this.device.register();
      const { JsSIP } = window;
      this.ua = new JsSIP.UA({
        sockets: [new JsSIP.WebSocketInterface(credentials.ws_urls[0])],
        uri: credentials.sip_uri,
        authorization_user: credentials.authorization_username,
        password: credentials.password,
        session_timers: false,
      });
      await new Promise((resolve) => {
        this.ua.on('registered', resolve);
        this.ua.start();
      });
    },

    sdk(to) {
      return measure(async () => {
        const call = await this.device.connect({ to });
        return {
          accepted: new Promise((resolve, reject) => {
            call.once('accepted', resolve);
            call.once('disconnect', reject);
          }),
          connection: () => call.session.connection,
          hangUp: () => call.disconnect(),
        };
      });
    },

    /** A call that stays, for measuring what it costs to sample. */
    async talk(to) {
      const call = await this.device.connect({ to });
      await new Promise((resolve, reject) => {
        call.once('accepted', resolve);
        call.once('disconnect', reject);
      });
      await firstAudio(call.session.connection);
      this.talking = call;
    },

    /**
     * Has that call looked at by so many monitors, each once a second as in every call, for so long. They take turns: a
     * browser answers from memory what it has just been asked.
     */
    async sample(monitors, durationMs) {
      let samples = 0;
      const none = () => undefined;
      const { connection } = this.talking.session;
      const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
      const run = async (number) => {
        await wait((number * 1000) / monitors);
        const monitor = new window.QualityMonitor({
          condition: () => ({
            isMuted: false,
            isHeld: false,
            isReconnecting: false,
            measuredInputDbfs: null,
          }),
          onSample: () => (samples += 1),
          onWarning: none,
          onWarningCleared: none,
          logger: { warn: none },
        });
        monitor.watch(connection);
        await wait(durationMs);
        monitor.stop();
      };
      // As long with as without.
      await Promise.all([wait(durationMs + 1000), ...Array.from({ length: monitors }, (_, at) => run(at))]);
      return samples;
    },

    endTalk() {
      return this.talking.disconnect();
    },

    /** Raw JsSIP, its INVITE sent at the first candidate. */
    raw(to, iceServers) {
      return measure(() => {
        const session = this.ua.call(to, {
          mediaConstraints: { audio: true, video: false },
          pcConfig: { iceServers },
        });
        session.on('icecandidate', ({ ready }) => ready());
        return Promise.resolve({
          accepted: new Promise((resolve, reject) => {
            session.on('accepted', resolve);
            session.on('failed', reject);
          }),
          connection: () => session.connection,
          hangUp: () => session.terminate(),
        });
      });
    },

    /** How long raw JsSIP holds the INVITE back, for `count` calls side by side: they only wait. */
    async rawInvites(to, iceServers, count) {
      const startMs = performance.now();
      return Promise.all(
        Array.from(
          { length: count },
          () =>
            new Promise((resolve) => {
              const session = this.ua.call(to, {
                mediaConstraints: { audio: true, video: false },
                pcConfig: { iceServers },
              });
              session.on('sending', () => {
                resolve(performance.now() - startMs);
                setTimeout(() => session.isEnded() || session.terminate(), 0);
              });
            }),
        ),
      );
    },
  };
})();
