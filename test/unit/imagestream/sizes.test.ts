import { expect, test } from '@jest/globals';
import { fitStream, MAX_STORED_BYTES, sizeOf } from '../../../src/imagestream/sizes.ts';
import { failed, imported, tagEvent } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const from = 'quay.io/acme/app:1';
const events = (count: number) => Array.from({ length: count }, (_, generation) => tagEvent('1', { generation }));

const stream = imageStream({
  history: [
    imported('long', from, '1', { items: events(10) }),
    imported('short', from, '1', { items: events(3) }),
    imported('one', from),
    imported('bad', from, '1', { conditions: [failed({ message: '🙂'.repeat(500) })] }),
  ],
});
const lengths = (fitted = stream) => fitted.status?.tags?.map(tag => tag.items?.length);

test('D7 a stream that is small enough is the same object', () => {
  expect(fitStream(stream)).toEqual({ stream, fits: true });
  expect(fitStream(stream).stream).toBe(stream);
});

test('D7 the oldest events of the longest history go first, as many as needed', () => {
  const { stream: fitted, fits } = fitStream(stream, sizeOf(stream) - 1);
  expect(fits).toBe(true);
  expect(lengths(fitted)).toEqual([9, 3, 1, 1]);
  expect(fitted.status?.tags?.[0]?.items).toEqual(events(10).slice(0, 9));
});

test('D7 histories are evened out from the longest down', () => {
  const { stream: fitted } = fitStream(stream, sizeOf(stream) - 9 * sizeOf(tagEvent('1')));
  expect(lengths(fitted)).toEqual([2, 2, 1, 1]);
});

test('D7 messages are cut to 64 characters only when dropping events is not enough, and no head is dropped', () => {
  const { stream: fitted, fits } = fitStream(stream, 4_000);
  expect(fits).toBe(true);
  expect(lengths(fitted)).toEqual([1, 1, 1, 1]);
  expect(fitted.status?.tags?.[3]?.conditions?.[0]?.message).toBe('🙂'.repeat(64));
});

test('D7 a stream that does not fit says so', () => {
  expect(fitStream(stream, 100).fits).toBe(false);
  const huge = imageStream({ tags: [specTag('t', 'x', { annotations: { a: 'x'.repeat(MAX_STORED_BYTES) } })] });
  expect(fitStream(huge)).toEqual({ stream: huge, fits: false });
});

test('D7 managedFields and multi-byte characters count', () => {
  const heavy = imageStream({ metadata: { managedFields: [{ manager: 'ü'.repeat(MAX_STORED_BYTES / 2) }] } });
  expect(fitStream(heavy).fits).toBe(false);
});

test('D7 4,096 tags with 20 events each are fitted', () => {
  const history = Array.from({ length: 4_096 }, (_, index) => imported(`t${index}`, from, '1', { items: events(20) }));
  const { stream: fitted, fits } = fitStream(imageStream({ history }), 3_000_000);
  expect(fits).toBe(true);
  expect(fitted.status?.tags).toHaveLength(4_096);
  for (const length of lengths(fitted) ?? []) expect(length).toBeGreaterThanOrEqual(1);
});

test('what was handed in is left as it was', () => {
  const copy = structuredClone(stream);
  fitStream(stream, 100);
  expect(stream).toEqual(copy);
});
