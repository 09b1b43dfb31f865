import type { AudioDevice } from '../media/devices';
import { type AllInputProcessing, DEFAULT_PROCESSING, mergeProcessing } from '../media/input-processing';
import { type AudioSettings, isDeviceIds } from './audio-settings';

/** What the agent has chosen for the calls of all tabs, in whichever tab; what was never chosen is absent. */
export interface SharedChoices {
  readonly inputDeviceId?: string;
  readonly outputDeviceId?: string;
  readonly ringtoneDeviceIds?: readonly string[];
  readonly inputProcessing?: AllInputProcessing;
}

// As elsewhere between tabs: only so that nobody fills the memory of one.
const LONGEST_ID = 4_096;

/** For the view of the tab that leads. */
export function choicesOf({ chosen, input, output, ringtone, processing }: AudioSettings): SharedChoices {
  return {
    ...(chosen.has('input') ? { inputDeviceId: input.value.wanted } : {}),
    ...(chosen.has('output') ? { outputDeviceId: output.value.wanted } : {}),
    ...(chosen.has('ringtone') ? { ringtoneDeviceIds: ringtone.value } : {}),
    ...(chosen.has('processing') ? { inputProcessing: processing.value } : {}),
  };
}

/** Whether it is what another tab may say that was chosen. */
export function isSharedChoices(value: unknown): value is SharedChoices {
  if (typeof value !== 'object' || value === null) return false;
  const { inputDeviceId, outputDeviceId, ringtoneDeviceIds, inputProcessing } = value as Record<
    string,
    unknown
  >;
  return (
    [inputDeviceId, outputDeviceId].every((id) => id === undefined || isId(id)) &&
    (ringtoneDeviceIds === undefined || (isDeviceIds(ringtoneDeviceIds) && ringtoneDeviceIds.every(isId))) &&
    (inputProcessing === undefined || isProcessing(inputProcessing))
  );
}

/**
 * In a tab that does not lead: holds what the one that leads has chosen, so that it goes on with it when it takes over.
 */
export class FollowedChoices {
  readonly #settings: AudioSettings;
  #followed: string | undefined;

  constructor(settings: AudioSettings) {
    this.#settings = settings;
  }

  /** What the tab that leads says. Once for each change: what is chosen here has to get there first. */
  follow(choices: SharedChoices = {}): void {
    const followed = JSON.stringify(choices);
    const settings = this.#settings;
    const { input, output, ringtone, processing } = settings;
    const isChanging = [input, output, ringtone, processing].some((part) => part.isChanging);
    if (followed === this.#followed || isChanging) return;
    this.#followed = followed;
    const { inputDeviceId, outputDeviceId, ringtoneDeviceIds, inputProcessing } = choices;
    if (inputDeviceId !== undefined) this.#take('audioinput', inputDeviceId);
    if (outputDeviceId !== undefined) this.#take('audiooutput', outputDeviceId);
    if (ringtoneDeviceIds) {
      ringtone.substitute(ringtoneDeviceIds);
      settings.noteSettled('ringtone');
    }
    if (inputProcessing) {
      settings.microphone.processing = mergeProcessing(DEFAULT_PROCESSING, inputProcessing);
      processing.substitute(settings.microphone.processing);
      settings.noteSettled('processing');
    }
  }

  /** What was chosen here is asked for there: where that fails, what holds there holds here again. */
  async passOn(asked: Promise<unknown>): Promise<void> {
    try {
      await asked;
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** What the tab that leads says next is news, even where it is what was said before. */
  forget(): void {
    this.#followed = undefined;
  }

  #take(kind: AudioDevice['kind'], deviceId: string): void {
    const part = kind === 'audioinput' ? 'input' : 'output';
    const settings = this.#settings;
    // What stands in for one that is not here stays.
    if (settings[part].value.wanted !== deviceId)
      settings.substitute(kind, { wanted: deviceId, inForce: deviceId });
    settings.noteChosen(kind, deviceId);
    settings.noteSettled(part);
  }
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && value.length <= LONGEST_ID;
}

function isProcessing(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(DEFAULT_PROCESSING).every(
    (name) => typeof (value as Record<string, unknown>)[name] === 'boolean',
  );
}
