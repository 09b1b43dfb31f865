import type { CallAudio } from '../call/call-audio';
import { fail, lose, moveInput, moveOutput, noteUse } from '../call/device-loss';
import { Disposer } from '../core/disposer';
import { asVoiceError, type VoiceSDKError } from '../core/errors';
import { loadOnce } from '../core/load-once';
import type { Logger } from '../core/logger';
import { normalizeDeviceId, SYSTEM_DEFAULT } from '../media/browser';
import { type DeviceChange, isNamed, isTelling } from '../media/device-changes';
import { DeviceWatch } from '../media/device-watch';
import { type AudioDevice, isSameHardware, type LostDevice, type RecoveredDevice } from '../media/devices';
import { KnownDevices } from '../media/known-devices';
import { LostDevices } from '../media/lost-devices';
import { type MicrophonePermission, PermissionWatch } from '../media/permission-watch';
import type { AudioSettings } from './audio-settings';
import type { DeviceAudioEvents } from './device-audio-events';
import type { DeviceMemory } from './device-memory';
import { MoveRetries } from './move-retries';

type Kind = AudioDevice['kind'];

/** Where a call is to go. */
interface Move {
  readonly deviceId: string;
  /** The device that it used is gone. */
  readonly lost: AudioDevice | undefined;
}

export interface AudioCareOptions {
  readonly settings: AudioSettings;
  readonly logger: Logger;
  readonly emit: <K extends keyof DeviceAudioEvents>(event: K, detail: DeviceAudioEvents[K][0]) => void;
}

/**
 * Keeps calls and choices on devices that are there. The rule: what the agent chose, else what was used before it, the
 * latest first, else the system's default; looked up again whenever devices come or go. Loaded when it is needed.
 */
export class AudioCare {
  readonly #options: AudioCareOptions;
  readonly #disposer = new Disposer();
  readonly #watch: DeviceWatch;
  readonly #permission = new PermissionWatch();
  #memory: DeviceMemory | undefined;
  readonly #known = new KnownDevices();
  readonly #lost = new LostDevices();
  readonly #retries: MoveRetries;
  /** Calls that were told that they cannot go where they should. */
  #stuck = new WeakSet<CallAudio>();
  /** Outputs of calls that could not move: what is only under way will be there in a moment. */
  readonly #leftBehind = new WeakSet<CallAudio>();
  /** The chosen ringtone devices that were there, and the ids of all where it rings; undefined where that is not known. */
  #ringing: ReadonlySet<string> = new Set();
  #outputs: string | undefined;

  constructor(options: AudioCareOptions) {
    this.#options = options;
    const { settings, logger } = options;
    const { ringtone, output } = settings;
    this.#outputs = (ringtone.value.length > 0 ? ringtone.value : [output.value.inForce]).join();
    this.#watch = new DeviceWatch(logger);
    this.#retries = new MoveRetries(() => {
      this.#settle([]);
    });
    settings.hardwareOf = (device) => this.#known.hardwareOf(device);
    this.#watch.on('changed', this.#onChange);
    this.#permission.on('changed', this.#onPermission);
    settings.on('deviceLost', this.#onLost);
    settings.on('deviceRecovered', this.#onRecovered);
    settings.on('microphone', this.#onMicrophone);
    settings.on('settled', this.#onSettled);
    this.#disposer.add(() => {
      this.#watch.dispose();
      this.#permission.dispose();
      this.#retries.reset();
      settings.off('deviceLost', this.#onLost);
      settings.off('deviceRecovered', this.#onRecovered);
      settings.off('microphone', this.#onMicrophone);
      settings.off('settled', this.#onSettled);
    });
  }

  /** Whether the page may use microphones. */
  get permission(): MicrophonePermission {
    return this.#permission.state;
  }

  async start(): Promise<void> {
    await Promise.all([this.#watch.start(), this.#permission.start()]);
    if (this.#disposer.disposed) return;
    this.#note(this.#watch.devices);
    this.#settle();
  }

  /** Takes up what the agent chose in a session before, once. @param scope whose: API and user */
  readonly restore = loadOnce(async (scope: string): Promise<void> => {
    const { settings, logger } = this.#options;
    const { DeviceMemory } = await import('./device-memory');
    if (this.#disposer.disposed) return;
    const memory = new DeviceMemory({
      scope,
      settings,
      logger,
      labelOf: (kind, deviceId) => this.#known.labelOf(kind, deviceId),
      onKnown: (kind, device) => {
        this.#known.remember(kind, device);
      },
    });
    this.#memory = memory;
    this.#disposer.add(() => {
      memory.dispose();
    });
    await memory.restore();
    this.#settle();
  });

  dispose(): void {
    this.#disposer.dispose();
  }

  readonly #onMicrophone = (error?: VoiceSDKError): void => {
    this.#permission.noteOutcome(error);
    // The names may be known now, of which some browsers say nothing.
    void this.#watch.refresh();
  };

  readonly #onPermission = (state: MicrophonePermission): void => {
    this.#options.emit('permissionChanged', { state });
    void this.#watch.refresh().then(() => {
      // A call whose microphone was taken away gets it back.
      if (state === 'granted') this.#settleAnew([]);
    });
  };

  /** What was chosen may not be there. */
  readonly #onSettled = (): void => {
    void this.#watch.refresh().then(() => {
      this.#settle();
    });
  };

  readonly #onChange = (change: DeviceChange): void => {
    this.#note(change.devices);
    this.#options.emit('devicesChanged', change);
    this.#settleAnew(change.removed);
    for (const audio of this.#options.settings.audios) audio.input.revive();
  };

  /** A call lost its device, and goes on with another one already. */
  readonly #onLost = (detail: LostDevice): void => {
    this.#tellLost(detail, detail.replacement !== undefined || detail.kind === 'audiooutput');
    if (isTelling(this.#watch.devices, detail.kind)) this.#settleChoice(detail.kind);
  };

  readonly #onRecovered = ({ device }: RecoveredDevice): void => {
    this.#noteUse(device);
  };

  #note(devices: readonly AudioDevice[]): void {
    this.#known.note(devices);
    if (isNamed(devices)) this.#permission.noteNames();
    this.#memory?.save();
  }

  /** What was in vain may not be any more. */
  #settleAnew(removed: readonly AudioDevice[]): void {
    this.#retries.reset();
    this.#stuck = new WeakSet();
    this.#settle(removed);
  }

  /** Puts each call, the choice for all calls and the ringtone on the best device that is there. */
  #settle(removed?: readonly AudioDevice[]): void {
    if (this.#disposer.disposed) return;
    for (const kind of ['audioinput', 'audiooutput'] as const) {
      if (!isTelling(this.#watch.devices, kind)) continue;
      for (const audio of this.#options.settings.audios)
        if (removed || !this.#stuck.has(audio)) this.#settleCall(audio, kind, removed);
      this.#settleChoice(kind);
    }
    this.#settleRingtone();
  }

  /** In force is what the calls use that follow the choice: not what was found and cannot be opened yet. */
  #settleChoice(kind: Kind): void {
    const { settings } = this.#options;
    const preference = this.#preference(kind);
    if (preference.isChanging) return;
    const { wanted, inForce } = preference.value;
    const best = this.#best(kind, wanted);
    const followers = [...settings.audios].filter(
      (audio) => audio.device(kind).own === undefined && (kind === 'audiooutput' || audio.input.lease),
    );
    const used = followers
      .filter((audio) => kind === 'audioinput' || this.#leftBehind.has(audio))
      .map((audio) => audio.device(kind).id);
    const now = used.find((id) => id !== best && (id === SYSTEM_DEFAULT || this.#find(kind, id))) ?? best;
    if (now !== inForce) {
      settings.substitute(kind, { wanted, inForce: now });
      const lost = followers.length === 0 ? this.#gone(kind, inForce) : undefined;
      if (lost) this.#tellLost({ kind, device: lost, ...this.#replacedBy(kind, now) });
    }
    const device = this.#find(kind, now);
    if (device) this.#noteUse(device);
  }

  #settleCall(audio: CallAudio, kind: Kind, removed?: readonly AudioDevice[]): void {
    let move: Move | undefined;
    const decide = () => (move = this.#moveOf(audio, kind, removed))?.deviceId;
    const moving = kind === 'audioinput' ? moveInput(audio.input, decide) : moveOutput(audio.output, decide);
    moving.then(
      () => {
        this.#onMoved(audio, kind, move);
      },
      (error: unknown) => {
        this.#onStuck(audio, kind, error);
      },
    );
  }

  #onMoved(audio: CallAudio, kind: Kind, move: Move | undefined): void {
    if (this.#disposer.disposed || !this.#options.settings.audios.has(audio)) return;
    const { lease, isGone } = audio.input;
    const device = audio.device(kind);
    if (kind === 'audiooutput') this.#leftBehind.delete(audio);
    const current = kind === 'audiooutput' ? this.#find(kind, device.id) : isGone ? undefined : lease?.device;
    if (move?.lost && (lease || kind === 'audiooutput')) lose(device, move.lost, current);
    if (current) {
      const hardware = this.#known.hardwareOf(current);
      noteUse(device, hardware, (lost) => this.#known.isSame(lost, hardware));
      this.#noteUse(hardware);
    }
    if (!move) return;
    this.#settleChoice(kind);
    // One that began meanwhile has what was in force before.
    for (const other of this.#options.settings.audios) {
      const { own, id } = other.device(kind);
      if (own === undefined && id !== device.id && !this.#stuck.has(other)) this.#settleCall(other, kind);
    }
  }

  /** What it used before goes on. */
  #onStuck(audio: CallAudio, kind: Kind, error: unknown): void {
    const { settings, logger } = this.#options;
    logger.warn('a call could not take the device that is there', error);
    if (this.#disposer.disposed || !settings.audios.has(audio)) return;
    if (kind === 'audiooutput') this.#leftBehind.add(audio);
    this.#settleChoice(kind);
    // Who said no is not asked again and again.
    const isRefused = asVoiceError(error, 'MEDIA_FAILED').code === 'MICROPHONE_DENIED';
    if (this.#stuck.has(audio) || (!isRefused && this.#retries.failed())) return;
    this.#stuck.add(audio);
    fail(audio.device(kind), error);
  }

  #moveOf(audio: CallAudio, kind: Kind, removed: readonly AudioDevice[] | undefined): Move | undefined {
    const { own, id } = audio.device(kind);
    const preference = this.#preference(kind);
    // What is not settled may be taken back; it is looked at again then.
    if (own === undefined && preference.isChanging) return undefined;
    const best = this.#best(kind, own ?? preference.value.wanted);
    const { lease, isGone } = audio.input;
    if (kind === 'audioinput' && isGone) {
      // What failed a moment ago is tried again when devices have come or gone. Only Chromium lists the default;
      // elsewhere any microphone may be it.
      const mayBeThere = this.#find(kind, best) ?? this.#watch.devices.find((one) => one.kind === kind);
      return removed && mayBeThere && { deviceId: best, lost: undefined };
    }
    if (kind === 'audioinput' && lease && best === SYSTEM_DEFAULT && id === SYSTEM_DEFAULT) {
      // A capture of the default stays with the hardware that it began with.
      const entry = this.#find(kind, SYSTEM_DEFAULT);
      if (!entry || isSameHardware(lease.device, entry)) return undefined;
      return { deviceId: best, lost: this.#formerDefault(kind, id, removed) };
    }
    const lost = this.#gone(kind, id) ?? this.#formerDefault(kind, id, removed);
    return best === id && !lost ? undefined : { deviceId: best, lost };
  }

  #settleRingtone(): void {
    const { settings, logger } = this.#options;
    if (settings.ringtone.isChanging || settings.output.isChanging) return;
    const wanted = settings.ringtone.value;
    const isBlind = !isTelling(this.#watch.devices, 'audiooutput');
    const there = new Map(wanted.map((id) => [id, this.#find('audiooutput', id)]));
    const found = wanted.filter((id) => isBlind || id === SYSTEM_DEFAULT || there.get(id));
    const ids = found.map((id) => there.get(id)?.deviceId ?? id);
    const outputs = ids.length > 0 ? ids : [settings.output.value.inForce];
    for (const id of this.#ringing) {
      const device = found.includes(id) || !wanted.includes(id) ? undefined : this.#gone('audiooutput', id);
      if (device)
        this.#tellLost({ kind: 'audiooutput', device, ...this.#replacedBy('audiooutput', outputs[0]) });
    }
    const isNews = outputs.join() !== this.#outputs;
    this.#ringing = new Set(found);
    // An id that the browser does not know yet is looked up again when it lists it.
    this.#outputs = isBlind && outputs.join() !== '' ? undefined : outputs.join();
    const onUsed = () => {
      for (const device of there.values()) if (device) this.#noteUse(device);
    };
    if (!isNews) onUsed();
    else
      settings.sounds.setOutputDevices(outputs).then(onUsed, (error: unknown) => {
        logger.warn('the ringtone does not sound on every device that is there', error);
        if (!isBlind && this.#retries.failed()) this.#outputs = undefined;
        settings.sounds.setOutputDevices(outputs, true).catch(() => undefined);
      });
  }

  #preference(kind: Kind): AudioSettings['input'] | AudioSettings['output'] {
    const { input, output } = this.#options.settings;
    return kind === 'audioinput' ? input : output;
  }

  /** The id of what is there: the wanted device, else the one used before it, else the system's default. */
  #best(kind: Kind, wanted: string): string {
    for (const id of [wanted, ...this.#options.settings.history(kind)]) {
      if (id === SYSTEM_DEFAULT) return id;
      const found = this.#find(kind, id);
      if (found) return found.deviceId;
    }
    return SYSTEM_DEFAULT;
  }

  #find(kind: Kind, deviceId: string): AudioDevice | undefined {
    return this.#known.find(kind, deviceId);
  }

  /** One that is not there any more; one that never was, as an id of another machine, is not lost. */
  #gone(kind: Kind, deviceId: string): AudioDevice | undefined {
    const isHere = deviceId === SYSTEM_DEFAULT || this.#find(kind, deviceId);
    return isHere ? undefined : this.#known.seen(kind, deviceId);
  }

  /** The hardware that the system's default stood for, where it is gone. */
  #formerDefault(
    kind: Kind,
    current: string,
    removed: readonly AudioDevice[] | undefined,
  ): AudioDevice | undefined {
    if (current !== SYSTEM_DEFAULT || !removed) return undefined;
    const ofKind = removed.filter((device) => device.kind === kind);
    const former = ofKind.find(({ deviceId }) => normalizeDeviceId(deviceId) === SYSTEM_DEFAULT);
    return ofKind.find((one) => one !== former && former && isSameHardware(one, former));
  }

  #replacedBy(kind: Kind, deviceId = SYSTEM_DEFAULT): Pick<LostDevice, 'replacement'> {
    const replacement = this.#find(kind, deviceId);
    return replacement ? { replacement } : {};
  }

  #tellLost(detail: LostDevice, isReplaced = true): void {
    if (!this.#lost.add(detail.device, isReplaced)) return;
    this.#options.logger.info('a device is gone', { kind: detail.kind });
    this.#options.emit('deviceLost', detail);
  }

  #noteUse(used: AudioDevice): void {
    const device = this.#known.hardwareOf(used);
    if (!this.#lost.use(device, (lost) => this.#known.isSame(lost, device))) return;
    this.#options.logger.info('a device is back', { kind: device.kind });
    this.#options.emit('deviceRecovered', { kind: device.kind, device });
  }
}
