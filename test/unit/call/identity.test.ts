import { describe, expect, it } from 'vitest';
import { useBench } from './bench';

const context = useBench();

describe('who calls', () => {
  it.each([
    ['a number', '+493055512', undefined, '+493055512'],
    ['a short number', '10', undefined, '10'],
    ['a user', 'alice', undefined, 'sip:alice@pbx.test'],
    ['a user of another domain', 'sip:bob@example.org', undefined, 'sip:bob@example.org'],
    ['nobody', 'sip:anonymous@anonymous.invalid', undefined, 'sip:anonymous@anonymous.invalid'],
    ['an asserted number', 'sip:x@y.test', 'P-Asserted-Identity: <sip:+49305@pbx.test;user=phone>', '+49305'],
    ['an asserted tel URI', 'sip:x@y.test', 'P-Asserted-Identity: <tel:+1-555-0100>', '+1-555-0100'],
    [
      'an asserted tel URI of digits',
      'sip:x@y.test',
      'P-Asserted-Identity: <tel:+15550100;cpc=x>',
      '+15550100',
    ],
    [
      'an asserted user',
      'sip:x@y.test',
      'P-Asserted-Identity: "A" <sips:alice@pbx.test?x=y>',
      'sip:alice@pbx.test',
    ],
    ['an asserted URI without brackets', 'x', 'P-Asserted-Identity: sip:200@pbx.test;user=phone', '200'],
    ['the first of two', 'x', 'P-Asserted-Identity: <sip:100@pbx.test>, <tel:+199>', '100'],
    ['rubbish that is asserted', '42', 'P-Asserted-Identity: <<<>>>;;"', '42'],
    ['nothing that is asserted', '42', 'P-Asserted-Identity: ', '42'],
  ])('%s', async (_name, from, header, expected) => {
    const { bench, device } = context;
    const { call } = await bench.ring(device, {
      from,
      ...(header === undefined ? {} : { headers: [header] }),
    });
    expect(call.remoteIdentity).toBe(expected);
  });

  it.each([
    ['a name', 'Jane Doe', [], 'Jane Doe'],
    ['markup, as text', '<img src=x onerror=alert(1)>', [], '<img src=x onerror=alert(1)>'],
    [
      'an asserted name first',
      'Claimed',
      ['P-Asserted-Identity: "Asserted \\"Q\\"" <sip:100@pbx.test>'],
      'Asserted "Q"',
    ],
    [
      'an asserted name without quotes',
      'Claimed',
      ['P-Asserted-Identity: Plain Name <sip:100@pbx.test>'],
      'Plain Name',
    ],
    [
      'the claimed name where none is asserted',
      'Claimed',
      ['P-Asserted-Identity: <sip:100@pbx.test>'],
      'Claimed',
    ],
    ['no name', undefined, [], undefined],
  ])('goes by %s', async (_name, displayName, headers, expected) => {
    const { bench, device } = context;
    const { call } = await bench.ring(device, {
      headers,
      ...(displayName === undefined ? {} : { displayName }),
    });
    expect(call.remoteDisplayName).toBe(expected);
  });

  it('is cut where it would never end', async () => {
    const { bench, device } = context;
    const displayName = 'n'.repeat(5_000);
    const started = performance.now();
    const { call } = await bench.ring(device, {
      displayName,
      headers: [`P-Asserted-Identity: ${'"'.repeat(4_000)}<sip:${'x'.repeat(4_000)}`],
    });
    expect(call.remoteDisplayName?.length).toBe(128);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

it.each([
  ['+49 30 1234', '+49301234'],
  ['alice', 'sip:alice@pbx.test'],
  ['*31#', 'sip:*31%23@pbx.test'],
])('a call to %j is with %s', async (to, expected) => {
  const { bench, device } = context;
  const { call } = await bench.dial(device, to);
  expect(call.remoteIdentity).toBe(expected);
  expect(call.direction).toBe('outbound');
  expect(call.customHeaders).toEqual({});
});

describe('custom headers', () => {
  it('come without their prefix, in whatever case, the first of a kind', async () => {
    const { bench, device } = context;
    const { call } = await bench.ring(device, {
      headers: [
        'X-2Chat-Customer-Id: 42',
        'x-2chat-queue: sales',
        'X-2CHAT-QUEUE: other',
        'X-2Chat-Note: a, b; c="d"',
        'X-Other: no',
      ],
    });
    expect(call.customHeaders).toEqual({ 'Customer-Id': '42', Queue: 'sales', Note: 'a, b; c="d"' });
  });

  it('cannot be changed, and none can pollute a prototype', async () => {
    const { bench, device } = context;
    const { call } = await bench.ring(device, {
      headers: ['X-2Chat-__proto__: polluted', 'X-2Chat-constructor: c', 'X-2Chat-: empty'],
    });
    expect(Object.isFrozen(call.customHeaders)).toBe(true);
    expect(Object.getPrototypeOf(call.customHeaders)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.values(call.customHeaders)).toEqual(expect.arrayContaining(['polluted', 'c']));
  });

  it('are empty where there are none', async () => {
    const { bench, device } = context;
    const { call } = await bench.ring(device, { headers: ['X-2Chatty: no', 'X-2Chat: no'] });
    expect(call.customHeaders).toEqual({});
  });
});
