import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ImageStream, SpecTag, TagHistory } from '../../../src/api/image-stream.ts';
import { type ApplyOptions, applyResults } from '../../../src/imagestream/apply.ts';
import { planImports, type TagMemory } from '../../../src/imagestream/due.ts';
import { repositoryImportOf } from '../../../src/imagestream/request.ts';
import { sizeOf } from '../../../src/imagestream/sizes.ts';
import { LINUX_AMD64 } from '../../../src/imagestream/source.ts';
import { recordOf, streamOfRecord } from '../../../src/imagestream/stream-record.ts';
import { digestOf, failed, imported, succeeded, T0, T0_TEXT, tagEvent } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const names = ['a', 'b', 'c'];
const froms = ['quay.io/acme/app:1', 'quay.io/acme/app:2', `quay.io/acme/app@${digestOf('1')}`, '///', 'mysql', ''];
const intervalMs = 900_000;
const planning = { platform: LINUX_AMD64, defaultIntervalMs: intervalMs, minIntervalMs: 60_000, startedAtMs: T0 };
const applying: ApplyOptions = { rules: 'operator', nowMs: T0, historyLimit: 20, platform: LINUX_AMD64 };
const copied = (stream: ImageStream) => streamOfRecord(recordOf(stream));

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
/** Keys that are undefined are left out, as the API server leaves them out. */
const without = <T extends object>(value: T): T => JSON.parse(JSON.stringify(value));

const anyTag = fc
  .record({
    from: maybe(
      fc.record({
        kind: fc.constantFrom('DockerImage', 'DockerImage', 'DockerImage', 'ImageStreamTag', 'ImageStreamImage'),
        name: fc.constantFrom(...froms),
        namespace: maybe(fc.constant('elsewhere')),
      }),
    ),
    reference: maybe(fc.boolean()),
    generation: fc.constantFrom(undefined, null, 0, 2, 9),
    importPolicy: maybe(
      fc.record({
        importMode: fc.constantFrom(undefined, '', 'Legacy', 'PreserveOriginal'),
        insecure: maybe(fc.boolean()),
        scheduled: maybe(fc.boolean()),
      }),
    ),
    annotations: fc.constantFrom(
      null,
      undefined,
      {},
      { other: 'x' },
      { 'imagestream-operator/interval': '2m' },
      { 'importer.image.openshift.io/prefer-arch': 'arm64', 'importer.image.openshift.io/prefer-os': 'linux' },
    ),
  })
  .map(parts => parts as Partial<SpecTag>);

const anyEvent = fc
  .record({
    image: fc.constantFrom('', digestOf('1'), digestOf('2')),
    dockerImageReference: fc.constantFrom(...froms),
    generation: fc.integer({ min: 0, max: 3 }),
  })
  .map(event => tagEvent('1', event));
const anyCondition = fc.constantFrom(
  succeeded(),
  failed(),
  failed({ reason: 'Unauthorized', message: 'x'.repeat(200) }),
  failed({ reason: 'NotSupported', message: 'a tag from ImageStreamTag is not supported yet: only DockerImage is' }),
  failed({ reason: 'NotSupported', message: 'something else' }),
  { ...succeeded(), type: 'Other' },
);
const anySource = fc.record({
  from: fc.constantFrom(...froms),
  importMode: maybe(fc.constant('PreserveOriginal')),
  insecure: maybe(fc.constant(true)),
  platform: maybe(fc.constant('linux/arm64')),
  specGeneration: fc.constantFrom(undefined, null, 0, 2),
  acceptVersion: maybe(fc.constant(2)),
  digest: maybe(fc.constant(digestOf('1'))),
});
const anyHistory = fc
  .record({
    items: maybe(fc.array(anyEvent, { maxLength: 3 })),
    conditions: maybe(fc.array(anyCondition, { maxLength: 2 })),
    source: maybe(anySource),
  })
  .map(parts => parts as Omit<TagHistory, 'tag'>);

const anyStream = fc
  .record({
    generation: fc.integer({ min: 0, max: 3 }),
    annotations: fc.constantFrom(
      undefined,
      { other: 'x'.repeat(300) },
      { 'imagestream-operator/interval': '5m' },
      { 'imagestream-operator/requested-at': 'now' },
      { 'openshift.io/image.dockerRepositoryCheck': T0_TEXT, 'openshift.io/image.insecureRepository': 'true' },
    ),
    dockerImageRepository: fc.constantFrom(undefined, '', 'quay.io/acme/app'),
    tags: maybe(fc.tuple(anyTag, anyTag, anyTag)),
    histories: maybe(fc.uniqueArray(fc.tuple(fc.constantFrom(...names, 'gone'), anyHistory), { selector: ([t]) => t })),
    observedGeneration: maybe(fc.integer({ min: 0, max: 3 })),
    lastHandledRequest: fc.constantFrom(undefined, 'now', 'then'),
  })
  .map(({ histories, tags, annotations, dockerImageRepository, ...rest }) => {
    const { observedGeneration, lastHandledRequest, generation } = rest;
    return without(
      imageStream({
        generation,
        ...(annotations && { annotations: annotations as Record<string, string> }),
        ...(dockerImageRepository !== undefined && { dockerImageRepository }),
        ...(tags && { tags: tags.map((tag, index) => specTag(names[index] ?? '', undefined, tag)) }),
        ...(histories && { history: histories.map(([tag, history]) => ({ tag, ...history })) }),
        status: {
          ...(observedGeneration !== undefined && { observedGeneration }),
          ...(lastHandledRequest !== undefined && { lastHandledRequest }),
        },
      }),
    );
  });
const anyMemory: fc.Arbitrary<TagMemory> = fc
  .record({
    lastCheckedMs: maybe(fc.constant(T0)),
    retryAtMs: maybe(fc.constantFrom(T0 - 1, T0 + 5)),
    answeredRequest: maybe(fc.constant('now')),
    secretsChanged: maybe(fc.constant(true)),
  })
  .map(memory => without(memory) as TagMemory);

describe('the record of a stream (design D16)', () => {
  test('calls for the same imports, for the same reasons, at the same times', () => {
    fc.assert(
      fc.property(anyStream, anyMemory, fc.integer({ min: 0, max: 3 * intervalMs }), (stream, known, afterMs) => {
        const rest = {
          inFlight: new Map(),
          memory: new Map([['a', known]]),
          nowMs: T0 + afterMs,
          options: planning,
          isImageMissing: (image: string) => image === digestOf('2'),
        };
        expect(planImports({ stream: copied(stream), ...rest })).toEqual(planImports({ stream, ...rest }));
      }),
      { numRuns: 500 },
    );
  });

  test('has news that need no registry exactly when the stream has', () => {
    fc.assert(
      fc.property(anyStream, stream => {
        const copy = copied(stream);
        const isNews = applyResults(stream, [], applying) !== stream;
        expect(applyResults(copy, [], applying) !== copy).toBe(isNews);
      }),
      { numRuns: 500 },
    );
  });

  test('asks for its whole repository exactly when the stream does', () => {
    fc.assert(
      fc.property(anyStream, stream => {
        const { metadata, spec } = repositoryImportOf(copied(stream)) ?? {};
        const wanted = repositoryImportOf(stream);
        expect(spec).toEqual(wanted?.spec);
        expect(metadata?.annotations).toEqual(wanted?.metadata.annotations);
      }),
    );
  });

  test('of a record is the record itself', () => {
    fc.assert(fc.property(anyStream, stream => expect(recordOf(copied(stream))).toBe(recordOf(stream))));
  });

  test('is the same text for streams that differ in nothing that decides', () => {
    const stream = imageStream({ tags: [specTag('1', 'mysql')], history: [imported('1', 'mysql')] });
    const labelled = { ...stream.metadata, resourceVersion: '9', labels: { a: 'b' }, managedFields: [{}] };
    const [history] = stream.status?.tags ?? [];
    const longer = { ...stream.status, tags: [{ ...history, tag: '1', items: [tagEvent('1'), tagEvent('2')] }] };
    expect(recordOf({ ...stream, metadata: labelled, status: longer })).toBe(recordOf(stream));
  });

  test('takes at most 500 bytes for a stream of one tag', () => {
    const from = 'registry.example.com/team-name/application-name:v1.2.3';
    const stream = imageStream({
      name: 'application-name',
      namespace: 'team-namespace',
      metadata: { uid: '11111111-2222-3333-4444-555555555555', labels: { app: 'x'.repeat(60) } },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'x'.repeat(2_000) },
      tags: [specTag('v1.2.3', from, { importPolicy: { importMode: 'Legacy', scheduled: true } })],
      history: [imported('v1.2.3', from, '1', { items: Array.from({ length: 20 }, () => tagEvent('1')) })],
      status: { observedGeneration: 1 },
    });
    expect(Buffer.byteLength(recordOf(stream))).toBeLessThanOrEqual(500);
    expect(sizeOf(stream)).toBeGreaterThan(5_000);
  });
});
