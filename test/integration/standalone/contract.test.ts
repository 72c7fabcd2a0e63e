import { afterAll, beforeAll } from '@jest/globals';
import { createSqliteStorage } from '../../../src/standalone/sqlite-storage.ts';
import { contract } from '../../contract/contract.ts';
import { type Embedded, startEmbedded } from '../../contract/embedded.ts';

/* What kubectl and the operator rely on, of the embedded API server; test/e2e asks a real one the same. */

let here: Embedded;

beforeAll(async () => {
  // A watch can go back only so far: what is forgotten is part of the contract.
  const storage = createSqliteStorage({ recent: { changes: 50, characters: 1_000_000 } });
  here = await startEmbedded({ storage });
});

afterAll(() => here.close());

contract(() => here.api);
