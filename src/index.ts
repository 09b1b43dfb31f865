/**
 * A telephone in a browser tab. A {@link Device} registers one agent with a token that your backend minted, and places
 * and receives {@link Call}s; whatever fails is a {@link VoiceSDKError} with a code of the {@link ERROR_CATALOGUE}.
 *
 * @packageDocumentation
 */
export { Device } from './device/device';
export type { ConnectOptions } from './device/connect-options';
export type { CallLostReason, DeviceEvents, LostCall } from './device/device-events';
export type { Preflight } from './device/preflight/preflight';
export type { PreflightReason } from './device/preflight/reasons';
export type {
  PreflightCheck,
  PreflightCheckName,
  PreflightDetails,
  PreflightEvents,
  PreflightOptions,
  PreflightReport,
  PreflightServer,
} from './device/preflight/report';
export type { DeviceAudio } from './device/device-audio';
export type { DeviceAudioEvents } from './device/device-audio-events';
export type { DeviceOptions, MediaOptions } from './device/options';
export type { Call, CallEvents, DisconnectInfo, RawCallSession } from './call/call';
export type { CallReport, ReportedReconnection } from './call/call-report';
export type { CandidatePair, QualityGrade, QualitySample, UsedCodec } from './quality/sample';
export type {
  FigureSummary,
  MosHistory,
  QualityReport,
  QualitySummary,
  RaisedWarning,
  ReportedSample,
  UsedCandidatePair,
} from './quality/report';
export type { QualityWarning, QualityWarningName } from './quality/warnings';
export type { CallStatus } from './call/call-state';
export type { CallTimings, ReportedTimings } from './call/call-timings';
export type { ReconnectingCause } from './call/continuity';
export type { DisconnectInitiator, DisconnectReason } from './sip/end-reason';
export type { CallFeedback, CallIssue, ReportedFeedback } from './call/call-feedback';
export type { LogLineLevel, LogWriter } from './core/log-book';
export type { DiagnosticLine, DiagnosticMessage, Diagnostics } from './device/diagnostics';
export type { CodecName, CodecOptions, OpusOptions } from './sip/codecs';
export type { AudioDevice, LostDevice, RecoveredDevice } from './media/devices';
export type { InputProcessing } from './media/input-processing';
export type { MicrophonePermission } from './media/permission-watch';
export type { MicrophoneTestOptions, MicrophoneTestResult, OutputTestOptions } from './media/audio-tests';
export type {
  AudioProcessor,
  ProcessorDirection,
  ProcessorFailure,
} from './media/processors/audio-processor';
export type { AudioLevel } from './media/meters/audio-level';
export type { SoundOptions, SoundSetting } from './media/sounds/sound-options';
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
