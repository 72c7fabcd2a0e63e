// Writes to a storage until it is killed, and says what was acknowledged: `<number> <version>`, a line each. Run as a
// process of its own by storage-kill.test.ts.
import { writeSync } from 'node:fs';
import { createSqliteStorage } from '../../../src/standalone/sqlite-storage.ts';
import type { ObjectWrite } from '../../../src/standalone/storage.ts';

const STDOUT = 1;
/** Enough for a transaction to take several pages. */
const PADDING = 'x'.repeat(3_000);

const storage = createSqliteStorage({ file: process.argv[2] ?? '' });
const at = (collection: string, name: string) => ({ collection, namespace: 'demo', name });
const left = await storage.get(at('pairs', 'left'));
let number = left === undefined ? 0 : JSON.parse(left.text).number;
for (;;) {
  number += 1;
  const object = { metadata: { name: 'any' }, number, padding: PADDING };
  const pair = await Promise.all(
    ['left', 'right'].map(async (name): Promise<ObjectWrite> => {
      const before = await storage.get(at('pairs', name));
      return { ...at('pairs', name), expected: before?.version ?? 0, object };
    }),
  );
  // One stays, one more is made, one from before goes: all of it or nothing.
  const made: ObjectWrite = { ...at('marks', `mark-${number}`), expected: 0, object };
  const old = await storage.get(at('marks', `mark-${number - 20}`));
  const gone = old === undefined ? [] : [{ ...old, expected: old.version, deleted: true as const }];
  const written = await storage.commit([...pair, made, ...gone]);
  writeSync(STDOUT, `${number} ${written.at(-1)?.version}\n`);
}
