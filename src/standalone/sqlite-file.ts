import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';

/** Tells a user why a file is not opened. The file is as it was. */
export class StorageFault extends Error {
  override readonly name = 'StorageFault';
}

const sqlite = withoutWarning(() => process.getBuiltinModule('node:sqlite'));

/** "imso": in the header of the file, so that no other program's database is taken for ours. */
const APPLICATION_ID = 0x69_6d_73_6f;
const OWNER_ONLY = 0o600;
/** Of the tables below. Another number is refused: there is nothing to migrate from yet. */
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE objects (
    collection TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (collection, namespace, name)
  ) STRICT;
  CREATE TABLE owners (
    collection TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    uid TEXT NOT NULL,
    PRIMARY KEY (collection, namespace, name, uid)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX owners_by_uid ON owners (uid);
  CREATE TABLE counter (version INTEGER NOT NULL) STRICT;
  INSERT INTO counter VALUES (1);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** A database with our tables that nobody else has open. Without a file it is in memory. Throws `StorageFault`. */
export function openDatabase(file: string | undefined): DatabaseSync {
  if (file === undefined) return createTables(':memory:');
  try {
    if (!existsSync(file)) createFile(file);
    checkHeader(file);
    checkPages(file);
    const database = new sqlite.DatabaseSync(file);
    // Held as long as it is open: two servers on the same data would each know half of it.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    database.exec('BEGIN IMMEDIATE; COMMIT;');
    return database;
  } catch (error) {
    if (error instanceof StorageFault) throw error;
    const { message } = error as Error;
    if (/database is locked/.test(message)) throw new StorageFault(`${file} is in use by another process`);
    throw new StorageFault(`Cannot open ${file}: ${message}`, { cause: error });
  }
}

/**
 * Under another name until it is whole, and has a write-ahead log: what has the name of the file was never half made, nor
 * half changed to having such a log, which SQLite could undo only where it may write.
 */
function createFile(file: string): void {
  const unfinished = `${file}.new`;
  // SQLite would take in what stands in a log of this name, of whichever file it was.
  for (const log of ['-journal', '-wal', '-shm']) rmSync(`${file}${log}`, { force: true });
  for (const leftover of ['', '-journal', '-wal', '-shm']) rmSync(`${unfinished}${leftover}`, { force: true });
  // Secrets are in it. SQLite gives its log the same mode.
  closeSync(openSync(unfinished, 'wx', OWNER_ONLY));
  const database = createTables(unfinished);
  // Closing does it, too, and does not tell when it fails.
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  renameSync(unfinished, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function createTables(path: string): DatabaseSync {
  const database = new sqlite.DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN; ${SCHEMA} COMMIT;`);
  return database;
}

/** Reads bytes only: SQLite itself would recover, and so change, a file that is not ours. */
function checkHeader(file: string): void {
  const header = Buffer.alloc(100);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, header, 0, header.length, 0);
  closeSync(descriptor);
  if (length < header.length || header.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    throw new StorageFault(`${file} is no SQLite database`);
  }
  if (header.readUInt32BE(68) !== APPLICATION_ID) {
    throw new StorageFault(`${file} is a SQLite database of another program`);
  }
  const version = header.readUInt32BE(60);
  if (version !== SCHEMA_VERSION) {
    throw new StorageFault(`${file} has schema version ${version}; this program reads version ${SCHEMA_VERSION}`);
  }
}

/** Without the right to write: what is broken stays as it is, for whoever may repair it. */
function checkPages(file: string): void {
  const database = new sqlite.DatabaseSync(file, { readOnly: true });
  try {
    const [first] = database.prepare('PRAGMA quick_check(1)').all();
    const found = first?.['quick_check'];
    if (found !== 'ok') throw new StorageFault(`${file} is damaged: ${found}`);
  } finally {
    database.close();
  }
}

/** Loads SQLite. Node 22 and the first releases of 24 warn that it is experimental, which is none of a user's business. */
function withoutWarning<T>(load: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...details: unknown[]) => {
    if (String(warning).startsWith('SQLite is an experimental feature')) return;
    Reflect.apply(emitWarning, process, [warning, ...details]);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
