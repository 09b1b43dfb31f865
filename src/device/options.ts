import { DEFAULT_API_BASE_URL } from '../auth/fetch-credentials';
import type { FetchCredentials } from '../auth/sip-credentials';
import { voiceError } from '../core/errors';
import { LOG_LEVELS, type LogLevel } from '../core/logger';
import { DEFAULT_PROCESSING, type InputProcessing, mergeProcessing } from '../media/input-processing';
import { checkSounds, type SoundOptions } from '../media/sounds/sound-options';
import { AUDIO_CODECS, type CodecOptions, OPUS_BITS_PER_SECOND } from '../sip/codecs';
import { checkExtraHeaders } from '../sip/headers';
import { checkDeviceIds } from './audio-settings';

/** Devices to begin with, as `media` of {@link DeviceOptions}. */
export interface MediaOptions {
  /** The microphone; the default one is taken where it is not there. */
  readonly inputDeviceId?: string;
  /** The speaker of calls and of the ringtone. */
  readonly outputDeviceId?: string;
  /**
   * Speakers for the ringtone alone, all at once, at most 8: the loud one on the desk while the headset carries the
   * call. Default: where calls play.
   */
  readonly ringtoneDeviceIds?: readonly string[];
  /** What the browser does to the agent's voice. Default: everything on. */
  readonly inputProcessing?: InputProcessing;
  /**
   * Whether the devices that the agent chooses (`setInputDevice()`, `setOutputDevice()`, `audio.setRingtoneDevices()`)
   * are chosen again the next time: kept in IndexedDB for each `apiBaseUrl` and user, by id and by name, and before the
   * ids given here. Default false.
   */
  readonly rememberDevices?: boolean;
  /**
   * URL of a copy of `dist-cdn/level-worklet.js` of this version, for `inputLevel` and its like on pages whose content
   * security policy has no `script-src blob:`. Default: a `blob:` URL.
   */
  readonly levelWorkletUrl?: string;
}

/** Options of a {@link Device}. */
export interface DeviceOptions {
  /** The JWT (RFC 7519) that your backend minted for this agent. A secret: the SDK neither logs nor stores it. */
  readonly token: string;
  /** How much is written to the console. Default `warn`. */
  readonly logLevel?: LogLevel;
  /**
   * Whether a further inbound call may ring while one is live. Default false: it is refused with 486 (RFC 3261
   * section 21.4.24).
   */
  readonly allowIncomingWhileBusy?: boolean;
  /**
   * STUN and TURN servers (W3C WebRTC, RTCIceServer), replacing those of the credentials entirely. Default: from the
   * credentials.
   */
  readonly iceServers?: readonly RTCIceServer[];
  /**
   * `relay` sends media through TURN servers only (W3C WebRTC, `RTCIceTransportPolicy`): for networks that let
   * nothing else out, and for hiding the agent's address. Without a TURN server no call can be heard then. Default `all`.
   */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
  /**
   * Which codecs calls prefer and how Opus is coded, in both directions. Default: the browser's choice, which is Opus with
   * error correction.
   */
  readonly codecs?: CodecOptions;
  /** Devices to begin with. Default: those of the system. */
  readonly media?: MediaOptions;
  /**
   * Whether a call outlives its page: a reload or a crash of the tab leaves it open for a minute, and the Device that the
   * same user registers next in this tab takes it up (`recovered`); an inbound call rings again. Needs IndexedDB and Web
   * Locks, and a server as in the README. Default false: leaving the page ends its calls. With it, closing the tab
   * leaves the far end in silence until the server gives the call up.
   */
  readonly recoverCalls?: boolean;
  /**
   * Whether the browser asks before the page is left while a call rings or is live (HTML, `beforeunload`). It asks only
   * on a page that the agent has touched. Default false.
   */
  readonly closeProtection?: boolean;
  /**
   * URL of a sound that is looped while an inbound call rings. Loaded at registration; a ringer of the SDK's own takes its
   * place for calls for which it has not begun after 2 s (`AUDIO_FAILED`). Default: none.
   */
  readonly ringtoneUrl?: string;
  /** What the agent hears beside the calls. Default: ringback and busy tones, see {@link SoundOptions}. */
  readonly sounds?: SoundOptions;
  /** How long before the token's `exp` the event `tokenWillExpire` fires, in milliseconds from 0 on. Default 60000. */
  readonly tokenExpiryLeadMs?: number;
  /** Raw SIP headers (`Name: value`) on every outbound INVITE; at most 32 lines of 1024 characters. Default: none. */
  readonly defaultExtraHeaders?: readonly string[];
  /** Where the platform's API is, an `http:` or `https:` URL without credentials. Default `https://api.p.2chat.io`. */
  readonly apiBaseUrl?: string;
  /**
   * Replaces the request that exchanges the token for SIP credentials, for a backend of your own. Default: `GET
   * {apiBaseUrl}/open/sdk/credentials` with the token as bearer (RFC 6750).
   */
  readonly fetchCredentials?: FetchCredentials;
  /**
   * Whether the tabs of this origin that have the same agent (`user_uuid` and `apiBaseUrl`) share one phone: one of them
   * holds the registration and the audio, the others show the same calls and act on them, and when that one is closed
   * or crashes another takes over. All of them pass true. Where the browser has no Web Locks or BroadcastChannel each
   * tab registers on its own (an `error` event, `UNSUPPORTED`, says so). Default false.
   */
  readonly multiTab?: boolean;
}

export interface CheckedOptions {
  readonly logLevel: LogLevel;
  readonly allowIncomingWhileBusy: boolean;
  readonly recoverCalls: boolean;
  readonly closeProtection: boolean;
  readonly iceServers: readonly RTCIceServer[] | undefined;
  readonly iceTransportPolicy: RTCIceTransportPolicy;
  readonly codecs: CodecOptions;
  readonly inputDeviceId: string | undefined;
  readonly outputDeviceId: string | undefined;
  readonly ringtoneDeviceIds: readonly string[];
  readonly inputProcessing: InputProcessing;
  readonly rememberDevices: boolean;
  readonly levelWorkletUrl: string | undefined;
  readonly ringtoneUrl: string | undefined;
  readonly sounds: SoundOptions;
  readonly tokenExpiryLeadMs: number;
  readonly defaultExtraHeaders: readonly string[];
  readonly apiBaseUrl: string;
  readonly fetchCredentials: FetchCredentials | undefined;
  readonly multiTab: boolean;
}

// Contract of the option: a minute is enough for a backend to mint a token.
const DEFAULT_TOKEN_EXPIRY_LEAD_MS = 60_000;

/** Checks options as a JavaScript caller may pass them. @throws VoiceSDKError `INVALID_ARGUMENT` */
export function checkOptions(options: DeviceOptions): CheckedOptions {
  const given = options as Partial<Record<keyof DeviceOptions, unknown>> | null | undefined;
  if (typeof given !== 'object' || given === null) fail('options', 'an object');
  const { logLevel, iceServers, media, tokenExpiryLeadMs: leadMs } = given;
  check('logLevel', LOG_LEVELS.join(', '), logLevel, (value) =>
    (LOG_LEVELS as readonly unknown[]).includes(value),
  );
  for (const name of ['allowIncomingWhileBusy', 'recoverCalls', 'closeProtection'] as const)
    check(name, 'a boolean', given[name], isBoolean);
  check('iceServers', 'a list of RTCIceServer', iceServers, isListOfIceServers);
  check('iceTransportPolicy', 'all or relay', given.iceTransportPolicy, (value) =>
    ['all', 'relay'].includes(value as string),
  );
  checkCodecs(given.codecs);
  check('media', 'an object', media, isObject);
  check('media.inputDeviceId', 'a string', options.media?.inputDeviceId, isString);
  check('media.outputDeviceId', 'a string', options.media?.outputDeviceId, isString);
  check(
    'media.rememberDevices',
    'a boolean',
    options.media?.rememberDevices,
    (value) => typeof value === 'boolean',
  );
  checkDeviceIds(options.media?.ringtoneDeviceIds ?? []);
  mergeProcessing(DEFAULT_PROCESSING, options.media?.inputProcessing ?? {});
  check('media.levelWorkletUrl', 'a string', options.media?.levelWorkletUrl, isString);
  check('ringtoneUrl', 'a string', given.ringtoneUrl, isString);
  check(
    'tokenExpiryLeadMs',
    'milliseconds of at least 0',
    leadMs,
    (value) => Number.isFinite(value) && Number(value) >= 0,
  );
  check('apiBaseUrl', 'an http: or https: URL', given.apiBaseUrl, isHttpUrl);
  check('fetchCredentials', 'a function', given.fetchCredentials, (value) => typeof value === 'function');
  check('multiTab', 'a boolean', given.multiTab, isBoolean);
  return {
    logLevel: options.logLevel ?? 'warn',
    allowIncomingWhileBusy: options.allowIncomingWhileBusy ?? false,
    recoverCalls: options.recoverCalls ?? false,
    closeProtection: options.closeProtection ?? false,
    iceServers: options.iceServers,
    iceTransportPolicy: options.iceTransportPolicy ?? 'all',
    codecs: options.codecs ?? {},
    inputDeviceId: options.media?.inputDeviceId,
    outputDeviceId: options.media?.outputDeviceId,
    ringtoneDeviceIds: [...(options.media?.ringtoneDeviceIds ?? [])],
    inputProcessing: options.media?.inputProcessing ?? {},
    rememberDevices: options.media?.rememberDevices ?? false,
    levelWorkletUrl: options.media?.levelWorkletUrl,
    ringtoneUrl: options.ringtoneUrl || undefined,
    sounds: checkSounds(given.sounds ?? {}),
    tokenExpiryLeadMs: options.tokenExpiryLeadMs ?? DEFAULT_TOKEN_EXPIRY_LEAD_MS,
    defaultExtraHeaders: checkExtraHeaders(options.defaultExtraHeaders, 'defaultExtraHeaders'),
    apiBaseUrl: options.apiBaseUrl ?? DEFAULT_API_BASE_URL,
    fetchCredentials: options.fetchCredentials,
    multiTab: options.multiTab ?? false,
  };
}

function checkCodecs(codecs: unknown): void {
  check('codecs', 'an object', codecs, isObject);
  const { preferred, opus } = (codecs ?? {}) as { readonly preferred?: unknown; readonly opus?: unknown };
  check(
    'codecs.preferred',
    `a list of ${AUDIO_CODECS.join(', ')}`,
    preferred,
    (value) =>
      Array.isArray(value) && value.every((name) => (AUDIO_CODECS as readonly unknown[]).includes(name)),
  );
  check('codecs.opus', 'an object', opus, isObject);
  const { maxAverageBitsPerSecond, dtx, fec } = (opus ?? {}) as Readonly<Record<string, unknown>>;
  const { least, most } = OPUS_BITS_PER_SECOND;
  check(
    'codecs.opus.maxAverageBitsPerSecond',
    `a whole number from ${least} to ${most}`,
    maxAverageBitsPerSecond,
    (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  );
  check('codecs.opus.dtx', 'a boolean', dtx, isBoolean);
  check('codecs.opus.fec', 'a boolean', fec, isBoolean);
}

function check(name: string, expected: string, value: unknown, isGood: (value: unknown) => boolean): void {
  if (value !== undefined && !isGood(value)) fail(name, expected);
}

function fail(name: string, expected: string): never {
  throw voiceError('INVALID_ARGUMENT', `${name} must be ${expected}.`);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isListOfIceServers(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((server) => typeof server === 'object' && server !== null && 'urls' in server)
  );
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    const { protocol, username, password } = new URL(value);
    // fetch() refuses a URL with credentials, and its message quotes them.
    return /^https?:$/.test(protocol) && username === '' && password === '';
  } catch {
    return false;
  }
}
