/**
 * What integrations rely on by name: it may be added to, never renamed, removed or narrowed. Written down apart from
 * the API reports, so that writing those anew cannot lose it.
 *
 * Types are TypeScript; those of the package are reached through `sdk`.
 */

/** A type that code hands to the SDK: everything of `given` must be accepted. */
interface Taken {
  readonly what: string;
  readonly accepts: string;
  readonly given: string;
}

/** A type that code gets from the SDK: it must be usable as `expected`. */
interface Got {
  readonly what: string;
  readonly gives: string;
  readonly expected: string;
}

export type ContractRow = Taken | Got;

const OPTIONS: Readonly<Record<string, string>> = {
  token: 'string',
  logLevel: "'silent' | 'error' | 'warn' | 'info' | 'debug'",
  allowIncomingWhileBusy: 'boolean',
  recoverCalls: 'boolean',
  closeProtection: 'boolean',
  iceServers: 'RTCIceServer[]',
  media: '{ inputDeviceId?: string; outputDeviceId?: string }',
  ringtoneUrl: 'string',
  tokenExpiryLeadMs: 'number',
  defaultExtraHeaders: 'string[]',
  apiBaseUrl: 'string',
  fetchCredentials: '(token: string, context: { signal: AbortSignal }) => Promise<sdk.SipCredentials>',
};

/** Parameters and result of each method. */
type Methods = Readonly<Record<string, readonly [parameters: string, result: string]>>;

const DEVICE_METHODS: Methods = {
  register: ['[]', 'Promise<void>'],
  connect: ['[{ to: string; from: string }]', 'Promise<sdk.Call>'],
  updateToken: ['[jwt: string]', 'Promise<void>'],
  unregister: ['[]', 'Promise<void>'],
  destroy: ['[]', 'void'],
  enumerateDevices: ['[]', 'Promise<readonly { deviceId: string; kind: string; label: string }[]>'],
  setInputDevice: ['[id: string]', 'Promise<void>'],
  setOutputDevice: ['[id: string]', 'Promise<void>'],
  isRegistered: ['[]', 'boolean'],
};

const DEVICE_PROPERTIES: Readonly<Record<string, string>> = {
  identity: 'sdk.TokenClaims',
  label: 'string | undefined',
  tokenExpiresAt: 'Date',
};

const DEVICE_EVENTS: Readonly<Record<string, string>> = {
  registered: '[]',
  unregistered: '[{ reason?: string }]',
  incoming: '[sdk.Call]',
  recovered: '[sdk.Call]',
  callLost: '[{ remoteIdentity?: string; reason: string }]',
  tokenWillExpire: '[{ expiresAt: Date }]',
  reconnecting: '[{ attempt: number }]',
  reconnected: '[]',
  error: '[sdk.VoiceSDKError]',
};

const CALL_METHODS: Methods = {
  accept: ['[]', 'Promise<void>'],
  reject: ['[] | [statusCode: number]', 'void'],
  disconnect: ['[]', 'Promise<void>'],
  mute: ['[on: boolean]', 'void'],
  isMuted: ['[]', 'boolean'],
  hold: ['[on: boolean]', 'Promise<void>'],
  isOnHold: ['[]', 'boolean'],
  sendDigits: ['[digits: string]', 'Promise<void>'],
  setInputDevice: ['[id: string]', 'Promise<void>'],
  setOutputDevice: ['[id: string]', 'Promise<void>'],
  getStatus: ['[]', "'pending' | 'ringing' | 'accepted' | 'disconnected' | 'failed'"],
};

const CALL_PROPERTIES: Readonly<Record<string, string>> = {
  direction: "'inbound' | 'outbound'",
  remoteIdentity: 'string | undefined',
  customHeaders: 'Readonly<Record<string, string>>',
  session: 'object',
};

const CALL_EVENTS: Readonly<Record<string, string>> = {
  ringing: 'readonly unknown[]',
  accepted: '[]',
  disconnect: '[{ reason: string }]',
  error: '[sdk.VoiceSDKError]',
  mute: '[boolean]',
  hold: '[boolean]',
  quality: '[object]',
};

const CODES = [
  ...['TOKEN_INVALID', 'TOKEN_EXPIRED', 'AUTH_ERROR', 'CONFIG_FETCH_FAILED', 'REGISTRATION_FAILED'],
  ...['REGISTER_ERROR', 'UNREGISTER_ERROR', 'NOT_REGISTERED'],
];

const ERROR_CLASSES = ['VoiceSDKError', 'AuthError', 'RegistrationError', 'TokenError'];

const ERROR_MEMBERS: Readonly<Record<string, string>> = {
  code: 'string',
  message: 'string',
  cause: 'unknown',
  toJSON: '() => { name: string; code: string; message: string }',
};

const TOKEN_CLAIMS: Readonly<Record<string, string>> = {
  user_uuid: 'string',
  label: 'string | undefined',
  iat: 'number | undefined',
  exp: 'number',
};

const CREDENTIALS: Readonly<Record<string, string>> = {
  ws_urls: 'string[]',
  sip_uri: 'string',
  authorization_username: 'string',
  password: 'string',
  ha1: 'string',
  realm: 'string',
  display_name: 'string',
  ice_servers: 'RTCIceServer[]',
  register_expires: 'number',
  expires_at: 'string',
};

function methods(owner: string, table: Methods): ContractRow[] {
  return Object.entries(table).flatMap(([name, [parameters, result]]): ContractRow[] => {
    const method = `sdk.${owner}['${name}']`;
    return [
      { what: `${owner}.${name}() takes`, accepts: `Parameters<${method}>`, given: parameters },
      { what: `${owner}.${name}() returns`, gives: `ReturnType<${method}>`, expected: result },
    ];
  });
}

function properties(owner: string, table: Readonly<Record<string, string>>): ContractRow[] {
  return Object.entries(table).map(([name, expected]) => ({
    what: `${owner}.${name}`,
    gives: `sdk.${owner}['${name}']`,
    expected,
  }));
}

function fields(owner: string, table: Readonly<Record<string, string>>): ContractRow[] {
  return Object.entries(table).map(([name, given]) => ({
    what: `${owner}.${name}`,
    accepts: `sdk.${owner}['${name}']`,
    given,
  }));
}

function events(owner: string, table: Readonly<Record<string, string>>): ContractRow[] {
  return Object.entries(table).flatMap(([name, payload]): ContractRow[] => [
    { what: `${owner} event ${name}`, gives: `sdk.${owner}Events['${name}']`, expected: payload },
    // A property rather than a method: parameters of methods compare loosely.
    {
      what: `${owner}.on() takes ${name}`,
      gives: `sdk.${owner}`,
      expected: `Record<'on' | 'once' | 'off', (event: '${name}', listener: (...payload: ${payload}) => void) => unknown>`,
    },
  ]);
}

export const CONTRACT: readonly ContractRow[] = [
  { what: 'new Device()', accepts: 'ConstructorParameters<typeof sdk.Device>', given: '[{ token: string }]' },
  ...fields('DeviceOptions', OPTIONS),
  ...methods('Device', DEVICE_METHODS),
  ...properties('Device', DEVICE_PROPERTIES),
  ...events('Device', DEVICE_EVENTS),
  ...methods('Call', CALL_METHODS),
  ...properties('Call', CALL_PROPERTIES),
  ...events('Call', CALL_EVENTS),
  ...ERROR_CLASSES.flatMap((name): ContractRow[] => [
    { what: `${name} is a VoiceSDKError`, gives: `sdk.${name}`, expected: 'sdk.VoiceSDKError & Error' },
    {
      what: `${name} is a class`,
      gives: `typeof sdk.${name}`,
      expected: 'abstract new (...args: never) => Error',
    },
  ]),
  ...properties('VoiceSDKError', ERROR_MEMBERS),
  ...CODES.map((code) => ({ what: code, accepts: 'sdk.VoiceErrorCode', given: `'${code}'` })),
  ...properties('TokenClaims', TOKEN_CLAIMS),
  ...fields('SipCredentials', CREDENTIALS),
  {
    what: 'credentials with a password',
    accepts: 'sdk.SipCredentials',
    given: '{ ws_urls: string[]; sip_uri: string; authorization_username: string; password: string }',
  },
  {
    what: 'credentials with ha1',
    accepts: 'sdk.SipCredentials',
    given:
      '{ ws_urls: string[]; sip_uri: string; authorization_username: string; ha1: string; realm: string }',
  },
];
