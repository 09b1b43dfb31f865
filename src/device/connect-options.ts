import { voiceError } from '../core/errors';
import { assertSingleLine } from '../sip/address';
import { checkExtraHeaders } from '../sip/headers';

/** What to call, and as whom. */
export interface ConnectOptions {
  /** Telephone number in any usual notation, user name, or SIP URI (RFC 3261 section 19.1) of the account's own domain. */
  readonly to: string;
  /**
   * Caller ID, the user part of From (RFC 3261 section 8.1.1.3): a number or user name that the account may use.
   * Default: the account itself.
   */
  readonly from?: string;
  /** Name shown to the far end, at most 128 characters on one line. Default: the one of the account. */
  readonly displayName?: string;
  /**
   * Raw SIP headers (`Name: value`) on this INVITE, after `defaultExtraHeaders`; at most 32 lines of 1024 characters.
   * Those that the SIP stack sets itself are refused. Default: none.
   */
  readonly extraHeaders?: readonly string[];
}

/** Checked, with the Device's own headers in front of the call's. */
export interface PlacedCall {
  readonly to: string;
  readonly from?: string;
  readonly displayName?: string;
  readonly extraHeaders: readonly string[];
}

/** Not from a standard: what any phone can show, and far from what a proxy refuses. */
const LONGEST_DISPLAY_NAME = 128;

/** Checks what a JavaScript caller, or another tab, may pass. @throws VoiceSDKError `INVALID_ARGUMENT` */
export function checkConnectOptions(
  options: ConnectOptions,
  defaultExtraHeaders: readonly string[] = [],
): PlacedCall {
  const given = options as ConnectOptions | null | undefined;
  if (typeof given !== 'object' || given === null)
    throw voiceError('INVALID_ARGUMENT', 'connect() takes an object with to.');
  const { to, from, displayName } = given;
  if (displayName !== undefined) {
    if (typeof displayName !== 'string' || displayName.length > LONGEST_DISPLAY_NAME)
      throw voiceError(
        'INVALID_ARGUMENT',
        `displayName is not a string of at most ${LONGEST_DISPLAY_NAME} characters.`,
      );
    assertSingleLine(displayName, 'displayName');
  }
  return {
    to,
    ...(from === undefined ? {} : { from }),
    ...(displayName === undefined ? {} : { displayName }),
    extraHeaders: [...defaultExtraHeaders, ...checkExtraHeaders(given.extraHeaders, 'extraHeaders')],
  };
}
