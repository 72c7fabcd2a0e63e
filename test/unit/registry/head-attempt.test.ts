import { expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { HeadAttempt, type Progress } from '../../../src/registry/head-attempt.ts';
import { targetOf } from '../../../src/registry/target.ts';

/** An attempt that is sent, and the hands of a dispatcher that plays what comes of it. */
function scene(url = 'https://reg.example.com/v2/a/manifests/1?n=2') {
  const dispatched: Dispatcher.DispatchOptions[] = [];
  const aborted: unknown[] = [];
  const controller = { abort: (reason: unknown) => aborted.push(reason) } as unknown as Dispatcher.DispatchController;
  const dispatcher = {
    dispatch: (options: Dispatcher.DispatchOptions) => dispatched.push(options) > 0,
  } as unknown as Dispatcher;
  const progress: Progress = { status: undefined };
  const attempt = new HeadAttempt(progress);
  const answer = attempt.send(dispatcher, { target: targetOf(new URL(url)), headers: { accept: 'x' } });
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
  expect(await answer).toEqual({ statusCode: 200, headers: { etag: 'e' } });
});

test('R5.13 does not wait for a body that is not to be there, and gives up its connection', async () => {
  const { attempt, controller, aborted, answer } = scene();
  attempt.onRequestStart(controller);
  attempt.onResponseStart(controller, 404, {});
  attempt.onResponseData(controller);
  expect(await answer).toEqual({ statusCode: 404, headers: {} });
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
