import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { NoAnswer } from '../../../src/kube/api-error.ts';
import { watchEvents } from '../../../src/kube/watch-stream.ts';

const IDLE_MS = 90_000;
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
    for await (const { type } of watchEvents('watch imagestreams', said, IDLE_MS, new AbortController().signal)) {
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

test('watchEvents() goes on as long as something comes in time, and fails once nothing does', async () => {
  const { body, types, end } = watching();
  for (let times = 0; times < 5; times += 1) {
    await pass(IDLE_MS - 1);
    body.write(BOOKMARK);
  }
  await pass(IDLE_MS - 1);
  expect(types).toEqual(Array.from({ length: 5 }, () => 'BOOKMARK'));
  await pass(1);
  const error = await end;
  expect(error).toBeInstanceOf(NoAnswer);
  expect(error).toMatchObject({
    reason: 'silent',
    message: 'Cannot watch imagestreams: the API server took too long (nothing came for 90 s)',
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
