import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { NoAnswer } from '../../../src/kube/api-error.ts';
import { watchEvents } from '../../../src/kube/watch-stream.ts';

const LIMIT_MS = 330_000;
const BOOKMARK = `${JSON.stringify({ type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } })}\n`;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Watches a body that is written by hand. */
function watching() {
  const body = new PassThrough();
  const types: string[] = [];
  const watch = async () => {
    // What a stream is read by is all that is needed of undici's bodies.
    const said = body as unknown as Dispatcher.ResponseData['body'];
    for await (const { type } of watchEvents('watch imagestreams', said, LIMIT_MS, new AbortController().signal)) {
      types.push(type);
    }
  };
  return { body, types, end: watch().catch((error: unknown) => error) };
}

async function pass(ms: number): Promise<void> {
  await setImmediate();
  jest.advanceTimersByTime(ms);
  await setImmediate();
}

test('watchEvents() waits for what comes late, and fails when the server does not end it', async () => {
  const { body, types, end } = watching();
  await pass(LIMIT_MS - 1);
  body.write(BOOKMARK);
  await pass(0);
  expect(types).toEqual(['BOOKMARK']);
  await pass(1);
  const error = await end;
  expect(error).toBeInstanceOf(NoAnswer);
  expect(error).toMatchObject({
    reason: 'silent',
    message: 'Cannot watch imagestreams: the API server took too long (it did not end within 330 s)',
  });
});

test('watchEvents() leaves no timer behind', async () => {
  const { body, end } = watching();
  await pass(0);
  expect(jest.getTimerCount()).toBe(1);
  body.end();
  await expect(end).resolves.toBeUndefined();
  expect(jest.getTimerCount()).toBe(0);
});
