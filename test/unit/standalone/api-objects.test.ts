import { beforeEach, describe, expect, test } from '@jest/globals';
import { createObjects } from '../../../src/standalone/api-objects.ts';
import { KINDS } from '../../../src/standalone/kind-table.ts';
import { type AnyObject, merge, refusal, STRICT, type Stage, stage, target } from './stage.ts';

let on: Stage;
beforeEach(async () => {
  on = await stage();
});

const stream = (parts: object = {}, metadata: object = {}) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace: 'demo', ...metadata },
  ...parts,
});
const configMap = (parts: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'demo', ...metadata },
  ...parts,
});

describe('create()', () => {
  test('gives uid, generation, time of creation and version, whatever the client says of them', async () => {
    const given = { uid: 'mine', generation: 7, creationTimestamp: '2020-01-01T00:00:00Z', selfLink: '/x' };
    const made = await on.create('imagestreams', stream({}, { ...given, labels: {}, managedFields: [{}] }));
    expect(made).toEqual({
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: {
        name: 'app',
        namespace: 'demo',
        uid: expect.stringMatching(/^uid-/),
        generation: 1,
        creationTimestamp: '2026-01-02T03:04:05Z',
        resourceVersion: String(await on.storage.version()),
      },
    });
    expect(await on.get('imagestreams/demo/app')).toEqual(made);
  });

  test('makes up the end of a name', async () => {
    const object = { ...configMap(), metadata: { generateName: 'settings-' } };
    const { metadata } = await on.create('configmaps', object);
    expect(metadata).toMatchObject({ name: 'settings-rrrrr', generateName: 'settings-' });
  });

  test('makes up another end where one is taken', async () => {
    const ends = [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0, 0];
    const objects = createObjects({
      storage: on.storage,
      kinds: KINDS,
      clock: { now: () => on.now },
      random: () => ends.shift() ?? 1,
    });
    const object = { metadata: { generateName: 'settings-' } };
    for (const want of ['settings-rrrrr', 'settings-bbbbb']) {
      const made = await objects.create(target('configmaps/demo/'), object, STRICT);
      expect(made.object.metadata.name).toBe(want);
    }
  });

  test('drops the status of a kind whose status has a path of its own', async () => {
    expect(await on.create('imagestreams', stream({ status: { observedGeneration: 3 } }))).not.toHaveProperty('status');
  });

  test('refuses a name that is taken', async () => {
    await on.create('imagestreams', stream());
    expect(await refusal(on.create('imagestreams', stream()))).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'imagestreams.image.openshift.io "app" already exists',
      reason: 'AlreadyExists',
      details: { name: 'app', group: 'image.openshift.io', kind: 'imagestreams' },
      code: 409,
    });
  });

  test('refuses a namespace that is not there', async () => {
    expect(await refusal(on.create('imagestreams', stream({}, { namespace: 'nope' })))).toMatchObject({
      code: 404,
      message: 'namespaces "nope" not found',
      details: { name: 'nope', kind: 'namespaces' },
    });
  });

  test('takes the default namespace for none, and no other', async () => {
    const image = (namespace: string) => ({
      ...stream({ dockerImageReference: 'a' }, { namespace }),
      apiVersion: 'image.openshift.io/v1alpha1',
      kind: 'Image',
    });
    expect((await on.create('images', image('default'))).metadata).not.toHaveProperty('namespace');
    expect(await refusal(on.create('images', image('demo')))).toMatchObject({
      code: 400,
      message: 'the namespace of the provided object does not match the namespace sent on the request',
    });
  });

  test('stores nothing when it only tries', async () => {
    const before = await on.storage.version();
    const made = await on.create('imagestreams', stream(), { dryRun: true });
    expect(made.metadata).not.toHaveProperty('resourceVersion');
    expect(await on.storage.version()).toBe(before);
    expect(await refusal(on.get('imagestreams/demo/app'))).toMatchObject({ code: 404 });
  });
});

describe('update()', () => {
  test('counts a generation for a change of spec, none for one of labels, and keeps the status', async () => {
    const made = await on.create('imagestreams', stream());
    const changed = await on.update('imagestreams', { ...made, spec: { dockerImageRepository: 'a' }, status: {} });
    expect(changed).toMatchObject({ spec: { dockerImageRepository: 'a' }, metadata: { generation: 2 } });
    expect(changed).not.toHaveProperty('status');
    const metadata = { ...changed.metadata, labels: { team: 'acme' } };
    expect(await on.update('imagestreams', { ...changed, metadata })).toMatchObject({ metadata: { generation: 2 } });
  });

  test('stores nothing when nothing changes', async () => {
    const made = await on.create('imagestreams', stream());
    expect(await on.update('imagestreams', made)).toEqual(made);
  });

  test('refuses a version that is not the latest', async () => {
    const made = await on.create('imagestreams', stream());
    await on.update('imagestreams', { ...made, spec: {} });
    expect(await refusal(on.update('imagestreams', { ...made, spec: { tags: [] } }))).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on imagestreams.image.openshift.io "app": the object has been modified; please apply your changes to the latest version and try again',
    });
  });

  test('refuses what was computed from an object of the same name that is gone', async () => {
    await on.create('configmaps', configMap());
    expect(await refusal(on.update('configmaps', configMap({}, { uid: 'other' })))).toMatchObject({
      code: 409,
      reason: 'Conflict',
      message: expect.stringMatching(/Precondition failed: UID in precondition: other, UID in object meta: uid-/),
    });
  });

  test('takes one without a version for a kind of Kubernetes, not for a custom one', async () => {
    await on.create('configmaps', configMap());
    expect(await on.update('configmaps', configMap({ data: { a: 'b' } }))).toMatchObject({ data: { a: 'b' } });
    await on.create('imagestreams', stream());
    expect(await refusal(on.update('imagestreams', stream()))).toMatchObject({
      code: 422,
      message:
        'imagestreams.image.openshift.io "app" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    });
  });
});

describe('patch()', () => {
  test('merges, with status by its own path alone', async () => {
    await on.create('imagestreams', stream({ spec: { dockerImageRepository: 'a' } }));
    const body = { spec: { dockerImageRepository: 'b' }, status: { observedGeneration: 1 } };
    const main = await on.patch('imagestreams/demo/app', merge(body));
    expect(main.object).toMatchObject({ spec: { dockerImageRepository: 'b' }, metadata: { generation: 2 } });
    expect(main.object).not.toHaveProperty('status');
    const status = await on.patch(
      'imagestreams/demo/app/status',
      merge({ ...body, metadata: { labels: { a: 'b' } }, spec: null }),
    );
    expect(status.object).toEqual({
      ...main.object,
      metadata: { ...main.object.metadata, resourceVersion: expect.anything() },
      status: { observedGeneration: 1 },
    });
  });

  test('of a status that has no path is a 404', async () => {
    await on.create('imagestreamimports', {
      ...stream(),
      kind: 'ImageStreamImport',
      spec: { images: [{ from: { kind: 'DockerImage', name: 'a' } }] },
    });
    expect(await refusal(on.patch('imagestreamimports/demo/app/status', merge({})))).toMatchObject({ code: 404 });
  });
});

describe('delete()', () => {
  const remove = (place: string, options = {}) => on.objects.delete(target(place), { dryRun: false, ...options });
  const ownedBy = (...owners: AnyObject[]) =>
    owners.map(({ apiVersion, kind, metadata: { name, uid } }) => ({ apiVersion, kind, name, uid }));

  test('tells the last state, and a change with a version of its own', async () => {
    const made = await on.create('imagestreams', stream());
    const changes = on.changes('imagestreams');
    const { gone, object } = await remove('imagestreams/demo/app');
    expect(gone).toBe(true);
    expect(object.metadata.uid).toBe(made.metadata.uid);
    expect(changes).toMatchObject([{ type: 'DELETED', version: await on.storage.version() }]);
  });

  test('waits for finalizers, and is over when the last one leaves', async () => {
    await on.create('imagestreams', stream({}, { finalizers: ['acme.io/a', 'acme.io/b'] }));
    const held = await remove('imagestreams/demo/app');
    expect(held).toMatchObject({
      gone: false,
      object: {
        metadata: { deletionTimestamp: '2026-01-02T03:04:05Z', deletionGracePeriodSeconds: 0, generation: 2 },
      },
    });
    expect(await remove('imagestreams/demo/app')).toEqual(held);
    expect(await refusal(on.create('imagestreams', stream()))).toMatchObject({
      message: 'object is being deleted: imagestreams.image.openshift.io "app" already exists',
    });
    await on.patch('imagestreams/demo/app', merge({ metadata: { finalizers: ['acme.io/b'] } }));
    await on.patch('imagestreams/demo/app', merge({ metadata: { finalizers: null } }));
    expect(await refusal(on.get('imagestreams/demo/app'))).toMatchObject({ code: 404 });
  });

  test('lets no finalizer be added any more', async () => {
    await on.create('imagestreams', stream({}, { finalizers: ['acme.io/a'] }));
    await remove('imagestreams/demo/app');
    const finalizers = ['acme.io/a', 'acme.io/b', 'acme.io/c'];
    expect((await refusal(on.patch('imagestreams/demo/app', merge({ metadata: { finalizers } })))).message).toBe(
      'ImageStream.image.openshift.io "app" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"acme.io/b", "acme.io/c"}',
    );
    // Other changes are let through.
    const { object } = await on.patch('imagestreams/demo/app', merge({ metadata: { labels: { a: 'b' } } }));
    expect(object.metadata).toMatchObject({ labels: { a: 'b' }, finalizers: ['acme.io/a'] });
  });

  test('takes along what it owned alone', async () => {
    const one = await on.create('configmaps', configMap({}, { name: 'one' }));
    const two = await on.create('configmaps', configMap({}, { name: 'two' }));
    await on.create('secrets', { metadata: { name: 'of-one', ownerReferences: ownedBy(one) } });
    await on.create('secrets', { metadata: { name: 'of-both', ownerReferences: ownedBy(one, two) } });
    await remove('configmaps/demo/one');
    expect(await on.names('secrets')).toEqual(['of-both']);
    expect((await on.get('secrets/demo/of-both')).metadata.ownerReferences).toEqual(ownedBy(two));
    await remove('configmaps/demo/two', { propagationPolicy: 'Orphan' });
    expect((await on.get('secrets/demo/of-both')).metadata).not.toHaveProperty('ownerReferences');
  });

  test('lets go of orphans though finalizers hold their owner', async () => {
    const one = await on.create('configmaps', configMap({}, { name: 'one', finalizers: ['acme.io/a'] }));
    await on.create('secrets', { metadata: { name: 'of-one', ownerReferences: ownedBy(one) } });
    expect(await remove('configmaps/demo/one', { propagationPolicy: 'Orphan' })).toMatchObject({ gone: false });
    await on.patch('configmaps/demo/one', merge({ metadata: { finalizers: [] } }));
    expect(await on.names('configmaps')).toEqual([]);
    expect((await on.get('secrets/demo/of-one')).metadata).not.toHaveProperty('ownerReferences');
  });

  test('of a namespace takes all that is in it, and waits for what is held', async () => {
    await on.create('configmaps', configMap());
    await on.create('imagestreams', stream({}, { finalizers: ['acme.io/a'] }));
    expect(await remove('namespaces/demo')).toMatchObject({
      gone: false,
      object: { status: { phase: 'Terminating' } },
    });
    expect(await on.names('configmaps')).toEqual([]);
    expect(await refusal(on.create('configmaps', configMap()))).toMatchObject({
      code: 403,
      message:
        'configmaps "settings" is forbidden: unable to create new content in namespace demo because it is being terminated',
    });
    await on.patch('imagestreams/demo/app', merge({ metadata: { finalizers: [] } }));
    expect(await on.names('namespaces')).toEqual(['default', 'kube-public', 'kube-system']);
  });

  test('of a namespace waits for one that stays behind many that go', async () => {
    for (let at = 0; at < 250; at += 1) await on.create('imagestreams', stream({}, { name: `app${at}` }));
    await on.create('imagestreams', stream({}, { name: 'last', finalizers: ['acme.io/a'] }));
    expect(await remove('namespaces/demo')).toMatchObject({ gone: false });
    expect(await on.names('imagestreams')).toEqual(['last']);
    await on.patch('imagestreams/demo/last', merge({ metadata: { finalizers: [] } }));
    expect(await on.names('namespaces')).not.toContain('demo');
  });

  test('refuses the namespaces that are always there', async () => {
    expect(await refusal(remove('namespaces/default'))).toMatchObject({
      code: 403,
      message: 'namespaces "default" is forbidden: this namespace may not be deleted',
    });
  });
});

describe('fields that a kind does not have', () => {
  const typo = stream({ spec: { tagz: [], tags: [{ name: 'a', form: {} }] } }, { lables: {} });
  const fields = ['metadata.lables', 'spec.tags[0].form', 'spec.tagz'].map(path => `unknown field "${path}"`);

  test('are refused when the client asks for that', async () => {
    const why = `strict decoding error: ${fields.join(', ')}`;
    expect(await refusal(on.create('imagestreams', typo))).toMatchObject({
      code: 400,
      reason: 'BadRequest',
      message: `ImageStream in version "v1" cannot be handled as a ImageStream: ${why}`,
    });
    await on.create('imagestreams', stream());
    expect(await refusal(on.patch('imagestreams/demo/app', merge({ spec: { tagz: [] } })))).toMatchObject({
      code: 422,
      message: expect.stringMatching(
        /^ "" is invalid: patch: Invalid value: ".*": strict decoding error: unknown field "spec.tagz"$/,
      ),
    });
  });

  test.each([
    { fieldValidation: 'Warn' as const, warnings: fields },
    { fieldValidation: 'Ignore' as const, warnings: [] },
  ])('are left out, with $fieldValidation', async ({ fieldValidation, warnings }) => {
    const place = target('imagestreams/demo/');
    const written = await on.objects.create(place, typo, { dryRun: false, fieldValidation });
    expect(written).toMatchObject({ warnings, object: { spec: { tags: [{ name: 'a' }] } } });
    expect((await on.get('imagestreams/demo/app')).spec).toEqual({ tags: [{ name: 'a' }] });
  });
});

test('of a kind of Kubernetes, the fields of the object itself are known', async () => {
  const typo = configMap({ dta: { a: 'b' } });
  expect(await refusal(on.create('configmaps', typo))).toMatchObject({
    code: 400,
    message: 'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dta"',
  });
  expect(await on.create('configmaps', typo, { fieldValidation: 'Ignore' })).not.toHaveProperty('dta');
});

describe('finalizers without a domain', () => {
  const metadata = { finalizers: ['foo', 'orphan'] };

  test('are told of for a custom kind', async () => {
    const { warnings } = await on.objects.create(target('imagestreams/demo/'), stream({}, metadata), STRICT);
    expect(warnings).toEqual([
      'metadata.finalizers: "foo": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
    ]);
  });

  test('are refused for a kind of Kubernetes', async () => {
    expect((await refusal(on.create('configmaps', configMap({}, metadata)))).message).toBe(
      'ConfigMap "settings" is invalid: metadata.finalizers[0]: Invalid value: "foo": name is neither a standard finalizer name nor is it fully qualified',
    );
  });
});

describe('an object that is not as its schema says', () => {
  test('is refused with every fault as a cause', async () => {
    const object = stream({ spec: { dockerImageRepository: 5, tags: [{ name: '' }] } }, { labels: { a: 'b c' } });
    const status = await refusal(on.create('imagestreams', object));
    expect(status).toMatchObject({ code: 422, reason: 'Invalid', details: { name: 'app', kind: 'ImageStream' } });
    expect(status.details?.causes?.map(({ field }) => field)).toEqual([
      'metadata.labels',
      'spec.dockerImageRepository',
      'spec.tags[0].name',
      '<nil>',
    ]);
    expect(status.message).toMatch(
      /^ImageStream.image.openshift.io "app" is invalid: \[metadata.labels: Invalid value/,
    );
  });

  test('is told of rules as well, where nothing keeps them from being asked', async () => {
    const object = stream({ spec: { dockerImageRepository: 'a:b/c:d', tags: [{ name: '' }] } });
    expect((await refusal(on.create('imagestreams', object))).message).toBe(
      'ImageStream.image.openshift.io "app" is invalid: [spec.tags[0].name: Invalid value: "": spec.tags[0].name in body should be at least 1 chars long, spec.dockerImageRepository: Invalid value: "a:b/c:d": the repository name may not contain a tag or an ID]',
    );
  });

  test('gets its defaults', async () => {
    const made = await on.create('imagestreams', stream({ spec: { lookupPolicy: {}, tags: null } }));
    expect(made.spec).toEqual({ lookupPolicy: { local: false } });
  });

  test('is refused by etcd when it is too large', async () => {
    const tags = Array.from({ length: 1_600 }, (_, at) => ({ name: `t${at}`, annotations: { a: 'x'.repeat(1_000) } }));
    expect(await refusal(on.create('imagestreams', stream({ spec: { tags } })))).toMatchObject({
      code: 500,
      message: 'etcdserver: request is too large',
    });
  });
});

describe('patch() of other types', () => {
  const custom = stream({ spec: { tags: [{ name: 'a' }] } });

  test('does JSON patches', async () => {
    await on.create('imagestreams', custom);
    const operations = [{ op: 'add', path: '/spec/tags/-', value: { name: 'b' } }];
    const { object } = await on.patch('imagestreams/demo/app', { type: 'json', operations });
    expect(object).toMatchObject({ spec: { tags: [{ name: 'a' }, { name: 'b' }] }, metadata: { generation: 2 } });
  });

  test('does 10,000 operations, and no more', async () => {
    await on.create('imagestreams', custom);
    const operations = Array(10_000).fill({ op: 'test', path: '/metadata/name', value: 'app' });
    await on.patch('imagestreams/demo/app', { type: 'json', operations });
  });

  test.each([
    { name: 'an operation that fails', operations: [{ op: 'remove', path: '/spec/none' }], code: 422 },
    { name: 'what is no list', operations: {}, code: 400 },
    { name: 'more operations than 10,000', operations: Array(10_001).fill({ op: 'test' }), code: 413 },
    { name: 'another name', operations: [{ op: 'replace', path: '/metadata/name', value: 'b' }], code: 400 },
    { name: 'another uid', operations: [{ op: 'replace', path: '/metadata/uid', value: 'b' }], code: 422 },
    { name: 'no kind', operations: [{ op: 'remove', path: '/kind' }], code: 422 },
    { name: 'another kind', operations: [{ op: 'replace', path: '/kind', value: 'Foo' }], code: 422 },
    { name: 'another version', operations: [{ op: 'replace', path: '/apiVersion', value: 'v9' }], code: 422 },
  ])('refuses a JSON patch with $name', async ({ operations, code }) => {
    const made = await on.create('imagestreams', custom);
    expect(await refusal(on.patch('imagestreams/demo/app', { type: 'json', operations }))).toMatchObject({ code });
    expect(await on.get('imagestreams/demo/app')).toEqual(made);
  });

  test.each([
    { name: 'another kind', body: { kind: 'Foo' }, why: 'no kind "Foo" is registered for version "v1"' },
    { name: 'no kind', body: { kind: null }, why: /Object 'Kind' is missing in '.*'/.source },
  ])('refuses a patch of a kind of Kubernetes with $name', async ({ body, why }) => {
    await on.create('configmaps', configMap());
    expect(await refusal(on.patch('configmaps/demo/settings', merge(body)))).toMatchObject({
      code: 422,
      message: expect.stringMatching(`^ "" is invalid: patch: Invalid value: ".*": ${why}$`),
    });
  });

  test('does strategic merge patches of the kinds of Kubernetes alone', async () => {
    await on.create('configmaps', configMap({ data: { a: 'b' } }));
    const body = { data: { $patch: 'replace', c: 'd' } };
    const { object } = await on.patch('configmaps/demo/settings', { type: 'strategic', body });
    expect(object['data']).toEqual({ c: 'd' });
    await on.create('imagestreams', custom);
    expect(await refusal(on.patch('imagestreams/demo/app', { type: 'strategic', body }))).toMatchObject({
      code: 415,
      reason: 'UnsupportedMediaType',
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    });
  });

  test('applies, and creates what is not there', async () => {
    const first = await on.patch('imagestreams/demo/app', { type: 'apply', body: stream(custom, { name: undefined }) });
    expect(first).toMatchObject({ created: true, object: { metadata: { name: 'app', generation: 1 } } });
    const body = stream({ spec: { tags: [{ name: 'b' }] }, status: { observedGeneration: 1 } });
    const again = await on.patch('imagestreams/demo/app', { type: 'apply', body });
    expect(again).toMatchObject({ created: false, object: { spec: { tags: [{ name: 'a' }, { name: 'b' }] } } });
    expect(await on.patch('imagestreams/demo/app', { type: 'apply', body })).toEqual(again);
    const status = await on.patch('imagestreams/demo/app/status', { type: 'apply', body });
    expect(status.object['status']).toEqual({ observedGeneration: 1 });
  });

  test.each([
    {
      name: 'a field that there is not',
      body: stream({ spec: { tagz: 1 } }),
      code: 500,
      message:
        'failed to create typed patch object (/app; image.openshift.io/v1, Kind=ImageStream): .spec.tagz: field not declared in schema',
    },
    {
      name: 'an entry twice',
      body: stream({ spec: { tags: [{ name: 'a' }, { name: 'a' }] } }),
      code: 500,
      message:
        'failed to create typed patch object (/app; image.openshift.io/v1, Kind=ImageStream): .spec.tags: duplicate entries for key [name="a"]',
    },
    {
      name: 'another kind',
      body: { ...stream(), kind: 'Foo' },
      code: 400,
      message: 'invalid object type: image.openshift.io/v1, Kind=Foo',
    },
    { name: 'no kind', body: { metadata: { name: 'app' } }, code: 400, message: 'invalid object type: /, Kind=' },
    {
      name: 'managed fields',
      body: stream({}, { managedFields: [] }),
      code: 400,
      message: 'metadata.managedFields must be nil',
    },
    {
      name: 'an old version',
      body: stream({}, { resourceVersion: '1' }),
      code: 409,
      message: expect.stringMatching(/the object has been modified/),
    },
  ])('refuses to apply $name', async ({ body, code, message }) => {
    await on.create('imagestreams', custom);
    const place = 'imagestreams/demo/app';
    expect(await refusal(on.patch(place, { type: 'apply', body }))).toMatchObject({ code, message });
  });
});

test('writes come one after the other, each on what the one before has stored', async () => {
  await on.create('configmaps', configMap({ data: {} }));
  const names = Array.from({ length: 50 }, (_, at) => `k${at}`);
  await Promise.all(names.map(name => on.patch('configmaps/demo/settings', merge({ data: { [name]: 'x' } }))));
  expect(Object.keys((await on.get('configmaps/demo/settings'))['data'] as object)).toEqual(names);
});
