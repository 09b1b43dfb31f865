/** Two agents in two browsers: by pitch, each hears who they should, when they should. */
import { expect } from 'vitest';
import { MIXED, scenario } from '../support/scenario';
import { hearEachOther, heard, talking } from '../support/talking';

scenario('two agents hear each other', { browsers: MIXED }, async (lab) => {
  const call = await talking(lab);
  const { a, b, out, into, setupMs } = call;
  const figure = await hearEachOther(call);
  await b.phone.do(into, 'disconnect');
  const { args } = await a.phone.next(`call ${out}`, 'disconnect');
  expect(args[0]).toMatchObject({ reason: 'hangup', initiator: 'remote' });
  for (const { phone } of [a, b])
    expect(await phone.counters()).toMatchObject({ connections: 0, tracks: 0, elements: 0 });
  return `setup ${setupMs} ms, ${figure}`;
});

scenario('mute is heard as silence, and the other way goes on', { browsers: MIXED }, async (lab) => {
  const { a, b, out, into } = await talking(lab);
  await b.phone.hears(into, a.hz);
  await a.phone.do(out, 'mute', true);
  await b.phone.hearsNobody(into);
  const meanwhile = await a.phone.hears(out, b.hz);
  await a.phone.do(out, 'mute', false);
  const again = await b.phone.hears(into, a.hz);
  await a.phone.do(out, 'disconnect');
  return `muted: silence, and ${heard(meanwhile)} back; then ${heard(again)}`;
});

scenario('hold silences both, resume brings both back', { browsers: MIXED }, async (lab) => {
  const call = await talking(lab);
  const { a, b, out, into } = call;
  await hearEachOther(call);
  await a.phone.do(out, 'hold', true);
  const held = await b.phone.next(`call ${into}`, 'remoteHold');
  expect(held.args).toEqual([true]);
  await Promise.all([a.phone.hearsNobody(out), b.phone.hearsNobody(into)]);
  const startedMs = performance.now();
  await a.phone.do(out, 'hold', false);
  const resumeMs = Math.round(performance.now() - startedMs);
  const figure = await hearEachOther(call);
  await a.phone.do(out, 'disconnect');
  return `resume ${resumeMs} ms, then ${figure}`;
});

scenario('both hold, and hear each other only when both have resumed', { browsers: MIXED }, async (lab) => {
  const call = await talking(lab);
  const { a, b, out, into } = call;
  await a.phone.do(out, 'hold', true);
  await b.phone.do(into, 'hold', true);
  await a.phone.do(out, 'hold', false);
  await Promise.all([a.phone.hearsNobody(out), b.phone.hearsNobody(into)]);
  await b.phone.do(into, 'hold', false);
  const figure = await hearEachOther(call);
  await b.phone.do(into, 'disconnect');
  return figure;
});
