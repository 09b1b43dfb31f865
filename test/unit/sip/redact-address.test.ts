import { describe, expect, it } from 'vitest';
import { Pseudonyms } from '../../../src/core/pseudonyms';
import { redactAddresses, redactUri, redactUris } from '../../../src/sip/redact-address';

describe('a URI', () => {
  it.each([
    ['sip:ada@h', 'sip:party-1@h'],
    ['sip:ada,lovelace@x', 'sip:party-1@x'],
    ['sip:ada;x=1@h', 'sip:party-1@h'],
    ['sip:ada:password@h:5061;transport=ws', 'sip:party-1@h:5061;transport=ws'],
    ['SIPS:+49%2030@[2001:db8::1];lr', 'SIPS:party-1@[2001:db8::1];lr'],
    ['sip:+4930;phone-context=ada.test@h;user=phone', 'sip:party-1@h;user=phone'],
    ['sip:a@b@h', 'sip:party-1@h'],
    ['sip:pbx.test;lr', 'sip:pbx.test;lr'],
    ['sip:ada@h;x=Ada;tag=Ada King', 'sip:party-1@h;x=[hidden];tag=[hidden]'],
    ['sip:ada@h?Subject=Ada&Replaces=x', 'sip:party-1@h?[hidden]'],
    ['sip:ada@h Ada King', 'sip:party-1@[hidden]'],
    ['tel:+4930123456;phone-context=+49', 'tel:party-1;phone-context=[hidden]'],
    ['tel:+4930123456?x=Ada', 'tel:party-1?[hidden]'],
    ['urn:service:sos', 'urn:service:sos'],
    ['mailto:ada@corp.test', '[hidden]'],
    ['Ada', '[hidden]'],
  ])('%s', (uri, shown) => {
    expect(redactUri(uri, new Pseudonyms())).toBe(shown);
  });
});

describe('a header of addresses', () => {
  it.each([
    ['*', '*'],
    ['', ''],
    ['sip:ada,lovelace@x;tag=1', 'sip:party-1@x;tag=1'],
    ['<sip:ada;x=1@h>;tag=1', '<sip:party-1@h>;tag=1'],
    ['"King, \\"Ada\\"" <sip:1@h>, Bob <sip:2@h>', '"party-1" <sip:party-2@h>, "party-3" <sip:party-4@h>'],
    ['King, Ada <sip:1@h>', '[hidden], "party-1" <sip:party-2@h>'],
    ['sip:ada, lovelace@x, <sip:1@h>', '[hidden], [hidden], <sip:party-1@h>'],
    ['<sip:1@h>;reason=unconditional;x="Ada King";lr', '<sip:party-1@h>;reason=unconditional;x=[hidden];lr'],
    ['<sip:1@h>;x"Ada King";y="a"Ada;reason="Ada"', '<sip:party-1@h>;[hidden];y=[hidden];reason=[hidden]'],
    ['<sip:1@h> Ada King;tag=1', '<sip:party-1@h> [hidden];tag=1'],
    ['<sip:1@h><Ada King>', '<sip:party-1@h> [hidden]'],
    ['Ada King', '[hidden]'],
    ['"Ada King" sip:1@h', '[hidden]'],
    ['<sip:1@h>;+sip.instance="<urn:uuid:1>"', '<sip:party-1@h>;+sip.instance="<urn:uuid:1>"'],
    ['<sip:1@h>;+sip.instance="<urn:Ada King>"', '<sip:party-1@h>;+sip.instance=[hidden]'],
  ])('%s', (value, shown) => {
    expect(redactAddresses(value, new Pseudonyms())).toBe(shown);
  });
});

describe('a text', () => {
  it('loses the user of every URI', () => {
    const names = new Pseudonyms();
    expect(redactUris('sip:ada,l@h called sip:bob@h,tel:+49301 at sip:pbx.test', names)).toBe(
      'sip:party-1@h called sip:party-2@h,tel:party-3 at sip:pbx.test',
    );
  });
});
