import type { Call } from '../call/call';
import type { Logger } from '../core/logger';
import type { Registration } from '../registration/registration';
import type { Calls } from './calls';
import type { ConnectOptions } from './connect-options';
import type { DeviceEvents } from './device-events';

/** What happens on the line of this tab: an event of the Device, with what its listeners receive. */
export type LineEvent =
  | readonly ['registered']
  | readonly ['reconnected']
  | readonly ['unregistered', ...DeviceEvents['unregistered']]
  | readonly ['reconnecting', ...DeviceEvents['reconnecting']]
  | readonly ['incoming' | 'recovered', ...DeviceEvents['incoming']];

/** What several tabs need of the Device of one of them. */
export interface LocalPhone {
  readonly registration: Pick<Registration, 'register' | 'unregister' | 'isRegistered'>;
  readonly calls: Pick<Calls, 'setInputDevice' | 'setOutputDevice'>;
  /** The instance (RFC 5626 section 4.1) that this tab registers as; another tab's, when it takes over from that one. */
  readonly instance: { id: string };
  readonly logger: Logger;
  /** Checks the options, which may come from another tab, and places a call from this one. */
  readonly place: (options: ConnectOptions) => Promise<Call>;
  readonly emit: <K extends keyof DeviceEvents>(event: K, ...args: DeviceEvents[K]) => void;
  /** After this tab took over the lead from one that went away, when it is registered. */
  readonly onTakeOver: () => void;
}
