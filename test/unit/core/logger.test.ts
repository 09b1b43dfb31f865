import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { voiceError } from '../../../src/core/errors';
import { LOG_LEVELS, Logger } from '../../../src/core/logger';

const METHODS = ['error', 'warn', 'info', 'debug'] as const;
let lines: unknown[][];

beforeEach(() => {
  lines = [];
  for (const method of METHODS) {
    vi.spyOn(console, method).mockImplementation((...args: unknown[]) => {
      lines.push([method, ...args]);
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('levels', () => {
  it.each([
    ['silent', []],
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ] as const)('%s lets through %j', (level, expected) => {
    const logger = new Logger(level);
    for (const method of METHODS) logger[method]('line');
    expect(lines.map(([method]) => method)).toEqual(expected);
  });

  it('are listed from quiet to loud', () => {
    expect(LOG_LEVELS).toEqual(['silent', 'error', 'warn', 'info', 'debug']);
  });
});

describe('lines', () => {
  it('carry their scope', () => {
    new Logger('info').child('media').child('microphone').info('opened');
    expect(lines).toEqual([['info', '[voice-sdk:media:microphone] opened']]);
  });

  it('carry redacted details', () => {
    new Logger('info').info('registering', { user: 'agent', password: 'hunter2' });
    expect(lines).toEqual([['info', '[voice-sdk] registering', { user: 'agent', password: '[redacted]' }]]);
  });

  it('name errors without stack and cause', () => {
    new Logger('error').error('failed', voiceError('AUTH_ERROR', 'refused', { ha1: 'abc' }));
    expect(lines).toEqual([['error', '[voice-sdk] failed', 'AuthError AUTH_ERROR: refused']]);
  });

  it('show numbers and addresses at debug only', () => {
    const logger = new Logger('debug');
    logger.info('call to +4915112345678', { from: '192.0.2.7' });
    logger.debug('call to +4915112345678', { from: '192.0.2.7' });
    expect(lines).toEqual([
      ['info', '[voice-sdk] call to [number]78', { from: '[ip]' }],
      ['debug', '[voice-sdk] call to +4915112345678', { from: '192.0.2.7' }],
    ]);
  });

  it('never carry secrets, at debug neither', () => {
    new Logger('debug').debug('Authorization: Bearer abc.def.ghi');
    expect(JSON.stringify(lines)).not.toContain('abc');
  });
});
