/**
 * The other side of a browser softphone, on one machine: a token API, SIP over WebSocket, and customers who
 * answer with real audio. For demos, and for tests of what is built with the SDK.
 *
 * Needs Node 20 and two packages of its own: `npm install --save-dev werift@0.24.4 ws`.
 */
export { startSandbox } from './sandbox';
export type { Registration, Sandbox } from './sandbox';
export type { IceServer, SandboxLimits, SandboxOptions } from './options';
export type { MintedToken, TokenRequest } from './http/tokens';
export type { Customer, CustomerCallOptions, CustomerEvents, CustomerOptions } from './customers/customer';
export type {
  CallEnd,
  CustomerCall,
  CustomerCallEvents,
  CustomerCallState,
  HearsOptions,
} from './customers/call';
export type { Hearing } from './media/call-audio';
export type { AudioCodec } from './media/sdp-codecs';
export { builtInCustomers, deadNumbers } from './customers/table';
export type { CustomerBehaviour, CustomerDescription, DeadNumber } from './customers/table';
export type { Trace, TraceEntry, TraceEvents } from './sip/trace';
export type { Faults } from './faults';
