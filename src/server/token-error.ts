/** What can be wrong with an access token, or with the request for one. */

/**
 * | code | meaning |
 * |---|---|
 * | `TOKEN_INVALID` | not signed by an accepted key, another algorithm, malformed, or for another audience |
 * | `TOKEN_EXPIRED` | its `exp` has passed |
 * | `TOKEN_NOT_YET_VALID` | its `nbf` is in the future |
 * | `TOKEN_REVOKED` | `isRevoked` says so |
 * | `REVOCATION_UNKNOWN` | `isRevoked` failed, so the token is not accepted; `cause` has why |
 * | `INVALID_ARGUMENT` | a token cannot be minted for such a user, label or lifetime |
 */
export type AccessTokenErrorCode =
  | 'TOKEN_INVALID'
  | 'TOKEN_EXPIRED'
  | 'TOKEN_NOT_YET_VALID'
  | 'TOKEN_REVOKED'
  | 'REVOCATION_UNKNOWN'
  | 'INVALID_ARGUMENT';

/** Why a token is not accepted or not minted. Its message holds neither the token nor a key: it may be logged and sent. */
export class AccessTokenError extends Error {
  /** `AccessTokenError` */
  override readonly name = 'AccessTokenError';
  /** For decisions; the message is for people. */
  readonly code: AccessTokenErrorCode;

  /**
   * For handlers of your own that refuse in the same way.
   * @param options `cause`: the failure of `isRevoked` that led to it
   */
  constructor(code: AccessTokenErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
