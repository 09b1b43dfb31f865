import type { TokenKeeper } from '../auth/token-keeper';
import type { LiveCall } from '../call/live-call';
import { withDeadline } from '../core/deadline';
import { asVoiceError, voiceError } from '../core/errors';
import type { LogBook } from '../core/log-book';
import { redactGrammar } from '../core/redact';
import { type AudioDevice, enumerateAudioDevices } from '../media/devices';
import type { Registration } from '../registration/registration';
import type { Calls } from './calls';
import { collectDiagnostics, type DiagnosedCall, type Diagnostics } from './diagnostics';
import type { CheckedOptions } from './options';
import type { SharedPhone } from './shared-phone';
import type { Sharing } from './sharing';

// A browser whose audio service hangs never answers; a healthy one does within some 10 ms.
const LIST_TIMEOUT_MS = 3_000;
// The tab that leads may have to load this part and wait for its browser as long as this one does.
const LEADER_TIMEOUT_MS = 10_000;

/** The parts of a Device that a bundle tells of. */
export interface DiagnosedDevice {
  readonly book: LogBook;
  readonly options: CheckedOptions;
  readonly token: TokenKeeper;
  readonly registration: Registration;
  readonly calls: Pick<Calls, 'history' | 'live'>;
  readonly sharing: Pick<Sharing, 'isLeader' | 'phone'>;
}

/** The bundle of the phone, which another tab may hold. @throws VoiceSDKError `UNSUPPORTED` */
export async function diagnosePhone(device: DiagnosedDevice): Promise<Diagnostics> {
  const { phone } = device.sharing;
  const answer = phone?.isLeader === false ? await askLeader(phone) : {};
  const follower = await diagnoseTab(device, answer.failure);
  return answer.bundle ? { ...answer.bundle, follower } : follower;
}

/**
 * The bundle of this tab.
 *
 * @param leaderFailure why there is none of the tab that leads
 * @throws VoiceSDKError `UNSUPPORTED`
 */
export async function diagnoseTab(device: DiagnosedDevice, leaderFailure?: string): Promise<Diagnostics> {
  const audioDevices = await listDevices();
  try {
    return collect(device, audioDevices, leaderFailure);
  } catch (error) {
    throw asVoiceError(error, 'UNSUPPORTED', 'The diagnostics could not be put together.');
  }
}

/** A browser that does not say which devices there are can still be diagnosed. */
async function listDevices(): Promise<readonly AudioDevice[]> {
  const devices = withDeadline(enumerateAudioDevices(), LIST_TIMEOUT_MS, () => new Error('no answer'));
  return devices.catch(() => []);
}

async function askLeader(phone: SharedPhone): Promise<{ bundle?: Diagnostics; failure?: string }> {
  try {
    const answer = await withDeadline(phone.diagnosis.ask(), LEADER_TIMEOUT_MS, () => voiceError('TAB_LOST'));
    // Whatever runs on this origin can answer.
    return isBundle(answer) ? { bundle: answer } : { failure: 'INVALID_ARGUMENT' };
  } catch (error) {
    return { failure: asVoiceError(error, 'TAB_LOST').code };
  }
}

function isBundle(value: unknown): value is Diagnostics {
  const bundle = (value ?? {}) as Partial<Record<keyof Diagnostics, unknown>>;
  return (
    bundle.formatVersion === 1 &&
    [bundle.sdkVersion, bundle.createdAt].every((text) => typeof text === 'string') &&
    [bundle.device, bundle.environment].every((part) => typeof part === 'object' && part !== null) &&
    [bundle.audioDevices, bundle.calls, bundle.log, bundle.messages].every((list) => Array.isArray(list))
  );
}

function collect(
  { book, options, token, registration, calls, sharing }: DiagnosedDevice,
  audioDevices: readonly AudioDevice[],
  leaderFailure: string | undefined,
): Diagnostics {
  const { userAgent } = registration;
  const { phone, isLeader } = sharing;
  const shared = phone?.diagnosis.facts();
  const claims = claimsOf(token);
  const iceServers = userAgent?.iceServers ?? options.iceServers ?? [];
  const live = [...calls.live];
  return collectDiagnostics({
    book,
    device: {
      isLeader,
      registration: shared && !isLeader ? shared.registration : registration.state,
      isRegistered: (phone ?? registration).isRegistered,
      connected: userAgent?.isConnected ?? false,
      bindingLifetimeMs: userAgent?.binding.lifetimeMs,
      sinceRefreshMs: userAgent?.isRegistered === true ? userAgent.binding.sinceConfirmedMs : undefined,
      tokenExpiresAt: claims?.expiresAt.toISOString(),
      ...(shared
        ? {
            shared: {
              attempt: shared.attempt,
              isWanted: shared.isWanted,
              isRecovering: shared.isRecovering,
              calls: shared.calls,
            },
          }
        : {}),
      leaderFailure,
      options: {
        logLevel: options.logLevel,
        allowIncomingWhileBusy: options.allowIncomingWhileBusy,
        recoverCalls: options.recoverCalls,
        multiTab: options.multiTab,
        iceTransportPolicy: options.iceTransportPolicy,
        iceServerUrls: iceServers.flatMap(({ urls }) => urls).map(shownIceUrl),
        codecs: options.codecs,
        apiBaseUrl: redactGrammar(new URL(options.apiBaseUrl).origin),
      },
    },
    audioDevices,
    calls: [...calls.history.calls.map(({ report }) => report), ...live.map(reportOf)],
    persons: [
      claims?.claims.user_uuid,
      claims?.claims.label,
      ...calls.history.calls.flatMap(({ persons }) => persons),
      ...live.flatMap(({ remoteIdentity, remoteDisplayName }) => [remoteIdentity, remoteDisplayName]),
    ],
    secrets: [...token.secrets, ...(options.iceServers ?? []).map(({ credential }) => credential)],
  });
}

function reportOf(call: LiveCall): DiagnosedCall {
  return {
    ...call.getReport(),
    isMuted: call.isMuted(),
    isOnHold: call.isOnHold(),
    isOnRemoteHold: call.isOnRemoteHold(),
  };
}

/** RFC 7065 knows no user and no query but the transport; what is written all the same may be a credential. */
function shownIceUrl(url: unknown): string {
  const [, scheme = '', host = '', transport = ''] =
    /^([a-z]+:)?(?:[^]*@)?([^?]*)(\?transport=\w+$)?/i.exec(String(url)) ?? [];
  return scheme + redactGrammar(host) + transport;
}

function claimsOf(token: TokenKeeper): TokenKeeper['current'] | undefined {
  try {
    return token.current;
  } catch {
    return undefined;
  }
}
