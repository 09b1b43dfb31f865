import { voiceError } from '../core/errors';

/** What the browser does to the voice on its way (W3C Media Capture and Streams, section "Constrainable Properties"). */
export interface InputProcessing {
  /** Takes out of the microphone what the speakers play. Default true. */
  readonly echoCancellation?: boolean;
  /** Takes out steady noise. Default true. */
  readonly noiseSuppression?: boolean;
  /** Evens out the level. Default true. */
  readonly autoGainControl?: boolean;
}

/** The same with nothing left out. */
export type AllInputProcessing = Required<InputProcessing>;

export const DEFAULT_PROCESSING: AllInputProcessing = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

const NAMES = Object.keys(DEFAULT_PROCESSING) as (keyof InputProcessing)[];

/** `base` with what `changes` names. @throws VoiceSDKError `INVALID_ARGUMENT` */
export function mergeProcessing(base: AllInputProcessing, changes: InputProcessing): AllInputProcessing {
  if (typeof changes !== 'object' || (changes as unknown) === null)
    throw voiceError('INVALID_ARGUMENT', 'Input processing is an object.');
  const merged = { ...base };
  for (const name of NAMES) {
    const value: unknown = changes[name];
    if (value === undefined) continue;
    if (typeof value !== 'boolean') throw voiceError('INVALID_ARGUMENT', `${name} is true or false.`);
    merged[name] = value;
  }
  return merged;
}

export function isSameProcessing(one: AllInputProcessing, other: AllInputProcessing): boolean {
  return NAMES.every((name) => one[name] === other[name]);
}
