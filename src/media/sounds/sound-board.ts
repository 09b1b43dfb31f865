import { Sound, type SoundContext } from './sound';
import type { SoundOptions, SoundSetting } from './sound-options';
import { periodsOf, renderRinger, renderTone, wavFile } from './synthesis';
import { digitTone, type ToneSet, tonesOf } from './tones';

/** What can be heard. A digit is `digit` with its key. */
export type SoundName = 'ringback' | 'callWaiting' | 'busy' | 'congestion' | 'hangUp' | `digit ${string}`;

// Not from a standard: long enough to be understood, short enough not to get in the way of the next call.
const BUSY_MS = 4_000;
const HANG_UP_PERIODS = 3;

/** The setting that a sound follows. */
function settingOf(name: SoundName): keyof Omit<SoundOptions, 'country' | 'ringtone'> {
  if (name === 'congestion') return 'busy';
  return name.startsWith('digit') ? 'digits' : (name as Exclude<SoundName, `digit ${string}` | 'congestion'>);
}

/** The sounds of one Device, each made at its first use and then kept. */
export class SoundBoard {
  readonly #context: SoundContext;
  readonly #sounds = new Map<SoundName, Sound>();
  readonly #files = new Map<string, string>();
  #settings: SoundOptions;
  #tones: ToneSet | undefined;
  #outputDeviceId = '';

  constructor(context: SoundContext, settings: SoundOptions) {
    this.#context = context;
    this.#settings = settings;
  }

  /** Other sounds from now on; those that changed fall silent. */
  configure(settings: SoundOptions): void {
    const before = this.#settings;
    this.#settings = settings;
    if (before.country !== settings.country) this.#forgetTones();
    for (const [name, sound] of this.#sounds)
      if (before.country !== settings.country || before[settingOf(name)] !== settings[settingOf(name)]) {
        sound.dispose();
        this.#sounds.delete(name);
      }
  }

  /** Starts a sound, unless it is switched off. */
  start(name: SoundName): void {
    const setting: SoundSetting = this.#settings[settingOf(name)] ?? false;
    if (setting === false || (name.startsWith('digit') && !this.#toneOf(name))) return;
    this.#sound(name, setting).start();
  }

  stop(name: SoundName): void {
    this.#sounds.get(name)?.stop();
  }

  setOutputDevice(deviceId: string): void {
    this.#outputDeviceId = deviceId;
    for (const sound of this.#sounds.values()) sound.setOutputDevice(deviceId);
  }

  /** URL of the ringer; undefined where none can be made. */
  ringerUrl(): string | undefined {
    try {
      return this.#file('ringer', () => renderRinger(this.#toneSet.ringing));
    } catch (error) {
      this.#context.logger.warn('there is no ringer', error);
      return undefined;
    }
  }

  dispose(): void {
    for (const sound of this.#sounds.values()) sound.dispose();
    this.#sounds.clear();
    this.#forgetTones();
  }

  #sound(name: SoundName, setting: SoundSetting): Sound {
    let sound = this.#sounds.get(name);
    if (!sound) {
      const isLooped = name === 'ringback' || name === 'callWaiting';
      const url = typeof setting === 'string' ? setting : undefined;
      sound = new Sound(
        { name, isLooped, url, toneUrl: () => this.#file(name, () => this.#render(name)) },
        this.#context,
      );
      sound.setOutputDevice(this.#outputDeviceId);
      this.#sounds.set(name, sound);
    }
    return sound;
  }

  get #toneSet(): ToneSet {
    return (this.#tones ??= tonesOf(this.#settings.country));
  }

  #toneOf(name: SoundName) {
    const { ringing, busy, congestion, callWaiting } = this.#toneSet;
    const tones = { ringback: ringing, busy, congestion, callWaiting, hangUp: congestion };
    return name in tones ? tones[name as keyof typeof tones] : digitTone(name.slice('digit '.length));
  }

  #render(name: SoundName): Int16Array {
    const tone = this.#toneOf(name);
    if (!tone) return new Int16Array();
    if (name === 'busy' || name === 'congestion') return renderTone(tone, periodsOf(tone, BUSY_MS));
    return renderTone(tone, name === 'hangUp' ? HANG_UP_PERIODS : 1);
  }

  #file(key: string, render: () => Int16Array): string {
    let url = this.#files.get(key);
    if (url === undefined) {
      url = URL.createObjectURL(wavFile(render()));
      this.#files.set(key, url);
    }
    return url;
  }

  #forgetTones(): void {
    this.#tones = undefined;
    for (const url of this.#files.values()) URL.revokeObjectURL(url);
    this.#files.clear();
  }
}
