import { platformCredentials } from '../../auth/fetch-credentials';
import { TokenKeeper } from '../../auth/token-keeper';
import { Logger } from '../../core/logger';
import { Microphone } from '../../media/microphone';
import { requireMediaDevices } from '../../media/microphone-error';
import { accountOf } from '../../registration/account';
import { firstRegistration, removeBinding } from '../../registration/first-registration';
import { SipUserAgent } from '../../sip/user-agent';
import { SipWebSocket } from '../../sip/web-socket';
import { Calls } from '../calls';

/**
 * What a preflight tries, handed to its checks: what is loaded on demand then names none of it, so that the parts which
 * every page loads stay in one file (in two they compress by 2 kB less).
 */
export const PREFLIGHT_PARTS = {
  accountOf,
  Calls,
  firstRegistration,
  Logger,
  Microphone,
  platformCredentials,
  removeBinding,
  requireMediaDevices,
  SipUserAgent,
  SipWebSocket,
  TokenKeeper,
} as const;

export type PreflightParts = typeof PREFLIGHT_PARTS;
