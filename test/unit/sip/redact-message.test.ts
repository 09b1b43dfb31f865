import { describe, expect, it } from 'vitest';
import { Pseudonyms } from '../../../src/core/pseudonyms';
import { redactSipMessage } from '../../../src/sip/redact-message';

function redact(lines: readonly string[]): string {
  return redactSipMessage(lines.join('\r\n'), { names: new Pseudonyms() });
}

describe('a SIP message for others', () => {
  it('keeps what happened and hides who it was', () => {
    const text = redact([
      'INVITE sip:+4930123456@pbx.test;user=phone SIP/2.0',
      'Via: SIP/2.0/WSS host.invalid;branch=z9hG4bK1',
      'From: "Doe, \\"Jane\\"" <sip:jane@pbx.test>;tag=abc',
      'To: Max Power <sip:+4930123456@pbx.test>',
      'Contact: <sip:x1@host.invalid;transport=ws>;+sip.instance="<urn:uuid:1>";expires=300, Bob Day <sip:bob@b.test>',
      'CSeq: 1 INVITE',
      'P-Asserted-Identity: <tel:+4930123456>',
      'X-2Chat-Customer: Ada',
      'Proxy-Authorization: Digest username="jane", response="00"',
      'Subject: about you',
      '',
      'v=0',
      'o=jane 1 1 IN IP4 10.0.0.1',
      's=Call of Jane',
      'e=jane@pbx.test',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      '',
    ]);
    expect(text).not.toMatch(/jane|max power|4930123456|\bbob\b|bob day|\bada\b|digest|about you/i);
    expect(text).toContain('INVITE sip:party-1@pbx.test;user=phone SIP/2.0');
    expect(text).toMatch(/^To: "party-\d+" <sip:party-1@pbx.test>$/m);
    expect(text).toMatch(/^From: "party-\d+" <sip:party-\d+@pbx.test>;tag=abc$/m);
    expect(text).toContain('+sip.instance="<urn:uuid:1>";expires=300,');
    expect(text).toContain('CSeq: 1 INVITE');
    expect(text).toContain('X-2Chat-Customer: [hidden]');
    expect(text).toContain('m=audio 9 UDP/TLS/RTP/SAVPF 111');
  });

  it('keeps status lines and headers, whatever an extension or a person is called', () => {
    const names = new Pseudonyms();
    for (const person of [
      '200',
      'ok',
      'SIP',
      'Via',
      'INVITE',
      'Busy Here',
      '1 INVITE',
      'pbx.test',
      'expires',
      'transport',
    ])
      names.of(person);
    const lines = [
      'Via: SIP/2.0/WSS host.invalid;branch=z9hG4bK1',
      'Contact: <sip:party-11@pbx.test;transport=ws>;expires=200',
      'CSeq: 200 INVITE',
      'Expires: 200',
    ];
    const message = (first: string) => redactSipMessage([first, ...lines, '', ''].join('\r\n'), { names });
    for (const first of ['SIP/2.0 200 OK', 'SIP/2.0 486 Busy Here'])
      expect(message(first)).toBe([first, ...lines].join('\n'));
    expect(message('INVITE sip:200@pbx.test SIP/2.0')).toMatch(
      /^INVITE sip:party-1@pbx.test SIP\/2.0\nVia: SIP/,
    );
  });

  it('hides persons in a reason phrase of the server itself', () => {
    const names = new Pseudonyms();
    names.of('Ada King');
    expect(redactSipMessage('SIP/2.0 480 Ada King is away, try +49 30 1234567\r\n\r\n', { names })).toBe(
      'SIP/2.0 480 party-1 is away, try [number]67',
    );
  });

  it('hides what is in quotes, and persons in the name of a softphone', () => {
    const names = new Pseudonyms();
    names.of('Ada');
    const text = redactSipMessage(
      [
        'BYE sip:a@b SIP/2.0',
        'Reason: Q.850;cause=16;text="call for Ada King", SIP;cause=200;text="unclosed Ada King',
        'Warning: 399 pbx.test "Ada King moved"',
        "User-Agent: Ada's phone 1.2",
        '',
        '',
      ].join('\r\n'),
      { names },
    );
    expect(text).not.toMatch(/ada\b|king/i);
    expect(text).toContain('Reason: Q.850;cause=16;text="[hidden]"');
    expect(text).toContain('Warning: 399 pbx.test "[hidden]"');
    expect(text).toContain('phone 1.2');
  });

  it('cuts secrets out of headers, and never out of their names, the method or the status', () => {
    const cutSecrets = (text: string) => text.replace(/INVITE|Via|SIP|Busy/g, '[redacted]');
    const text = redactSipMessage('SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/WSS h\r\nCSeq: 1 INVITE\r\n\r\n', {
      names: new Pseudonyms(),
      cutSecrets,
    });
    expect(text).toBe('SIP/2.0 486 Busy Here\nVia: [redacted]/2.0/WSS h\nCSeq: 1 [redacted]');
  });

  it('hides a header that is folded, and one without a colon', () => {
    const text = redact(['SIP/2.0 200 OK', 'X-Secret: a', '  secret value', 'rubbish secret', '', '']);
    expect(text).toBe('SIP/2.0 200 OK\nX-Secret: [hidden]\n[hidden]');
  });

  it('hides a body that is no session description, and text that is no message', () => {
    expect(redact(['INFO sip:a@b SIP/2.0', 'CSeq: 2 INFO', '', 'Signal=4', 'Duration=100'])).not.toContain(
      'Signal',
    );
    expect(redact(['GET /secret HTTP/1.1', ''])).toBe('[22 characters]');
  });

  it.each([
    ['spaces', `To: ${' '.repeat(60_000)}`],
    ['quotes', `To: ${'"\\'.repeat(30_000)}`],
    ['brackets', `To: ${'<'.repeat(60_000)}`],
    ['commas', `Contact: ${','.repeat(60_000)}`],
    ['schemes', `To: ${'sip:'.repeat(15_000)}`],
    ['semicolons', `To: <sip:a@b>${';'.repeat(60_000)}`],
    ['parameters with quotes', `To: <sip:a@b>${';x="'.repeat(15_000)}`],
    ['ats', `To: <sip:${'@'.repeat(60_000)}>`],
    ['schemes of a text', `Reason: ${'sip:'.repeat(15_000)}`],
    ['numbers of a text', `Reason: ${'tel:'.repeat(15_000)}`],
    ['folds', `To: x${'\r\n '.repeat(20_000)}`],
  ])('takes hostile text: %s', (_, line) => {
    expect(redact(['SIP/2.0 200 OK', line, '', ''])).toContain('SIP/2.0 200 OK');
  });
});
