import type { CallAudio } from '../call/call-audio';
import { TypedEmitter } from '../core/emitter';
import { voiceError, type VoiceSDKError } from '../core/errors';
import type { Logger } from '../core/logger';
import { normalizeDeviceId } from '../media/browser';
import type { AudioDevice, LostDevice, RecoveredDevice } from '../media/devices';
import {
  type AllInputProcessing,
  DEFAULT_PROCESSING,
  type InputProcessing,
  mergeProcessing,
} from '../media/input-processing';
import { Microphone } from '../media/microphone';
import { ProcessorList } from '../media/processors/processor-list';
import { Preference } from './device-preference';

/** What the agent can choose. */
export type ChosenPart = 'input' | 'output' | 'ringtone' | 'processing';

export type AudioSettingsEvents = {
  /** What the agent chose for all calls is in force, or was taken back as one of them could not follow. */
  settled: [part: ChosenPart];
  /** As {@link AudioSettings.substitute} says. Calls and the ringtone are told otherwise. */
  substituted: [];
  /** A call opened or lost a microphone of its own accord: a device stopped. */
  deviceLost: [detail: LostDevice];
  deviceRecovered: [detail: RecoveredDevice];
  /** The browser granted a microphone, or did not. */
  microphone: [error?: VoiceSDKError];
};

/** What plays beside the calls: all of it on the same outputs. */
export interface SoundOutputs {
  /** @throws VoiceSDKError `UNSUPPORTED`, `OUTPUT_DEVICE_FAILED` */
  setOutputDevices(deviceIds: readonly string[], isLenient?: boolean): Promise<void>;
}

/** A device that the agent wants, and the one that is used while that is away. */
export interface DeviceChoice {
  /** `''` is the system's default, as in `inForce`. */
  readonly wanted: string;
  readonly inForce: string;
}

/** What a Device begins with. */
export interface InitialAudio {
  readonly inputDeviceId: string | undefined;
  readonly outputDeviceId: string | undefined;
  readonly ringtoneDeviceIds: readonly string[];
  readonly inputProcessing: InputProcessing;
}

// A desk has no more headsets than that to go back to.
const LONGEST_HISTORY = 5;
// Each is an audio element of its own.
const MOST_RINGTONE_DEVICES = 8;

/** Whether these are device ids, as a JavaScript caller, or another tab, may pass them. */
export function isDeviceIds(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= MOST_RINGTONE_DEVICES &&
    value.every((id) => typeof id === 'string')
  );
}

/** The same. @throws VoiceSDKError `INVALID_ARGUMENT` */
export function checkDeviceIds(deviceIds: unknown): asserts deviceIds is readonly string[] {
  if (!isDeviceIds(deviceIds))
    throw voiceError('INVALID_ARGUMENT', `Ringtone devices are at most ${MOST_RINGTONE_DEVICES} device ids.`);
}

/** What the agent chose for the sound of one Device, and the calls that follow. Decides nothing by itself. */
export class AudioSettings extends TypedEmitter<AudioSettingsEvents> {
  readonly microphone: Microphone;
  readonly input: Preference<DeviceChoice, CallAudio>;
  readonly output: Preference<DeviceChoice, CallAudio | SoundOutputs>;
  /** Where sounds beside the calls play; none is where the calls play. */
  readonly ringtone: Preference<readonly string[], SoundOutputs>;
  readonly processing: Preference<AllInputProcessing, CallAudio>;
  /** What the sound of calls goes through. */
  readonly processors = new ProcessorList();
  /** What the browser's entry for the default stands for, where it is known; any other device is itself. */
  hardwareOf: (device: AudioDevice) => AudioDevice = (device) => device;
  /** What the agent has chosen since the Device was made. */
  readonly chosen = new Set<ChosenPart>();
  /** Of every live call. */
  readonly audios = new Set<CallAudio>();
  /** What plays beside the calls. */
  readonly sounds: SoundOutputs;
  readonly #history: Record<AudioDevice['kind'], readonly string[]>;

  constructor(initial: InitialAudio, sounds: SoundOutputs, logger: Logger) {
    super();
    this.sounds = sounds;
    this.microphone = new Microphone({
      logger,
      onOutcome: (error) => {
        if (error) this.emit('microphone', error);
        else this.emit('microphone');
      },
    });
    const onStranded = (error: unknown) => {
      logger.warn('not all could go back to the device before', error);
    };
    const calls = () => [...this.audios];
    const input = choiceOf(initial.inputDeviceId);
    const output = choiceOf(initial.outputDeviceId);
    this.#history = { audioinput: [input.wanted], audiooutput: [output.wanted] };
    this.input = new Preference({
      value: input,
      followers: calls,
      apply: (audio: CallAudio, { inForce }: DeviceChoice) => audio.input.choose(inForce, 'device'),
      onStranded,
    });
    this.output = new Preference<DeviceChoice, CallAudio | SoundOutputs>({
      value: output,
      followers: () => (this.ringtone.value.length > 0 ? calls() : [sounds, ...calls()]),
      apply: (follower, { inForce }) =>
        'setOutputDevices' in follower
          ? follower.setOutputDevices([inForce])
          : follower.output.choose(inForce, 'device'),
      onStranded,
    });
    this.ringtone = new Preference({
      value: initial.ringtoneDeviceIds,
      followers: () => [sounds],
      apply: (outputs, ids) => outputs.setOutputDevices(ids.length > 0 ? ids : [this.output.value.inForce]),
      onStranded,
    });
    this.microphone.processing = mergeProcessing(DEFAULT_PROCESSING, initial.inputProcessing);
    this.processing = new Preference({
      value: this.microphone.processing,
      followers: calls,
      apply: (audio, processing) => {
        this.microphone.processing = processing;
        return audio.input.setProcessing(processing);
      },
      onStranded,
    });
  }

  /** What calls may take in place of a microphone that is gone, best first: it goes on with what the agent used before. */
  readonly substitutes = (): readonly string[] => this.#history.audioinput;

  /** Devices that the agent used, the last one first; `''` is the system's default. */
  history(kind: AudioDevice['kind']): readonly string[] {
    return this.#history[kind];
  }

  /** @throws VoiceSDKError `MICROPHONE_*` when a live call cannot follow; the former preference holds again then. */
  async setInputDevice(deviceId: string): Promise<void> {
    checkDeviceId(deviceId);
    await this.#settling('input', this.input.change(choiceOf(deviceId)));
    this.noteChosen('audioinput', deviceId);
  }

  /** @throws VoiceSDKError `UNSUPPORTED`, `OUTPUT_DEVICE_FAILED`; the former preference holds again then. */
  async setOutputDevice(deviceId: string): Promise<void> {
    checkDeviceId(deviceId);
    await this.#settling('output', this.output.change(choiceOf(deviceId)));
    this.noteChosen('audiooutput', deviceId);
  }

  /** @throws VoiceSDKError `UNSUPPORTED`, `OUTPUT_DEVICE_FAILED`; those before ring on then. */
  async setRingtoneDevices(deviceIds: readonly string[]): Promise<void> {
    checkDeviceIds(deviceIds);
    await this.#settling('ringtone', this.ringtone.change([...new Set(deviceIds.map(normalizeDeviceId))]));
  }

  /** @throws VoiceSDKError `INVALID_ARGUMENT`; `MICROPHONE_*`, and the former processing holds again then. */
  async setInputProcessing(changes: InputProcessing): Promise<void> {
    const processing = mergeProcessing(this.processing.value, changes);
    // Also where no call follows.
    this.microphone.processing = processing;
    try {
      await this.#settling('processing', this.processing.change(processing));
    } finally {
      this.microphone.processing = this.processing.value;
    }
  }

  /** A call begins: it has what is preferred, and follows from now on. */
  add(audio: CallAudio, signal: AbortSignal): void {
    this.audios.add(audio);
    audio.on('deviceLost', (detail) => {
      this.emit('deviceLost', detail);
    });
    audio.on('deviceRecovered', (detail) => {
      this.emit('deviceRecovered', detail);
    });
    signal.addEventListener('abort', () => this.audios.delete(audio), { once: true });
  }

  async #settling(part: ChosenPart, change: Promise<void>): Promise<void> {
    try {
      await change;
      this.chosen.add(part);
    } finally {
      // When the device is in the history as well.
      queueMicrotask(() => {
        this.emit('settled', part);
      });
    }
  }

  /** Another device is in force in place of a choice, or the choice is again. */
  substitute(kind: AudioDevice['kind'], choice: DeviceChoice): void {
    (kind === 'audioinput' ? this.input : this.output).substitute(choice);
    this.emit('substituted');
  }

  /** A choice holds, also one that was made in another tab. */
  noteSettled(part: ChosenPart): void {
    this.chosen.add(part);
    this.emit('settled', part);
  }

  readonly noteChosen = (kind: AudioDevice['kind'], deviceId: string): void => {
    const id = normalizeDeviceId(deviceId);
    const before = this.#history[kind].filter((other) => other !== id);
    this.#history[kind] = [id, ...before].slice(0, LONGEST_HISTORY);
  };
}

function checkDeviceId(deviceId: unknown): void {
  if (typeof deviceId !== 'string') throw voiceError('INVALID_ARGUMENT', 'A device id is a string.');
}

function choiceOf(deviceId: string | undefined): DeviceChoice {
  const wanted = normalizeDeviceId(deviceId);
  return { wanted, inForce: wanted };
}
