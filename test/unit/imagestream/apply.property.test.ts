import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ImageStream, Source, SpecTag, TagEvent } from '../../../src/api/image-stream.ts';
import { type ApplyOptions, applyResults } from '../../../src/imagestream/apply.ts';
import { planImports } from '../../../src/imagestream/due.ts';
import type { TagResult } from '../../../src/imagestream/result.ts';
import { isImportable, LINUX_AMD64, sameRequest, sourceAsked } from '../../../src/imagestream/source.ts';
import { failedResult, importedResult, T0, unchangedResult } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const tagNames = ['a', 'b', 'c'];
const froms = ['quay.io/acme/app:1', 'mirror.io/acme/app:1', 'quay.io/acme/app:2'];
const digits = ['1', '2', '3', '4'];

const anyTag: fc.Arbitrary<Partial<SpecTag>> = fc.record(
  {
    from: fc.constantFrom(...froms).map(name => ({ kind: 'DockerImage', name }) as const),
    reference: fc.constantFrom(false, false, false, true),
    generation: fc.constantFrom(null, 0, 2, 9),
    importPolicy: fc.constantFrom({ importMode: 'Legacy' }, {
      importMode: 'PreserveOriginal',
    } as const) as fc.Arbitrary<NonNullable<SpecTag['importPolicy']>>,
  },
  { requiredKeys: ['from'] },
);
const anySpec = fc
  .tuple(anyTag, anyTag, anyTag)
  .map(tags => tags.map((tag, index) => specTag(tagNames[index] ?? '', undefined, tag)));

type Outcome = 'imported' | 'unchanged' | 'failed';
interface Step {
  readonly spec: readonly SpecTag[] | undefined;
  readonly outcomes: readonly (readonly [outcome: Outcome, digit: string, stale: boolean])[];
}
const anyOutcome = fc.tuple(
  fc.constantFrom<Outcome>('imported', 'unchanged', 'failed'),
  fc.constantFrom(...digits),
  fc.constantFrom(false, false, true),
);
const anyStep: fc.Arbitrary<Step> = fc.record({
  spec: fc.option(anySpec, { nil: undefined }),
  outcomes: fc.tuple(anyOutcome, anyOutcome, anyOutcome),
});

function resultOf(tag: SpecTag, [outcome, digit, stale]: Step['outcomes'][number]): TagResult {
  const asked: Source = stale ? { from: 'quay.io/acme/app:stale' } : sourceAsked(tag, LINUX_AMD64);
  if (outcome === 'imported') return importedResult(tag.name, asked, digit);
  return outcome === 'unchanged' ? unchangedResult(tag.name, asked, digit) : failedResult(tag.name, asked, digit);
}

const options = (step: number, historyLimit = 1_000): ApplyOptions => ({
  rules: 'operator',
  nowMs: T0 + step * 60_000,
  historyLimit,
  platform: LINUX_AMD64,
});

/** Folds the steps one by one and shows each to `look`. */
function walk(
  steps: readonly Step[],
  look: (before: ImageStream, results: readonly TagResult[], index: number) => ImageStream,
) {
  let stream = imageStream({ tags: tagNames.map(name => specTag(name, froms[0])) });
  for (const [index, { spec, outcomes }] of steps.entries()) {
    if (spec !== undefined) {
      const generation = (stream.metadata.generation ?? 0) + 1;
      stream = { ...stream, metadata: { ...stream.metadata, generation }, spec: { ...stream.spec, tags: spec } };
    }
    const results = (stream.spec?.tags ?? []).map((tag, place) =>
      resultOf(tag, outcomes[place] ?? ['failed', '1', false]),
    );
    stream = look(stream, results, index);
  }
}

const eventsOf = (stream: ImageStream, tag: string): readonly TagEvent[] =>
  stream.status?.tags?.find(history => history.tag === tag)?.items ?? [];

const anyWalk = fc.array(anyStep, { maxLength: 12 });

test('D8 history only grows at its head, in order, and no head is ever lost', () => {
  fc.assert(
    fc.property(anyWalk, steps => {
      walk(steps, (before, results, index) => {
        const after = applyResults(before, results, options(index));
        for (const tag of tagNames) {
          const [was, is] = [eventsOf(before, tag), eventsOf(after, tag)];
          expect(is.length - was.length).toBeGreaterThanOrEqual(0);
          expect(is.length - was.length).toBeLessThanOrEqual(1);
          // Of the events that were there, only the head may have taken something over, and never its time.
          const [head, ...older] = is.slice(is.length - was.length);
          expect(older).toEqual(was.slice(1));
          expect(head?.created).toBe(was[0]?.created);
        }
        return after;
      });
    }),
  );
});

test('9.5 a failure leaves the history, and the digest of the request that it answers', () => {
  const sourceOf = (stream: ImageStream, tag: string) =>
    stream.status?.tags?.find(history => history.tag === tag)?.source;
  fc.assert(
    fc.property(anyWalk, steps => {
      walk(steps, (before, results, index) => {
        const failed = results.filter(({ outcome }) => outcome === 'failed');
        const after = applyResults(before, failed, options(index));
        const importable = new Set((before.spec?.tags ?? []).filter(isImportable).map(({ name }) => name));
        for (const { tag } of failed.filter(each => importable.has(each.tag))) {
          expect(eventsOf(after, tag)).toEqual(eventsOf(before, tag));
          const [was, is] = [sourceOf(before, tag), sourceOf(after, tag)];
          const isSame = was !== undefined && is !== undefined && sameRequest(was, is);
          expect(is?.digest).toBe(isSame ? was.digest : undefined);
        }
        return applyResults(before, results, options(index));
      });
    }),
  );
});

test('D8 with a cap the newest events stay, the head always', () => {
  fc.assert(
    fc.property(anyWalk, fc.integer({ min: 0, max: 3 }), (steps, limit) => {
      walk(steps, (before, results, index) => {
        const after = applyResults(before, results, options(index, limit));
        for (const tag of tagNames) {
          const uncapped = eventsOf(applyResults(before, results, options(index)), tag);
          expect(eventsOf(after, tag)).toEqual(uncapped.slice(0, eventsOf(after, tag).length));
          if (uncapped.length > 0) expect(eventsOf(after, tag).length).toBeGreaterThanOrEqual(1);
          expect(eventsOf(after, tag).length).toBeLessThanOrEqual(Math.max(1, limit));
        }
        return after;
      });
    }),
  );
});

test('applying twice is applying once, and nothing that came in is changed', () => {
  fc.assert(
    fc.property(anyWalk, steps => {
      walk(steps, (before, results, index) => {
        const copy = structuredClone({ before, results });
        const once = applyResults(before, results, options(index));
        expect(applyResults(once, results, options(index + 1))).toBe(once);
        expect({ before, results }).toEqual(copy);
        return once;
      });
    }),
  );
});

test('D5 what came back as it was asked is not due again at once', () => {
  fc.assert(
    fc.property(anyWalk, steps => {
      walk(steps, (before, results, index) => {
        const fresh = results.filter(({ source }) => source.from !== 'quay.io/acme/app:stale');
        const after = applyResults(before, fresh, options(index));
        const nowMs = options(index).nowMs;
        const { due } = planImports({
          stream: after,
          inFlight: new Map(),
          memory: new Map(),
          nowMs,
          options: { platform: LINUX_AMD64, defaultIntervalMs: 900_000, minIntervalMs: 60_000, startedAtMs: nowMs },
        });
        const answered = new Set(fresh.filter(({ outcome }) => outcome !== 'unchanged').map(({ tag }) => tag));
        expect(due.filter(({ tag }) => answered.has(tag))).toEqual([]);
        return after;
      });
    }),
  );
});
