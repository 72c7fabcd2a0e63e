import { afterAll, beforeAll } from '@jest/globals';
import { type Api, connect } from '../../contract/api.ts';
import { contract } from '../../contract/contract.ts';
import { CA, startTestServer, type TestServer, TOKEN } from './server.ts';

/* What kubectl and the operator rely on, of the embedded API server; test/e2e asks a real one the same. */

let here: TestServer;
let api: Api;

beforeAll(async () => {
  here = await startTestServer();
  api = connect('embedded', { url: here.server.url, ca: CA, token: TOKEN });
});

afterAll(async () => {
  await api.close();
  await here.close();
});

contract(() => api);
