/** Which class an error of a code belongs to; `error.code` is the recommended switch, the class is a convenience. */
export type ErrorFamily = 'VoiceSDKError' | 'AuthError' | 'RegistrationError' | 'TokenError';

/** What there is to say about one error code. */
export interface CatalogueEntry {
  /** What happened, in one sentence. */
  readonly summary: string;
  /** What the integrator or the agent can do about it. */
  readonly remedy: string;
  /** Whether the Device, the call or the method it concerns cannot go on without somebody doing something. */
  readonly fatal: boolean;
  /** The class of errors with this code. */
  readonly family: ErrorFamily;
}

function entry(family: ErrorFamily, fatal: boolean, summary: string, remedy: string): CatalogueEntry {
  return { summary, remedy, fatal, family };
}

const base = entry.bind(null, 'VoiceSDKError');
const auth = entry.bind(null, 'AuthError');
const registration = entry.bind(null, 'RegistrationError');
const token = entry.bind(null, 'TokenError');

/** Every code that the SDK throws, rejects with or emits. The README table is generated from this object. */
export const ERROR_CATALOGUE = {
  TOKEN_INVALID: token(
    true,
    'The token is not a readable access token.',
    'Mint a token on your backend and pass it unchanged.',
  ),
  TOKEN_EXPIRED: token(
    true,
    'The token has expired.',
    'Fetch a fresh token and pass it to updateToken(), or to a new Device.',
  ),
  TOKEN_NO_EXPIRY: token(
    true,
    'The token has no exp claim.',
    'Mint tokens with an expiry; the SDK refuses tokens that live for ever.',
  ),
  TOKEN_NOT_YET_VALID: token(
    true,
    'The token is not valid yet (nbf).',
    'Check the clocks of the backend and of this machine.',
  ),
  TOKEN_USER_MISMATCH: token(
    false,
    'The new token belongs to another user.',
    'Create another Device for another user.',
  ),
  AUTH_ERROR: auth(
    true,
    'The SIP server refused the credentials.',
    'Fetch a fresh token; check that the user is allowed to register.',
  ),
  CONFIG_FETCH_FAILED: base(
    true,
    'The SIP credentials could not be fetched.',
    'Look at error.cause: network, HTTP status, or a field of the answer.',
  ),
  REGISTRATION_FAILED: registration(
    true,
    'The SIP server did not accept the registration.',
    'Look at error.cause for the SIP status; try register() again.',
  ),
  REGISTER_ERROR: registration(
    false,
    'Keeping up the registration failed.',
    'The SDK retries by itself; show the agent as not reachable until registered.',
  ),
  UNREGISTER_ERROR: registration(
    false,
    'The server did not confirm that the registration was removed.',
    'None needed: the binding expires by itself.',
  ),
  NOT_REGISTERED: registration(false, 'The Device is not registered.', 'Await register() before connect().'),
  SIGNALING_UNREACHABLE: registration(
    true,
    'No WebSocket to the SIP server could be opened.',
    'Check the network, the URL, a proxy, and connect-src of the page CSP.',
  ),
  SIGNALING_LOST: registration(
    false,
    'The connection to the SIP server was lost.',
    'The SDK reconnects by itself; retry the action after reconnected.',
  ),
  TAB_LOST: base(
    false,
    'The browser tab that holds the phone of this agent went away or does not answer.',
    'Try again: another tab takes over in a moment. Calls that the tab carried are over.',
  ),
  INVALID_ARGUMENT: base(
    false,
    'An argument is not acceptable.',
    'See error.message; nothing was changed or sent.',
  ),
  INVALID_STATE: base(
    false,
    'This is not possible in the current state.',
    'See the state table; disable the control in this state.',
  ),
  DESTROYED: base(true, 'The Device was destroyed.', 'Create a new Device.'),
  UNSUPPORTED: base(
    false,
    'The browser, the policy of the page or this tab does not offer this function.',
    'See error.message; hide the control where that cannot be changed.',
  ),
  BROWSER_UNSUPPORTED: base(
    true,
    'The browser cannot make calls: WebRTC, WebSocket or microphone access is missing.',
    'Use a current browser over HTTPS or localhost; in an iframe set allow="microphone; autoplay".',
  ),
  MICROPHONE_DENIED: base(
    false,
    'Access to the microphone was denied.',
    'Allow the microphone in the browser and in the system settings, then try again.',
  ),
  MICROPHONE_NOT_FOUND: base(
    false,
    'There is no such microphone.',
    'Plug in a headset or choose another input device.',
  ),
  MICROPHONE_BUSY: base(
    false,
    'The microphone is in use or cannot be started.',
    'Close the other application that uses it, then try again.',
  ),
  MICROPHONE_FAILED: base(
    false,
    'The microphone could not be opened.',
    'Look at error.cause; choose another input device.',
  ),
  OUTPUT_DEVICE_FAILED: base(
    false,
    'The output device could not be used.',
    'Choose another output device; the previous one is still in use.',
  ),
  PROCESSOR_FAILED: base(
    false,
    'An audio processor failed; the call goes on without it.',
    'Look at error.cause; removeProcessor() and addProcessor() try it again.',
  ),
  AUDIO_BLOCKED: base(
    false,
    'The browser blocked playback until the user interacts with the page.',
    'Let the agent click once; playback starts by itself then.',
  ),
  AUDIO_FAILED: base(
    false,
    'A sound could not be played.',
    'Of a file check the URL and the format; calls are not affected. Of the far end in a call, choose another output device.',
  ),
  CALL_BUSY: base(true, 'The far end is busy.', 'Try again later.'),
  CALL_DECLINED: base(true, 'The far end declined the call.', 'None: a person or a rule said no.'),
  CALL_NOT_FOUND: base(true, 'The number or address does not exist.', 'Check the number.'),
  CALL_UNAVAILABLE: base(true, 'The far end cannot be reached right now.', 'Try again later.'),
  CALL_UNANSWERED: base(true, 'Nobody answered.', 'Try again later.'),
  CALL_CANCELED: base(
    false,
    'The caller gave up, or the call was answered elsewhere.',
    'None: remove the call from the screen.',
  ),
  CALL_REJECTED: base(
    true,
    'The call was refused by the network or the far end.',
    'Look at the SIP status in error.message.',
  ),
  CALL_MEDIA_REJECTED: base(
    true,
    'The far end accepts none of the offered audio formats.',
    'Check the codecs of the SIP server; SRTP and Opus or PCMU are needed.',
  ),
  CALL_SERVER_ERROR: base(
    true,
    'The SIP server could not handle the call.',
    'Try again; if it persists, check the SIP server.',
  ),
  CALL_TIMEOUT: base(
    true,
    'The other side did not answer a request in time.',
    'Check the network, then try again.',
  ),
  ICE_FAILED: base(
    true,
    'No media path could be established.',
    'Offer a TURN server over TLS 443; check firewalls for UDP.',
  ),
  MEDIA_FAILED: base(
    true,
    'The browser could not set up the audio session.',
    'Look at error.cause; report it with the browser version.',
  ),
  HOLD_FAILED: base(
    false,
    'Hold or resume was not accepted; the call goes on as it was.',
    'Try again; look at the SIP status in error.message.',
  ),
  DTMF_FAILED: base(false, 'The digits could not be sent.', 'Try again when neither side is on hold.'),
} as const satisfies Record<string, CatalogueEntry>;

/** A code of the error catalogue. */
export type VoiceErrorCode = keyof typeof ERROR_CATALOGUE;
