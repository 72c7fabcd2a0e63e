import { afterAll, beforeAll } from '@jest/globals';
import { createSqliteStorage } from '../../../src/standalone/sqlite-storage.ts';
import { type Api, connect } from '../../contract/api.ts';
import { contract } from '../../contract/contract.ts';
import { CA, startTestServer, type TestServer, TOKEN } from './server.ts';

/* What kubectl and the operator rely on, of the embedded API server; test/e2e asks a real one the same. */

let here: TestServer;
let api: Api;

beforeAll(async () => {
  // A watch can go back only so far: what is forgotten is part of the contract.
  const storage = createSqliteStorage({ recent: { changes: 50, characters: 1_000_000 } });
  here = await startTestServer({ storage });
  api = connect('embedded', { url: here.server.url, ca: CA, token: TOKEN });
});

afterAll(async () => {
  await api.close();
  await here.close();
});

contract(() => api);
