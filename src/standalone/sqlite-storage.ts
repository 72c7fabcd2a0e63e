import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { TypedObject } from '../api/meta.ts';
import { RECENT_LIMITS, RecentChanges, type RecentLimits } from './recent-changes.ts';
import { openDatabase } from './sqlite-file.ts';
import {
  type ObjectChange,
  type ObjectList,
  type ObjectName,
  type ObjectWrite,
  type Storage,
  type StoredObject,
  VersionMoved,
} from './storage.ts';

export interface SqliteOptions {
  /** Made when it is not there; its folder must be. Absent: in memory. */
  readonly file?: string;
  /** How much of the past a watch can go back to. */
  readonly recent?: RecentLimits;
}

/** Objects in a SQLite database. Throws `StorageFault`. */
export function createSqliteStorage({ file, recent = RECENT_LIMITS }: SqliteOptions = {}): Storage {
  return new SqliteStorage(openDatabase(file), recent);
}

type Page = Parameters<Storage['list']>[1];

class SqliteStorage implements Storage {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #recent: RecentChanges;
  #version: number;

  constructor(database: DatabaseSync, limits: RecentLimits) {
    this.#database = database;
    this.#statements = prepared(database);
    this.#version = Number(database.prepare('SELECT version FROM counter').get()?.['version']);
    this.#recent = new RecentChanges(this.#version, limits);
  }

  async get(name: ObjectName): Promise<StoredObject | undefined> {
    return this.#read(name);
  }

  async list(collection: string, { namespace, after, limit }: NonNullable<Page> = {}): Promise<ObjectList> {
    const most = limit ?? -1;
    const from = [collection, namespace ?? after?.namespace ?? '', after?.name ?? ''];
    const { ofNamespace, ofAll } = this.#statements;
    const { read, count } = namespace === undefined ? ofAll : ofNamespace;
    const items = read.all(...from, most) as unknown as StoredObject[];
    const all = items.length === limit ? Number(count.get(...from)?.['count']) : items.length;
    return { items, version: this.#version, remaining: all - items.length };
  }

  async version(): Promise<number> {
    return this.#version;
  }

  async ownedBy(uid: string): Promise<readonly StoredObject[]> {
    return this.#statements.owned.all(uid) as unknown as StoredObject[];
  }

  async commit(writes: readonly ObjectWrite[]): Promise<readonly StoredObject[]> {
    if (writes.length === 0) return [];
    this.#database.exec('BEGIN IMMEDIATE');
    let changes: ObjectChange[];
    try {
      changes = writes.map((write, index) => this.#write(write, this.#version + 1 + index));
      this.#statements.setVersion.run(this.#version + writes.length);
      this.#database.exec('COMMIT');
    } catch (error) {
      // SQLite has rolled back by itself when the disk is full, or does not answer.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#version += writes.length;
    this.#recent.add(changes);
    return changes.map(({ now }) => now);
  }

  async changesSince(collection: string, version: number): Promise<readonly ObjectChange[] | undefined> {
    return this.#recent.since(collection, version);
  }

  follow(collection: string, told: (change: ObjectChange) => void): () => void {
    return this.#recent.follow(collection, told);
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
  }

  #read({ collection, namespace, name }: ObjectName): StoredObject | undefined {
    return this.#statements.get.get(collection, namespace, name) as unknown as StoredObject | undefined;
  }

  #write(write: ObjectWrite, version: number): ObjectChange {
    const { collection, namespace, name, expected } = write;
    const isGone = 'deleted' in write;
    const before = this.#read(write);
    if ((before?.version ?? 0) !== expected || (isGone && before === undefined)) {
      throw new VersionMoved(
        `${collection} "${namespace}/${name}" has version ${before?.version ?? 0}, not ${expected}`,
      );
    }
    const { put, remove, disown, own } = this.#statements;
    const object = isGone ? (JSON.parse(before?.text ?? '{}') as TypedObject) : write.object;
    const text = JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    if (isGone) remove.run(collection, namespace, name);
    else put.run(collection, namespace, name, version, text);
    if (before?.text.includes('"ownerReferences"')) disown.run(collection, namespace, name);
    if (!isGone) for (const uid of ownersOf(object)) own.run(collection, namespace, name, uid);
    const now = { collection, namespace, name, version, text };
    if (before === undefined) return { type: 'ADDED', version, now };
    return { type: isGone ? 'DELETED' : 'MODIFIED', version, now, before };
  }
}

function ownersOf({ metadata }: TypedObject): Set<string> {
  const uids = (metadata.ownerReferences ?? []).map(({ uid }) => uid);
  return new Set(uids.filter(uid => typeof uid === 'string'));
}

interface Reading {
  readonly read: StatementSync;
  readonly count: StatementSync;
}

type Statements = ReturnType<typeof prepared>;

function prepared(database: DatabaseSync) {
  const columns = 'collection, namespace, name, version, text';
  const reading = (where: string): Reading => ({
    read: database.prepare(`SELECT ${columns} FROM objects WHERE ${where} ORDER BY namespace, name LIMIT ?`),
    count: database.prepare(`SELECT count(*) AS count FROM objects WHERE ${where}`),
  });
  const one = 'collection = ? AND namespace = ? AND name = ?';
  return {
    get: database.prepare(`SELECT ${columns} FROM objects WHERE ${one}`),
    ofNamespace: reading('collection = ? AND namespace = ? AND name > ?'),
    ofAll: reading('collection = ? AND (namespace, name) > (?, ?)'),
    owned: database.prepare(
      `SELECT ${columns} FROM objects JOIN owners USING (collection, namespace, name)
       WHERE uid = ? ORDER BY collection, namespace, name`,
    ),
    put: database.prepare(
      `INSERT INTO objects (${columns}) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET version = excluded.version, text = excluded.text`,
    ),
    remove: database.prepare(`DELETE FROM objects WHERE ${one}`),
    disown: database.prepare(`DELETE FROM owners WHERE ${one}`),
    own: database.prepare('INSERT INTO owners VALUES (?, ?, ?, ?)'),
    setVersion: database.prepare('UPDATE counter SET version = ?'),
  };
}
