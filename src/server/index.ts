/**
 * The server side of the SDK, for whoever runs the backend: access tokens for agents, and the SIP and TURN
 * credentials that they are exchanged for. Web-standard requests and responses: runs in Node 20, Deno, Bun and on
 * edge runtimes. Holds secrets: never load it in a page.
 *
 * @packageDocumentation
 */
export { createAccessTokens, createTokenVerifier } from './access-tokens';
export type {
  AccessToken,
  AccessTokenClaims,
  AccessTokenRequest,
  AccessTokens,
  AccessTokensOptions,
  MintOptions,
  TokenCheckOptions,
  TokenVerifier,
  TokenVerifierOptions,
} from './access-tokens';
export { AccessTokenError } from './token-error';
export type { AccessTokenErrorCode } from './token-error';
export type { Jwk, JwkSet, KeySetOptions, PrivateKeyOptions, SharedKeyOptions } from './token-keys';
export type { Secret, Secrets } from './secrets';
export { createAccessTokenHandler } from './token-handler';
export type { AccessTokenHandlerOptions } from './token-handler';
export { createCredentialsHandler } from './credentials-handler';
export type {
  CredentialsHandlerOptions,
  IceServerConfig,
  SipOptions,
  TurnOptions,
} from './credentials-handler';
export { RequestRefusal } from './handler';
export type { Handler, HandlerContext, HandlerOptions, RateLimit, RateLimitInfo } from './handler';
export type { CorsPolicy } from './cors';
export { sipCredentials, turnCredentials } from './ephemeral';
export type {
  ShaAlgorithm,
  SipCredentialsRequest,
  SipLogin,
  TurnCredentialsRequest,
  TurnLogin,
} from './ephemeral';
export { createSipVerifier } from './sip-verifier';
export type { SipLoginHolder, SipVerifier, SipVerifierOptions } from './sip-verifier';
export { toNodeListener } from './node-listener';
export type { NodeListener, NodeRequest, NodeResponse } from './node-listener';
