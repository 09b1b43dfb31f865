// A contact centre that opens the customer's ticket while the call rings, and says in its own words how calls end.
// The switches are exhaustive: the functions have no other end.
import {
  Device,
  VoiceSDKError,
  type Call,
  type DisconnectInfo,
  type DisconnectReason,
  type VoiceErrorCode,
} from '@2chat/voice-sdk';

interface Desk {
  openTicket(id: string, caller: string): void;
  openSearch(caller: string): void;
  note(outcome: string, seconds: number): void;
  advise(advice: string): void;
}

export function screenPop(device: Device, desk: Desk): void {
  device.on('incoming', (call: Call) => {
    const caller: string = call.remoteDisplayName ?? call.remoteIdentity ?? 'unknown';
    const ticket: string | undefined = call.customHeaders['Ticket-Id'];
    if (ticket === undefined) desk.openSearch(caller);
    else desk.openTicket(ticket, caller);
    call.once('disconnect', (info: DisconnectInfo) => {
      desk.note(outcomeOf(info.reason), Math.round(info.durationMs / 1000));
      if (info.initiator === 'network') desk.advise('network');
      const { callId, quality } = call.getReport();
      if (quality?.grade === 'bad') desk.advise(`report ${callId} to the helpdesk`);
    });
    call.on('warning', ({ name, value, threshold }) => {
      desk.advise(name === 'inputSilent' ? 'is the headset muted?' : `${name}: ${value} (${threshold})`);
    });
    call.on('quality', ({ mos, rttMs }) => {
      if (mos !== null && mos < 3) desk.advise(`poor audio, ${rttMs?.toFixed(0) ?? '?'} ms`);
    });
  });
  device.on('error', (error) => desk.advise(adviceOn(error.code)));
}

export async function dial(device: Device, desk: Desk, to: string): Promise<Call | undefined> {
  try {
    return await device.connect({ to, extraHeaders: ['X-Campaign: spring'] });
  } catch (error) {
    if (!(error instanceof VoiceSDKError)) throw error;
    desk.advise(adviceOn(error.code));
    return undefined;
  }
}

function outcomeOf(reason: DisconnectReason): string {
  switch (reason) {
    case 'hangup':
    case 'remote':
      return 'handled';
    case 'answered_elsewhere':
      return 'handled by a colleague';
    case 'canceled':
    case 'unanswered':
      return 'missed';
    case 'rejected':
    case 'busy':
    case 'declined':
    case 'forbidden':
      return 'refused';
    case 'not_found':
    case 'unavailable':
      return 'not reached';
    case 'media_rejected':
    case 'server_error':
    case 'timeout':
    case 'network':
    case 'media':
    case 'destroyed':
    case 'internal':
      return 'technical';
  }
}

function adviceOn(code: VoiceErrorCode): string {
  switch (code) {
    case 'TOKEN_INVALID':
    case 'TOKEN_EXPIRED':
    case 'TOKEN_NO_EXPIRY':
    case 'TOKEN_NOT_YET_VALID':
    case 'TOKEN_USER_MISMATCH':
    case 'AUTH_ERROR':
      return 'Sign in again.';
    case 'CONFIG_FETCH_FAILED':
    case 'REGISTRATION_FAILED':
    case 'REGISTER_ERROR':
    case 'UNREGISTER_ERROR':
    case 'NOT_REGISTERED':
    case 'SIGNALING_UNREACHABLE':
    case 'SIGNALING_LOST':
    case 'CALL_SERVER_ERROR':
    case 'CALL_TIMEOUT':
    case 'ICE_FAILED':
      return 'Check the network.';
    case 'INVALID_ARGUMENT':
    case 'INVALID_STATE':
    case 'DESTROYED':
      return 'Reload the page.';
    case 'UNSUPPORTED':
    case 'BROWSER_UNSUPPORTED':
      return 'Use another browser.';
    case 'MICROPHONE_DENIED':
    case 'MICROPHONE_NOT_FOUND':
    case 'MICROPHONE_BUSY':
    case 'MICROPHONE_FAILED':
    case 'OUTPUT_DEVICE_FAILED':
    case 'AUDIO_BLOCKED':
    case 'PROCESSOR_FAILED':
    case 'AUDIO_FAILED':
    case 'MEDIA_FAILED':
    case 'CALL_MEDIA_REJECTED':
      return 'Check the headset.';
    case 'CALL_BUSY':
    case 'CALL_DECLINED':
    case 'CALL_NOT_FOUND':
    case 'CALL_UNAVAILABLE':
    case 'CALL_UNANSWERED':
    case 'CALL_CANCELED':
    case 'CALL_REJECTED':
      return 'Call again later.';
    case 'HOLD_FAILED':
    case 'DTMF_FAILED':
    case 'TAB_LOST':
      return 'Try again.';
  }
}
