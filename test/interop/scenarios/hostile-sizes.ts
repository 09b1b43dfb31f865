/** What a server may cut, mangle or refuse: many bytes, and bytes beyond ASCII. */
import { expect } from 'vitest';
import type { Phone } from '../../support/phone';
import { BOTH, CHROMIUM, scenario } from '../support/scenario';
import { hearEachOther, talking } from '../support/talking';

const SDP_BYTES = 16 * 1024;

/** Makes the page's descriptions this long, by attributes that nobody knows (RFC 8866 section 5.13: ignored). */
const lengthenSdp = (bytes: number): string => `
  const { get } = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'localDescription');
  Object.defineProperty(RTCPeerConnection.prototype, 'localDescription', {
    configurable: true,
    get() {
      const description = get.call(this);
      if (!description) return description;
      let { type, sdp } = description;
      while (sdp.length < ${bytes}) sdp += 'a=x-filler:' + 'x'.repeat(200) + '\\r\\n';
      return new RTCSessionDescription({ type, sdp });
    },
  });`;

/** Notes the SDP bodies that come over the WebSocket: a browser does not show attributes that it does not know. */
const WATCH_WIRE = `
  window.sdpBytesReceived = [];
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => {
        const body = data.slice(data.indexOf('\\r\\n\\r\\n') + 4);
        if (body.startsWith('v=0')) window.sdpBytesReceived.push(new Blob([body]).size);
      });
    }
  };`;

const sdpBytesReceived = (phone: Phone): Promise<number> =>
  phone.page.evaluate(() =>
    Math.max(0, ...(window as unknown as { sdpBytesReceived: number[] }).sdpBytesReceived),
  );

scenario('an SDP of 16 kB passes, in the offer and in the answer', { browsers: BOTH }, async (lab) => {
  const call = await talking(lab, { page: { initScript: lengthenSdp(SDP_BYTES) + WATCH_WIRE } });
  const { a, b, out } = call;
  const figure = await hearEachOther(call);
  const [offer, answer] = [await sdpBytesReceived(b.phone), await sdpBytesReceived(a.phone)];
  for (const bytes of [offer, answer]) expect(bytes).toBeGreaterThanOrEqual(SDP_BYTES);
  await a.phone.do(out, 'disconnect');
  return `offer of ${offer} and answer of ${answer} bytes received, ${figure}`;
});

scenario('names and X-2Chat headers in UTF-8 arrive as they are', { browsers: CHROMIUM }, async (lab) => {
  const name = 'Žofia Müller 李小龍 🙂';
  const [a, b] = [await lab.agent(), await lab.agent()];
  await a.phone.connect(b.user, {
    displayName: name,
    extraHeaders: ['X-2Chat-Kunde: Größe 42, 東京', 'X-2Chat-Ticket: 4711'],
  });
  const call = await b.phone.incoming();
  expect(call.name).toBe(name);
  expect(call.headers).toEqual({ Kunde: 'Größe 42, 東京', Ticket: '4711' });
  return `"${call.name ?? ''}", ${Object.keys(call.headers).length} headers`;
});
