// Loaded first: sees every SIP message of the page's WebSockets, whoever sends it.
(() => {
  const MOST_MESSAGES = 5000;
  const messages = [];
  const registered = new Map();

  /** Milliseconds since the epoch, in fractions: one clock for all pages and for the test. */
  const now = () => performance.timeOrigin + performance.now();
  const header = (text, name) => new RegExp(`^${name} *: *(.*?)\\r?$`, 'im').exec(text)?.[1] ?? '';
  const userOf = (text, name) => /sip:([^@;>]+)@/i.exec(header(text, name))?.[1] ?? '';

  function note(isOut, text) {
    if (typeof text !== 'string' || text.trim() === '') return;
    const startLine = text.slice(0, text.indexOf('\r\n'));
    const cseq = header(text, 'CSeq');
    const [from, to] = [userOf(text, 'From'), userOf(text, 'To')];
    const [callId, reason] = [header(text, 'Call-ID'), header(text, 'Reason')];
    if (messages.length < MOST_MESSAGES)
      messages.push({ atMs: now(), isOut, startLine, cseq, from, to, callId, reason });
    // The answer to un-registration names no contact.
    const isRegistration = /^SIP\/2\.0 200 /.test(startLine) && cseq.endsWith('REGISTER');
    if (!isOut && isRegistration && header(text, 'Contact') !== '') {
      registered.set(to, [...(registered.get(to) ?? []), now()]);
    }
  }

  const TICK_MS = 200;
  let tickedMs = now();
  let lateMs = 0;
  setInterval(() => {
    lateMs = Math.max(lateMs, now() - tickedMs - TICK_MS);
    tickedMs = now();
  }, TICK_MS);

  const wire = {
    now,
    /** By how much a timer of this page has been late at worst since the last question. */
    lateMs() {
      const late = Math.round(lateMs);
      lateMs = 0;
      return late;
    },
    /** Users whose 200 to an INVITE is held back for so long. */
    slow: new Map(),
    /** When a REGISTER of this user was answered by 200. */
    registered: (user) => registered.get(user) ?? [],
    trace: (user) => messages.filter(({ from, to }) => from === user || to === user),
  };
  window.wire = wire;

  // One microphone for all calls of the page, without the processing that a tone needs none of: neither is under test,
  // and both cost more than the calls themselves.
  const devices = navigator.mediaDevices;
  const getUserMedia = devices.getUserMedia.bind(devices);
  let microphone;
  devices.getUserMedia = async () => {
    microphone ??= getUserMedia({
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    });
    return (await microphone).clone();
  };

  const NativeSocket = window.WebSocket;
  window.WebSocket = class extends NativeSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => note(false, data));
    }

    send(data) {
      const delayMs =
        typeof data === 'string' && /^SIP\/2\.0 200 /.test(data) && / INVITE\r$/m.test(data)
          ? wire.slow.get(userOf(data, 'To'))
          : undefined;
      const send = () => {
        note(true, data);
        super.send(data);
      };
      if (delayMs === undefined) send();
      else setTimeout(send, delayMs);
    }
  };
})();
