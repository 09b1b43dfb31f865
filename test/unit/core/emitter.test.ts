import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TypedEmitter } from '../../../src/core/emitter';

class Bell extends TypedEmitter<{ ring: [times: number]; done: [] }> {
  ring(times: number): void {
    this.emit('ring', times);
  }

  finish(): void {
    this.emit('done');
  }
}

let bell: Bell;
let heard: unknown[];
const hear = (times: number) => {
  heard.push(times);
};

beforeEach(() => {
  bell = new Bell();
  heard = [];
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('listening', () => {
  it('passes the arguments to every listener, in the order of on()', () => {
    bell.on('ring', (times) => heard.push(`a${times}`)).on('ring', (times) => heard.push(`b${times}`));
    bell.ring(2);
    expect(heard).toEqual(['a2', 'b2']);
  });

  it('keeps events apart', () => {
    bell.on('done', () => heard.push('done'));
    bell.ring(1);
    expect(heard).toEqual([]);
    bell.finish();
    expect(heard).toEqual(['done']);
  });

  it('calls a listener as often as it was added', () => {
    bell.on('ring', hear).on('ring', hear);
    bell.ring(1);
    expect(heard).toEqual([1, 1]);
    expect(bell.listenerCount('ring')).toBe(2);
  });

  it('calls once() listeners once', () => {
    bell.once('ring', hear);
    bell.ring(1);
    bell.ring(2);
    expect(heard).toEqual([1]);
    expect(bell.listenerCount('ring')).toBe(0);
  });

  it('calls a once() listener once even when it makes the event happen again', () => {
    bell.once('ring', (times) => {
      heard.push(times);
      bell.ring(times + 1);
    });
    bell.ring(1);
    expect(heard).toEqual([1]);
  });
});

describe('leaving', () => {
  it('off() undoes on() and once()', () => {
    bell.on('ring', hear).once('ring', hear).off('ring', hear);
    bell.ring(1);
    expect(heard).toEqual([]);
    expect(bell.listenerCount('ring')).toBe(0);
  });

  it('off() ignores a listener that it does not know', () => {
    bell.on('ring', hear).off('ring', () => undefined);
    bell.ring(1);
    expect(heard).toEqual([1]);
  });

  it('off() touches only its event', () => {
    const both = () => heard.push('both');
    bell.on('ring', both).on('done', both).off('ring', both);
    bell.ring(1);
    bell.finish();
    expect(heard).toEqual(['both']);
  });

  it('removeAllListeners() empties one event or all', () => {
    bell.on('ring', hear).on('done', () => heard.push('done'));
    bell.removeAllListeners('ring');
    expect(bell.listenerCount('ring')).toBe(0);
    expect(bell.listenerCount('done')).toBe(1);
    bell.removeAllListeners();
    expect(bell.listenerCount('done')).toBe(0);
  });
});

describe('who does something only while somebody listens', () => {
  class Watched extends Bell {
    readonly counts: number[] = [];

    protected override onListenersChanged(): void {
      this.counts.push(this.listenerCount('ring'));
    }
  }

  it('is told of listeners that come and go, by whatever way', () => {
    const watched = new Watched();
    watched.on('ring', hear).once('ring', hear).off('ring', hear);
    expect(watched.counts).toEqual([1, 2, 0]);
    watched.on('ring', hear).removeAllListeners('ring');
    watched.on('ring', hear).removeAllListeners();
    expect(watched.counts).toEqual([1, 2, 0, 1, 0, 1, 0]);
  });

  it('is told when a once() listener was called, and of nothing that leaves the listeners as they were', () => {
    const watched = new Watched();
    watched.once('ring', hear);
    watched.ring(1);
    watched.ring(2);
    watched.finish();
    expect(watched.counts).toEqual([1, 0]);
  });
});

describe('a listener that throws', () => {
  const broken = () => {
    throw new Error('in the page');
  };

  it('stops neither the others nor the part that emits, and is reported as the DOM does', () => {
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    bell.on('ring', broken).on('ring', hear);
    bell.ring(3);
    expect(heard).toEqual([3]);
    expect(reported).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ message: 'in the page' }));
  });

  it('goes to the console where nothing like window.onerror exists', () => {
    vi.stubGlobal('reportError', undefined);
    const written = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    bell.on('ring', broken);
    bell.ring(1);
    expect(written).toHaveBeenCalledOnce();
    written.mockRestore();
  });

  it('can be removed like any other', () => {
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    bell.on('ring', broken).off('ring', broken);
    bell.ring(1);
    expect(reported).not.toHaveBeenCalled();
  });
});
