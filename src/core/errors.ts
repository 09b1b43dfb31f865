import { ERROR_CATALOGUE, type ErrorFamily, type VoiceErrorCode } from './error-catalogue';

/**
 * Every failure that the SDK throws, rejects with or emits. Switch on {@link VoiceSDKError.code}: unlike
 * `instanceof` it also works when two copies of the SDK share a page.
 */
export class VoiceSDKError extends Error {
  /** The name of the class, which minifying does not change. */
  override readonly name: ErrorFamily = 'VoiceSDKError';
  /** A stable code of the error catalogue. */
  readonly code: VoiceErrorCode;
  /** What led to it: an exception, a DOMException, or a {@link SipFailure}; absent when there is nothing to add. */
  declare readonly cause?: unknown;

  /**
   * For tests of what handles errors; the SDK makes its own.
   *
   * @param message Default: the summary of the catalogue.
   */
  constructor(code: VoiceErrorCode, message?: string, cause?: unknown) {
    // As the language has it: not enumerable, so that copying an error does not carry its cause along.
    super(message ?? ERROR_CATALOGUE[code].summary, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  /** Whether the Device, the call or the method it concerns cannot go on without somebody doing something. */
  get fatal(): boolean {
    return ERROR_CATALOGUE[this.code].fatal;
  }

  /** What the integrator or the agent can do about it. */
  get remedy(): string {
    return ERROR_CATALOGUE[this.code].remedy;
  }

  /** What is safe to log or send: neither stack nor cause. */
  toJSON(): {
    /** As {@link VoiceSDKError.name}. */
    name: string;
    /** As {@link VoiceSDKError.code}. */
    code: VoiceErrorCode;
    /** In English, without secrets; for logs, not for decisions. */
    message: string;
  } {
    return { name: this.name, code: this.code, message: this.message };
  }
}

/** The SIP server refused who we say we are: 401, 403 or 407 (RFC 3261 sections 21.4 and 22). */
export class AuthError extends VoiceSDKError {
  /** As for every class of errors. */
  override readonly name = 'AuthError';
}

/** Becoming or staying reachable failed. */
export class RegistrationError extends VoiceSDKError {
  /** As for every class of errors. */
  override readonly name = 'RegistrationError';
}

/** The access token cannot be used. */
export class TokenError extends VoiceSDKError {
  /** As for every class of errors. */
  override readonly name = 'TokenError';
}

const FAMILIES = { VoiceSDKError, AuthError, RegistrationError, TokenError };

/** The `cause` of errors that a SIP response led to. */
export interface SipFailure {
  /** SIP status code (RFC 3261 section 21), 300 to 699. */
  readonly statusCode: number;
  /** The reason phrase (RFC 3261 section 7.2) as the server worded it; for logs, not for decisions. */
  readonly reasonPhrase: string;
}

/** Builds the error of a code, in the class that the catalogue names. */
export function voiceError(code: VoiceErrorCode, message?: string, cause?: unknown): VoiceSDKError {
  return new FAMILIES[ERROR_CATALOGUE[code].family](code, message, cause);
}

/** `error` itself when it is one of ours already, else one of `code` with `error` as its cause. */
export function asVoiceError(error: unknown, code: VoiceErrorCode, message?: string): VoiceSDKError {
  return error instanceof VoiceSDKError ? error : voiceError(code, message, error);
}
