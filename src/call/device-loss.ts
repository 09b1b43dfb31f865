import { monotonicMs } from '../core/clock';
import { asVoiceError, voiceError } from '../core/errors';
import { SYSTEM_DEFAULT } from '../media/browser';
import { type AudioDevice, isSameHardware } from '../media/devices';
import { LostDevices } from '../media/lost-devices';
import type { MicrophoneLease } from '../media/microphone-lease';
import type { CallDevice } from './call-device';
import type { TellCallAudio } from './call-audio-events';

/** The microphone's way to the far end, as it can be put on another device. */
export interface MovableInput {
  readonly device: CallDevice;
  readonly options: {
    readonly signal: AbortSignal;
    readonly substitutes?: (() => readonly string[]) | undefined;
    readonly hardwareOf?: ((device: AudioDevice) => AudioDevice) | undefined;
    readonly tell: TellCallAudio;
  };
  readonly lease: MicrophoneLease | undefined;
  /** When microphones stopped lately. */
  stoppedAtMs: readonly number[];
  /** To be called in turn. @param withinMs default: as long as a person may take for a prompt */
  replace(deviceId: string, isFresh?: boolean, withinMs?: number): Promise<MicrophoneLease>;
}

/** The far end's way to the speaker, likewise. */
export interface MovableOutput {
  readonly device: CallDevice;
  use(deviceId: string): Promise<void>;
}

// Not from a standard: a microphone that stops twice within this time (Bluetooth that cannot settle) is not trusted a
// second time, and after so many within it nothing is tried before devices are plugged in or out.
const UNSETTLED_MS = 10_000;
const MOST_REVIVALS = 4;
// Not from a standard: a Bluetooth headset opens within some seconds. One that worked a moment ago needs no prompt; what
// does not answer is on its way out, and the far end hears nothing while another one could be had.
const REVIVAL_MS = 5_000;

/**
 * Goes where `decide` says, if anywhere: asked in its turn, as a change before it may have settled the matter.
 *
 * @throws VoiceSDKError `MICROPHONE_*`; the microphone in use goes on
 */
export function moveInput(input: MovableInput, decide: () => string | undefined): Promise<void> {
  return move(input.device, decide, async (deviceId) => {
    if (input.lease) await input.replace(deviceId, true);
  });
}

/** The same for the speaker. @throws VoiceSDKError `OUTPUT_DEVICE_FAILED` */
export function moveOutput(output: MovableOutput, decide: () => string | undefined): Promise<void> {
  return move(output.device, decide, (deviceId) => output.use(deviceId));
}

/** One that the call used is gone: said once. @param replacement what is used now */
export function lose(device: CallDevice, gone: AudioDevice, replacement?: AudioDevice): void {
  const { kind } = gone;
  // Of speakers the browser does not always tell what is used.
  const isReplaced = replacement !== undefined || kind === 'audiooutput';
  if (!(device.lost ??= new LostDevices()).add(gone, isReplaced)) return;
  device.options.tell('deviceLost', { kind, device: gone, ...(replacement ? { replacement } : {}) });
}

/** This one is used: recovered where it was lost before. @param isSame whether a lost one is this one */
export function noteUse(
  { lost, options }: CallDevice,
  used: AudioDevice,
  isSame: (lost: AudioDevice) => boolean,
): void {
  if (lost?.use(used, isSame)) options.tell('deviceRecovered', { kind: used.kind, device: used });
}

/** The call could not go where it should, however often it was tried. */
export function fail(device: CallDevice, error: unknown): void {
  device.options.tell('error', asVoiceError(error, 'MEDIA_FAILED'));
}

/**
 * Goes on with the microphone that is gone, once more, or with another one, rather than in silence.
 *
 * @throws VoiceSDKError `MICROPHONE_*` when none can be had, or the signal's reason
 */
export async function takeAnother(input: MovableInput, former: AudioDevice): Promise<void> {
  const { device } = input;
  const { signal, substitutes, hardwareOf, tell } = input.options;
  const gone = hardwareOf?.(former) ?? former;
  const nowMs = monotonicMs();
  const stoppedAtMs = [...input.stoppedAtMs.filter((atMs) => nowMs - atMs < UNSETTLED_MS), nowMs];
  input.stoppedAtMs = stoppedAtMs;
  const isUnsettled = stoppedAtMs.length > 1;
  const asked = device.id;
  const others = (substitutes?.() ?? []).filter((id) => id !== asked);
  // A Bluetooth headset that changes its profile stops, and can be opened again at once.
  const candidates = new Set([...(isUnsettled ? [] : [asked]), ...others, SYSTEM_DEFAULT]);
  let failure: unknown = voiceError('MICROPHONE_FAILED', 'The microphone stops again and again.');
  for (const deviceId of stoppedAtMs.length > MOST_REVIVALS ? [] : candidates) {
    try {
      const isRevival = deviceId === asked && !isUnsettled && candidates.size > 1;
      const lease = await input.replace(deviceId, false, isRevival ? REVIVAL_MS : undefined);
      device.id = deviceId;
      if (isSameHardware(gone, lease.device))
        tell('deviceRecovered', { kind: 'audioinput', device: lease.device });
      else lose(device, gone, lease.device);
      return;
    } catch (error) {
      if (signal.aborted) throw error;
      failure = error;
    }
  }
  lose(device, gone);
  throw failure;
}

function move(
  device: CallDevice,
  decide: () => string | undefined,
  use: (deviceId: string) => Promise<unknown>,
): Promise<void> {
  return device.follow(async () => {
    const deviceId = decide();
    if (deviceId === undefined) return;
    await use(deviceId);
    device.id = deviceId;
  });
}
