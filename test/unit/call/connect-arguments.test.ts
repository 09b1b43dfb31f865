import { describe, expect, it } from 'vitest';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { expectNothingHeld, useBench } from './bench';

const context = useBench();

describe('to', () => {
  it.each([
    ['+49 (30) 1234-5678', 'sip:+493012345678@pbx.test'],
    ['0049.30/1234', 'sip:0049301234@pbx.test'],
    ['\u00a0\u202a+4930\u202c ', 'sip:+4930@pbx.test'],
    ['tel:+1-555-0100', 'sip:+15550100@pbx.test'],
    ['*31#', 'sip:*31%23@pbx.test'],
    ['alice', 'sip:alice@pbx.test'],
    ['alice.smith', 'sip:alice.smith@pbx.test'],
    ['sip:alice@PBX.test', 'sip:alice@pbx.test'],
    ['alice@pbx.test', 'sip:alice@pbx.test'],
    ['SIP:100', 'sip:100@pbx.test'],
    ['sip:+4930123@pbx.test;user=phone', 'sip:+4930123@pbx.test'],
    ['<sip:bob@pbx.test>', 'sip:bob@pbx.test'],
    ['tel:+49-30-123;ext=5', 'sip:+4930123@pbx.test'],
  ])('%j calls %s', async (to, uri) => {
    const { bench, device } = context;
    await device.connect({ to });
    expect((await bench.server.next('INVITE')).uri).toBe(uri);
  });

  it.each([
    ['another domain', 'bob@evil.example'],
    ['another domain behind ours', 'bob@pbx.test@evil.example'],
    ['two domains, ours last', 'bob@evil.example@pbx.test'],
    ['a header in the URI', 'sip:bob@pbx.test?Subject=x'],
    ['a header behind a parameter', 'sip:bob@pbx.test;user=phone?Subject=x'],
    ['another domain in a parameter', 'sip:bob@pbx.test;maddr=x@evil.example'],
    ['a port', 'sip:bob@pbx.test:5099'],
    ['a line break', '100\r\nX-Injected: yes'],
    ['only a line feed', '100\nX'],
    ['a NUL', '100\u0000'],
    ['a line separator', '100\u2028'],
    ['a password', 'bob:secret'],
    ['a route trick', '<sip:evil.example;lr>,<sip:bob@pbx.test>'],
    ['a name before the URI', '"Bob" <sip:bob@pbx.test>'],
    ['brackets around a name', '<bob>'],
    ['only a dash', '-'],
    ['only a dot', '.'],
    ['only a bracket', '('],
    ['only a closing bracket', ')'],
    ['only a plus', '+'],
    ['only parameters', 'tel:;ext=5'],
    ['digits of another script', '\u0661\u0662\u0663'],
    ['letters of another script', 'käthe'],
    ['blanks inside a name', 'alice smith'],
    ['a lone escape', '100%'],
    ['an escaped line break', 'bob%0d%0aX'],
    ['nothing', ''],
    ['only separators', ' ( ) - . '],
    ['only a scheme', 'sip:'],
    ['only a domain', '@pbx.test'],
    ['ten thousand digits', '1'.repeat(10_000)],
    ['undefined', undefined],
    ['null', null],
    ['a number', 4930],
    ['an object', { toString: () => '100' }],
    ['a list', ['100']],
  ])('is refused with %s, and nothing is opened', async (_name, to) => {
    const { bench, device } = context;
    expect(await codeOf(device.connect({ to: to as string }))).toBe('INVALID_ARGUMENT');
    await settle();
    expect(bench.server.requests('INVITE')).toHaveLength(0);
    expect(bench.media.requests).toHaveLength(0);
    expectNothingHeld(bench);
  });

  it.each([[undefined], [null], ['100'], [42]])('connect(%j) is refused', async (options) => {
    expect(await codeOf(context.device.connect(options as never))).toBe('INVALID_ARGUMENT');
  });

  it('is matched in linear time', async () => {
    const started = performance.now();
    for (const to of [
      '('.repeat(200_000),
      `${'1 '.repeat(100_000)}x`,
      '@'.repeat(200_000),
      ' '.repeat(200_000),
      `<sip:${';'.repeat(200_000)}`,
      `a@${';'.repeat(200_000)}?`,
      `tel:${';'.repeat(200_000)}`,
    ]) {
      expect(await codeOf(context.device.connect({ to }))).toBe('INVALID_ARGUMENT');
    }
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('from', () => {
  it.each([
    ['+49 30 555', 'sip:+4930555@pbx.test'],
    ['queue-7', 'sip:queue-7@pbx.test'],
    ['*7#', 'sip:*7%23@pbx.test'],
  ])('%j is the caller ID %s', async (from, uri) => {
    const { bench, device } = context;
    await device.connect({ to: '100', from });
    const invite = await bench.server.next('INVITE');
    expect(invite.header('from')).toContain(`<${uri}>;tag=`);
    expect(invite.header('p-preferred-identity')).toContain('sip:agent-1@pbx.test');
  });

  it.each([
    ['x\r\nX-Injected: yes'],
    ['boss@evil.example'],
    ['a b'],
    ['100%'],
    [''],
    [7],
    [null],
    ['<x>'],
    ['-'],
  ])('%j is refused', async (from) => {
    const { bench, device } = context;
    expect(await codeOf(device.connect({ to: '100', from: from as string }))).toBe('INVALID_ARGUMENT');
    expect(bench.server.requests('INVITE')).toHaveLength(0);
  });
});

describe('displayName', () => {
  it('keeps quotes and backslashes inside the quoted string', async () => {
    const { bench, device } = context;
    const displayName = 'Eve" <sip:evil@x.example>;tag=1, "\\';
    await device.connect({ to: '100', displayName });
    const invite = await bench.server.next('INVITE');
    expect(invite.header('from')).toMatch(
      /^"Eve\\" <sip:evil@x\.example>;tag=1, \\"\\\\" <sip:agent-1@pbx\.test>;tag=\w+$/,
    );
  });

  it('may hold any script', async () => {
    const { bench, device } = context;
    await device.connect({ to: '100', displayName: 'Jörg 東京' });
    expect((await bench.server.next('INVITE')).header('from')).toContain('"Jörg 東京"');
  });

  it.each([['a\r\nX-Injected: yes'], ['a\nb'], ['\u0000'], [5], [null]])(
    'is refused when it is %j',
    async (displayName) => {
      const { bench, device } = context;
      expect(await codeOf(device.connect({ to: '100', displayName: displayName as string }))).toBe(
        'INVALID_ARGUMENT',
      );
      expect(bench.server.requests('INVITE')).toHaveLength(0);
    },
  );
});

describe('extraHeaders', () => {
  it('reach the INVITE in order', async () => {
    const { bench, device } = context;
    await device.connect({ to: '100', extraHeaders: ['X-Ticket: 42', 'X-Note:  spaced: out ', 'X-Empty:'] });
    const invite = await bench.server.next('INVITE');
    expect(invite.header('x-ticket')).toBe('42');
    expect(invite.header('x-note')).toBe('spaced: out');
    expect(invite.header('x-empty')).toBe('');
  });

  it.each([
    ['a line break', ['X-A: 1\r\nX-Injected: yes']],
    ['no colon', ['X-A']],
    ['no name', [': 1']],
    ['a blank in the name', ['X A: 1']],
    ['a reserved header', ['Contact: <sip:evil@x.example>']],
    ['a reserved header in another spelling', ['vIA : SIP/2.0/WS x']],
    ['a reserved header in compact form', ['m: <sip:evil@x.example>']],
    ['Session-Expires in compact form', ['x: 90']],
    ['Content-Length', ['Content-Length: 0']],
    ['Authorization', ['Authorization: Bearer x']],
    ['Replaces', ['Replaces: a;to-tag=b;from-tag=c']],
    ['Join', ['Join: a;to-tag=b;from-tag=c']],
    ['a body in disguise', ['\r\n\r\nv=0']],
    ['something else than text', [42]],
    ['nothing in it but holes', Array(1)],
    ['thirty-three of them', Array.from({ length: 33 }, () => 'X-A: 1')],
    ['a very long line', [`X-A: ${'a'.repeat(2_000)}`]],
    ['a string', 'X-A: 1'],
    ['an object', { length: 1, 0: 'X-A: 1' }],
  ])('are refused with %s', async (_name, extraHeaders) => {
    const { bench, device } = context;
    const promise = device.connect({ to: '100', extraHeaders: extraHeaders as string[] });
    expect(await codeOf(promise)).toBe('INVALID_ARGUMENT');
    expect(bench.server.requests('INVITE')).toHaveLength(0);
  });

  it('named like a property of every object pollute nothing', async () => {
    const { bench, device } = context;
    await device.connect({ to: '100', extraHeaders: ['__proto__: polluted', 'constructor: x'] });
    const invite = await bench.server.next('INVITE');
    expect(invite.header('constructor')).toBe('x');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('come after those of the Device', async () => {
    const { bench } = context;
    const device = await bench.registered({ defaultExtraHeaders: ['X-Tenant: 7'] });
    await device.connect({ to: '100', extraHeaders: ['X-Ticket: 42'] });
    const { headers } = await bench.server.next('INVITE');
    const names = headers.map(({ name }) => name);
    expect(names.indexOf('X-Tenant')).toBeGreaterThan(0);
    expect(names.indexOf('X-Ticket')).toBeGreaterThan(names.indexOf('X-Tenant'));
  });
});

it('never leaks what was typed into the message of an error', async () => {
  const promise = context.device.connect({ to: 'secret-name@evil.example' });
  await expect(promise).rejects.not.toThrow(/secret-name/);
});
