import { voiceError } from '../../core/errors';

/**
 * `true`: the tone that the SDK makes itself. `false`: none. A string: the URL of a sound to play in its place; where that
 * fails or does not begin within 2 s, the tone is heard.
 */
export type SoundSetting = boolean | string;

/** What a Device lets its agent hear beside the calls themselves. */
export interface SoundOptions {
  /**
   * Whose tones are played: an ISO 3166-1 alpha-2 code of any case. Known are au, br, de, es, fr, gb, in, it, jp, nl, us
   * (and ca, as us) by ITU-T E.180 Supplement 2; any other country has the tones that E.180 recommends. Default: the
   * country of the browser's language, or us where it has none.
   */
  readonly country?: string;
  /**
   * While an inbound call rings; looped. `true` plays `ringtoneUrl` where there is one, else a ringer with the country's
   * cadence. Default: `ringtoneUrl`, and nothing without it.
   */
  readonly ringtone?: SoundSetting;
  /** While the far end of an outbound call rings and sends no audio of its own (RFC 3960 section 3.2); looped. Default true. */
  readonly ringback?: SoundSetting;
  /**
   * Once, when an outbound call fails: the busy tone after 486, 600 and the like, the congestion tone after anything
   * else. A URL is played for both. Default true.
   */
  readonly busy?: SoundSetting;
  /**
   * In place of the ringtone while another call is live; looped. With false nothing is heard then. Default: on where
   * there is a ringtone.
   */
  readonly callWaiting?: SoundSetting;
  /** Once, when a call that was connected has ended. Default false. */
  readonly hangUp?: SoundSetting;
  /** With each digit that `sendDigits()` sends; the tones of ITU-T Q.23, or one sound for all keys. Default false. */
  readonly digits?: SoundSetting;
}

/** The sounds that can be set. */
export const SOUNDS = ['ringtone', 'ringback', 'busy', 'callWaiting', 'hangUp', 'digits'] as const;

/** Checks what a JavaScript caller may pass. @throws VoiceSDKError `INVALID_ARGUMENT` */
export function checkSounds(sounds: unknown): SoundOptions {
  if (typeof sounds !== 'object' || sounds === null)
    throw voiceError('INVALID_ARGUMENT', 'sounds must be an object.');
  const given = sounds as Readonly<Record<string, unknown>>;
  const { country } = given;
  if (country !== undefined && !(typeof country === 'string' && /^[a-z]{2}$/i.test(country)))
    throw voiceError('INVALID_ARGUMENT', 'sounds.country must be a country code of two letters.');
  for (const name of SOUNDS)
    if (!['undefined', 'boolean', 'string'].includes(typeof given[name]) || given[name] === '')
      throw voiceError('INVALID_ARGUMENT', `sounds.${name} must be true, false or a URL.`);
  return sounds;
}
