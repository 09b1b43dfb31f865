import { describe, expect, it } from 'vitest';
import { codeOf, recordEvents } from '../../support/recorder';
import { sdpOffer } from '../../support/wire/sdp';
import { bench, HOUR, pass, registers, SECOND, useAgentBench } from './harness';

useAgentBench();

describe('a lifetime that no timer can hold', () => {
  it.each(['5000000', '99999999999999999999', 'never', '-1'])(
    'granted as "%s" is no storm of REGISTERs',
    async (granted) => {
      bench.server.registrar.grantedText = granted;
      const device = await bench.registered();
      await pass(SECOND);
      expect(registers()).toEqual(['bind']);
      expect(device.isRegistered()).toBe(true);
    },
  );

  it('asked for by 423 is no storm either', async () => {
    bench.server.registrar.behaviour = { kind: 'too-brief', minExpiresSeconds: 5_000_000 };
    await codeOf(bench.device().register());
    await pass(HOUR);
    expect(registers().length).toBeLessThan(5);
  });

  it.each(['3000000', '-5', 'never'])('in an INVITE ("%s") does not end the call', async (expires) => {
    const device = await bench.registered();
    const incoming = recordEvents(device).next('incoming');
    const invite = bench.server.invite({ body: sdpOffer(), headers: [`Expires: ${expires}`] });
    await incoming;
    await pass(10 * SECOND);
    expect(invite.responses.map(({ status }) => status)).toEqual([100, 180]);
  });
});

it('a REGISTER that comes in is answered like any request that makes no sense here', async () => {
  const device = await bench.registered();
  const contact = [...bench.server.registrar.bindings.keys()][0] ?? '';
  bench.server.send(
    [
      `REGISTER ${contact} SIP/2.0`,
      'Via: SIP/2.0/WS pbx.test;branch=z9hG4bK-odd',
      'From: <sip:odd@pbx.test>;tag=odd',
      'To: <sip:odd@pbx.test>',
      'Call-ID: odd@pbx.test',
      'CSeq: 1 REGISTER',
      'Max-Forwards: 70',
      'Content-Length: 0',
      '\r\n',
    ].join('\r\n'),
  );
  await pass(SECOND);
  expect(bench.server.responses(405, 'REGISTER')).toHaveLength(1);
  expect(device.isRegistered()).toBe(true);
});

describe('a call that outlives its registration', () => {
  it('does not bring the registration back when the socket comes back', async () => {
    const device = await bench.registered();
    const { call } = await bench.talk(device);
    await device.unregister();
    bench.server.registrar.once({ kind: 'refuse', status: 500 });
    expect(await codeOf(device.register())).toBe('REGISTRATION_FAILED');
    const before = registers().length;
    bench.server.cut();
    await pass(60 * SECOND);
    expect(registers().slice(before)).toEqual([]);
    expect(bench.server.registrar.bindings.size).toBe(0);
    expect(call.getStatus()).toBe('accepted');
  });

  it('ends with its Device although another account has taken over', async () => {
    let { credentials } = bench;
    const device = await bench.registered({ fetchCredentials: () => Promise.resolve(credentials) });
    const { call, dialog } = await bench.talk(device);
    await device.unregister();
    credentials = { ...credentials, sip_uri: 'sip:agent-1b@pbx.test' };
    await device.register();
    device.destroy();
    await dialog.expect('BYE');
    expect(call.getStatus()).toBe('disconnected');
    await pass(3 * SECOND);
    expect(bench.server.socket).toBeUndefined();
  });

  it('goes on when another account takes over, and frees its socket at its end', async () => {
    let { credentials } = bench;
    const device = await bench.registered({ fetchCredentials: () => Promise.resolve(credentials) });
    const { call, dialog } = await bench.talk(device);
    await device.unregister();
    credentials = { ...credentials, sip_uri: 'sip:agent-1b@pbx.test' };
    await device.register();
    expect(call.getStatus()).toBe('accepted');
    expect(device.isRegistered()).toBe(true);
    await call.disconnect();
    await dialog.expect('BYE');
    await pass(3 * SECOND);
    expect(bench.server.sockets.filter(({ readyState, OPEN }) => readyState === OPEN)).toHaveLength(1);
    expect(device.isRegistered()).toBe(true);
  });
});

it('a lost socket is opened again at once, and said so', async () => {
  const device = await bench.registered();
  const events = recordEvents(device);
  bench.server.cut();
  await pass(0);
  await pass(SECOND / 2);
  expect(events.names).toEqual(['reconnecting', 'reconnected']);
});

it('a server that drops each registration, as for two tabs of one agent, is not met by a storm', async () => {
  const device = await bench.registered();
  const before = bench.server.attempts.length;
  for (let elapsedMs = 0; elapsedMs < 60 * SECOND; elapsedMs += SECOND / 10) {
    if (device.isRegistered()) bench.server.cut();
    await pass(SECOND / 10);
  }
  // One attempt each 3 s, and a few that came sooner.
  expect(bench.server.attempts.length - before).toBeLessThanOrEqual(35);
  await pass(7 * SECOND);
  expect(device.isRegistered()).toBe(true);
});
