import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { endOnBrokenOutput, unexpectedError } from '../../../src/command/broken-output.ts';

function outlets() {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exits: number[] = [];
  endOnBrokenOutput({ stdout, stderr, exit: status => exits.push(status) });
  return { stdout, stderr, exits, told: () => String(stderr.read() ?? '') };
}

describe('endOnBrokenOutput()', () => {
  test('ends without a word when the reader of standard output is gone', () => {
    const { stdout, exits, told } = outlets();
    stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(exits).toEqual([141]);
    expect(told()).toBe('');
  });

  test('ends with one line when standard output cannot be written', () => {
    const { stdout, exits, told } = outlets();
    stdout.emit('error', Object.assign(new Error('write'), { code: 'ENOSPC' }));
    expect(exits).toEqual([2]);
    expect(told()).toBe('Cannot write "standard output": no space left on the device\n');
  });

  test('goes on when standard error is gone', () => {
    const { stderr, exits } = outlets();
    stderr.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(exits).toEqual([]);
  });
});

describe('unexpectedError()', () => {
  test('is one line: what happened and where, no stack trace', () => {
    const error = new TypeError('a is\n  not b');
    error.stack = 'TypeError: a is\n  not b\n    at inner (file:///opt/x/run-1.mjs:12:3)\n    at outer (y.mjs:1:1)';
    expect(unexpectedError(error)).toBe('Unexpected error: a is not b (run-1.mjs:12:3)\n');
  });

  test.each<[unknown, string]>([
    ['odd', 'Unexpected error: odd\n'],
    [undefined, 'Unexpected error: undefined\n'],
  ])('%p', (error, text) => {
    expect(unexpectedError(error)).toBe(text);
  });
});
