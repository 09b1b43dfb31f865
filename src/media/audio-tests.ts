import { startTimer, stopTimer } from '../core/clock';
import { delay, untilAborted, withDeadline } from '../core/deadline';
import { Disposer } from '../core/disposer';
import { voiceError } from '../core/errors';
import { browser, normalizeDeviceId, SYSTEM_DEFAULT } from './browser';
import type { AudioDevice } from './devices';
import type { AudioLevel } from './meters/audio-level';
import { measureLevel } from './meters/measure-level';
import type { Microphone } from './microphone';

/** Options of `device.audio.testOutput()`. */
export interface OutputTestOptions {
  /** The speaker. Default: the one that calls play on. */
  readonly deviceId?: string;
  /** For how long it plays, in milliseconds from 100 to 60000. Default 1000. */
  readonly durationMs?: number;
  /** Ends it early, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Options of `device.audio.testMicrophone()`. */
export interface MicrophoneTestOptions {
  /** The microphone. Default: the one that calls take. */
  readonly deviceId?: string;
  /** For how long it listens, in milliseconds from 100 to 60000. Default 3000. */
  readonly durationMs?: number;
  /** Ends it early, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** About ten times a second, for a bar on the screen. */
  readonly onLevel?: (level: AudioLevel) => void;
}

/** What `device.audio.testMicrophone()` found. */
export interface MicrophoneTestResult extends AudioLevel {
  /** The one that was opened. */
  readonly device: AudioDevice;
  /**
   * Whether nothing at all was heard: a switch on the headset or in the system, a dead device. An open microphone in a
   * quiet room is above that.
   */
  readonly isSilent: boolean;
}

const DEFAULT_OUTPUT_MS = 1_000;
const DEFAULT_MICROPHONE_MS = 3_000;
const SHORTEST_MS = 100;
const LONGEST_MS = 60_000;
/** Two notes that differ, so that the agent does not take the tone for a ringing of the line (E.180: 425 Hz). */
const NOTES_HZ = [523.25, 659.25];
const NOTE_S = 0.25;
/** -14 dBFS: clear, and not a shock in a headset. */
const AMPLITUDE = 0.2;
/** Without it each note begins and ends with a click. */
const RAMP_S = 0.01;
/** A context that may run does so at once; one that waits for a gesture says nothing. */
const START_TIMEOUT_MS = 1_000;
/** A speaker that answers takes a part of a second; one that hangs (a driver, a Bluetooth device that went) never does. */
const OUTPUT_TIMEOUT_MS = 5_000;
/** Rounding noise of 16 bit samples is at -98 dBFS; rooms and converters are louder by 20 dB and more. */
const SILENT_DBFS = -90;

/** Runs a test with a signal that aborts as soon as one of these has, with its reason. */
export async function untilEither<T>(
  ends: readonly (AbortSignal | undefined)[],
  test: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const listening = new Disposer();
  for (const end of ends) {
    const onAbort = (): void => {
      either.abort(end?.reason);
    };
    if (end?.aborted) onAbort();
    listening.listen(end, 'abort', onAbort);
  }
  try {
    return await test(either.signal);
  } finally {
    listening.dispose();
  }
}

/** @throws VoiceSDKError as `device.audio.testOutput()`; the signal's reason */
export async function testOutput(
  options: OutputTestOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { signal } = options;
  const sinkId = checkDeviceId(options.deviceId);
  const durationMs = checkDuration(options.durationMs ?? DEFAULT_OUTPUT_MS);
  signal.throwIfAborted();
  const { Audio: Element, AudioContext: Context } = browser;
  if (!Element || !Context) throw voiceError('BROWSER_UNSUPPORTED', 'There is no audio playback here.');
  const held = new Disposer();
  try {
    const element = new Element();
    const context = new Context();
    held.add(() => void context.close());
    const sink = context.createMediaStreamDestination();
    held.add(() => {
      element.pause();
      element.srcObject = null;
      for (const track of sink.stream.getTracks()) track.stop();
    });
    element.srcObject = sink.stream;
    await chooseOutput(element, sinkId, signal);
    await start(context, element, signal);
    playNotes(context, sink, durationMs);
    await delay(durationMs, signal);
  } finally {
    held.dispose();
  }
}

/** @throws VoiceSDKError as `device.audio.testMicrophone()`; the signal's reason */
export async function testMicrophone(
  microphone: Microphone,
  workletUrl: string | undefined,
  options: MicrophoneTestOptions & { readonly signal: AbortSignal },
): Promise<MicrophoneTestResult> {
  const { signal, onLevel } = options;
  const deviceId = checkDeviceId(options.deviceId);
  const durationMs = checkDuration(options.durationMs ?? DEFAULT_MICROPHONE_MS);
  if (onLevel !== undefined && typeof onLevel !== 'function')
    throw voiceError('INVALID_ARGUMENT', 'onLevel is a function.');
  const lease = await microphone.open({ deviceId, signal });
  const held = new Disposer();
  held.add(() => {
    lease.release();
  });
  try {
    const levels: AudioLevel[] = [];
    const ended = new Promise<never>((_resolve, reject) => {
      lease.once('ended', () => {
        reject(voiceError('MICROPHONE_NOT_FOUND', 'The microphone went away during its test.'));
      });
      held.add(
        measureLevel(
          lease.track,
          (level) => {
            levels.push(level);
            onLevel?.(level);
          },
          { workletUrl, onError: reject },
        ),
      );
    });
    await Promise.race([delay(durationMs, signal), ended]);
    if (levels.length === 0)
      throw voiceError('AUDIO_BLOCKED', 'The browser measures nothing before a gesture.');
    const peakDbfs = Math.max(...levels.map((level) => level.peakDbfs));
    return { device: lease.device, levelDbfs: meanDbfs(levels), peakDbfs, isSilent: peakDbfs < SILENT_DBFS };
  } finally {
    held.dispose();
  }
}

async function chooseOutput(element: HTMLAudioElement, sinkId: string, signal: AbortSignal): Promise<void> {
  if (sinkId === SYSTEM_DEFAULT) return;
  if (!('setSinkId' in element))
    throw voiceError('UNSUPPORTED', 'This browser cannot choose the output device.');
  try {
    await answered(element.setSinkId(sinkId), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw voiceError('OUTPUT_DEVICE_FAILED', undefined, error);
  }
}

async function start(context: AudioContext, element: HTMLAudioElement, signal: AbortSignal): Promise<void> {
  try {
    await answered(element.play(), signal);
    // Without a gesture it stays pending for ever in Chromium.
    if (context.state !== 'running') await untilAborted(orBlocked(context.resume()), signal);
  } catch (error) {
    signal.throwIfAborted();
    const isBlocked = error instanceof Error && error.name === 'NotAllowedError';
    throw voiceError(isBlocked ? 'AUDIO_BLOCKED' : 'AUDIO_FAILED', undefined, error);
  }
}

function answered(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const noAnswer = () => new Error('The speaker does not answer.');
  return withDeadline(untilAborted(promise, signal), OUTPUT_TIMEOUT_MS, noAnswer);
}

function orBlocked(resuming: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = startTimer(START_TIMEOUT_MS, () => {
      reject(new DOMException('The page needs a gesture.', 'NotAllowedError'));
    });
    resuming.then(resolve, reject).finally(() => {
      stopTimer(timer);
    });
  });
}

function playNotes(context: AudioContext, sink: AudioNode, durationMs: number): void {
  const gain = context.createGain();
  gain.gain.value = 0;
  gain.connect(sink);
  const tone = context.createOscillator();
  tone.connect(gain);
  const endS = context.currentTime + durationMs / 1_000;
  let index = 0;
  for (let atS = context.currentTime; atS < endS; atS += NOTE_S) {
    tone.frequency.setValueAtTime(NOTES_HZ[index++ % NOTES_HZ.length] ?? 0, atS);
    gain.gain.setValueAtTime(0, atS);
    gain.gain.linearRampToValueAtTime(AMPLITUDE, atS + RAMP_S);
    gain.gain.setValueAtTime(AMPLITUDE, Math.min(atS + NOTE_S, endS) - RAMP_S);
    gain.gain.linearRampToValueAtTime(0, Math.min(atS + NOTE_S, endS));
  }
  tone.start();
  tone.stop(endS);
}

/** The mean of the power, not of the decibels. */
function meanDbfs(levels: readonly AudioLevel[]): number {
  const power = levels.reduce((sum, { levelDbfs }) => sum + 10 ** (levelDbfs / 10), 0) / levels.length;
  return 10 * Math.log10(power);
}

function checkDeviceId(deviceId: unknown): string {
  if (deviceId !== undefined && typeof deviceId !== 'string')
    throw voiceError('INVALID_ARGUMENT', 'A device id is a string.');
  return normalizeDeviceId(deviceId);
}

function checkDuration(durationMs: unknown): number {
  if (typeof durationMs !== 'number' || !(durationMs >= SHORTEST_MS && durationMs <= LONGEST_MS))
    throw voiceError('INVALID_ARGUMENT', `durationMs is a number from ${SHORTEST_MS} to ${LONGEST_MS}.`);
  return durationMs;
}
