import { voiceError } from '../core/errors';
import { canShareTabs } from '../tabs/leader-election';
import type { LocalPhone } from './line';
import { SharedPhone } from './shared-phone';

/** @throws VoiceSDKError `UNSUPPORTED` where the browser or the page has no Web Locks or no BroadcastChannel */
export function shareTabs(agent: string, local: LocalPhone): SharedPhone {
  if (!canShareTabs())
    throw voiceError('UNSUPPORTED', 'Without Web Locks and BroadcastChannel each tab registers on its own.');
  return new SharedPhone(agent, local);
}
