// Agents in one page, all by this SDK or all by raw JsSIP, behind one face.
(() => {
  const AUDIO_ONLY = { mediaConstraints: { audio: true, video: false } };
  const agents = new Map();

  /** @returns what an agent does and knows; `note` takes what happens to it. */
  const makers = {
    ours({ account, token }, note) {
      const device = new window.TwoChatVoice.Device({
        token,
        logLevel: 'warn',
        fetchCredentials: () => Promise.resolve(account),
      });
      let call;
      let end;
      let isHeld = false;
      const adopt = (next) => {
        call = next;
        end = undefined;
        isHeld = false;
        for (const event of ['ringing', 'accepted', 'reconnecting', 'reconnected', 'error']) {
          next.on(event, (detail) => note(`call ${event}`, detail));
        }
        next.on('hold', (isOn) => {
          note('call hold', isOn);
          if (call === next) isHeld = isOn;
        });
        next.on('disconnect', (info) => {
          note('call disconnect', info);
          if (call === next) end = { by: info.initiator, reason: info.reason, cause: info.cause };
        });
      };
      device.on('incoming', (next) => {
        note('incoming');
        adopt(next);
      });
      for (const event of [
        'registered',
        'unregistered',
        'reconnecting',
        'reconnected',
        'error',
        'recovered',
      ]) {
        device.on(event, (detail) => {
          note(event, event === 'recovered' ? undefined : detail);
          if (event === 'recovered') adopt(detail);
        });
      }
      return {
        register: () => device.register(),
        connect: async (to) => adopt(await device.connect({ to })),
        accept: () => call.accept(),
        hold: (isOn) => call.hold(isOn),
        hangUp: () => call?.disconnect(),
        claims: () => device.isRegistered(),
        connection: () => call?.session.connection ?? undefined,
        call: () => ({ status: call?.getStatus() ?? 'none', isHeld, end }),
      };
    },

    raw({ account }, note) {
      const { JsSIP } = window;
      const ua = new JsSIP.UA({
        sockets: account.ws_urls.map((url) => new JsSIP.WebSocketInterface(url)),
        uri: account.sip_uri,
        authorization_user: account.authorization_username,
        password: account.password,
      });
      let session;
      let end;
      const STATUS = { accepted: 'accepted', progress: 'ringing' };
      let status = 'none';
      const adopt = (next) => {
        session = next;
        end = undefined;
        status = 'ringing';
        next.on('peerconnection', ({ peerconnection }) => play(peerconnection));
        if (next.connection) play(next.connection);
        for (const event of ['progress', 'accepted']) {
          next.on(event, () => {
            note(`call ${event}`);
            if (session === next && end === undefined) status = STATUS[event];
          });
        }
        for (const event of ['ended', 'failed']) {
          next.on(event, ({ originator, cause }) => {
            note(`call ${event}`, { originator, cause });
            if (session !== next) return;
            status = 'disconnected';
            end = { by: originator, reason: cause, cause };
          });
        }
        for (const event of ['hold', 'unhold'])
          next.on(event, ({ originator }) => note(`call ${event}`, originator));
      };
      ua.on('newRTCSession', ({ originator, session: next }) => {
        if (originator === 'remote') {
          note('incoming');
          adopt(next);
        }
      });
      for (const event of ['connected', 'disconnected', 'registered', 'unregistered', 'registrationFailed']) {
        ua.on(event, () => note(event));
      }
      return {
        register: () =>
          new Promise((resolve, reject) => {
            ua.once('registered', resolve);
            ua.once('registrationFailed', ({ cause }) => reject(new Error(cause)));
            ua.start();
          }),
        connect: (to) => {
          const next = ua.call(to, AUDIO_ONLY);
          adopt(next);
        },
        accept: () => session.answer(AUDIO_ONLY),
        hold: (isOn) => {
          const isAccepted = isOn ? session.hold() : session.unhold();
          if (!isAccepted) throw new Error(`${isOn ? 'hold' : 'unhold'} refused`);
        },
        hangUp: () => session?.terminate(),
        claims: () => ua.isRegistered(),
        connection: () => session?.connection ?? undefined,
        call: () => ({ status, isHeld: session?.isOnHold().local ?? false, end }),
      };
    },
  };

  function play(connection) {
    connection.addEventListener('track', ({ track }) => {
      const element = new Audio();
      element.srcObject = new MediaStream([track]);
      void element.play().catch(() => undefined);
    });
  }

  function plain(value) {
    if (value instanceof Error) return `${value.code ?? value.name}: ${value.message}`;
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
  }

  window.agents = {
    async create({ sdk, user, ...given }) {
      const events = [];
      const note = (event, detail) => events.push({ atMs: window.wire.now(), event, detail: plain(detail) });
      const agent = makers[sdk](given, note);
      agents.set(user, { agent, events, note, ear: window.newEar(agent.connection) });
      await agent.register();
    },

    /** Begins it and waits for nothing: what a command comes to is to be seen from outside. */
    command(user, name, ...args) {
      const { agent, note } = agents.get(user);
      const fail = (error) => note(`${name} failed`, error);
      note(name, args.join(' '));
      try {
        Promise.resolve(agent[name](...args)).catch(fail);
      } catch (error) {
        fail(error);
      }
    },

    /** What changes from moment to moment. */
    glance: () =>
      Object.fromEntries(
        [...agents].map(([user, { agent, ear }]) => [
          user,
          {
            ...agent.call(),
            claims: agent.claims(),
            registeredAtMs: window.wire.registered(user),
            hears: ear.hears(),
          },
        ]),
      ),

    history: (user) => ({ gaps: agents.get(user).ear.gaps(), events: agents.get(user).events }),
  };
})();
