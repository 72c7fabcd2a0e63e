import { expect, test } from '@jest/globals';
import { deafController } from '../../../src/controller/observer.ts';
import { TagImports } from '../../../src/controller/tag-imports.ts';
import type { DueTag } from '../../../src/imagestream/due.ts';
import type { TagContext } from '../../../src/importer/importer.ts';
import { silentLogger } from '../../../src/log.ts';
import { fakeClock } from '../../fake/clock.ts';
import { keyringOf } from '../../fake/settings.ts';
import { unchangedResult } from '../../gen/history.ts';
import { imageStream } from '../../gen/objects.ts';
import { dueTag } from './due-tag.ts';

const MINUTE = 60_000;

/** What a tag is asked for with, at a quarter past by the wall clock and so long after the start. */
async function contextOf(more: Partial<DueTag>): Promise<TagContext> {
  const clock = fakeClock(Date.parse('2026-01-02T03:00:00Z'));
  await clock.advance(15 * MINUTE);
  const contexts: TagContext[] = [];
  const imports = new TagImports({
    importer: {
      importTag: async (_request, context) => {
        contexts.push(context);
        return unchangedResult('1', { from: 'quay.io/acme/app:1' }, '1');
      },
    },
    credentials: { forNamespace: async () => ({ keyring: keyringOf() }) },
    policy: () => ({ blockedHosts: new Set() }),
    observer: deafController,
    clock,
    log: silentLogger,
    intervals: { defaultIntervalMs: 15 * MINUTE, minIntervalMs: MINUTE },
  });
  await imports.carryOut(
    imageStream(),
    dueTag('1', 'quay.io/acme/app:1', more),
    'quay.io',
    new AbortController().signal,
  );
  const [context] = contexts;
  if (context === undefined) throw new Error('not asked');
  return context;
}

const at = (time: string) => Date.parse(`2026-01-02T${time}Z`);

test.each<{ name: string; due: Partial<DueTag>; share: number | undefined; since: number | undefined }>([
  {
    name: 'by the schedule for the first time takes any answer of a moment ago',
    due: {},
    share: 30_000,
    since: Number.NEGATIVE_INFINITY,
  },
  {
    name: 'by the schedule takes none from before its last check',
    due: { checkedAtMs: at('03:14:50') },
    share: 30_000,
    since: 15 * MINUTE - 10_000,
  },
  {
    name: 'after the clock was set back takes none that was not asked for now',
    due: { checkedAtMs: at('04:00:00') },
    share: 30_000,
    since: 15 * MINUTE,
  },
  {
    name: 'by a user takes none that was not asked for now',
    due: { reason: 'requested', checkedAtMs: at('03:14:50') },
    share: 0,
    since: 15 * MINUTE,
  },
  {
    name: 'because its spec changed takes none of a moment ago',
    due: { reason: 'specChanged' },
    share: 0,
    since: Number.NEGATIVE_INFINITY,
  },
])('a tag that is asked for $name', async ({ due, share, since }) => {
  const { shareForMs, freshSinceMs } = await contextOf(due);
  expect({ shareForMs, freshSinceMs }).toEqual({ shareForMs: share, freshSinceMs: since });
});
