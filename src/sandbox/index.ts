/**
 * The other side of a browser softphone, on one machine: a token API, SIP over WebSocket, and customers who
 * answer with real audio. For demos, and for tests of what is built with the SDK.
 *
 * Needs Node 20 and two packages of its own: `npm install --save-dev werift@0.24.4 ws`.
 *
 * @packageDocumentation
 */
export { startSandbox } from './sandbox';
export type { EventMap, Listener, Subscribable } from '../core/emitter';
export type { IceServer, SandboxLimits, SandboxOptions } from './options';
export type { MintedToken, Registration, Sandbox, TokenRequest } from './contract/sandbox';
export type {
  Customer,
  CustomerBehaviour,
  CustomerCallOptions,
  CustomerEvents,
  CustomerOptions,
} from './contract/customer';
export type {
  AudioCodec,
  CallEnd,
  CustomerCall,
  CustomerCallEvents,
  CustomerCallState,
  Hearing,
  HearsOptions,
  WaitOptions,
} from './contract/customer-call';
export type { Trace, TraceEntry, TraceEvents } from './contract/trace';
export type { Faults } from './contract/faults';
export { builtInCustomers, deadNumbers } from './customers/table';
export type { CustomerDescription, DeadNumber } from './customers/table';
