/**
 * A telephone in a browser tab. A {@link Device} registers one agent with a token that your backend minted, and places
 * and receives {@link Call}s; whatever fails is a {@link VoiceSDKError} with a code of the {@link ERROR_CATALOGUE}.
 *
 * @packageDocumentation
 */
export { Device } from './device/device';
export type { ConnectOptions } from './device/connect-options';
export type { CallLostReason, DeviceEvents, LostCall } from './device/device-events';
export type { DeviceOptions } from './device/options';
export type { Call, CallEvents, DisconnectInfo, RawCallSession } from './call/call';
export type { QualitySample } from './quality/sample';
export type { CallStatus } from './call/call-state';
export type { ReconnectingCause } from './call/continuity';
export type { DisconnectInitiator, DisconnectReason } from './sip/end-reason';
export type { AudioDevice } from './media/devices';
export type { TokenClaims } from './auth/token';
export type { FetchCredentials, SipCredentials } from './auth/sip-credentials';
export type { HttpFailure } from './auth/fetch-credentials';
export type { LogLevel } from './core/logger';
export type { EventMap, Listener, Subscribable, TypedEmitter } from './core/emitter';
export { AuthError, RegistrationError, TokenError, VoiceSDKError, type SipFailure } from './core/errors';
export {
  ERROR_CATALOGUE,
  type CatalogueEntry,
  type ErrorFamily,
  type VoiceErrorCode,
} from './core/error-catalogue';
export { VERSION } from './core/version';
