import { describe, expect, test } from '@jest/globals';
import type { Image } from '../../../src/api/image.ts';
import type { ImageStream, SpecTag } from '../../../src/api/image-stream.ts';
import type { TagChange } from '../../../src/command/tag-change.ts';
import { type WatchParts, watchStream } from '../../../src/command/watch.ts';
import type { DueTag } from '../../../src/imagestream/due.ts';
import type { ImportFailure, TagResult } from '../../../src/imagestream/result.ts';
import { withDigest } from '../../../src/imagestream/source.ts';
import { fakeClock } from '../../fake/clock.ts';
import { digestOf } from '../../gen/history.ts';
import { imageStream, type StreamParts, specTag } from '../../gen/objects.ts';

const MINUTE = 60_000;
/** Time in which results that come back together are waited for. */
const TOGETHER = 200;

interface Asked extends DueTag {
  readonly atMs: number;
  answer(result: TagResult): Promise<void>;
  breakDown(error: Error): Promise<void>;
}

/** A watch whose registry is the test and whose clock is moved by hand. Tags are checked every minute. */
function watching(stream: ImageStream, more: Partial<Pick<WatchParts, 'checked' | 'save'>> = {}) {
  const clock = fakeClock();
  const stop = new AbortController();
  const asked: Asked[] = [];
  const told: TagChange[] = [];
  const saved: ImageStream[] = [];
  const settle = () => clock.advance(0);
  const ended = watchStream(stream, {
    clock,
    random: () => 0.5,
    options: {
      platform: { os: 'linux', architecture: 'amd64' },
      historyLimit: 20,
      defaultIntervalMs: MINUTE,
      minIntervalMs: 1_000,
      startedAtMs: clock.now(),
      sinceMs: 0,
    },
    importTag: (due, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        const then =
          <T>(go: (value: T) => void) =>
          (value: T) => {
            go(value);
            return settle();
          };
        asked.push({ ...due, atMs: clock.now(), answer: then(resolve), breakDown: then(reject) });
      }),
    tell: change => told.push(change),
    save: async next => {
      saved.push(next);
      await more.save?.(next);
    },
    ...(more.checked && { checked: more.checked }),
    signal: stop.signal,
  });
  ended.catch(() => {}); // Each test looks at the end itself, or does not care.
  return {
    clock,
    told,
    saved,
    ended,
    /** What was asked since the last call: `latest scheduled`. */
    news: () => asked.splice(0),
    changes: () => told.splice(0).map(({ tag, change, reason }) => `${tag} ${change} (${reason})`),
    settle,
    stop: () => {
      stop.abort();
      return ended;
    },
  };
}

const reasons = (asked: readonly Asked[]) => asked.map(({ tag, reason }) => `${tag} ${reason}`);
const only = (asked: readonly Asked[]): Asked => {
  expect(asked).toHaveLength(1);
  return asked[0] as Asked;
};

function imported({ tag, request }: DueTag, digit: string): TagResult {
  const digest = digestOf(digit);
  const image = { metadata: { name: digest }, dockerImageReference: `quay.io/acme/app@${digest}` } as Image;
  return { outcome: 'imported', tag, source: withDigest(request.asked, digest, 1), image, children: [] };
}

function unchanged({ tag, request }: DueTag, digit: string): TagResult {
  return { outcome: 'unchanged', tag, source: withDigest(request.asked, digestOf(digit), 1) };
}

function failed({ tag, request }: DueTag, more: Partial<ImportFailure> = {}): TagResult {
  const status = { metadata: {}, status: 'Failure', code: 503, reason: 'ServiceUnavailable', message: 'down' } as const;
  return { outcome: 'failed', tag, source: request.asked, failure: { status, transient: true, ...more } };
}

function missing(due: DueTag): TagResult {
  const status = { metadata: {}, status: 'Failure', code: 404, reason: 'NotFound', message: 'not found' } as const;
  return failed(due, { status, transient: false });
}

const tag = (name: string, scheduled = true, repository = 'acme/app'): SpecTag =>
  specTag(name, `quay.io/${repository}:${name}`, { importPolicy: { importMode: 'Legacy', scheduled } });

/** A stream whose generation was seen before, so that only results make it change. */
const streamOf = (tags: readonly SpecTag[], more: StreamParts = {}): ImageStream =>
  imageStream({ tags, status: { observedGeneration: 1 }, ...more });

/** A watch of the tag `latest`, imported as image 1, all of it told. */
async function steady(scheduled = true) {
  const watch = watching(streamOf([tag('latest', scheduled)]));
  await watch.settle();
  const [first] = watch.news();
  await first?.answer(imported(first, '1'));
  expect(watch.changes()).toEqual(['demo/app:latest imported (neverImported)']);
  return watch;
}

describe('watchStream()', () => {
  test('imports every tag at once, and tells and saves it', async () => {
    const watch = watching(streamOf([tag('latest'), tag('1.0', false)]));
    await watch.settle();
    const [latest, old] = watch.news();
    await old?.answer(imported(old, '2'));
    await latest?.answer(imported(latest, '1'));
    await watch.clock.advance(TOGETHER);
    expect(watch.told).toMatchObject([
      { tag: 'demo/app:latest', change: 'imported', reason: 'neverImported', image: digestOf('1') },
      { tag: 'demo/app:1.0', change: 'imported', reason: 'neverImported', image: digestOf('2') },
    ]);
    expect(watch.saved.at(-1)?.status?.tags).toMatchObject([
      { tag: 'latest', items: [{ image: digestOf('1') }], conditions: [{ status: 'True' }] },
      { tag: '1.0', items: [{ image: digestOf('2') }], conditions: [{ status: 'True' }] },
    ]);
  });

  test('saves results that come back together once', async () => {
    const watch = watching(streamOf([tag('a'), tag('b'), tag('c')]));
    await watch.settle();
    const [a, b, c] = watch.news();
    await a?.answer(imported(a, '1'));
    await watch.clock.advance(TOGETHER - 1);
    await b?.answer(imported(b, '2'));
    expect(watch.saved).toHaveLength(0);
    await watch.clock.advance(1);
    expect(watch.saved).toHaveLength(1);
    expect(watch.changes()).toEqual(['demo/app:a imported (neverImported)', 'demo/app:b imported (neverImported)']);
    // The last one in flight has nobody to wait for.
    await c?.answer(imported(c, '3'));
    expect(watch.saved).toHaveLength(2);
  });

  test('checks a scheduled tag once in each interval, and is silent when nothing changed', async () => {
    const watch = await steady();
    const saves = watch.saved.length;
    for (let minute = 0; minute < 5; minute += 1) {
      await watch.clock.advance(MINUTE);
      const asked = only(watch.news());
      expect(reasons([asked])).toEqual(['latest scheduled']);
      await asked.answer(unchanged(asked, '1'));
    }
    expect(watch.changes()).toEqual([]);
    expect(watch.saved).toHaveLength(saves);
  });

  test('never checks a tag again that is not scheduled', async () => {
    const watch = await steady(false);
    await watch.clock.advance(60 * MINUTE);
    expect(watch.news()).toEqual([]);
  });

  test('tells that a tag moved, and keeps its history', async () => {
    const watch = await steady();
    await watch.clock.advance(MINUTE);
    const asked = only(watch.news());
    await asked.answer(imported(asked, '2'));
    expect(watch.told).toMatchObject([
      { change: 'moved', reason: 'scheduled', previousImage: digestOf('1'), image: digestOf('2') },
    ]);
    const [history] = watch.saved.at(-1)?.status?.tags ?? [];
    expect(history?.items?.map(({ image }) => image)).toEqual([digestOf('2'), digestOf('1')]);
  });

  test('asks for what the status records, so that an unchanged tag costs one check', async () => {
    const watch = await steady();
    await watch.clock.advance(MINUTE);
    expect(only(watch.news()).request.recorded?.digest).toBe(digestOf('1'));
  });

  test('tells a failure once, tries again with growing delay, and tells that the tag healed', async () => {
    const watch = await steady();
    await watch.clock.advance(MINUTE);
    let asked = only(watch.news());
    await asked.answer(failed(asked));
    expect(watch.changes()).toEqual(['demo/app:latest failed (scheduled)']);
    // Half of 30 s, of 60 s, and of the interval, which is the cap.
    for (const delayMs of [15_000, 30_000, 30_000]) {
      await watch.clock.advance(delayMs - 1);
      expect(watch.news()).toEqual([]);
      await watch.clock.advance(1);
      asked = only(watch.news());
      expect(asked.reason).toBe('retry');
      await asked.answer(failed(asked));
    }
    expect(watch.changes()).toEqual([]);
    await watch.clock.advance(30_000);
    asked = only(watch.news());
    await asked.answer(unchanged(asked, '1'));
    expect(watch.changes()).toEqual(['demo/app:latest healed (retry)']);
    expect(watch.saved.at(-1)?.status?.tags?.[0]?.conditions).toMatchObject([{ status: 'True' }]);
  });

  test('starts from the shortest delay again once a tag was well', async () => {
    const watch = watching(streamOf([tag('latest')]));
    await watch.settle();
    for (const delayMs of [15_000, 30_000]) {
      const asked = only(watch.news());
      await asked.answer(failed(asked));
      await watch.clock.advance(delayMs);
    }
    const healed = only(watch.news());
    await healed.answer(imported(healed, '1'));
    await watch.clock.advance(MINUTE);
    const broken = only(watch.news());
    await broken.answer(failed(broken));
    await watch.clock.advance(14_999);
    expect(watch.news()).toEqual([]);
    await watch.clock.advance(1);
    expect(reasons(watch.news())).toEqual(['latest retry']);
  });

  test('tries a failed tag again that is not scheduled, until it is well', async () => {
    const watch = watching(streamOf([tag('latest', false)]));
    await watch.settle();
    const first = only(watch.news());
    await first.answer(failed(first));
    await watch.clock.advance(15_000);
    const second = only(watch.news());
    await second.answer(imported(second, '1'));
    expect(watch.changes()).toEqual(['demo/app:latest failed (neverImported)', 'demo/app:latest imported (retry)']);
    await watch.clock.advance(10 * MINUTE);
    expect(watch.news()).toEqual([]);
  });

  test('waits for the next slot after a failure that is no use to repeat at once', async () => {
    const watch = await steady();
    await watch.clock.advance(MINUTE);
    const asked = only(watch.news());
    await asked.answer(failed(asked, { transient: false }));
    await watch.clock.advance(MINUTE);
    const again = only(watch.news());
    expect(again.reason).toBe('retry');
    expect(again.atMs).toBe(asked.atMs + MINUTE);
  });

  test('does not ask before the registry said it may', async () => {
    const watch = await steady();
    await watch.clock.advance(MINUTE);
    const asked = only(watch.news());
    await asked.answer(failed(asked, { retryAtMs: watch.clock.now() + 10 * MINUTE }));
    await watch.clock.advance(10 * MINUTE - 1);
    expect(watch.news()).toEqual([]);
    await watch.clock.advance(1);
    expect(reasons(watch.news())).toEqual(['latest retry']);
  });

  test('a tag whose registry never answers delays no other', async () => {
    const watch = watching(streamOf([tag('hangs', true, 'slow/app'), tag('latest')]));
    await watch.settle();
    const latest = watch.news().find(({ tag: name }) => name === 'latest');
    await latest?.answer(imported(latest, '1'));
    await watch.clock.advance(TOGETHER);
    expect(watch.changes()).toEqual(['demo/app:latest imported (neverImported)']);
    for (let minute = 0; minute < 3; minute += 1) {
      await watch.clock.advance(MINUTE);
      const asked = only(watch.news());
      expect(reasons([asked])).toEqual(['latest scheduled']);
      await asked.answer(unchanged(asked, '1'));
      await watch.clock.advance(TOGETHER);
    }
  });

  test('never asks for a tag that is being asked for', async () => {
    const watch = watching(streamOf([tag('latest')]));
    await watch.clock.advance(10 * MINUTE);
    expect(watch.news()).toHaveLength(1);
  });

  test('checks at most once when the wall clock is set on by days', async () => {
    const watch = await steady();
    watch.clock.jumpTo(watch.clock.now() + 7 * 24 * 60 * MINUTE);
    await watch.clock.advance(MINUTE);
    const asked = only(watch.news());
    await asked.answer(unchanged(asked, '1'));
    await watch.clock.advance(MINUTE);
    expect(watch.news()).toHaveLength(1);
  });

  test('goes on when the wall clock is set back by days', async () => {
    const watch = await steady();
    watch.clock.jumpTo(watch.clock.now() - 7 * 24 * 60 * MINUTE);
    await watch.clock.advance(2 * MINUTE);
    expect(reasons(watch.news())).toEqual(['latest scheduled']);
  });

  test('asks for all tags when the annotation requested-at asks, and says that it did', async () => {
    const watch = watching(
      streamOf([tag('latest', false)], { annotations: { 'imagestream-operator/requested-at': 'now' } }),
    );
    await watch.settle();
    const asked = only(watch.news());
    await asked.answer(imported(asked, '1'));
    expect(watch.saved.at(-1)?.status?.lastHandledRequest).toBe('now');
    await watch.clock.advance(10 * MINUTE);
    expect(watch.news()).toEqual([]);
  });

  test('says of a tag that nobody resolves yet that it does not', async () => {
    const from = { kind: 'ImageStreamTag', name: 'other:1' };
    const watch = watching(streamOf([specTag('follows', from)]));
    await watch.settle();
    expect(watch.news()).toEqual([]);
    expect(watch.told).toMatchObject([{ tag: 'demo/app:follows', change: 'failed' }]);
    expect(watch.told[0]?.failure).toMatch(/^NotSupported: /);
  });

  test('checks at its next slot what this run has imported before', async () => {
    const kept = await (await steady()).stop();
    const watch = watching(kept, { checked: ['latest'] });
    await watch.settle();
    expect(watch.news()).toEqual([]);
    await watch.clock.advance(MINUTE);
    expect(reasons(watch.news())).toEqual(['latest scheduled']);
  });

  test('takes up what an earlier run kept, and checks it at its start', async () => {
    const before = await steady();
    const kept = await before.stop();
    const watch = watching(kept);
    await watch.settle();
    const asked = only(watch.news());
    expect(asked).toMatchObject({ reason: 'scheduled', request: { recorded: { digest: digestOf('1') } } });
    await asked.answer(imported(asked, '2'));
    expect(watch.changes()).toEqual(['demo/app:latest moved (scheduled)']);
  });
});

describe('R8.3 a scheduled tag that is not found', () => {
  /** The tag `latest` was checked at its slot and not found. */
  async function doubtful() {
    const watch = await steady();
    await watch.clock.advance(MINUTE);
    const asked = only(watch.news());
    await asked.answer(missing(asked));
    return watch;
  }

  test('is failed once it was not found a minute later, too', async () => {
    const watch = await doubtful();
    const saves = watch.saved.length;
    expect(watch.changes()).toEqual([]);
    await watch.clock.advance(MINUTE - 1);
    expect(watch.news()).toEqual([]);
    await watch.clock.advance(1);
    const again = only(watch.news());
    expect(again.reason).toBe('scheduled');
    expect(watch.saved).toHaveLength(saves);
    await again.answer(missing(again));
    expect(watch.changes()).toEqual(['demo/app:latest failed (scheduled)']);
  });

  test('is not failed when it is there again; the next time begins anew', async () => {
    const watch = await doubtful();
    for (const answer of [unchanged, missing, unchanged]) {
      await watch.clock.advance(MINUTE);
      const asked = only(watch.news());
      await asked.answer(answer(asked, '1'));
    }
    expect(watch.changes()).toEqual([]);
  });

  test('is asked for again when the wall clock is set back meanwhile', async () => {
    const watch = await doubtful();
    watch.clock.jumpTo(watch.clock.now() - 7 * 24 * 60 * MINUTE);
    await watch.clock.advance(MINUTE);
    expect(reasons(watch.news())).toEqual(['latest scheduled']);
  });

  test('is failed at once where it never was', async () => {
    const watch = watching(streamOf([tag('latest')]));
    await watch.settle();
    const asked = only(watch.news());
    await asked.answer(missing(asked));
    expect(watch.changes()).toEqual(['demo/app:latest failed (neverImported)']);
  });
});

describe('the end of a watch', () => {
  test('resolves to the stream as it is, without waiting for what is in flight', async () => {
    const watch = watching(streamOf([tag('hangs'), tag('latest')]));
    await watch.settle();
    const latest = watch.news()[1];
    await latest?.answer(imported(latest, '1'));
    await watch.clock.advance(TOGETHER);
    const last = await watch.stop();
    expect(last).toBe(watch.saved.at(-1));
    expect(last.status?.tags).toMatchObject([{ tag: 'latest' }]);
    expect(watch.clock.sleeping).toBe(0);
  });

  test('records what came back before it', async () => {
    const watch = watching(streamOf([tag('hangs'), tag('latest')]));
    await watch.settle();
    const latest = watch.news()[1];
    await latest?.answer(imported(latest, '1'));
    expect(watch.saved).toEqual([]);
    const last = await watch.stop();
    expect(last.status?.tags).toMatchObject([{ tag: 'latest', items: [{ image: digestOf('1') }] }]);
    expect(watch.saved).toEqual([last]);
  });

  test('records what comes back at the same moment', async () => {
    const watch = watching(streamOf([tag('latest')]));
    await watch.settle();
    const asked = only(watch.news());
    const answered = asked.answer(imported(asked, '1'));
    const last = await watch.stop();
    await answered;
    expect(last.status?.tags).toMatchObject([{ tag: 'latest', items: [{ image: digestOf('1') }] }]);
    expect(watch.saved).toEqual([last]);
  });

  test('is a file that cannot be written', async () => {
    const full = new Error('no space left');
    const watch = watching(streamOf([tag('latest')]), { save: () => Promise.reject(full) });
    await watch.settle();
    const asked = only(watch.news());
    await asked.answer(imported(asked, '1'));
    await expect(watch.ended).rejects.toBe(full);
    expect(watch.changes()).toEqual([]);
  });

  test('is a mistake of ours, which is not kept quiet', async () => {
    const watch = watching(streamOf([tag('latest')]));
    await watch.settle();
    const mistake = new TypeError('undefined is not a function');
    await only(watch.news()).breakDown(mistake);
    await expect(watch.ended).rejects.toBe(mistake);
  });
});
