import { voiceError } from '../core/errors';

/** The part that exports diagnostics: most pages never need it. @throws VoiceSDKError `UNSUPPORTED` */
export async function loadDiagnostics(): Promise<typeof import('./export-diagnostics')> {
  try {
    return await import('./export-diagnostics');
  } catch (error) {
    throw voiceError('UNSUPPORTED', 'The part that exports diagnostics could not be loaded.', error);
  }
}
