import { expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { Body, BodyProblem } from '../../../src/registry/body.ts';
import { type BodyOf, type Progress, QuickAttempt } from '../../../src/registry/quick-attempt.ts';
import { DEFAULT_TIMEOUTS } from '../../../src/registry/timeouts.ts';

/** An attempt that is sent, and the hands of a dispatcher that plays what comes of it. */
function scene(bodyOf?: BodyOf) {
  const dispatched: Dispatcher.DispatchOptions[] = [];
  const aborted: unknown[] = [];
  const controller = { abort: (reason: unknown) => aborted.push(reason) } as unknown as Dispatcher.DispatchController;
  const dispatcher = {
    dispatch: (options: Dispatcher.DispatchOptions) => dispatched.push(options) > 0,
  } as unknown as Dispatcher;
  const progress: Progress = { status: undefined };
  const attempt = new QuickAttempt(progress, bodyOf);
  const answer = attempt.send(dispatcher, {
    method: 'HEAD',
    origin: 'https://reg.example.com',
    path: '/v2/a/manifests/1?n=2',
    headers: { accept: 'x' },
  });
  return { dispatched, aborted, controller, progress, attempt, answer };
}

test('D19 keeps the connection of a HEAD', () => {
  const { dispatched } = scene();
  expect(dispatched).toEqual([
    {
      method: 'HEAD',
      origin: 'https://reg.example.com',
      path: '/v2/a/manifests/1?n=2',
      headers: { accept: 'x' },
      reset: false,
    },
  ]);
});

test('is answered when the answer is complete; early hints are not the answer', async () => {
  const { attempt, controller, progress, answer } = scene();
  let answered = false;
  answer.then(() => {
    answered = true;
  });
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 103, { link: '</a>' });
  expect(progress.status).toBeUndefined();
  attempt.onResponseStart(controller, 200, { etag: 'e' });
  expect(progress.status).toBe(200);
  await Promise.resolve();
  expect(answered).toBe(false);
  attempt.onResponseEnd();
  expect(await answer).toEqual({ statusCode: 200, headers: { etag: 'e' }, bytes: new Uint8Array() });
});

test('R5.13 does not wait for a body that is not to be there, and gives up its connection', async () => {
  const { attempt, controller, aborted, answer } = scene();
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 404, {});
  attempt.onResponseData(controller, Buffer.from('x'));
  expect(await answer).toEqual({ statusCode: 404, headers: {}, bytes: new Uint8Array() });
  expect(aborted).toHaveLength(1);
});

test('fails with what the dispatcher fails with', async () => {
  const { attempt, answer } = scene();
  const boom = new Error('boom');
  attempt.onResponseError(null, boom);
  await expect(answer).rejects.toBe(boom);
});

test('that is aborted under way takes its connection down', async () => {
  const { attempt, controller, aborted, answer } = scene();
  attempt.onRequestStart(controller);
  attempt.abort('enough');
  await expect(answer).rejects.toBe('enough');
  expect(aborted).toEqual(['enough']);
});

test('that is aborted before it has a connection is never sent on one', async () => {
  const { attempt, controller, aborted, answer } = scene();
  attempt.abort('enough');
  await expect(answer).rejects.toBe('enough');
  attempt.onRequestStart(controller);
  expect(aborted).toEqual(['enough']);
});

/** Bodies of at most ten bytes. */
const small: BodyOf = ({ statusCode }, tooSlow) =>
  new Body(
    {
      capBytes: 10,
      beyondCap: statusCode < 300 ? 'refuse' : 'cut',
      contentLength: undefined,
      contentEncoding: undefined,
      timeouts: { ...DEFAULT_TIMEOUTS, minRateAfterMs: 10 },
    },
    tooSlow,
  );

test('reads the body of its answer', async () => {
  const { attempt, controller, answer } = scene(small);
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 200, {});
  for (const piece of ['abc', 'def']) attempt.onResponseData(controller, Buffer.from(piece));
  attempt.onResponseEnd();
  expect(Buffer.from((await answer).bytes).toString()).toBe('abcdef');
});

test('R6.6 refuses a body that is too large with its connection', async () => {
  const { attempt, controller, aborted, answer } = scene(small);
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 200, {});
  attempt.onResponseData(controller, Buffer.from('0123456789'));
  expect(aborted).toEqual([]);
  attempt.onResponseData(controller, Buffer.from('x'));
  await expect(answer).rejects.toMatchObject({ problem: 'tooLarge' });
  expect(aborted).toHaveLength(1);
});

test('R6.7 refuses what the head of an answer says enough of', async () => {
  const { attempt, controller, aborted, answer } = scene(() => {
    throw new BodyProblem('encoding');
  });
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 200, {});
  await expect(answer).rejects.toMatchObject({ problem: 'encoding' });
  expect(aborted).toHaveLength(1);
});

test('R6.8 gives up a body that comes too slowly', async () => {
  const { attempt, controller, aborted, answer } = scene(small);
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 200, {});
  await expect(answer).rejects.toMatchObject({ problem: 'tooSlow' });
  expect(aborted).toHaveLength(1);
});

test.each([
  ['breaks off', (attempt: QuickAttempt) => attempt.onResponseError(null, new Error('reset'))],
  ['is given up', (attempt: QuickAttempt) => attempt.abort(new Error('late'))],
])('a no whose words are lost because it %s is a no all the same', async (_what, end) => {
  const { attempt, controller, answer } = scene(small);
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 429, { 'retry-after': '7' });
  attempt.onResponseData(controller, Buffer.from('x'));
  end(attempt);
  expect(await answer).toEqual({ statusCode: 429, headers: { 'retry-after': '7' }, bytes: new Uint8Array() });
});
