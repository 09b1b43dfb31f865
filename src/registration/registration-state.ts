import type { TransitionTable } from '../core/transitions';

export type RegistrationState =
  'unregistered' | 'registering' | 'registered' | 'recovering' | 'unregistering' | 'disposed';

export type RegistrationEvent =
  'register' | 'confirmed' | 'failed' | 'lost' | 'unregister' | 'removed' | 'dispose';

/**
 * ```text
 *                 register            confirmed
 *  unregistered ───────────▶ registering ──────▶ registered ◀─┐ confirmed
 *    ▲   ▲  ▲                 │ failed            │  │ lost   │
 *    │   │  └─────────────────┘      unregister   │  └──────▶ recovering
 *    │   │ removed                 ┌──────────────┘           │    │ failed (for good)
 *    │   └───────── unregistering ◀┴──────────────────────────┘    │
 *    └─────────────────────────────────────────────────────────────┘
 *  any of them ── dispose ──▶ disposed
 * ```
 */
export const REGISTRATION_TRANSITIONS: TransitionTable<RegistrationState, RegistrationEvent> = {
  unregistered: { register: 'registering', dispose: 'disposed' },
  registering: {
    confirmed: 'registered',
    failed: 'unregistered',
    unregister: 'unregistering',
    dispose: 'disposed',
  },
  registered: { lost: 'recovering', unregister: 'unregistering', dispose: 'disposed' },
  recovering: {
    confirmed: 'registered',
    failed: 'unregistered',
    unregister: 'unregistering',
    dispose: 'disposed',
  },
  unregistering: { removed: 'unregistered', dispose: 'disposed' },
  disposed: {},
};
