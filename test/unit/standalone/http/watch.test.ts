import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Shown } from '../../../../src/standalone/http/forms.ts';
import { readScope } from '../../../../src/standalone/http/scope.ts';
import { type Lines, MAX_MISSED, Watch, type WatchStart } from '../../../../src/standalone/http/watch.ts';
import { KINDS } from '../../../../src/standalone/kind-table.ts';
import { collectionOf, type Kind } from '../../../../src/standalone/kinds.ts';
import { createSqliteStorage } from '../../../../src/standalone/sqlite-storage.ts';
import type { ObjectWrite, Storage } from '../../../../src/standalone/storage.ts';

const kind = KINDS.find(one => one.plural === 'configmaps') as Kind;
const collection = collectionOf(kind);

interface Told {
  readonly type: string;
  readonly object: {
    readonly kind: string;
    readonly metadata: {
      readonly name: string;
      readonly namespace: string;
      readonly resourceVersion: string;
      readonly annotations?: Record<string, string>;
    };
    readonly code?: number;
    readonly message?: string;
  };
}

/** A client that takes so many lines before it must be told to read on. */
class Reader implements Lines {
  readonly told: Told[] = [];
  room = Number.POSITIVE_INFINITY;
  dropped = false;
  #waiting: (() => void)[] = [];

  write(line: string): void {
    this.told.push(JSON.parse(line));
    this.room -= 1;
  }

  get isFull(): boolean {
    return this.room <= 0;
  }

  ready(): Promise<void> {
    return this.isFull && !this.dropped ? new Promise(resolve => this.#waiting.push(resolve)) : Promise.resolve();
  }

  read(lines = Number.POSITIVE_INFINITY): void {
    this.room = lines;
    for (const go of this.#waiting.splice(0)) go();
  }

  drop(): void {
    this.dropped = true;
    this.read();
    ended.abort();
  }

  /** `ADDED a`, `BOOKMARK 7`. */
  get lines(): string[] {
    return this.told.map(({ type, object: { metadata } }) => `${type} ${metadata.name ?? metadata.resourceVersion}`);
  }
}

let storage: Storage;
let reader: Reader;
let ended: AbortController;
let running: Promise<void>;

beforeEach(() => {
  storage = createSqliteStorage();
  reader = new Reader();
  ended = new AbortController();
  running = Promise.resolve();
});

afterEach(async () => {
  ended.abort();
  reader.read();
  await running;
  await storage.close();
});

function watch(start: WatchStart, { query = '', namespace = '', bookmarks = false } = {}): Watch {
  const scope = readScope(kind, namespace, new URLSearchParams(query));
  const shown = new Shown(kind, 'whole', 'Metadata', () => 0);
  const one = new Watch({ storage, collection, scope, shown, lines: reader, ended: ended.signal, bookmarks });
  running = one.run(start);
  return one;
}

async function write(name: string, labels: Record<string, string> = {}, namespace = 'demo'): Promise<number> {
  const before = await storage.get({ collection, namespace, name });
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels } };
  return commit({ collection, namespace, name, expected: before?.version ?? 0, object });
}

async function remove(name: string, namespace = 'demo'): Promise<number> {
  const before = await storage.get({ collection, namespace, name });
  return commit({ collection, namespace, name, expected: before?.version ?? 0, deleted: true });
}

async function commit(one: ObjectWrite): Promise<number> {
  const [stored] = await storage.commit([one]);
  return stored?.version ?? 0;
}

/** Lets everything happen that needs no client. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
}

describe('a watch', () => {
  test('from a version tells what happened since, then what happens', async () => {
    const version = await write('a');
    await write('b');
    watch({ from: version });
    await settle();
    await write('b', { x: 'y' });
    await remove('a');
    expect(reader.lines).toEqual(['ADDED b', 'MODIFIED b', 'DELETED a']);
  });

  test('tells a deleted object as it was, at the version of its deletion', async () => {
    const version = await write('a');
    watch({ from: version });
    await settle();
    const deleted = await remove('a');
    expect(reader.told[0]?.object.metadata).toMatchObject({ name: 'a', resourceVersion: String(deleted) });
  });

  test('from a version that is not reached yet waits until it is passed', async () => {
    const version = await write('a');
    watch({ from: version + 1 });
    await settle();
    await write('b');
    await write('c');
    expect(reader.lines).toEqual(['ADDED c']);
  });

  test('from now on tells nothing of what is there', async () => {
    await write('a');
    watch({ fromNow: true });
    await settle();
    await write('b');
    expect(reader.lines).toEqual(['ADDED b']);
  });

  test('with initial events tells what is there first, and where that ends', async () => {
    await write('b');
    const version = await write('a');
    watch({ atLeast: 0 }, { bookmarks: true });
    await settle();
    await write('c');
    expect(reader.lines).toEqual(['ADDED a', 'ADDED b', `BOOKMARK ${version}`, 'ADDED c']);
    expect(reader.told[2]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' });
  });

  test('with initial events of a version that is yet to come is told so, and ends', async () => {
    const version = await write('a');
    watch({ atLeast: version + 1 });
    await running;
    expect(reader.told).toHaveLength(1);
    expect(reader.told[0]).toMatchObject({ type: 'ERROR', object: { code: 504, reason: 'Timeout' } });
  });

  test('with initial events tells no end of them to who wants no bookmarks', async () => {
    await write('a');
    watch({ atLeast: 0 });
    await settle();
    expect(reader.lines).toEqual(['ADDED a']);
  });

  test('of a namespace tells of no other', async () => {
    await write('a', {}, 'other');
    watch({ atLeast: 0 }, { namespace: 'demo' });
    await settle();
    await write('b', {}, 'other');
    await write('c');
    expect(reader.lines).toEqual(['ADDED c']);
  });

  test('with a selector tells what comes to be meant as added, and what no longer is as deleted', async () => {
    const version = await write('a', { app: 'no' });
    watch({ from: version }, { query: 'labelSelector=app=yes' });
    await settle();
    await write('a', { app: 'no', more: 'x' });
    await write('a', { app: 'yes' });
    await write('a', { app: 'yes', more: 'x' });
    const left = await write('a', { app: 'no' });
    await remove('a');
    expect(reader.lines).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    // As it was when it was meant last, at the version of what changed that.
    expect(reader.told[2]?.object.metadata).toMatchObject({
      labels: { app: 'yes', more: 'x' },
      resourceVersion: String(left),
    });
  });

  test('from a version that is forgotten is told to list again, and ends', async () => {
    await storage.close();
    storage = createSqliteStorage({ recent: { changes: 2, characters: 10_000 } });
    const version = await write('a');
    for (const name of ['b', 'c', 'd']) await write(name);
    watch({ from: version });
    await running;
    expect(reader.told).toHaveLength(1);
    expect(reader.told[0]).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
  });

  test('loses nothing that happens while the storage is asked what was missed', async () => {
    const version = await write('a');
    const changesSince = storage.changesSince.bind(storage);
    let meanwhile = true;
    storage.changesSince = async (name, since) => {
      const changes = await changesSince(name, since);
      if (meanwhile) {
        meanwhile = false;
        await write('b');
      }
      return changes;
    };
    watch({ from: version });
    await settle();
    expect(reader.lines).toEqual(['ADDED b']);
  });

  test('leaves the storage alone once it has ended', async () => {
    const follow = storage.follow.bind(storage);
    let followers = 0;
    storage.follow = (name, told) => {
      followers += 1;
      const leave = follow(name, told);
      return () => {
        followers -= 1;
        leave();
      };
    };
    watch({ fromNow: true });
    await settle();
    expect(followers).toBe(1);
    ended.abort();
    await running;
    expect(followers).toBe(0);
  });
});

describe('a bookmark', () => {
  test('tells how far things have come, although nothing happened here', async () => {
    const version = await write('a');
    const one = watch({ from: version }, { bookmarks: true });
    await settle();
    const other = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'demo' } };
    const later = await commit({
      collection: 'secrets',
      namespace: 'demo',
      name: 's',
      expected: 0,
      object: other,
    });
    await one.bookmark();
    expect(reader.lines).toEqual([`BOOKMARK ${later}`]);
  });

  test('is sent to nobody who did not ask for it', async () => {
    const version = await write('a');
    const one = watch({ from: version });
    await settle();
    await one.bookmark();
    expect(reader.lines).toEqual([]);
  });

  test('waits for nobody who is behind', async () => {
    const version = await write('a');
    const one = watch({ from: version }, { bookmarks: true });
    await settle();
    reader.room = 0;
    await one.bookmark();
    expect(reader.lines).toEqual([]);
  });

  test('tells nobody that a version has come which has not', async () => {
    const version = await write('a');
    const one = watch({ from: version + 5 }, { bookmarks: true });
    await settle();
    await one.bookmark();
    expect(reader.lines).toEqual([]);
  });

  test('is the last that a watch tells', async () => {
    const version = await write('a');
    watch({ from: version }, { bookmarks: true });
    await settle();
    ended.abort();
    await running;
    expect(reader.lines).toEqual([`BOOKMARK ${version}`]);
  });
});

describe('a client that does not read', () => {
  test('is told all that it missed once it reads again', async () => {
    const version = await write('a');
    watch({ from: version });
    await settle();
    reader.room = 1;
    for (const name of ['b', 'c', 'd', 'e']) await write(name);
    await settle();
    expect(reader.lines).toEqual(['ADDED b']);
    reader.read(2);
    await settle();
    await write('f');
    expect(reader.lines).toEqual(['ADDED b', 'ADDED c', 'ADDED d']);
    reader.read();
    await settle();
    expect(reader.lines).toEqual(['ADDED b', 'ADDED c', 'ADDED d', 'ADDED e', 'ADDED f']);
  });

  test('is told to list again when what it missed is forgotten meanwhile', async () => {
    await storage.close();
    storage = createSqliteStorage({ recent: { changes: 2, characters: 10_000 } });
    const version = await write('a');
    watch({ from: version });
    await settle();
    reader.room = 1;
    for (const name of ['b', 'c', 'd', 'e', 'f']) await write(name);
    reader.read();
    await running;
    expect(reader.lines.at(0)).toBe('ADDED b');
    expect(reader.told.at(-1)).toMatchObject({ type: 'ERROR', object: { code: 410 } });
  });

  test('is dropped after so many changes', async () => {
    const version = await write('a');
    watch({ from: version });
    await settle();
    reader.room = 1;
    for (let count = 0; count <= MAX_MISSED; count += 1) await write('a', { count: String(count) });
    expect(reader.dropped).toBe(false);
    await write('a');
    expect(reader.dropped).toBe(true);
    await running;
    expect(reader.told).toHaveLength(1);
  });

  test('holds no more than a page of what is there', async () => {
    for (let index = 0; index < 250; index += 1) await write(`m${String(index).padStart(3, '0')}`);
    const asked: (number | undefined)[] = [];
    const list = storage.list.bind(storage);
    storage.list = (name, page) => {
      asked.push(page?.limit);
      return list(name, page);
    };
    reader.room = 3;
    watch({ atLeast: 0 });
    await settle();
    expect(reader.told).toHaveLength(3);
    expect(asked).toEqual([100]);
    reader.read();
    await settle();
    expect(reader.told).toHaveLength(250);
  });
});

type Step = { readonly name: string; readonly label: string; readonly does: 'write' | 'remove' | 'read' };

const step: fc.Arbitrary<Step> = fc.record({
  name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  label: fc.constantFrom('yes', 'no'),
  does: fc.constantFrom('write', 'write', 'write', 'remove', 'read'),
});

test('whatever happens while a slow client is told, it ends with what is there, and no event comes out of turn', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 20 }),
      fc.array(step, { maxLength: 40 }),
      fc.boolean(),
      fc.nat(3),
      async (before, during, selective, room) => {
        storage = createSqliteStorage();
        reader = new Reader();
        ended = new AbortController();
        for (const one of before) await act(one);
        reader.room = room;
        watch({ atLeast: 0 }, { query: selective ? 'labelSelector=app=yes' : '' });
        for (const one of during) await act(one);
        reader.read();
        await settle();
        ended.abort();
        await running;
        expect(replayed(reader.told)).toEqual(await there(selective));
        await storage.close();
      },
    ),
    { numRuns: 200 },
  );

  async function act({ name, label, does }: Step): Promise<void> {
    const isThere = (await storage.get({ collection, namespace: 'demo', name })) !== undefined;
    if (does === 'write') await write(name, { app: label });
    else if (does === 'remove' && isThere) await remove(name);
    else if (does === 'read') reader.read(2);
    await setImmediate();
  }
});

/** What a client holds after these events. Throws when one of them makes no sense after those before it. */
function replayed(told: readonly Told[]): Record<string, string> {
  const held = new Map<string, string>();
  for (const { type, object } of told) {
    const { name, resourceVersion } = object.metadata;
    const was = held.get(name);
    expect({ type, name, isHeld: was !== undefined }).toEqual({ type, name, isHeld: type !== 'ADDED' });
    if (was !== undefined) expect(Number(resourceVersion)).toBeGreaterThan(Number(was));
    if (type === 'DELETED') held.delete(name);
    else held.set(name, resourceVersion);
  }
  return Object.fromEntries([...held].sort());
}

async function there(selective: boolean): Promise<Record<string, string>> {
  const { items } = await storage.list(collection);
  const objects = items.map(({ text }) => JSON.parse(text));
  const meant = objects.filter(({ metadata }) => !selective || metadata.labels.app === 'yes');
  return Object.fromEntries(meant.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}
