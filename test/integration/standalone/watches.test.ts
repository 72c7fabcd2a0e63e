import { afterEach, expect, test } from '@jest/globals';
import { type Clock, systemClock } from '../../../src/clock.ts';
import { createSqliteStorage } from '../../../src/standalone/sqlite-storage.ts';
import { type Embedded, startEmbedded } from '../../contract/embedded.ts';

/* How long watches go on, and what they are told meanwhile. */

let here: Embedded;
afterEach(() => here.close());

const path = '/api/v1/namespaces/default/configmaps?watch=true&allowWatchBookmarks=true';
const fromNow = '&sendInitialEvents=false&resourceVersionMatch=NotOlderThan';

test('bookmarks come one after the other, and tell of what happens elsewhere', async () => {
  here = await startEmbedded({ bookmarkMs: 20 });
  const watching = await here.api.watch(`${path}${fromNow}`);
  const first = await watching.next();
  const body = { metadata: { name: 'elsewhere' } };
  const { body: made } = await here.api.ask('/api/v1/namespaces', { method: 'POST', body });
  let last = await watching.next();
  while (last.object.metadata.resourceVersion !== made.metadata.resourceVersion) last = await watching.next();
  expect([first.type, last.type]).toEqual(['BOOKMARK', 'BOOKMARK']);
  watching.close();
});

test('a watch that cannot be told how far it has come ends, and others can begin', async () => {
  const storage = createSqliteStorage();
  here = await startEmbedded({ storage, bookmarkMs: 20 });
  const watching = await here.api.watch(`${path}${fromNow}`);
  await watching.next();
  const version = storage.version.bind(storage);
  storage.version = () => Promise.reject(new Error('the disk is gone'));
  for (const { type } of await watching.rest()) expect(type).toBe('BOOKMARK');
  storage.version = version;
  const another = await here.api.watch(`${path}${fromNow}`);
  expect((await another.next()).type).toBe('BOOKMARK');
  another.close();
});

test.each([
  { name: 'goes on for as long as it asked', query: '&timeoutSeconds=7', random: 0.5, ms: 7_000 },
  { name: 'that does not say goes on for half an hour to an hour', query: '', random: 0.5, ms: 45 * 60_000 },
])('a watch $name', async ({ query, random, ms }) => {
  const slept: number[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep: (duration, signal) => {
      slept.push(duration);
      return duration === ms ? Promise.resolve() : systemClock.sleep(duration, signal);
    },
  };
  here = await startEmbedded({ clock, random: () => random });
  const watching = await here.api.watch(`${path}${fromNow}${query}`);
  expect((await watching.rest()).map(({ type }) => type)).toEqual([]);
  expect(slept).toContain(ms);
});
