/**
 * From an error to what the agent should see and do. Switch on `error.code`: codes are stable, messages are
 * not, and `instanceof` fails when two copies of the SDK share a page.
 *
 * @returns {{ text: string, action?: 'sign-in' | 'renew-token' | 'reconnect', isQuiet?: boolean }}
 *   `action` is a button to offer, `isQuiet` means that the log is enough
 */
export function adviceFor(error) {
  switch (error.code) {
    case 'TOKEN_EXPIRED':
      return {
        text: 'Your sign-in has expired. Live calls go on; new ones need a fresh token.',
        action: 'renew-token',
      };
    case 'TOKEN_INVALID':
    case 'TOKEN_NO_EXPIRY':
    case 'TOKEN_NOT_YET_VALID':
    case 'TOKEN_USER_MISMATCH':
    case 'AUTH_ERROR':
      return { text: 'The phone system did not accept your sign-in.', action: 'sign-in' };
    case 'CONFIG_FETCH_FAILED':
    case 'SIGNALING_UNREACHABLE':
    case 'REGISTRATION_FAILED':
    case 'NOT_REGISTERED':
      return { text: 'The phone system cannot be reached. Check the network.', action: 'reconnect' };
    case 'SIGNALING_LOST':
    case 'REGISTER_ERROR':
      return { text: 'The connection was lost. It comes back by itself.', isQuiet: true };
    case 'UNREGISTER_ERROR':
    case 'CALL_CANCELED':
      return { text: error.message, isQuiet: true };
    case 'MICROPHONE_DENIED':
      return { text: 'The microphone is blocked. Allow it beside the address of this page, then try again.' };
    case 'MICROPHONE_NOT_FOUND':
      return { text: 'No microphone found. Plug in a headset or choose another one under Audio.' };
    case 'MICROPHONE_BUSY':
      return { text: 'Another program is using the microphone. Close it, then try again.' };
    case 'AUDIO_BLOCKED':
      return { text: 'The browser keeps the page silent until you click.', isQuiet: true };
    case 'CALL_BUSY':
      return { text: 'The line is busy. Try again later.' };
    case 'CALL_DECLINED':
      return { text: 'The call was declined.' };
    case 'CALL_NOT_FOUND':
      return { text: 'This number does not exist. Check it and try again.' };
    case 'CALL_UNAVAILABLE':
      return { text: 'They cannot be reached right now.' };
    case 'CALL_UNANSWERED':
      return { text: 'Nobody answered.' };
    case 'ICE_FAILED':
      return { text: 'No way through for the audio. A firewall may block it.' };
    case 'INVALID_ARGUMENT':
      return { text: 'This is not a number that can be called.' };
    default:
      // Every error of the SDK brings its own advice; what is not one of ours has at least a message.
      return { text: error.remedy ? `${error.message} ${error.remedy}` : String(error.message ?? error) };
  }
}

/** Why a call of the page before could not go on. @param {string} reason of the Device's `callLost` event */
export function describeLost(reason) {
  switch (reason) {
    case 'expired':
      return 'too much time had passed.';
    case 'ended':
      return 'the far end has hung up.';
    case 'refused':
      return 'the far end did not take it up again.';
    case 'microphone':
      return 'the microphone could not be opened.';
    default:
      return 'it could not be taken up again.';
  }
}
