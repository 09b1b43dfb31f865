import type { Call } from '../call/call';
import type { Logger } from '../core/logger';
import type { PlacedCall } from './connect-options';
import type { DeviceEvents } from './device-events';

/** What a Device does over its registration: by itself, or through the tab that holds it. */
export interface Line {
  readonly isRegistered: boolean;
  /** Whether this tab holds the registration. */
  readonly isLeader: boolean;
  register(): Promise<void>;
  unregister(): Promise<void>;
  place(options: PlacedCall): Promise<Call>;
  setInputDevice(deviceId: string): Promise<void>;
  setOutputDevice(deviceId: string): Promise<void>;
}

/** What happens on the line of this tab: an event of the Device, with what its listeners receive. */
export type LineEvent =
  | { readonly [K in 'registered' | 'reconnected']: readonly [K] }['registered' | 'reconnected']
  | readonly ['unregistered', ...DeviceEvents['unregistered']]
  | readonly ['reconnecting', ...DeviceEvents['reconnecting']]
  | readonly ['incoming', ...DeviceEvents['incoming']];

/** What several tabs need of the Device of one of them. */
export interface LocalPhone {
  /** The line of this tab alone. */
  readonly line: Line;
  readonly logger: Logger;
  /** The instance (RFC 5626 section 4.1) that this tab registers as; another tab's, when it takes over from that one. */
  readonly instance: { id: string };
  readonly emit: <K extends keyof DeviceEvents>(event: K, ...args: DeviceEvents[K]) => void;
  /** Gives up the registration without asking the server: the page is about to be frozen. */
  suspend(): void;
  /** After this tab took over the lead from one that went away, when it is registered. */
  onTakeOver(): void;
}
