import type { Logger } from '../core/logger';
import type { Registration } from '../registration/registration';
import type { Calls } from './calls';
import type { ConnectOptions } from './connect-options';
import type { DeviceEvents } from './device-events';
import type { Diagnostics } from './diagnostics';
import type { CarriedCall } from './shared-protocol';

/** What happens on the line of this tab: an event of the Device, with what its listeners receive. */
export type LineEvent =
  | readonly ['registered']
  | readonly ['reconnected']
  /** Of the ringtone. */
  | readonly ['audioBlocked']
  | readonly ['audioUnblocked']
  | readonly ['unregistered', ...DeviceEvents['unregistered']]
  | readonly ['reconnecting', ...DeviceEvents['reconnecting']]
  | readonly ['incoming' | 'recovered', call: CarriedCall];

/** What is chosen for the calls of all tabs, in whichever tab. */
export type SharedSetter = 'setInputDevice' | 'setOutputDevice' | 'setRingtoneDevices' | 'setInputProcessing';

/** What several tabs need of the Device of one of them. */
export interface LocalPhone {
  readonly registration: Pick<
    Registration,
    'register' | 'unregister' | 'handOver' | 'isRegistered' | 'state'
  >;
  readonly calls: Pick<Calls, 'settings' | 'sounds' | 'autoplay' | 'endAll' | 'on'>;
  /** The instance (RFC 5626 section 4.1) that this tab registers as; another tab's, when it takes over from that one. */
  readonly instance: { id: string };
  /** This tab may have to lead: has at hand what it then needs, soon. */
  readonly prepareToLead: () => void;
  /** The Device's `recoverCalls`. */
  readonly recoversCalls: boolean;
  readonly logger: Logger;
  /** The bundle of this tab. */
  readonly exportDiagnostics: () => Promise<Diagnostics>;
  /** Checks the options, which may come from another tab, and places a call from this one. */
  readonly place: (options: ConnectOptions) => Promise<CarriedCall>;
  readonly emit: <K extends keyof DeviceEvents>(event: K, ...args: DeviceEvents[K]) => void;
}
