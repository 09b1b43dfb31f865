import { expect, it } from 'vitest';
import { codeOf } from '../../support/recorder';
import { settle } from '../../support/wire/next-task';
import { errorsOf, useBench } from './bench';

const context = useBench({ media: { outputSelection: false } });

it('says UNSUPPORTED where the browser cannot choose the speaker, and the call goes on', async () => {
  const { bench, device } = context;
  const { call, events } = await bench.talk(device);
  expect(await codeOf(call.setOutputDevice('headset-ear'))).toBe('UNSUPPORTED');
  void call.setOutputDevice('headset-ear');
  await events.next('error');
  expect(errorsOf(events)).toEqual(['UNSUPPORTED']);
  await call.setOutputDevice('default');
  await settle();
  expect(call.getStatus()).toBe('accepted');
  expect(bench.media.element.isAudible).toBe(true);
});
