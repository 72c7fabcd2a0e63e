import { describe, expect, test } from '@jest/globals';
import { retryAfterOf, statusOf } from '../../../src/kube/http-status.ts';

describe('statusOf()', () => {
  const failure = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };

  test('keeps what a Status says, as far as it has the right type', () => {
    const body = {
      ...failure,
      message: 'no',
      reason: 'Invalid',
      code: 422,
      details: {
        name: 'app',
        kind: 7,
        retryAfterSeconds: 2,
        causes: [{ field: 'spec', message: 'm', reason: 5 }, 'x'],
      },
      secret: 's3cret',
    };
    expect(statusOf(422, JSON.stringify(body))).toEqual({
      ...failure,
      message: 'no',
      reason: 'Invalid',
      code: 422,
      details: { name: 'app', retryAfterSeconds: 2, causes: [{ field: 'spec', message: 'm' }] },
    });
  });

  test.each([
    { name: 'no JSON', body: '<html>', code: 502, want: { ...failure, code: 502 } },
    { name: 'nothing', body: '', code: 404, want: { ...failure, reason: 'NotFound', code: 404 } },
    { name: 'another object', body: '{"kind":"Pod"}', code: 409, want: { ...failure, reason: 'Conflict', code: 409 } },
    { name: 'a list', body: '[]', code: 401, want: { ...failure, reason: 'Unauthorized', code: 401 } },
  ])('is made from the code of $name', ({ body, code, want }) => {
    expect(statusOf(code, body)).toEqual(want);
  });
});

describe('retryAfterOf()', () => {
  const nowMs = Date.parse('2026-01-02T03:04:05Z');
  test.each([
    { header: '7', want: 7_000 },
    { header: ' 0 ', want: 0 },
    { header: 'Fri, 02 Jan 2026 03:04:15 GMT', want: 10_000 },
    { header: 'Fri, 02 Jan 2026 03:00:00 GMT', want: 0 },
    { header: '-1', want: undefined },
    { header: '1.5', want: undefined },
    { header: 'soon', want: undefined },
    { header: undefined, want: undefined },
  ])('$header is $want', ({ header, want }) => {
    expect(retryAfterOf(header, {}, nowMs)).toBe(want);
  });

  test('is what the Status says when no header does', () => {
    expect(retryAfterOf(undefined, { details: { retryAfterSeconds: 3 } }, nowMs)).toBe(3_000);
    expect(retryAfterOf('1', { details: { retryAfterSeconds: 3 } }, nowMs)).toBe(1_000);
    expect(retryAfterOf(undefined, { details: { retryAfterSeconds: 0 } }, nowMs)).toBeUndefined();
  });
});
