import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE, type CatalogueEntry, type VoiceErrorCode } from '../../../src/core/error-catalogue';
import {
  asVoiceError,
  AuthError,
  RegistrationError,
  TokenError,
  voiceError,
  VoiceSDKError,
} from '../../../src/core/errors';

const entries = Object.entries(ERROR_CATALOGUE) as [VoiceErrorCode, CatalogueEntry][];

describe('the catalogue', () => {
  it.each(entries)('%s says in full sentences what happened and what to do', (code, entry) => {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(entry.summary).toMatch(/^[A-Z].{9,}\.$/);
    expect(entry.remedy).toMatch(/^[A-Z].{9,}\.$/);
    expect(typeof entry.fatal).toBe('boolean');
  });

  it('holds every code that integrations switch on, in its class', () => {
    expect({
      TOKEN_INVALID: ERROR_CATALOGUE.TOKEN_INVALID.family,
      TOKEN_EXPIRED: ERROR_CATALOGUE.TOKEN_EXPIRED.family,
      AUTH_ERROR: ERROR_CATALOGUE.AUTH_ERROR.family,
      CONFIG_FETCH_FAILED: ERROR_CATALOGUE.CONFIG_FETCH_FAILED.family,
      REGISTRATION_FAILED: ERROR_CATALOGUE.REGISTRATION_FAILED.family,
      REGISTER_ERROR: ERROR_CATALOGUE.REGISTER_ERROR.family,
      UNREGISTER_ERROR: ERROR_CATALOGUE.UNREGISTER_ERROR.family,
      NOT_REGISTERED: ERROR_CATALOGUE.NOT_REGISTERED.family,
    }).toEqual({
      TOKEN_INVALID: 'TokenError',
      TOKEN_EXPIRED: 'TokenError',
      AUTH_ERROR: 'AuthError',
      CONFIG_FETCH_FAILED: 'VoiceSDKError',
      REGISTRATION_FAILED: 'RegistrationError',
      REGISTER_ERROR: 'RegistrationError',
      UNREGISTER_ERROR: 'RegistrationError',
      NOT_REGISTERED: 'RegistrationError',
    });
  });

  it('takes a failed un-registration for harmless', () => {
    expect(ERROR_CATALOGUE.UNREGISTER_ERROR.fatal).toBe(false);
  });
});

describe('voiceError', () => {
  it.each(entries)(
    'builds %s in the class that the catalogue names',
    (code, { family, fatal, remedy, summary }) => {
      const error = voiceError(code);
      expect(error).toBeInstanceOf(VoiceSDKError);
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: family, code, fatal, remedy, message: summary });
      expect(error.constructor.name).toBe(family);
    },
  );

  it('gives each family its own class', () => {
    expect(voiceError('AUTH_ERROR')).toBeInstanceOf(AuthError);
    expect(voiceError('REGISTER_ERROR')).toBeInstanceOf(RegistrationError);
    expect(voiceError('TOKEN_EXPIRED')).toBeInstanceOf(TokenError);
    expect(voiceError('TOKEN_EXPIRED')).not.toBeInstanceOf(AuthError);
  });

  it('takes a message and a cause', () => {
    const cause = { statusCode: 486, reasonPhrase: 'Busy Here' };
    expect(voiceError('CALL_BUSY', '486 Busy Here', cause)).toMatchObject({
      message: '486 Busy Here',
      cause,
    });
  });

  it('has no cause at all when there is nothing to add', () => {
    expect('cause' in voiceError('CALL_BUSY')).toBe(false);
  });
});

describe('toJSON', () => {
  it('gives name, code and message, and neither stack nor cause', () => {
    const error = voiceError('AUTH_ERROR', 'refused', { password: 'hunter2' });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: { name: 'AuthError', code: 'AUTH_ERROR', message: 'refused' },
    });
  });
});

describe('asVoiceError', () => {
  it('leaves our own errors as they are', () => {
    const own = voiceError('TOKEN_EXPIRED');
    expect(asVoiceError(own, 'MEDIA_FAILED')).toBe(own);
  });

  it('wraps anything else', () => {
    const cause = new TypeError('x is not a function');
    expect(asVoiceError(cause, 'MEDIA_FAILED')).toMatchObject({ code: 'MEDIA_FAILED', cause });
    expect(asVoiceError('text', 'MEDIA_FAILED', 'no answer')).toMatchObject({
      message: 'no answer',
      cause: 'text',
    });
  });
});
