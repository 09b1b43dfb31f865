/** A softphone of plain JsSIP that runs in a page: what the sandbox must work with, free of our own SDK. */
import JsSIP from 'jssip';

interface Credentials {
  ws_urls: string[];
  sip_uri: string;
  authorization_username: string;
  password: string;
}

type Session = ReturnType<InstanceType<typeof JsSIP.UA>['call']>;

export interface Heard {
  hz: number;
  levelDbfs: number;
  codec: string;
}

export interface CallView {
  events: string[];
  endCause: string | undefined;
  endStatus: number | undefined;
  remote: string;
  localCandidates: string[];
}

export class PagePhone {
  readonly #context = new AudioContext();
  #agent: InstanceType<typeof JsSIP.UA> | undefined;
  #session: Session | undefined;
  #analyser: AnalyserNode | undefined;
  #view: CallView = {
    events: [],
    endCause: undefined,
    endStatus: undefined,
    remote: '',
    localCandidates: [],
  };

  get view(): CallView {
    return this.#view;
  }

  async register(apiUrl: string, token: string): Promise<void> {
    const answer = await fetch(`${apiUrl}/open/sdk/credentials`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const credentials = (await answer.json()) as Credentials;
    this.#agent = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(credentials.ws_urls[0] ?? '')],
      uri: credentials.sip_uri,
      authorization_user: credentials.authorization_username,
      password: credentials.password,
      session_timers: false,
    });
    this.#agent.on('newRTCSession', (event: { originator: unknown; session: Session }) => {
      if (event.originator === 'remote') this.#watch(event.session);
    });
    await new Promise<void>((resolve, reject) => {
      this.#agent?.on('registered', () => {
        resolve();
      });
      this.#agent?.on('registrationFailed', ({ cause }) => {
        reject(new Error(String(cause)));
      });
      this.#agent?.start();
    });
  }

  call(to: string, codec?: 'PCMU'): void {
    const session = this.#agent?.call(to, { mediaConstraints: { audio: true, video: false }, pcConfig: {} });
    if (session === undefined) throw new Error('not registered');
    if (codec !== undefined) {
      const transceivers = session.connection.getTransceivers.bind(session.connection);
      const addTrack = session.connection.addTrack.bind(session.connection);
      session.connection.addTrack = (...tracks) => {
        const sender = addTrack(...tracks);
        const wanted = (RTCRtpReceiver.getCapabilities('audio')?.codecs ?? []).filter(
          ({ mimeType }) => mimeType === `audio/${codec}` || mimeType === 'audio/telephone-event',
        );
        transceivers()[0]?.setCodecPreferences(wanted);
        return sender;
      };
    }
    this.#watch(session);
  }

  /** Calls with an oscillator for a microphone: without the permission, host candidates are hidden. */
  callWithTone(to: string, hz: number): void {
    const oscillator = this.#context.createOscillator();
    const output = this.#context.createMediaStreamDestination();
    oscillator.frequency.value = hz;
    oscillator.connect(output);
    oscillator.start();
    const session = this.#agent?.call(to, {
      mediaStream: output.stream,
      mediaConstraints: { audio: true, video: false },
      pcConfig: {},
    });
    if (session === undefined) throw new Error('not registered');
    this.#watch(session);
  }

  answer(): void {
    this.#session?.answer({ mediaConstraints: { audio: true, video: false }, pcConfig: {} });
  }

  hangup(): void {
    this.#session?.terminate();
  }

  hold(on: boolean): Promise<void> {
    return new Promise((resolve) => {
      if (on) this.#session?.hold({}, resolve);
      else this.#session?.unhold({}, resolve);
    });
  }

  mute(on: boolean): void {
    if (on) this.#session?.mute({ audio: true });
    else this.#session?.unmute({ audio: true });
  }

  sendDigits(digits: string): void {
    const [sender] = this.#session?.connection.getSenders() ?? [];
    sender?.dtmf?.insertDTMF(digits, 100, 70);
  }

  async hearing(): Promise<Heard> {
    const analyser = this.#analyser;
    if (analyser === undefined) return { hz: 0, levelDbfs: -127, codec: '' };
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const peak = bins.reduce((best, level, at) => (level > (bins[best] ?? -Infinity) ? at : best), 0);
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    const stats = await this.#session?.connection.getStats();
    let codec = '';
    stats?.forEach((entry: { type: string; kind?: string; codecId?: string }) => {
      if (entry.type !== 'inbound-rtp' || entry.codecId === undefined) return;
      codec = (stats.get(entry.codecId) as { mimeType?: string } | undefined)?.mimeType ?? '';
    });
    return {
      hz: (peak * this.#context.sampleRate) / analyser.fftSize,
      levelDbfs: Math.max(-127, 10 * Math.log10(power)),
      codec,
    };
  }

  #watch(session: Session): void {
    const view: CallView = {
      events: [],
      endCause: undefined,
      endStatus: undefined,
      remote: session.remote_identity.uri.user,
      localCandidates: [],
    };
    this.#view = view;
    // What the last call left would answer for the next one.
    this.#analyser = undefined;
    this.#session = session;
    for (const name of ['progress', 'accepted', 'confirmed', 'hold', 'unhold'] as const) {
      session.on(name, () => view.events.push(name));
    }
    const onEnd = (event: { cause: string; message?: { status_code?: number } | null }): void => {
      view.endCause = event.cause;
      view.endStatus = event.message?.status_code;
    };
    session.on('ended', onEnd as never);
    session.on('failed', onEnd as never);
    const listen = (connection: RTCPeerConnection): void => {
      connection.addEventListener('icecandidate', ({ candidate }) => {
        if (candidate !== null) view.localCandidates.push(candidate.candidate);
      });
      connection.addEventListener('track', ({ track }) => {
        this.#play(track);
      });
    };
    if ((session.connection as RTCPeerConnection | null) === null) {
      session.on('peerconnection', ({ peerconnection }: { peerconnection: RTCPeerConnection }) => {
        listen(peerconnection);
      });
    } else listen(session.connection);
  }

  #play(track: MediaStreamTrack): void {
    const stream = new MediaStream([track]);
    // Chromium decodes a remote track for WebAudio only while an element plays it.
    const element = new Audio();
    element.srcObject = stream;
    element.muted = true;
    void element.play();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 4096;
    this.#analyser.smoothingTimeConstant = 0;
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }
}

declare global {
  interface Window {
    rawPhone: PagePhone;
  }
}

window.rawPhone = new PagePhone();
