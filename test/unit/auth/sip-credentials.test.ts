import { describe, expect, it } from 'vitest';
import { findCredentialsFault } from '../../../src/auth/sip-credentials';

const GOOD = {
  ws_urls: ['wss://pbx.test/ws'],
  sip_uri: 'sip:agent-1@pbx.test',
  authorization_username: 'agent-1',
  password: 'correct-horse',
};

const HASHED = { ...GOOD, password: undefined, ha1: '0123456789abcdef0123456789abcdef', realm: 'pbx.test' };

describe('credentials that can be used', () => {
  it.each([
    ['the least there is', GOOD],
    ['two URLs', { ...GOOD, ws_urls: ['wss://a.test/ws', 'ws://b.test:8080'] }],
    ['ha1 and realm', HASHED],
    ['ha1 and realm beside a null password', { ...HASHED, password: null }],
    ['a URI with a port', { ...GOOD, sip_uri: 'sip:agent-1@pbx.test:5061' }],
    [
      'null for what is optional',
      { ...GOOD, display_name: null, ice_servers: null, register_expires: null, expires_at: null },
    ],
    ['no ICE servers', { ...GOOD, ice_servers: [] }],
    [
      'ICE servers',
      {
        ...GOOD,
        ice_servers: [{ urls: 'stun:a' }, { urls: ['turn:b', 'turns:c'], username: 'u', credential: 'c' }],
      },
    ],
    ['everything', { ...GOOD, display_name: '', register_expires: 60, expires_at: '2025-01-01T00:00:00Z' }],
    ['fields that the SDK does not know', { ...GOOD, tenant: 7 }],
  ])('%s', (_what, credentials) => {
    expect(findCredentialsFault(credentials)).toBeUndefined();
  });
});

describe('credentials that cannot be used: the fault names the field', () => {
  it.each([
    ['undefined', undefined, 'not an object'],
    ['null', null, 'not an object'],
    ['a string', 'wss://pbx.test', 'not an object'],
    ['no ws_urls', { ...GOOD, ws_urls: undefined }, 'ws_urls'],
    ['one URL as a string', { ...GOOD, ws_urls: 'wss://pbx.test/ws' }, 'ws_urls'],
    ['no URL', { ...GOOD, ws_urls: [] }, 'ws_urls'],
    ['an http URL', { ...GOOD, ws_urls: ['https://pbx.test'] }, 'ws_urls'],
    ['a URL that is none', { ...GOOD, ws_urls: ['pbx.test'] }, 'ws_urls'],
    ['a null among the URLs', { ...GOOD, ws_urls: ['wss://pbx.test', null] }, 'ws_urls'],
    ['no sip_uri', { ...GOOD, sip_uri: undefined }, 'sip_uri'],
    ['a sip_uri without user', { ...GOOD, sip_uri: 'sip:pbx.test' }, 'sip_uri'],
    ['a sip_uri without scheme', { ...GOOD, sip_uri: 'agent-1@pbx.test' }, 'sip_uri'],
    [
      'a sips: URI, which JsSIP would take for a user name',
      { ...GOOD, sip_uri: 'sips:agent-1@pbx.test' },
      'sip_uri',
    ],
    ['a sip_uri with a header in it', { ...GOOD, sip_uri: 'sip:a@pbx.test\r\nX: 1' }, 'sip_uri'],
    ['no user name', { ...GOOD, authorization_username: undefined }, 'authorization_username'],
    ['an empty user name', { ...GOOD, authorization_username: '' }, 'authorization_username'],
    ['a user name of two lines', { ...GOOD, authorization_username: 'a\nb' }, 'authorization_username'],
    ['no secret', { ...GOOD, password: undefined }, 'password'],
    ['an empty password', { ...GOOD, password: '' }, 'password'],
    ['a password that is a number', { ...GOOD, password: 1234 }, 'password'],
    ['ha1 without realm', { ...HASHED, realm: undefined }, 'realm'],
    ['realm without ha1', { ...HASHED, ha1: undefined }, 'ha1'],
    ['a display name that is a number', { ...GOOD, display_name: 7 }, 'display_name'],
    ['ICE servers that are no list', { ...GOOD, ice_servers: { urls: 'stun:a' } }, 'ice_servers'],
    ['a null among the ICE servers', { ...GOOD, ice_servers: [null] }, 'ice_servers'],
    ['an ICE server without urls', { ...GOOD, ice_servers: [{ url: 'stun:a' }] }, 'ice_servers'],
    ['an ICE server with a number for a URL', { ...GOOD, ice_servers: [{ urls: [1] }] }, 'ice_servers'],
    ['register_expires as a string', { ...GOOD, register_expires: '300' }, 'register_expires'],
    ['register_expires 0', { ...GOOD, register_expires: 0 }, 'register_expires'],
    ['register_expires for ever', { ...GOOD, register_expires: Infinity }, 'register_expires'],
    ['expires_at as a number', { ...GOOD, expires_at: 1735689600 }, 'expires_at'],
    ['expires_at that is no date', { ...GOOD, expires_at: 'tomorrow' }, 'expires_at'],
  ])('%s', (_what, credentials, field) => {
    const fault = findCredentialsFault(credentials);
    expect(fault).toContain(field);
    expect(fault).not.toContain('correct-horse');
  });
});
