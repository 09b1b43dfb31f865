import { voiceError } from '../../core/errors';
import { checkConnectOptions, type PlacedCall } from '../connect-options';
import { type CheckedOptions, checkOptions } from '../options';
import type { PreflightOptions } from './report';

export interface CheckedPreflight {
  readonly token: string;
  readonly device: CheckedOptions;
  readonly echo?: { readonly call: PlacedCall; readonly durationMs: number };
}

const DEFAULT_ECHO_MS = 10_000;
const SHORTEST_ECHO_MS = 1_000;
const LONGEST_ECHO_MS = 60_000;

/** @throws VoiceSDKError `INVALID_ARGUMENT` */
export function checkPreflightOptions(options: PreflightOptions): CheckedPreflight {
  const device = checkOptions(options);
  const { token, echo, signal } = options;
  if (signal !== undefined && !((signal as unknown) instanceof AbortSignal))
    throw voiceError('INVALID_ARGUMENT', 'signal must be an AbortSignal.');
  if (echo === undefined) return { token, device };
  const call = checkConnectOptions(echo, device.defaultExtraHeaders);
  const { durationMs = DEFAULT_ECHO_MS } = echo;
  if (typeof durationMs !== 'number' || !(durationMs >= SHORTEST_ECHO_MS && durationMs <= LONGEST_ECHO_MS))
    throw voiceError('INVALID_ARGUMENT', 'echo.durationMs must be milliseconds from 1000 to 60000.');
  return { token, device, echo: { call, durationMs } };
}
