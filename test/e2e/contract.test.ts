import { afterAll, beforeAll } from '@jest/globals';
import { type Api, connect } from '../contract/api.ts';
import { contract } from '../contract/contract.ts';
import { useControlPlane } from './control-plane.ts';

/* What kubectl and the operator rely on, of a real API server; test/integration/standalone asks the embedded one the same. */

const cluster = useControlPlane();
let api: Api;

beforeAll(async () => {
  await cluster.applyCrds();
  const { url, ca, adminToken } = cluster.plane();
  api = connect('real', { url, ca, token: adminToken });
});

afterAll(() => api.close());

contract(() => api);
