/** Two edges, of which one dies: its agents move to the other, and those who talk go on talking. */
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAccessTokens, sipCredentials } from '../../src/server/index';
import { ChromiumLab } from '../support/chromium-lab';
import { Phone } from '../support/phone';
import { startStaticServer } from '../support/static-server';
import { listen, stopListening, type Listening } from './audio-watch';
import { CountedEdges } from './counted-edges';
import { Crew } from './crew';
import { record } from './figures';
import { boundAt, peakWithin, reachedMs } from './rates';

const AGENTS_PER_EDGE = Math.floor(Number(process.env['SCALE_AGENTS'] ?? 1000) / 4);
const WHOLE_PER_EDGE = 250;
const FIRST_PER_SECOND = 150;
const REGISTER_EXPIRES_SECONDS = 1800;
const MOVED_WITHIN_MS = 30_000;
/** Devices try it after 15 to 30 s, and after another 30 to 60 s where that failed. */
const RETURNED_WITHIN_MS = 45_000;
const RUN_MS = 120_000;
/** As long as one syllable: a person would not ask what was said. */
const AUDIBLE_MS = 200;
const LOOK_EVERY_MS = 250;
const CREDENTIALS_MS = 3_600_000;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CALLER_HZ = 600;
const CALLEE_HZ = 1000;

const closing: (() => Promise<void> | void)[] = [];
let edges: CountedEdges;
let crew: Crew;
let caller: Phone;
let callee: Phone;
let killedAtMs: number;

const usersOf = (edge: number) =>
  Array.from({ length: AGENTS_PER_EDGE }, (_, index) => `edge${edge}-${index}`).sort();
const moving = [...usersOf(1), 'caller', 'callee'];
const staying = usersOf(2);

/** The preferred edge first. */
const urlsOf = (preferred: number, other: number) => [edges.facts(preferred).wsUrl, edges.facts(other).wsUrl];

async function phoneOf(user: string, micToneHz: number): Promise<Phone> {
  const browser = await ChromiumLab.launch({ micToneHz });
  closing.push(() => browser.close());
  const { secrets, domain } = edges.edges;
  const tokens = createAccessTokens({ key: secrets.tokenKey });
  const { username, password } = await sipCredentials({
    secret: secrets.sip,
    user,
    expiresAt: new Date(Date.now() + CREDENTIALS_MS),
  });
  const account = {
    ws_urls: urlsOf(1, 2),
    sip_uri: `sip:${user}@${domain}`,
    authorization_username: username,
    password,
  };
  const home = { url: pagesUrl, mintToken: tokens.mint.bind(tokens) };
  return Phone.registered(browser, home, { userUuid: user, device: { account } });
}

let pagesUrl: string;

beforeAll(async () => {
  edges = await CountedEdges.start({ count: 2, sharedMemoryMb: 512 });
  closing.push(() => edges.close());
  const pages = await startStaticServer({
    folders: { '/dist/': `${ROOT}dist`, '/': `${ROOT}test/browser/page` },
  });
  closing.push(() => pages.close());
  pagesUrl = pages.url;
  const { secrets, domain } = edges.edges;
  crew = new Crew('sdk', {
    secret: secrets.sip,
    domain,
    registerExpiresSeconds: REGISTER_EXPIRES_SECONDS,
  });
  closing.push(() => {
    crew.kill();
  });
  await crew.register(usersOf(1), urlsOf(1, 2), FIRST_PER_SECOND);
  await crew.register(usersOf(2), urlsOf(2, 1), FIRST_PER_SECOND);
  caller = await phoneOf('caller', CALLER_HZ);
  callee = await phoneOf('callee', CALLEE_HZ);
}, RUN_MS);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
}, RUN_MS);

test(
  'a call in progress keeps its audio when its edge dies, and is ended over the other edge',
  async () => {
    const out = await caller.connect('callee');
    const { index: into } = await callee.incoming();
    await callee.do(into, 'accept');
    await caller.next(`call ${out}`, 'accepted');
    await Promise.all([caller.hears(out, CALLEE_HZ), callee.hears(into, CALLER_HZ)]);
    await Promise.all([listen(caller, out), listen(callee, into)]);

    killedAtMs = Date.now();
    await Promise.all(
      (['kamailio', 'haproxy', 'rtpengine'] as const).map((name) => edges.edges.kill(1, name)),
    );
    await Promise.all([
      caller.next('device', 'reconnected', MOVED_WITHIN_MS),
      callee.next('device', 'reconnected', MOVED_WITHIN_MS),
    ]);
    const callMovedMs = Date.now() - killedAtMs;
    await Promise.all([caller.hears(out, CALLEE_HZ), callee.hears(into, CALLER_HZ)]);
    const listenings = await Promise.all([stopListening(caller), stopListening(callee)]);
    const worst = (pick: (listening: Listening) => number) => Math.max(...listenings.map(pick));
    const silentMs = worst(({ silentMs: ms }) => ms);
    record({
      kind: 'fact',
      title: 'A call whose edge is killed: longest silence at either end',
      text: `${silentMs} ms (looked at every ${worst(({ blindMs }) => blindMs)} ms at worst), both registered at the other edge after ${callMovedMs} ms`,
    });
    expect(silentMs).toBeLessThan(AUDIBLE_MS);

    await callee.do(into, 'hold', true);
    expect((await caller.next(`call ${out}`, 'remoteHold')).args).toEqual([true]);
    await callee.do(into, 'hold', false);
    expect((await caller.next(`call ${out}`, 'remoteHold')).args).toEqual([false]);
    await callee.do(into, 'disconnect');
    const { args } = await caller.next(`call ${out}`, 'disconnect');
    expect(args[0]).toMatchObject({ reason: 'hangup', initiator: 'remote' });
  },
  RUN_MS,
);

test(
  'every agent of the dead edge is registered at the other within 30 s',
  async () => {
    const everybody = new Set(moving);
    const bound = () => boundAt(edges.seen(2, killedAtMs), everybody);
    while (bound().length < moving.length && Date.now() - killedAtMs < MOVED_WITHIN_MS)
      await sleep(LOOK_EVERY_MS);
    const moved = bound();
    const requests = edges.seen(2, killedAtMs).filter(({ what }) => what === 'request');
    const after = (share: number) => {
      const atMs = reachedMs(moved, moving.length, share);
      return atMs === undefined ? 'never' : `${Math.round(atMs - killedAtMs)} ms`;
    };
    record({
      kind: 'fact',
      title: `${moving.length} Devices whose edge is killed are at the other`,
      text: `50 % after ${after(0.5)}, 95 % after ${after(0.95)}, all after ${after(1)}; busiest second ${peakWithin(
        requests.map(({ atMs }) => atMs),
        1000,
      )} REGISTERs`,
    });
    expect(moved).toHaveLength(moving.length);
    expect((moved.at(-1) ?? Infinity) - killedAtMs).toBeLessThan(MOVED_WITHIN_MS);
  },
  RUN_MS,
);

test('agents of the other edge notice nothing', () => {
  const stayed = new Set(staying);
  expect(edges.seen(2, killedAtMs).filter(({ user }) => stayed.has(user))).toEqual([]);
});

test('every Device says of itself what the registrar says', async () => {
  const everybody = [...moving, ...staying].sort();
  const browsers = ['caller', 'callee'];
  expect([...(await crew.registered()), ...browsers].sort()).toEqual(everybody);
  for (const phone of [caller, callee])
    expect(await phone.page.evaluate(() => window.sdkPhone.device.isRegistered())).toBe(true);
  expect(await edges.location(2)).toEqual(everybody);
  expect(edges.connections(2)).toBe(everybody.length);
});

// Half a minute of waiting: not in a small run.
if (AGENTS_PER_EDGE >= WHOLE_PER_EDGE)
  test(
    'agents return to their preferred edge when it is back, and are reachable all the time',
    async () => {
      await edges.edges.restart(1, 'rtpengine');
      await Promise.all((['kamailio', 'haproxy'] as const).map((name) => edges.edges.restart(1, name)));
      const servesAtMs = Date.now();
      const everybody = new Set(moving);
      const bound = () => boundAt(edges.seen(1, servesAtMs), everybody);
      let fewest = Infinity;
      while (bound().length < moving.length && Date.now() - servesAtMs < RETURNED_WITHIN_MS) {
        fewest = Math.min(fewest, (await crew.registered()).length);
        await sleep(LOOK_EVERY_MS);
      }
      const returned = bound();
      const requests = edges.seen(1, servesAtMs).filter(({ what }) => what === 'request');
      const busiest = peakWithin(
        requests.map(({ atMs }) => atMs),
        1000,
      );
      const lastMs = Math.round((returned.at(-1) ?? NaN) - servesAtMs);
      record({
        kind: 'fact',
        title: `${moving.length} Devices return to their preferred edge when it is back`,
        text: `all after ${lastMs} ms; busiest second ${busiest} REGISTERs`,
      });
      expect(returned).toHaveLength(moving.length);
      expect(fewest).toBe(2 * AGENTS_PER_EDGE);
      // The former connections are closed when the new ones serve.
      await expect.poll(() => edges.connections(2)).toBe(staying.length);
      expect(edges.connections(1)).toBe(moving.length);
      const all = [...moving, ...staying].sort();
      await expect.poll(() => edges.location(1)).toEqual(all);
      await expect.poll(() => edges.location(2)).toEqual(all);
    },
    RUN_MS,
  );
