// Records what getStats says of an audio call in the browsers of this machine, for the unit tests of `src/quality`:
//   node test/quality/record-reports.mjs
// Two connections of one page call each other; of the caller two reports are kept, a second apart, for each codec.
// Addresses, ports, credentials of ICE and certificates are replaced.
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import { startPulse } from '../interop/pulse.mjs';
import { importTs } from '../tools/import-ts.mjs';

const { ChromiumLab } = await importTs(new URL('../support/chromium-lab.ts', import.meta.url));
const { FirefoxLab } = await importTs(new URL('../support/firefox-lab.ts', import.meta.url));

const CODECS = ['audio/PCMU', 'audio/opus', 'audio/G722'];
/** Round trips are known after the first RTCP report, which browsers send within 5 s or so. */
const UNTIL_RTCP_MS = 9_000;

/** What tells of the machine, and nothing about the call. */
const SECRET = {
  address: '192.0.2.1',
  ip: '192.0.2.1',
  relatedAddress: '192.0.2.2',
  port: 9,
  relatedPort: 9,
  usernameFragment: 'redacted',
  foundation: '1',
  url: 'stun:stun.example.org',
  fingerprint: 'redacted',
  base64Certificate: 'redacted',
  iceLocalUsernameFragment: 'redacted',
};

/** The ids of certificates are their fingerprints. */
const LEFT_OUT = ['localCertificateId', 'remoteCertificateId'];

/** In the page: two reports of a call with this codec, a second apart. */
async function record({ mimeType, untilRtcpMs }) {
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const [caller, callee] = [new RTCPeerConnection(), new RTCPeerConnection()];
  caller.onicecandidate = ({ candidate }) => candidate && callee.addIceCandidate(candidate);
  callee.onicecandidate = ({ candidate }) => candidate && caller.addIceCandidate(candidate);
  callee.ontrack = ({ track }) => play(track);
  caller.ontrack = ({ track }) => play(track);
  function play(track) {
    const audio = new Audio();
    audio.srcObject = new MediaStream([track]);
    void audio.play();
  }
  const { codecs } = RTCRtpSender.getCapabilities('audio');
  const transceiver = caller.addTransceiver(stream.getAudioTracks()[0], { direction: 'sendrecv' });
  transceiver.setCodecPreferences(codecs.filter((codec) => codec.mimeType === mimeType));
  callee.addTrack(stream.getAudioTracks()[0], stream);
  await caller.setLocalDescription();
  await callee.setRemoteDescription(caller.localDescription);
  await callee.setLocalDescription();
  await caller.setRemoteDescription(callee.localDescription);
  await pause(untilRtcpMs);
  const first = [...(await caller.getStats()).values()];
  await pause(1000);
  const second = [...(await caller.getStats()).values()];
  caller.close();
  callee.close();
  for (const track of stream.getTracks()) track.stop();
  return JSON.parse(JSON.stringify([first, second]));
}

const redacted = (stats) =>
  Object.fromEntries(
    Object.entries(stats)
      .filter(([key]) => !LEFT_OUT.includes(key))
      .map(([key, value]) => [key, key in SECRET ? SECRET[key] : value]),
  );

const redactedReport = (report) => report.filter(({ type }) => type !== 'certificate').map(redacted);

const folder = mkdtempSync(join(tmpdir(), 'voice-sdk-reports-'));
const pulse = await startPulse(join(folder, 'pulse'));
Object.assign(process.env, pulse.env);
const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html').end('<!doctype html><title>reports</title>');
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const url = `http://localhost:${server.address().port}/`;
try {
  for (const Lab of [ChromiumLab, FirefoxLab]) {
    const browser = await Lab.launch({ micToneHz: 500 });
    try {
      const calls = [];
      for (const mimeType of CODECS) {
        const page = await browser.open(url);
        const reports = await page.evaluate(record, { mimeType, untilRtcpMs: UNTIL_RTCP_MS });
        calls.push({ mimeType, reports: reports.map(redactedReport) });
        await page.close();
      }
      const text = await format(JSON.stringify({ browser: browser.version, calls }), {
        parser: 'json',
        printWidth: 110,
      });
      writeFileSync(new URL(`../unit/quality/reports/${browser.name}.json`, import.meta.url), text);
      console.log(`${browser.version}: ${calls.length} calls`);
    } finally {
      await browser.close();
    }
  }
} finally {
  server.close();
  pulse.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
