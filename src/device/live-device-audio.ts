import { TypedEmitter } from '../core/emitter';
import { withDeadline } from '../core/deadline';
import { asVoiceError, voiceError, type VoiceSDKError } from '../core/errors';
import { loadOnce } from '../core/load-once';
import type { Logger } from '../core/logger';
import { SurfacedPromise } from '../core/surfaced-promise';
import type { MicrophoneTestOptions, MicrophoneTestResult, OutputTestOptions } from '../media/audio-tests';
import type { InputProcessing } from '../media/input-processing';
import type { MicrophonePermission } from '../media/permission-watch';
import type { AudioProcessor, ProcessorDirection } from '../media/processors/audio-processor';
import type { SoundOptions } from '../media/sounds/sound-options';
import type { AudioCare } from './audio-care';
import type { AudioSettings } from './audio-settings';
import type { SharedSetter } from './line';
import type { CallSounds } from './call-sounds';
import type { DeviceAudio } from './device-audio';
import type { DeviceAudioEvents } from './device-audio-events';

// From a database on the same machine; nobody should wait longer for a phone.
const RESTORE_TIMEOUT_MS = 2_000;

type AudioTests = typeof import('../media/audio-tests');

/** The phone of all tabs passes a choice on to the tab that carries the calls. */
export interface SharedAudio {
  choose(method: SharedSetter, choice: unknown): Promise<void>;
}

export interface DeviceAudioOptions {
  readonly settings: AudioSettings;
  readonly sounds: Pick<CallSounds, 'set' | 'unlock'>;
  /** The phone of all tabs, where this tab has none of its own. */
  readonly shared: () => SharedAudio | undefined;
  /** Whether the agent's choices are kept for the next session. */
  readonly isRemembered: boolean;
  readonly levelWorkletUrl: string | undefined;
  readonly logger: Logger;
  readonly onError: (error: VoiceSDKError) => void;
}

/** A {@link DeviceAudio} over the parts that do it. */
export class LiveDeviceAudio extends TypedEmitter<DeviceAudioEvents> implements DeviceAudio {
  readonly #options: DeviceAudioOptions;
  readonly #load = loadOnce(() => this.#begin());
  #care: AudioCare | undefined;
  readonly #lifetime = new AbortController();
  #isDisposed = false;

  constructor(options: DeviceAudioOptions) {
    super();
    this.#options = options;
    options.settings.processors.on('failed', (failure) => {
      const { name, direction, error } = failure;
      options.logger.warn('calls go on without an audio processor', { name, direction, cause: error.cause });
      this.emit('processorFailed', failure);
    });
  }

  get inputDeviceId(): string {
    return this.#options.settings.input.value.inForce;
  }

  get outputDeviceId(): string {
    return this.#options.settings.output.value.inForce;
  }

  setRingtoneDevices(deviceIds: readonly string[]): Promise<void> {
    return this.#surfaced(() => this.choose('setRingtoneDevices', deviceIds));
  }

  setInputProcessing(processing: InputProcessing): Promise<void> {
    return this.#surfaced(() => this.choose('setInputProcessing', processing));
  }

  permission(): Promise<MicrophonePermission> {
    return this.#surfaced(async () => (await this.watch())?.permission ?? 'unknown');
  }

  testOutput(options: OutputTestOptions = {}): Promise<void> {
    return this.#tested(options, ({ testOutput }, signal) =>
      testOutput({ ...options, deviceId: options.deviceId ?? this.outputDeviceId, signal }),
    );
  }

  testMicrophone(options: MicrophoneTestOptions = {}): Promise<MicrophoneTestResult> {
    return this.#tested(options, ({ testMicrophone }, signal) => {
      const { settings, levelWorkletUrl } = this.#options;
      return testMicrophone(settings.microphone, levelWorkletUrl, {
        ...options,
        deviceId: options.deviceId ?? this.inputDeviceId,
        signal,
      });
    });
  }

  /**
   * Chooses where the calls are: in this tab, or in the one that carries them for all.
   */
  choose(method: SharedSetter, choice: unknown): Promise<void> {
    const { shared, settings } = this.#options;
    return shared()?.choose(method, choice) ?? settings[method](choice as never);
  }

  /**
   * The Device registers: watches the devices, and takes up what the agent chose before. Never rejects, and does not
   * keep registering waiting for long; undefined where there is nothing to wait for.
   */
  begin(scope: string): Promise<void> | undefined {
    const watching = this.watch();
    if (!this.#options.isRemembered) return undefined;
    const restored = watching.then((care) => care?.restore(scope));
    return withDeadline(restored, RESTORE_TIMEOUT_MS, () => new Error('no answer')).catch(
      (error: unknown) => {
        this.#options.logger.warn('the choice of devices comes late or not at all', error);
      },
    );
  }

  /**
   * Begins to watch the devices, once. Never rejects: without its code nothing is told, and calls go on; it is loaded
   * again for the next who asks.
   */
  async watch(): Promise<AudioCare | undefined> {
    try {
      return await this.#load();
    } catch (error) {
      this.#options.logger.warn('the audio devices are not watched', error);
      return undefined;
    }
  }

  setSounds(sounds: SoundOptions): void {
    this.#options.sounds.set(sounds);
  }

  unlock(): Promise<void> {
    return this.#surfaced(() => this.#options.sounds.unlock());
  }

  addProcessor(
    processor: AudioProcessor,
    { direction = 'input' }: { readonly direction?: ProcessorDirection } = {},
  ): void {
    if (this.#isDisposed) throw voiceError('DESTROYED');
    this.#options.settings.processors.add(processor, direction);
  }

  removeProcessor(processor: AudioProcessor): void {
    this.#options.settings.processors.remove(processor);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#lifetime.abort(voiceError('DESTROYED'));
    this.#care?.dispose();
    this.removeAllListeners();
  }

  async #begin(): Promise<AudioCare | undefined> {
    const { settings, logger } = this.#options;
    const { AudioCare } = await import('./audio-care');
    if (this.#isDisposed) return undefined;
    const care = new AudioCare({
      settings,
      logger,
      emit: (event, detail) => {
        this.emit(event, ...([detail] as never));
      },
    });
    this.#care = care;
    await care.start();
    return care;
  }

  #tested<T>(
    { signal }: { readonly signal?: AbortSignal },
    test: (tests: AudioTests, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#surfaced(async () => {
      const tests = await import('../media/audio-tests');
      return tests.untilEither([this.#lifetime.signal, signal], (either) => test(tests, either));
    });
  }

  protected override onListenersChanged(): void {
    if (!this.#isDisposed) void this.watch();
  }

  #surfaced<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#isDisposed ? Promise.reject(voiceError('DESTROYED')) : action();
    return SurfacedPromise.from(done, (error) => {
      this.#options.onError(asVoiceError(error, 'MEDIA_FAILED'));
    });
  }
}
