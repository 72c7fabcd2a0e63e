import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../../src/log.ts';
import { type Embedded, startEmbedded } from '../../contract/embedded.ts';

/* Requests that are well formed, and make no sense. */

let here: Embedded;
const told: unknown[] = [];
const secrets = '/api/v1/namespaces/default/secrets';

beforeAll(async () => {
  here = await startEmbedded({ log: { ...silentLogger, error: fields => told.push(fields) } });
});

// None of them is a fault of the server.
afterEach(() => expect(told.splice(0)).toEqual([]));

afterAll(() => here.close());

describe('what is of a wrong type', () => {
  // An object that cannot even be made a text of.
  const odd = { toString: 1 };
  const pod = '/api/v1/namespaces/default/pods/p';
  const stream = '/apis/image.openshift.io/v1/namespaces/default/imagestreams/s?fieldManager=me';
  const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
  const events = '/apis/events.k8s.io/v1/namespaces/default/events';
  const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const regarding = { kind: 'Pod', name: 'p', namespace: 'default' };
  const json = 'application/json-patch+json';
  const merge = 'application/merge-patch+json';
  const strategic = 'application/strategic-merge-patch+json';
  const apply = 'application/apply-patch+yaml';

  test.each([
    { method: 'POST', path: secrets, body: { kind: odd, metadata: { name: 'a' } }, code: 400 },
    { method: 'POST', path: secrets, body: { apiVersion: odd, metadata: { name: 'a' } }, code: 400 },
    { method: 'POST', path: leases, body: { metadata: { name: 'a' }, spec: { renewTime: odd } }, code: 400 },
    { method: 'POST', path: events, body: { metadata: { name: 'a' }, regarding, eventTime: odd }, code: 400 },
    { method: 'POST', path: events, body: { metadata: { name: 'a' }, regarding, series: { count: odd } }, code: 422 },
    { method: 'POST', path: definitions, body: { metadata: { name: 'a' }, spec: { group: odd } }, code: 422 },
    { method: 'DELETE', path: pod, body: { kind: odd }, code: 400 },
    { method: 'PATCH', path: pod, type: json, body: [{ op: odd, path: '/spec' }], code: 422 },
    { method: 'PATCH', path: pod, type: json, body: [{ op: 'test', path: odd }], code: 422 },
    { method: 'PATCH', path: pod, type: json, body: {}, code: 400 },
    { method: 'PATCH', path: pod, type: merge, body: { apiVersion: odd }, code: 422 },
    { method: 'PATCH', path: pod, type: merge, body: [], code: 400 },
    { method: 'PATCH', path: pod, type: strategic, body: { spec: { $patch: odd } }, code: 500 },
    { method: 'PATCH', path: stream, type: apply, body: { apiVersion: odd, kind: odd }, code: 400 },
  ] as const)('is refused with $code: $method $body', async ({ path, code, ...asked }) => {
    await here.api.ask('/api/v1/namespaces/default/pods', {
      method: 'POST',
      body: { metadata: { name: 'p' }, spec: {} },
    });
    expect((await here.api.ask(path, asked)).code).toBe(code);
  });

  test('does not keep others from being listed', async () => {
    const deployments = '/apis/apps/v1/namespaces/default/deployments';
    const body = { metadata: { name: 'odd' }, spec: { replicas: odd } };
    expect((await here.api.ask(deployments, { method: 'POST', body })).code).toBe(201);
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    expect((await here.api.ask(deployments, { accept })).code).toBe(200);
  });

  test.each(['constructor', '__proto__', 'toString'])('is no Secret of the type %s', async type => {
    const body = { metadata: { generateName: 'a' }, type };
    expect((await here.api.ask(secrets, { method: 'POST', body })).code).toBe(201);
  });
});

test('warnings of a thousand fields leave the head of the answer short', async () => {
  const fields = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`field${at}`, at]));
  const { code, headers } = await here.api.ask(secrets, {
    method: 'POST',
    body: { metadata: { name: 'a' }, ...fields },
  });
  const warnings = [headers['warning'] ?? []].flat();
  expect([code, warnings[0]]).toEqual([201, '299 - "unknown field \\"field0\\""']);
  expect(warnings.join().length).toBeLessThan(8_192);
});

test.each([
  { rv: '1e999', code: 400 },
  { rv: '-1', code: 400 },
  { rv: '9e15', code: 410 },
])('a continue token of version $rv is refused with $code', async ({ rv, code }) => {
  const token = Buffer.from(`{"v":"meta.k8s.io/v1","rv":${rv},"start":"default/a"}`).toString('base64url');
  expect((await here.api.ask(`${secrets}?continue=${token}`)).code).toBe(code);
});
