import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Wake } from '../../../src/registration/wake';

describe('in a page', () => {
  let page: EventTarget & { visibilityState?: string };
  let windowEvents: EventTarget;
  let wake: Wake;
  let seen: string[];

  beforeEach(() => {
    windowEvents = new EventTarget();
    page = new EventTarget();
    vi.stubGlobal('document', page);
    vi.stubGlobal('addEventListener', windowEvents.addEventListener.bind(windowEvents));
    vi.stubGlobal('removeEventListener', windowEvents.removeEventListener.bind(windowEvents));
    seen = [];
    wake = new Wake();
    wake.on('wake', () => seen.push('wake'));
    wake.on('leave', () => seen.push('leave'));
  });

  afterEach(() => {
    wake.dispose();
    vi.unstubAllGlobals();
  });

  it.each(['online', 'pageshow'])('wakes at %s', (type) => {
    windowEvents.dispatchEvent(new Event(type));
    expect(seen).toEqual(['wake']);
  });

  it('wakes when the page is unfrozen', () => {
    page.dispatchEvent(new Event('resume'));
    expect(seen).toEqual(['wake']);
  });

  it('wakes when the page becomes visible, not when it is hidden', () => {
    page.visibilityState = 'hidden';
    page.dispatchEvent(new Event('visibilitychange'));
    expect(seen).toEqual([]);
    page.visibilityState = 'visible';
    page.dispatchEvent(new Event('visibilitychange'));
    expect(seen).toEqual(['wake']);
  });

  it('leaves at pagehide, unless the page may come back', () => {
    windowEvents.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
    expect(seen).toEqual([]);
    windowEvents.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }));
    expect(seen).toEqual(['leave']);
  });

  it('takes no notice of beforeunload, which the user can still cancel', () => {
    windowEvents.dispatchEvent(new Event('beforeunload'));
    windowEvents.dispatchEvent(new Event('unload'));
    expect(seen).toEqual([]);
  });

  it('hears nothing after dispose', () => {
    wake.dispose();
    page.visibilityState = 'visible';
    for (const type of ['online', 'pageshow', 'pagehide']) windowEvents.dispatchEvent(new Event(type));
    for (const type of ['visibilitychange', 'resume']) page.dispatchEvent(new Event(type));
    expect(seen).toEqual([]);
  });
});

it('does nothing, and breaks nothing, where there is neither window nor document', () => {
  expect('document' in globalThis).toBe(false);
  const wake = new Wake();
  expect(() => {
    wake.dispose();
  }).not.toThrow();
});
