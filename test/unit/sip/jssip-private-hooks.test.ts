import JsSIP from 'jssip';
import manifest from 'jssip/package.json' with { type: 'json' };
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakePeerConnection } from '../../support/fake-peer-connection';
import { type RawAgent, startRawAgent } from '../../support/wire/raw-agent';

let agent: RawAgent;

beforeEach(async () => {
  agent = await startRawAgent();
});

afterEach(() => {
  agent.stop();
});

it('is the pinned version', () => {
  expect(manifest.version, 'Every private hook and work-around in src/sip was checked with 3.13.8').toBe(
    '3.13.8',
  );
});

describe('debug output', () => {
  // The loggers of JsSIP hand their arguments to this hook of `debug` right before they print.
  const debug = JsSIP.debug as unknown as {
    formatArgs: (args: unknown[]) => void;
    log: (...args: unknown[]) => void;
    enable(namespaces: string): void;
    disable(): string;
  };
  const { formatArgs, log } = debug;

  afterEach(() => {
    debug.disable();
    Object.assign(debug, { formatArgs, log });
  });

  it('holds whole messages with their credentials, and does not pass through `debug.log`', async () => {
    agent.stop();
    const printed: string[] = [];
    const replaced = vi.fn();
    debug.log = replaced;
    debug.formatArgs = (args) => {
      printed.push(args.map(String).join(' '));
      args.splice(0, args.length, 'JsSIP debug line, seen by a test');
    };
    debug.enable('JsSIP:Transport');
    agent = await startRawAgent();
    agent.server.auto.challengeInvite = false;
    await agent.dial({ extraHeaders: ['Authorization: Bearer not-a-real-token'] });
    expect(
      printed.join('\n'),
      'JsSIP no longer logs whole messages: review the redaction in src/sip',
    ).toContain('Bearer not-a-real-token');
    expect(
      replaced,
      'JsSIP loggers print through debug.log now: review the redaction in src/sip',
    ).not.toHaveBeenCalled();
  });
});

describe('private hooks', () => {
  const missing = (name: string) => `JsSIP has no ${name} any more, and src/sip leans on it`;

  it('announces every transaction, with its handlers and its request', async () => {
    const seen: Record<string, unknown>[] = [];
    agent.ua.on('newTransaction', ({ transaction }: { transaction: Record<string, unknown> }) =>
      seen.push(transaction),
    );
    await agent.dial();
    expect(seen[0]?.type, missing("ua.on('newTransaction')")).toBe('ict');
    expect(seen[0]?.eventHandlers, missing('transaction.eventHandlers')).toMatchObject({
      onReceiveResponse: expect.any(Function) as unknown,
      onTransportError: expect.any(Function) as unknown,
      onRequestTimeout: expect.any(Function) as unknown,
    });
    expect(seen[0]?.request, missing('transaction.request')).toMatchObject({ method: 'INVITE' });
    expect(Object.keys(agent.ua._transactions), missing('ua._transactions')).toEqual([
      'nist',
      'nict',
      'ist',
      'ict',
    ]);
  });

  it.each(['connect', 'disconnect', 'send'])('ua.transport.%s', (name) => {
    expect(agent.ua.transport[name], missing(`ua.transport.${name}`)).toBeTypeOf('function');
  });

  it.each([
    ['_receiveInviteResponse', 'function'],
    ['_toggleMuteAudio', 'function'],
    ['_toggleMuteVideo', 'function'],
    ['_createDialog', 'function'],
    ['receiveRequest', 'function'],
    ['sendRequest', 'function'],
    ['onTransportError', 'function'],
    ['onRequestTimeout', 'function'],
    ['onDialogError', 'function'],
    ['_is_canceled', 'boolean'],
    ['_localHold', 'boolean'],
    ['_from_tag', 'string'],
    ['_to_tag', 'string'],
    ['_dialog', 'object'],
  ] as const)('session.%s is a %s', async (name, type) => {
    const { session } = await agent.talk();
    expect(Reflect.get(session, name), missing(`session.${name}`)).toBeTypeOf(type);
  });

  it('session._connectionPromiseQueue orders operations on the connection', async () => {
    const { session } = await agent.talk();
    expect(session._connectionPromiseQueue, missing('session._connectionPromiseQueue')).toBeInstanceOf(
      Promise,
    );
    expect(session.connection).toBeInstanceOf(FakePeerConnection);
  });

  it.each([
    ['receiveRequest', 'function'],
    ['sendRequest', 'function'],
    ['terminate', 'function'],
    ['uac_pending_reply', 'boolean'],
    ['uas_pending_reply', 'boolean'],
  ] as const)('dialog.%s is a %s', async (name, type) => {
    const { session } = await agent.talk();
    expect(session._dialog?.[name], missing(`dialog.${name}`)).toBeTypeOf(type);
  });

  it('remembers in `_dynConfiguration.register` whether it registers when a connection opens', () => {
    const { ua } = agent as unknown as {
      ua: { _dynConfiguration: Record<string, unknown>; register(): void; unregister(): void };
    };
    ua.register();
    expect(ua._dynConfiguration['register'], missing('_dynConfiguration.register')).toBe(true);
    ua.unregister();
    expect(ua._dynConfiguration['register'], missing('_dynConfiguration.register')).toBe(false);
  });

  it('keeps the state of the registration in `_registrator`', () => {
    const { _registrator: registrator, contact } = agent.ua;
    expect(registrator._registered, missing('ua._registrator._registered')).toBe(true);
    expect(registrator._registering, missing('ua._registrator._registering')).toBe(false);
    expect(registrator._expires, missing('ua._registrator._expires')).toBeTypeOf('number');
    expect(registrator._sipInstance, missing('ua._registrator._sipInstance')).toMatch(/^"<urn:uuid:.+>"$/);
    expect(contact, missing('ua.contact.pub_gruu')).toHaveProperty('pub_gruu');
    expect(contact, missing('ua.contact.uri.user')).toHaveProperty('uri.user');
  });
});

it('keeps its reconnect loop and its refresh timer where the SDK looks for them', () => {
  const ua = agent.ua as unknown as {
    transport: Record<string, unknown>;
    _registrator: Record<string, unknown>;
  };
  const hint =
    'review attach() in src/sip/connection.ts and the watch over REGISTER in src/sip/user-agent.ts';
  const reconnect = vi.fn();
  expect(ua.transport['_reconnect'], hint).toBeTypeOf('function');
  ua.transport['_reconnect'] = reconnect;
  expect(ua._registrator['_registrationTimer'], hint).not.toBeNull();
  agent.server.cut();
  return vi.waitFor(() => {
    expect(reconnect, hint).toHaveBeenCalledOnce();
    expect(ua.transport['recovery_timer'], hint).toBeNull();
    expect(ua._registrator['_registrationTimer'], hint).toBeNull();
  });
});
