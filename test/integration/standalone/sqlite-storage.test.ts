import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSqliteStorage, type SqliteOptions } from '../../../src/standalone/sqlite-storage.ts';
import { type ObjectChange, type ObjectWrite, type Storage, VersionMoved } from '../../../src/standalone/storage.ts';

let folder: string;
let file: string;
const open: Storage[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'storage-'));
  file = join(folder, 'objects.db');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(storage => storage.close()));
  rmSync(folder, { recursive: true });
});

function opened(options: SqliteOptions = {}): Storage {
  const storage = createSqliteStorage(options);
  open.push(storage);
  return storage;
}

const put = (name: string, expected: number, parts: object = {}, namespace = 'demo'): ObjectWrite => ({
  collection: 'streams',
  namespace,
  name,
  expected,
  object: { metadata: { name, ...parts } },
});
const gone = (name: string, expected: number): ObjectWrite => ({
  collection: 'streams',
  namespace: 'demo',
  name,
  expected,
  deleted: true,
});
const at = (name: string) => ({ collection: 'streams', namespace: 'demo', name });

describe.each([['in memory'], ['in a file']])('a storage %s', where => {
  let storage: Storage;
  beforeEach(() => {
    storage = opened(where === 'in a file' ? { file } : {});
  });

  test('gives each write of a transaction a version of its own, and stores it in the object', async () => {
    const start = await storage.version();
    const written = await storage.commit([put('a', 0), put('b', 0)]);
    expect(written.map(({ version }) => version)).toEqual([start + 1, start + 2]);
    const b = await storage.get(at('b'));
    expect(b).toEqual(written[1]);
    expect(JSON.parse(b?.text ?? '')).toEqual({ metadata: { name: 'b', resourceVersion: String(start + 2) } });
    expect(await storage.version()).toBe(start + 2);
  });

  test.each([
    { what: 'a write of what has moved on', write: put('a', 1) },
    { what: 'a create of what is there', write: put('a', 0) },
    { what: 'a write of what is not there', write: put('c', 7) },
    { what: 'a delete of what is not there', write: gone('c', 0) },
  ])('does nothing of a transaction with $what', async ({ write }) => {
    await storage.commit([put('a', 0)]);
    const before = await storage.version();
    const told: ObjectChange[] = [];
    storage.follow('streams', change => told.push(change));
    await expect(storage.commit([put('b', 0), write])).rejects.toBeInstanceOf(VersionMoved);
    expect(await storage.get(at('b'))).toBeUndefined();
    expect(await storage.version()).toBe(before);
    expect(told).toEqual([]);
    // And it goes on.
    await storage.commit([put('b', 0)]);
  });

  test('lists by namespace and name, page by page', async () => {
    const names = ['c', 'a', 'b'];
    await storage.commit(names.map(name => put(name, 0)));
    await storage.commit(names.map(name => put(name, 0, {}, 'acme')));
    await storage.commit([{ ...put('a', 0), collection: 'images' }]);
    const keys = (items: readonly { namespace: string; name: string }[]) =>
      items.map(({ namespace, name }) => `${namespace}/${name}`);

    const all = await storage.list('streams');
    expect(keys(all.items)).toEqual(['acme/a', 'acme/b', 'acme/c', 'demo/a', 'demo/b', 'demo/c']);
    expect(all).toMatchObject({ remaining: 0, version: await storage.version() });
    const first = await storage.list('streams', { limit: 2 });
    expect(first.remaining).toBe(4);
    const second = await storage.list('streams', { limit: 4, after: { namespace: 'acme', name: 'b' } });
    expect(keys(second.items)).toEqual(['acme/c', 'demo/a', 'demo/b', 'demo/c']);
    expect(second.remaining).toBe(0);
    const one = await storage.list('streams', { namespace: 'demo', limit: 1, after: { namespace: 'demo', name: 'a' } });
    expect(keys(one.items)).toEqual(['demo/b']);
    expect(one.remaining).toBe(1);
  });

  test('tells changes in order, with what was there before', async () => {
    const told: ObjectChange[] = [];
    const end = storage.follow('streams', change => told.push(change));
    const [a] = await storage.commit([put('a', 0), { ...put('x', 0), collection: 'images' }]);
    const [changed] = await storage.commit([put('a', a?.version ?? 0, { labels: { l: '1' } })]);
    const [last] = await storage.commit([gone('a', changed?.version ?? 0)]);
    end();
    await storage.commit([put('b', 0)]);
    expect(told).toEqual([
      { type: 'ADDED', version: a?.version, now: a },
      { type: 'MODIFIED', version: changed?.version, now: changed, before: a },
      { type: 'DELETED', version: last?.version, now: last, before: changed },
    ]);
    expect(JSON.parse(last?.text ?? '').metadata.resourceVersion).toBe(String(last?.version));
    expect(await storage.changesSince('streams', (a?.version ?? 0) - 1)).toMatchObject([...told, { type: 'ADDED' }]);
    expect(await storage.changesSince('streams', changed?.version ?? 0)).toMatchObject([told[2], { type: 'ADDED' }]);
    expect(await storage.changesSince('streams', await storage.version())).toEqual([]);
  });

  test('tells what a follower writes after what it was told', async () => {
    const told: string[] = [];
    storage.follow('streams', ({ now }) => {
      if (now.name === 'a') void storage.commit([put('c', 0)]);
    });
    storage.follow('streams', ({ now }) => told.push(now.name));
    await storage.commit([put('a', 0), put('b', 0)]);
    expect(told).toEqual(['a', 'b', 'c']);
  });

  test('finds what an object owns', async () => {
    const owned = (...uids: string[]) => ({ ownerReferences: uids.map(uid => ({ uid })) });
    const [a] = await storage.commit([put('a', 0, owned('u1', 'u1', 'u2')), put('b', 0, owned('u1'))]);
    const names = async (uid: string) => (await storage.ownedBy(uid)).map(({ name }) => name);
    expect(await names('u1')).toEqual(['a', 'b']);
    expect(await names('u2')).toEqual(['a']);
    const [changed] = await storage.commit([put('a', a?.version ?? 0, owned('u3'))]);
    expect(await names('u1')).toEqual(['b']);
    expect(await names('u3')).toEqual(['a']);
    await storage.commit([gone('a', changed?.version ?? 0)]);
    expect(await names('u3')).toEqual([]);
  });
});

describe('recent changes', () => {
  test('are forgotten from the oldest on, by number', async () => {
    const storage = opened({ recent: { changes: 3, characters: 1_000_000 } });
    const start = await storage.version();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await storage.commit([put(name, 0)]);
    expect(await storage.changesSince('streams', start + 2)).toBeUndefined();
    expect((await storage.changesSince('streams', start + 3))?.map(({ now }) => now.name)).toEqual(['d', 'e', 'f']);
    expect((await storage.changesSince('streams', start + 5))?.map(({ now }) => now.name)).toEqual(['f']);
    // Nothing has been forgotten of others.
    expect(await storage.changesSince('images', start)).toEqual([]);
  });

  test('are forgotten by size', async () => {
    const storage = opened({ recent: { changes: 1_000, characters: 1_000 } });
    const start = await storage.version();
    await storage.commit([put('a', 0), put('b', 0, { labels: { long: 'x'.repeat(950) } }), put('c', 0)]);
    expect(await storage.changesSince('streams', start + 1)).toBeUndefined();
    expect(await storage.changesSince('streams', start + 2)).toHaveLength(1);
  });
});

describe('a file', () => {
  test('holds all after a restart, and versions go on; the past is forgotten', async () => {
    const first = opened({ file });
    const [a] = await first.commit([put('a', 0, { ownerReferences: [{ uid: 'u' }] }), put('b', 0)]);
    await first.commit([gone('b', (a?.version ?? 0) + 1)]);
    const version = await first.version();
    await first.close();

    const second = opened({ file });
    expect(await second.version()).toBe(version);
    expect((await second.list('streams')).items).toEqual([a]);
    expect(await second.ownedBy('u')).toEqual([a]);
    expect(await second.changesSince('streams', version)).toEqual([]);
    expect(await second.changesSince('streams', version - 1)).toBeUndefined();
    const [c] = await second.commit([put('c', 0)]);
    expect(c?.version).toBe(version + 1);
  });

  test('is refused while another process has it', async () => {
    opened({ file });
    expect(() => opened({ file })).toThrow(`${file} is in use by another process`);
  });

  test('takes the place of one that was never finished', async () => {
    writeFileSync(`${file}.new`, 'half');
    await opened({ file }).commit([put('a', 0)]);
    expect(readdirSync(folder)).not.toContain('objects.db.new');
  });

  test('that was deleted takes nothing in of the log that was left of it', async () => {
    const first = opened({ file });
    await first.commit([put('a', 0)]);
    copyFileSync(`${file}-wal`, join(folder, 'log'));
    await first.close();
    rmSync(file);
    copyFileSync(join(folder, 'log'), `${file}-wal`);
    expect((await opened({ file }).list('streams')).items).toEqual([]);
  });

  test('has a write-ahead log from its first moment: one killed while it is made leaves nothing to undo', async () => {
    const seen: string[] = [];
    const all = Promise.withResolvers<void>();
    const watcher = watch(folder, (_, name) => (name === 'end' ? all.resolve() : seen.push(name ?? '')));
    opened({ file });
    writeFileSync(join(folder, 'end'), '');
    await all.promise;
    watcher.close();
    expect(seen).toContain('objects.db');
    expect(seen).not.toContain('objects.db-journal');
  });

  test('and its log are for their owner alone', async () => {
    await opened({ file }).commit([put('a', 0)]);
    const modes = [file, `${file}-wal`].map(path => statSync(path).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]);
  });

  test('in a folder that is not there is refused', () => {
    const missing = join(folder, 'none', 'objects.db');
    expect(() => opened({ file: missing })).toThrow(`Cannot open ${missing}: ENOENT: no such file or directory`);
  });

  const refused: readonly { name: string; make: (path: string) => void; want: RegExp }[] = [
    { name: 'that is empty', make: path => writeFileSync(path, ''), want: /is no SQLite database/ },
    { name: 'of text', make: path => writeFileSync(path, 'notes\n'.repeat(100)), want: /is no SQLite database/ },
    {
      name: 'of another program',
      make: path => {
        const other = new DatabaseSync(path);
        other.exec('CREATE TABLE objects (id)');
        other.close();
      },
      want: /is a SQLite database of another program/,
    },
    {
      name: 'of another schema version',
      make: path => {
        createSqliteStorage({ file: path }).close();
        const other = new DatabaseSync(path);
        other.exec('PRAGMA user_version = 9');
        other.close();
      },
      want: /has schema version 9; this program reads version 1/,
    },
    {
      name: 'that is cut off',
      make: path => {
        filled(path);
        writeFileSync(path, readFileSync(path).subarray(0, 20_000));
      },
      want: /is damaged: |Cannot open .*malformed/,
    },
    {
      name: 'with zeros in its midst',
      make: path => {
        filled(path);
        const bytes = readFileSync(path);
        writeFileSync(path, bytes.fill(0, 4_096, 40_960));
      },
      want: /is damaged: |Cannot open .*malformed/,
    },
  ];

  function filled(path: string): void {
    const storage = createSqliteStorage({ file: path });
    const labels = { long: 'x'.repeat(3_000) };
    storage.commit(Array.from({ length: 50 }, (_, index) => put(`s${index}`, 0, { labels })));
    storage.close();
  }

  test.each(refused)('$name is refused, and kept as it is', ({ make, want }) => {
    make(file);
    const before = readFileSync(file);
    expect(() => opened({ file })).toThrow(want);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('of a process that was killed has its log applied', async () => {
    const storage = opened({ file });
    await storage.commit([put('a', 0)]);
    // What a kill leaves: the file and its log as they are now.
    const copy = join(folder, 'copy.db');
    copyFileSync(file, copy);
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    expect((await opened({ file: copy }).list('streams')).items).toHaveLength(1);
  });
});
