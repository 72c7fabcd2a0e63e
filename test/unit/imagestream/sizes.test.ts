import { describe, expect, test } from '@jest/globals';
import { fitStream, MAX_STORED_BYTES, sizeOf, storedBytes } from '../../../src/imagestream/sizes.ts';
import { failed, imported, T0_TEXT, tagEvent } from '../../gen/history.ts';
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
/** Nothing larger is stored. */
const upTo = (maxBytes: number) => ({ maxBytes, mostBytes: maxBytes });
const lengths = (fitted = stream) => fitted.status?.tags?.map(tag => tag.items?.length);

test('D7 a stream that is small enough is the same object', () => {
  expect(fitStream(stream)).toEqual({ stream, fits: true });
  expect(fitStream(stream).stream).toBe(stream);
});

test('D7 the oldest events of the longest history go first, as many as needed', () => {
  const { stream: fitted, fits } = fitStream(stream, upTo(storedBytes(stream) - 1));
  expect(fits).toBe(true);
  expect(lengths(fitted)).toEqual([9, 3, 1, 1]);
  expect(fitted.status?.tags?.[0]?.items).toEqual(events(10).slice(0, 9));
});

test('D7 histories are evened out from the longest down', () => {
  const { stream: fitted } = fitStream(stream, upTo(storedBytes(stream) - 9 * sizeOf(tagEvent('1'))));
  expect(lengths(fitted)).toEqual([2, 2, 1, 1]);
});

test('D7 messages are cut to 64 characters only when dropping events is not enough, and no head is dropped', () => {
  const { stream: fitted, fits } = fitStream(stream, upTo(5_000));
  expect(fits).toBe(true);
  expect(lengths(fitted)).toEqual([1, 1, 1, 1]);
  expect(fitted.status?.tags?.[3]?.conditions?.[0]?.message).toBe('🙂'.repeat(64));
});

test('D7 a stream that does not fit says so', () => {
  expect(fitStream(stream, upTo(100)).fits).toBe(false);
  const huge = imageStream({ tags: [specTag('t', 'x', { annotations: { a: 'x'.repeat(2 * MAX_STORED_BYTES) } })] });
  expect(fitStream(huge)).toEqual({ stream: huge, fits: false });
});

test('D7 managedFields and multi-byte characters count', () => {
  const heavy = imageStream({ metadata: { managedFields: [{ manager: 'ü'.repeat(MAX_STORED_BYTES) }] } });
  expect(fitStream(heavy).fits).toBe(false);
});

test('D7 4,096 tags with 20 events each are fitted', () => {
  const history = Array.from({ length: 4_096 }, (_, index) => imported(`t${index}`, from, '1', { items: events(20) }));
  const { stream: fitted, fits } = fitStream(imageStream({ history }), upTo(3_500_000));
  expect(fits).toBe(true);
  expect(fitted.status?.tags).toHaveLength(4_096);
  for (const length of lengths(fitted) ?? []) expect(length).toBeGreaterThanOrEqual(1);
});

describe('what the API server notes of who wrote which member', () => {
  /** As Kubernetes 1.36 noted a status of `tags` tags, each with a condition that has no message. */
  const noted = (tags: readonly string[]) => {
    const members = (names: readonly string[]) => Object.fromEntries(names.map(name => [`f:${name}`, {}]));
    const condition = { '.': {}, ...members(['generation', 'lastTransitionTime', 'reason', 'status', 'type']) };
    const conditions = { '.': {}, 'k:{"type":"ImportSuccess"}': condition };
    const item = { '.': {}, 'f:conditions': conditions, ...members(['items', 'source', 'tag']) };
    const items = Object.fromEntries(tags.map(tag => [`k:{"tag":"${tag}"}`, item]));
    const fieldsV1 = { 'f:status': { '.': {}, 'f:observedGeneration': {}, 'f:tags': { '.': {}, ...items } } };
    return {
      apiVersion: 'image.openshift.io/v1',
      fieldsType: 'FieldsV1',
      fieldsV1,
      manager: 'imagestream-operator',
      operation: 'Update',
      subresource: 'status',
      time: T0_TEXT,
    };
  };
  const names = (count: number) => Array.from({ length: count }, (_, index) => `v${index}`);
  const streamOf = (count: number, eventsOfEach: number, managedFields?: readonly Record<string, unknown>[]) =>
    imageStream({
      ...(managedFields && { metadata: { managedFields: [...managedFields] } }),
      tags: names(count).map(name => specTag(name, `quay.io/acme/application:${name}`)),
      history: names(count).map(name =>
        imported(name, `quay.io/acme/application:${name}`, '1', { items: events(eventsOfEach) }),
      ),
      status: { observedGeneration: 1 },
    });

  test.each([1, 10, 1_000])('counts before it is noted: %i tags', count => {
    const toCome = storedBytes(streamOf(count, 1)) - sizeOf(streamOf(count, 1));
    const bytes = sizeOf(noted(names(count)));
    expect(toCome).toBeGreaterThanOrEqual(bytes);
    expect(toCome).toBeLessThanOrEqual(1.02 * bytes + 100);
  });

  test('does not count twice once it is noted', () => {
    const stream = streamOf(10, 1, [noted(names(10))]);
    expect(storedBytes(stream) - sizeOf(stream)).toBeLessThan(100);
  });

  test('makes histories shorter before the first write, so that the next one has room', () => {
    const { stream: fitted, fits } = fitStream(streamOf(500, 20));
    expect(fits).toBe(true);
    const after = { ...fitted, metadata: { ...fitted.metadata, managedFields: [noted(names(500))] } };
    expect(sizeOf(after)).toBeLessThanOrEqual(MAX_STORED_BYTES);
    expect(fitStream(after).stream).toBe(after);
  });

  test('D7 a stream of 1,000 tags that was applied by the server is stored, write after write', () => {
    const ofSpec = { manager: 'kubectl', operation: 'Apply', fieldsV1: { text: 'x'.repeat(168_000) } };
    const first = fitStream(streamOf(1_000, 20, [ofSpec]));
    const second = fitStream({
      ...first.stream,
      metadata: { ...first.stream.metadata, managedFields: [ofSpec, noted(names(1_000))] },
    });
    for (const { fits, stream: fitted } of [first, second]) {
      expect(fits).toBe(true);
      expect(new Set(lengths(fitted))).toEqual(new Set([1]));
      expect(storedBytes(fitted)).toBeLessThan(1_300_000);
    }
  });
});

test('what was handed in is left as it was', () => {
  const copy = structuredClone(stream);
  fitStream(stream, upTo(100));
  expect(stream).toEqual(copy);
});
