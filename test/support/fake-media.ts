import { FakeAudioElement, FakeAudioElementWithOutput, type PlaybackRules } from './fake-audio-element';
import { type ConstraintsBehaviour, FakeMediaStream, FakeMediaStreamTrack } from './fake-tracks';
import { DomTarget } from './wire/dom-target';

export interface FakeDevice {
  readonly deviceId: string;
  readonly kind: MediaDeviceKind;
  readonly label: string;
  readonly groupId: string;
}

/** A getUserMedia() that nobody answered yet. */
export interface FakePrompt {
  readonly constraints: MediaStreamConstraints;
  grant(): void;
  /** Refuses with a DOMException of this name. */
  deny(name: string): void;
}

class FakePermissionStatus extends DomTarget {
  state: PermissionState = 'prompt';
}

export interface FakeMediaOptions {
  /** False: no `navigator.mediaDevices`, as on a page without HTTPS. Default true. */
  readonly mediaDevices?: boolean;
  /** False: audio elements have no setSinkId. Default true. */
  readonly outputSelection?: boolean;
  readonly devices?: readonly FakeDevice[];
  /** What the Permissions API says of the microphone. Default: the browser has none. */
  readonly permission?: PermissionState;
  /** What the browser does when a running microphone is to be processed otherwise. Default `applies`. */
  readonly applyConstraints?: ConstraintsBehaviour;
}

const DEVICES: readonly FakeDevice[] = [
  { deviceId: 'desk-mic', kind: 'audioinput', label: 'Desk microphone', groupId: 'desk' },
  { deviceId: 'headset-mic', kind: 'audioinput', label: 'Headset', groupId: 'headset' },
  { deviceId: 'desk-speaker', kind: 'audiooutput', label: 'Desk speaker', groupId: 'desk' },
  { deviceId: 'headset-ear', kind: 'audiooutput', label: 'Headset', groupId: 'headset' },
  { deviceId: 'webcam', kind: 'videoinput', label: 'Webcam', groupId: 'desk' },
];

/**
 * The media half of a browser, put in place of the missing globals: microphones, audio elements, gestures. It
 * keeps count of all that was handed out, so that a test can ask what is left. `uninstall()` after each test.
 */
export class FakeMedia implements PlaybackRules {
  autoplayAllowed = true;
  holdPlay = false;
  holdOutput = false;
  readonly brokenUrls = new Set<string>();
  readonly blockedUrls = new Set<string>();
  /** False: each getUserMedia() waits in `prompts`. */
  autoGrant = true;
  readonly prompts: FakePrompt[] = [];
  /** The constraints of every getUserMedia() so far. */
  readonly requests: MediaStreamConstraints[] = [];
  /** Every local track that ever was, clones included. */
  readonly tracks: FakeMediaStreamTrack[] = [];
  readonly elements: FakeAudioElement[] = [];
  readonly document = new DomTarget();
  readonly mediaDevices = new DomTarget();
  readonly permissionStatus = new FakePermissionStatus();
  readonly #applyConstraints: ConstraintsBehaviour;
  readonly #saved = new Map<string, PropertyDescriptor | undefined>();
  #devices: readonly FakeDevice[];
  #refusals: string[] = [];
  #grantedOnce = false;

  private constructor(options: FakeMediaOptions) {
    this.#devices = options.devices ?? DEVICES;
    Object.assign(this.mediaDevices, {
      getUserMedia: (constraints: MediaStreamConstraints) => this.#getUserMedia(constraints),
      enumerateDevices: () => Promise.resolve(this.#enumerate()),
    });
    const Element = options.outputSelection === false ? FakeAudioElement : FakeAudioElementWithOutput;
    const createElement = (): FakeAudioElement => {
      const element = new Element(this);
      this.elements.push(element);
      return element;
    };
    // `new Audio()` gives what a constructor function returns.
    function FakeAudio(): FakeAudioElement {
      return createElement();
    }
    this.permissionStatus.state = options.permission ?? 'prompt';
    this.#applyConstraints = options.applyConstraints ?? 'applies';
    const permissions = {
      query: ({ name }: { name: string }) =>
        name === 'microphone' ? Promise.resolve(this.permissionStatus) : Promise.reject(new TypeError(name)),
    };
    this.#define('navigator', {
      ...(options.mediaDevices === false ? {} : { mediaDevices: this.mediaDevices }),
      ...(options.permission === undefined ? {} : { permissions }),
    });
    this.#define('document', this.document);
    this.#define('MediaStream', FakeMediaStream);
    this.#define('MediaStreamTrack', FakeMediaStreamTrack);
    this.#define('HTMLMediaElement', Element);
    this.#define('Audio', FakeAudio);
  }

  static install(options: FakeMediaOptions = {}): FakeMedia {
    return new FakeMedia(options);
  }

  uninstall(): void {
    for (const [name, descriptor] of this.#saved) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    }
    this.#saved.clear();
  }

  /** Local tracks that still capture: the microphone indicator of the browser is on while there is one. */
  get liveTracks(): FakeMediaStreamTrack[] {
    return this.tracks.filter((track) => track.readyState === 'live');
  }

  /** Audio elements that play or hold a source. */
  get heldElements(): FakeAudioElement[] {
    return this.elements.filter((element) => element.hasSource || !element.paused);
  }

  /** Listeners on the document, on elements and on local tracks. */
  get listeners(): number {
    const targets = [
      this.document,
      this.mediaDevices,
      this.permissionStatus,
      ...this.elements,
      ...this.tracks,
    ];
    return targets.reduce((sum, target) => sum + target.listenerCount(), 0);
  }

  /** The only element, or the newest one. */
  get element(): FakeAudioElement {
    const element = this.elements.at(-1);
    if (!element) throw new Error('no audio element was made');
    return element;
  }

  /** The same where the browser can choose the output. */
  get outputElement(): FakeAudioElementWithOutput {
    const { element } = this;
    if (!(element instanceof FakeAudioElementWithOutput)) throw new Error('this browser has no setSinkId');
    return element;
  }

  /** All of them, where the browser can choose the output. */
  get outputElements(): FakeAudioElementWithOutput[] {
    return this.elements.filter((element) => element instanceof FakeAudioElementWithOutput);
  }

  hasOutput(deviceId: string): boolean {
    return this.#devices.some((device) => device.kind === 'audiooutput' && device.deviceId === deviceId);
  }

  /** Lets the next getUserMedia() fail with a DOMException of this name; several queue up. */
  refuseNext(name: string): void {
    this.#refusals.push(name);
  }

  /** The page may use microphones already: names are known. */
  permit(): void {
    this.#grantedOnce = true;
  }

  /** The agent, or a rule, changes what the page may; what it has open ends where it is taken away. */
  setPermission(state: PermissionState): void {
    this.permissionStatus.state = state;
    if (state === 'denied') for (const track of this.liveTracks) track.end();
    this.permissionStatus.dispatchEvent(new Event('change'));
  }

  /** The system takes another device as its default, which the browser lists under that name. */
  setDefault(deviceId: string): void {
    const device = this.#devices.find((one) => one.deviceId === deviceId);
    if (!device) throw new Error(`there is no ${deviceId}`);
    const isOther = (one: FakeDevice) => one.deviceId !== 'default' || one.kind !== device.kind;
    const entry = { ...device, deviceId: 'default', label: `Default - ${device.label}` };
    this.#devices = [entry, ...this.#devices.filter(isOther)];
    this.mediaDevices.dispatchEvent(new Event('devicechange'));
  }

  /** A device stops and is there all the same, as Bluetooth headsets do that change their profile. */
  stop(deviceId: string): void {
    for (const track of this.liveTracks) if (track.source.deviceId === deviceId) track.end();
  }

  /** Takes a device away: its tracks end, and `devicechange` fires. */
  unplug(deviceId: string): void {
    this.#devices = this.#devices.filter((device) => device.deviceId !== deviceId);
    for (const track of this.liveTracks) if (track.source.deviceId === deviceId) track.end();
    this.mediaDevices.dispatchEvent(new Event('devicechange'));
  }

  /** Takes a device off the list; its tracks go on, as some systems have it. */
  forget(deviceId: string): void {
    this.#devices = this.#devices.filter((device) => device.deviceId !== deviceId);
    this.mediaDevices.dispatchEvent(new Event('devicechange'));
  }

  plug(device: FakeDevice): void {
    this.#devices = [...this.#devices, device];
    this.mediaDevices.dispatchEvent(new Event('devicechange'));
  }

  /** The agent does something on the page. What it allows holds from then on, as in a browser. */
  gesture(type = 'pointerdown'): void {
    this.autoplayAllowed = true;
    this.document.dispatchEvent(new Event(type));
  }

  /** An event on the document that does not count as a gesture (Escape, the finger going down). */
  uselessGesture(type = 'keydown'): void {
    this.document.dispatchEvent(new Event(type));
  }

  /** A stream of the far end, which is not counted among the local tracks. */
  remoteStream(): MediaStream {
    const track = new FakeMediaStreamTrack({ deviceId: '', label: 'remote', groupId: '' });
    return new FakeMediaStream([track]) as unknown as MediaStream;
  }

  #enumerate(): FakeDevice[] {
    if (this.#grantedOnce) return [...this.#devices];
    return this.#devices.map(({ kind }) => ({ deviceId: '', kind, label: '', groupId: '' }));
  }

  #getUserMedia(constraints: MediaStreamConstraints): Promise<FakeMediaStream> {
    this.requests.push(constraints);
    const refusal = this.permissionStatus.state === 'denied' ? 'NotAllowedError' : this.#refusals.shift();
    if (refusal !== undefined) return Promise.reject(new DOMException('refused', refusal));
    return new Promise((resolve, reject) => {
      const deny = (name: string) => {
        reject(new DOMException('refused', name));
      };
      const grant = () => {
        const device = this.#choose(constraints);
        if (typeof device === 'string') {
          deny(device);
          return;
        }
        this.#grantedOnce = true;
        const track = new FakeMediaStreamTrack(device, (made) => this.tracks.push(made));
        track.capture(constraints.audio, this.#applyConstraints);
        resolve(new FakeMediaStream([track]));
      };
      if (this.autoGrant) grant();
      else this.prompts.push(this.#prompt(constraints, grant, deny));
    });
  }

  #prompt(constraints: MediaStreamConstraints, grant: () => void, deny: (name: string) => void): FakePrompt {
    const answer = (act: () => void) => {
      this.prompts.splice(this.prompts.indexOf(prompt), 1);
      act();
    };
    const prompt: FakePrompt = {
      constraints,
      grant: () => {
        answer(grant);
      },
      deny: (name) => {
        answer(() => {
          deny(name);
        });
      },
    };
    return prompt;
  }

  /** The device that the constraints name, or the name of the error. */
  #choose({ audio, video }: MediaStreamConstraints): FakeDevice | string {
    if (video) return 'NotAllowedError';
    const microphones = this.#devices.filter((device) => device.kind === 'audioinput');
    const wanted = typeof audio === 'object' ? audio.deviceId : undefined;
    const exact = typeof wanted === 'object' && 'exact' in wanted ? wanted.exact : undefined;
    if (exact === undefined) return microphones[0] ?? 'NotFoundError';
    return microphones.find((device) => device.deviceId === exact) ?? 'OverconstrainedError';
  }

  #define(name: string, value: unknown): void {
    this.#saved.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}
