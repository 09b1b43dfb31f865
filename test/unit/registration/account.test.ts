import { expect, it } from 'vitest';
import { accountOf, secretOf } from '../../../src/registration/account';

const CREDENTIALS = {
  ws_urls: ['wss://a.test/ws', 'wss://b.test/ws'],
  sip_uri: 'sip:agent-1@pbx.test',
  authorization_username: 'agent-1',
  password: 'secret',
};

const OPTIONS = { instanceId: 'i', iceServers: undefined, iceTransportPolicy: 'all' } as const;

it('fills in what the backend left out', () => {
  expect(accountOf(CREDENTIALS, { ...OPTIONS, instanceId: 'instance' })).toEqual({
    wsUrls: CREDENTIALS.ws_urls,
    uri: 'sip:agent-1@pbx.test',
    authorizationUsername: 'agent-1',
    secret: { password: 'secret' },
    registerExpiresSeconds: 300,
    iceServers: [],
    iceTransportPolicy: 'all',
    instanceId: 'instance',
  });
});

it.each([
  [60, 60],
  [0.5, 1],
  [1e12, 86_400],
])('asks the registrar for whole seconds and a day at most: %d becomes %d', (wish, asked) => {
  const account = accountOf({ ...CREDENTIALS, register_expires: wish }, OPTIONS);
  expect(account.registerExpiresSeconds).toBe(asked);
});

it('replaces the ICE servers of the credentials entirely', () => {
  const credentials = { ...CREDENTIALS, ice_servers: [{ urls: 'stun:theirs' }] };
  expect(accountOf(credentials, OPTIONS).iceServers).toEqual([{ urls: 'stun:theirs' }]);
  expect(accountOf(credentials, { ...OPTIONS, iceServers: [{ urls: 'stun:ours' }] }).iceServers).toEqual([
    { urls: 'stun:ours' },
  ]);
  expect(accountOf(credentials, { ...OPTIONS, iceServers: [] }).iceServers).toEqual([]);
});

it('keeps line breaks of a display name out of SIP headers', () => {
  const named = (display_name: string) => accountOf({ ...CREDENTIALS, display_name }, OPTIONS).displayName;
  expect(named('Agent\r\nX-Evil: 1')).toBe('Agent X-Evil: 1');
  expect(named('\n')).toBeUndefined();
});

it.each([
  ['the password where there is one', { password: 'p', ha1: 'h', realm: 'r' }, { password: 'p' }],
  ['ha1 and realm', { ha1: 'h', realm: 'r' }, { ha1: 'h', realm: 'r' }],
  [
    'ha1 and realm beside a null password',
    { password: null, ha1: 'h', realm: 'r' },
    { ha1: 'h', realm: 'r' },
  ],
  [
    'ha1 and realm beside an empty password',
    { password: '', ha1: 'h', realm: 'r' },
    { ha1: 'h', realm: 'r' },
  ],
])('takes %s for the secret', (_what, fields, secret) => {
  expect(secretOf({ ...CREDENTIALS, password: undefined, ...fields } as never)).toEqual(secret);
});
