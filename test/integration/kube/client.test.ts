import { afterEach, describe, expect, test } from '@jest/globals';
import type { TypedObject } from '../../../src/api/meta.ts';
import { ApiError, isAlreadyExists, isConflict, isNotFound, isRefusedForGood } from '../../../src/kube/api-error.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createKubeClient } from '../../../src/kube/http-client.ts';
import { deafObserver } from '../../../src/kube/observer.ts';
import { EVENTS, IMAGE_STREAM_IMPORTS, IMAGE_STREAMS, LEASES, SECRETS } from '../../../src/kube/resource.ts';
import { silentLogger } from '../../../src/log.ts';
import { type FakeApiServer, type FakeApiServerOptions, startFakeApiServer } from '../../fake/api-server.ts';
import { hastyClock } from '../../fake/api-server-clock.ts';

let server: FakeApiServer;
let client: KubeClient;
const { signal } = new AbortController();
const clock = hastyClock();
const app = { resource: IMAGE_STREAMS, namespace: 'demo', name: 'app' };

const begin = async (options: FakeApiServerOptions = {}) => {
  server = await startFakeApiServer(options);
  client = createKubeClient({
    config: server.config,
    clock,
    log: silentLogger,
    userAgent: 'imagestream-operator/1.2.3',
  });
};
afterEach(async () => {
  await client.close();
  await server.close();
});

const failureOf = (work: Promise<unknown>): Promise<ApiError> =>
  work.then(
    () => Promise.reject(new Error('it should have failed')),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ApiError);
      return error as ApiError;
    },
  );

describe('reading and writing', () => {
  test('create() sends the object, and says who writes', async () => {
    await begin();
    const made = await client.create<TypedObject>(app, { metadata: { name: 'app' } }, signal);
    expect(made).toMatchObject({ kind: 'ImageStream', metadata: { namespace: 'demo', name: 'app', generation: 1 } });
    expect(server.requests()[0]).toMatchObject({
      method: 'POST',
      path: '/apis/image.openshift.io/v1/namespaces/demo/imagestreams',
      query: { fieldManager: 'imagestream-operator' },
      headers: { 'content-type': 'application/json', 'user-agent': 'imagestream-operator/1.2.3' },
    });
  });

  test('patch() is a merge patch, of the status or of the rest', async () => {
    await begin();
    server.put(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'app' } });
    await client.patch({ ...app, subresource: 'status' }, { spec: { a: 1 }, status: { b: 2 } }, signal);
    expect(server.get(IMAGE_STREAMS, app)).toMatchObject({ metadata: { generation: 1 }, status: { b: 2 } });
    await client.patch(app, { spec: { a: 1 }, status: null }, signal);
    expect(server.get(IMAGE_STREAMS, app)).toMatchObject({
      metadata: { generation: 2 },
      spec: { a: 1 },
      status: { b: 2 },
    });
    const [first] = server.requests();
    expect(first).toMatchObject({ path: '/apis/image.openshift.io/v1/namespaces/demo/imagestreams/app/status' });
    expect(first?.headers['content-type']).toBe('application/merge-patch+json');
    expect(first?.query).toEqual({ fieldManager: 'imagestream-operator' });
  });

  test('patch() with a version is refused for another one', async () => {
    await begin();
    const { metadata } = server.put<TypedObject>(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'app' } });
    server.put(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'app', labels: { a: 'b' } } });
    const error = await failureOf(
      client.patch(app, { metadata: { resourceVersion: metadata.resourceVersion }, spec: { a: 1 } }, signal),
    );
    expect(isConflict(error)).toBe(true);
    expect(error.message).toMatch(
      /^Cannot patch imagestreams "demo\/app": the API server answered 409: Operation cannot/,
    );
    expect(server.get(IMAGE_STREAMS, app)).not.toHaveProperty('spec');
  });

  test('replace() sends the whole object', async () => {
    await begin();
    const lease = { metadata: { namespace: 'demo', name: 'leader' }, spec: { holderIdentity: 'a' } };
    const { metadata } = server.put<TypedObject>(LEASES, lease);
    const next = { metadata, spec: { holderIdentity: 'b' } } as TypedObject;
    await client.replace({ resource: LEASES, namespace: 'demo', name: 'leader' }, next, signal);
    expect(server.get(LEASES, { namespace: 'demo', name: 'leader' })).toMatchObject({ spec: { holderIdentity: 'b' } });
    expect(server.requests()[0]).toMatchObject({ method: 'PUT', query: { fieldManager: 'imagestream-operator' } });
  });

  test('delete() deletes only what it was told', async () => {
    await begin();
    const { metadata } = server.put<TypedObject>(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'app' } });
    const wrong = await failureOf(client.delete(app, { uid: 'another' }, signal));
    expect(isConflict(wrong)).toBe(true);
    await client.delete(app, { uid: `${metadata.uid}`, resourceVersion: `${metadata.resourceVersion}` }, signal);
    expect(server.objects(IMAGE_STREAMS)).toEqual([]);
    expect(isNotFound(await failureOf(client.get(app, signal)))).toBe(true);
  });

  test('list() gives pages, by selectors', async () => {
    await begin();
    for (const [name, type] of [
      ['a', 'Opaque'],
      ['b', 'kubernetes.io/dockerconfigjson'],
      ['c', 'Opaque'],
    ]) {
      server.put(SECRETS, { metadata: { namespace: 'demo', name }, type, data: { x: 'eA==' } } as TypedObject);
    }
    const query = { limit: 1, fieldSelector: 'type=Opaque', metadataOnly: true };
    const first = await client.list<TypedObject>({ resource: SECRETS, namespace: 'demo' }, query, signal);
    const next = { ...query, continue: `${first.continue}` };
    const second = await client.list<TypedObject>({ resource: SECRETS, namespace: 'demo' }, next, signal);
    expect(first.items.map(({ metadata }) => metadata.name)).toEqual(['a']);
    expect(first.items[0]).not.toHaveProperty('data');
    expect(second.items.map(({ metadata }) => metadata.name)).toEqual(['c']);
    expect(second.continue).toBeUndefined();
    expect(second.resourceVersion).toBe(first.resourceVersion);
  });
});

describe('the fake API server refuses what a real one refuses', () => {
  test('create() of what is there already', async () => {
    await begin();
    server.put(IMAGE_STREAM_IMPORTS, { metadata: { namespace: 'demo', name: 'once' } });
    const path = { resource: IMAGE_STREAM_IMPORTS, namespace: 'demo' };
    const error = await failureOf(client.create<TypedObject>(path, { metadata: { name: 'once' } }, signal));
    expect([isAlreadyExists(error), isConflict(error)]).toEqual([true, true]);
  });

  test('create() of a Lease whose times have three digits', async () => {
    await begin();
    const lease = (renewTime: string) => ({ metadata: { name: 'leader' }, spec: { renewTime } }) as TypedObject;
    const path = { resource: LEASES, namespace: 'demo' };
    expect((await failureOf(client.create(path, lease('2026-01-02T03:04:05.536Z'), signal))).code).toBe(400);
    await client.create(path, lease('2026-01-02T03:04:05.536000Z'), signal);
  });

  test('create() of an Event that lacks what it must say', async () => {
    await begin();
    const error = await failureOf(
      client.create<TypedObject>({ resource: EVENTS, namespace: 'demo' }, { metadata: { name: 'e' } }, signal),
    );
    expect(error.code).toBe(422);
  });

  test.each([
    { name: 'over 3 MiB', bytes: 3_200_000, code: 413 },
    { name: 'over what etcd takes', bytes: 1_600_000, code: 500 },
  ])('a patch $name, for good', async ({ bytes, code }) => {
    await begin();
    server.put(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'app' } });
    const error = await failureOf(client.patch(app, { spec: { text: 'x'.repeat(bytes) } }, signal));
    expect([error.code, isRefusedForGood(error)]).toEqual([code, true]);
  });

  test('a change of nothing has no version of its own', async () => {
    await begin();
    server.put(IMAGE_STREAMS, { metadata: { namespace: 'demo', name: 'app' }, spec: { a: 1 } } as TypedObject);
    const before = server.version;
    await client.patch(app, { spec: { a: 1 } }, signal);
    expect(server.version).toBe(before);
  });
});

test('the observer hears of every request, by verb, resource and code', async () => {
  await begin();
  const heard: unknown[] = [];
  const observer = {
    ...deafObserver,
    request: ({ verb, resource, code }: { verb: string; resource: string; code: number | undefined }) =>
      heard.push([verb, resource, code]),
  };
  const observed = createKubeClient({ config: server.config, clock, log: silentLogger, observer, random: () => 0 });
  server.fail({ verb: 'get' }, { kind: 'status', code: 429 });
  server.fail({ verb: 'list' }, { kind: 'reset' });
  await failureOf(observed.get(app, signal));
  await observed.list({ resource: SECRETS }, {}, signal).catch(() => {});
  for await (const _event of observed.watch(app, { resourceVersion: '0', timeoutSeconds: 0 }, signal));
  expect(heard).toEqual([
    ['get', 'imagestreams', 429],
    ['get', 'imagestreams', 404],
    ['list', 'secrets', undefined],
    ['watch', 'imagestreams', 200],
  ]);
  await observed.close();
});
