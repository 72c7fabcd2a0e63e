import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ImageStream, TagHistory } from '../../src/api/image-stream.ts';
import type { ImageStreamImport } from '../../src/api/image-stream-import.ts';
import { useControlPlane } from './control-plane.ts';
import { ROOT } from './shipped.ts';

const cluster = useControlPlane();
const { kubectl } = cluster;
beforeAll(() => cluster.applyCrds());

const stream = (name: string, rest: object) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name, namespace: 'default' },
  ...rest,
});
const request = (name: string, rest: object) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStreamImport',
  metadata: { name, namespace: 'default' },
  spec: { images: [{ from: { kind: 'DockerImage', name: 'quay.io/acme/app:1' } }] },
  ...rest,
});
const tag = (name: string, from = `quay.io/acme/app:${name}`) => ({ name, from: { kind: 'DockerImage', name: from } });
const create = (stdin: object, ...flags: string[]) => kubectl.ok(['create', ...flags, '-f', '-'], { stdin });
const patchStatus = (name: string, patch: unknown) =>
  kubectl.ok(['patch', 'is', name, '--subresource=status', '--type=merge', `--patch=${JSON.stringify(patch)}`]);
/** A tag history with one event and a condition. */
const history = (name: string, status: 'True' | 'False', reason: string): TagHistory => ({
  tag: name,
  items: [
    {
      created: '2026-01-02T03:04:05Z',
      dockerImageReference: `quay.io/acme/app@sha256:${'a'.repeat(64)}`,
      image: `sha256:${'a'.repeat(64)}`,
      generation: 1,
    },
  ],
  conditions: [
    { type: 'ImportSuccess', status, reason, lastTransitionTime: '2026-01-02T03:04:05Z', message: '', generation: 1 },
  ],
});

describe('the CRDs', () => {
  test('are established under the names that users type', async () => {
    const list = JSON.parse(await kubectl.ok(['get', 'crd', '--output=json']));
    const names = list.items.map(({ status }: CrdStatus) => [
      status.acceptedNames.plural,
      status.acceptedNames.shortNames,
    ]);
    expect(names).toEqual([
      ['images', undefined],
      ['imagestreamimports', ['isi']],
      ['imagestreams', ['is']],
    ]);
    // No third condition: NonStructuralSchema would be one.
    const told = list.items.flatMap(({ status }: CrdStatus) =>
      status.conditions.map(one => `${one.type}=${one.status}`),
    );
    expect(new Set(told)).toEqual(new Set(['NamesAccepted=True', 'Established=True']));
  });

  test.each([
    ['is', 'ImageStream follows tags of images in other registries'],
    ['is.spec.tags.importPolicy.scheduled', 'Re-check the tag in the background.'],
    ['is.status.tags.source', 'What was last asked for this tag'],
    ['isi', 'ImageStreamImport asks once for images to be looked up'],
    ['isi.status.images.image', 'An image that was found.'],
    ['images.image.openshift.io', 'Image is what the operator knows of one image'],
  ])('explain %s', async (path, words) => {
    const text = await kubectl.ok(['explain', path]);
    expect(text.replaceAll(/\s+/g, ' ')).toContain(words);
    expect(text).not.toContain('<no description>');
  });

  test('let the examples be applied, and applied again without a change', async () => {
    await cluster.createNamespace('demo');
    const apply = () => kubectl.ok(['apply', '--warnings-as-errors', '-f', `${ROOT}/crds/examples`]);
    expect(await apply()).toMatch(/created\n.*created\n.*created\n$/);
    expect(await apply()).toMatch(/unchanged\n.*unchanged\n.*unchanged\n$/);
  });
});

describe('a field nobody knows', () => {
  const misspelled = stream('misspelled', { spec: { tags: [{ ...tag('1'), importPolcy: {} }], lokupPolicy: {} } });

  test('is refused', async () => {
    const complaint = await kubectl.refused(['create', '-f', '-'], { stdin: misspelled });
    expect(complaint).toContain('unknown field "spec.lokupPolicy"');
    expect(complaint).toContain('unknown field "spec.tags[0].importPolcy"');
  });

  test('is dropped for those who ask for no validation', async () => {
    await create(misspelled, '--validate=ignore');
    expect((await cluster.get<ImageStream>('is', 'misspelled')).spec).toEqual({ tags: [tag('1')] });
  });
});

test.each([
  ['two tags of a name', { tags: [tag('1'), tag('1')] }, 'spec.tags[1]: Duplicate value'],
  [
    'a kind that images do not come from',
    { tags: [{ name: '1', from: { kind: 'Pod', name: 'x' } }] },
    'from.kind: Unsupported value: "Pod"',
  ],
  [
    'an import mode nobody knows',
    { tags: [{ ...tag('1'), importPolicy: { importMode: 'All' } }] },
    'importMode: Unsupported value: "All"',
  ],
  ['a tag without a name', { tags: [tag('')] }, 'spec.tags[0].name: Invalid value'],
])('a stream with %s is refused', async (_, spec, complaint) => {
  expect(await kubectl.refused(['create', '-f', '-'], { stdin: stream('odd', { spec }) })).toContain(complaint);
});

describe('the status of a stream', () => {
  const status = { tags: [history('1', 'True', 'Imported')] };

  test('is written through /status alone, and only changes of the spec count as generations', async () => {
    await create(stream('status', { spec: { tags: [tag('1')] }, status }));
    expect(await cluster.get('is', 'status')).not.toHaveProperty('status');
    await patchStatus('status', { spec: { tags: [] }, status });
    expect(await cluster.get('is', 'status')).toMatchObject({
      metadata: { generation: 1 },
      spec: { tags: [tag('1')] },
      status,
    });
    await kubectl.ok(['apply', '-f', '-'], {
      stdin: stream('status', { spec: { tags: [tag('2')] }, status: { tags: [] } }),
    });
    expect(await cluster.get('is', 'status')).toMatchObject({
      metadata: { generation: 2 },
      spec: { tags: [tag('2')] },
      status,
    });
  });

  test('keeps the fields that OpenShift writes as null', async () => {
    await create(stream('nulls', { spec: { tags: [{ ...tag('1'), annotations: null, generation: null }] } }));
    expect((await cluster.get<ImageStream>('is', 'nulls')).spec?.tags).toEqual([
      { ...tag('1'), annotations: null, generation: null },
    ]);
    const tags = [{ tag: '1', items: null }];
    await kubectl.ok(['replace', '--subresource=status', '-f', '-'], { stdin: stream('nulls', { status: { tags } }) });
    expect((await cluster.get<ImageStream>('is', 'nulls')).status?.tags).toEqual(tags);
  });
});

test('a request is stored with its answer, metadata of the objects inside it included', async () => {
  const metadata = {
    name: `sha256:${'b'.repeat(64)}`,
    annotations: { 'image.openshift.io/dockerLayersOrder': 'ascending' },
  };
  const found = { metadata: { ...metadata, other: { kept: true } }, dockerImageReference: 'quay.io/acme/app@sha256:b' };
  const status = {
    import: { metadata: { name: 'app', namespace: 'default', generation: 3 }, spec: { tags: [tag('1')] } },
    images: [{ status: { status: 'Success' }, tag: '1', image: found, manifests: [found] }],
    repository: { images: [{ status: {}, image: found }], additionalTags: ['2'] },
    handledUID: 'u',
  };
  await create(request('answered', { status }));
  expect((await cluster.get<ImageStreamImport>('isi', 'answered')).status).toEqual(status);
});

test('an Image is stored under its digest, for all namespaces, with metadata of any form', async () => {
  const name = `sha256-${'c'.repeat(64)}`;
  const fields = {
    dockerImageReference: 'quay.io/acme/app@sha256:c',
    dockerImageMetadata: { Size: 5, Config: { Labels: { a: 'b' } } },
    dockerImageLayers: null,
  };
  await create({ apiVersion: 'image.openshift.io/v1alpha1', kind: 'Image', metadata: { name }, ...fields });
  expect(await cluster.get('images.image.openshift.io', name)).toMatchObject(fields);
});

test.each([1_000, 4_096])('a stream of %i tags and their histories is stored', async count => {
  const names = Array.from({ length: count }, (_, at) => `v${at}`);
  const tags = names.map(name => ({ ...tag(name), importPolicy: { scheduled: true } }));
  await create(stream(`tags-${count}`, { spec: { tags } }));
  const histories = names.slice(0, 1_000).map(name => history(name, 'True', 'Imported'));
  const stored = await cluster.get<ImageStream>('is', `tags-${count}`);
  const status = { tags: histories };
  await kubectl.ok(['replace', '--subresource=status', '-f', '-'], { stdin: { ...stored, status } });
  expect(await cluster.get('is', `tags-${count}`)).toMatchObject({ spec: { tags }, status });
});

describe('kubectl get', () => {
  const rows = async (...args: string[]) =>
    (await kubectl.ok(['get', ...args]))
      .trimEnd()
      .split('\n')
      .map(row => row.split(/\s{2,}/));

  test('shows which tag of a stream fails, and why', async () => {
    await create(stream('columns', { spec: { tags: [tag('1'), tag('2')] } }));
    const tags = [history('1', 'True', 'Imported'), history('2', 'False', 'NotFound')];
    await patchStatus('columns', { status: { dockerImageRepository: 'registry.example/default/columns', tags } });
    const [head, row] = await rows('is', 'columns');
    expect(head).toEqual(['NAME', 'REPOSITORY', 'FAILING', 'REASON', 'AGE']);
    expect(row?.slice(0, -1)).toEqual(['columns', 'registry.example/default/columns', '2', 'NotFound']);
  });

  test('shows what came of a request', async () => {
    const conditions = [
      { type: 'Complete', status: 'True', reason: 'PartlyFailed', message: '1 of 2 images' },
      { type: 'Succeeded', status: 'False', reason: 'PartlyFailed' },
    ];
    await create(request('columns', { status: { conditions } }));
    const [head, row] = await rows('isi', 'columns', '--output=wide');
    expect(head).toEqual(['NAME', 'COMPLETE', 'SUCCEEDED', 'REASON', 'MESSAGE', 'AGE']);
    expect(row?.slice(0, -1)).toEqual(['columns', 'True', 'False', 'PartlyFailed', '1 of 2 images']);
  });

  test('shows where an Image comes from', async () => {
    const image = { dockerImageReference: 'quay.io/acme/app@sha256:d', dockerImageManifestMediaType: 'a/manifest' };
    await create({ apiVersion: 'image.openshift.io/v1alpha1', kind: 'Image', metadata: { name: 'columns' }, ...image });
    const [head, row] = await rows('images.image.openshift.io', 'columns', '--output=wide');
    expect(head).toEqual(['NAME', 'IMAGE REFERENCE', 'MEDIA TYPE', 'AGE']);
    expect(row?.slice(0, -1)).toEqual(['columns', 'quay.io/acme/app@sha256:d', 'a/manifest']);
  });

  test('-w shows a change of status', async () => {
    await create(stream('watched', { spec: { tags: [tag('1')] } }));
    const watch = kubectl.start(['get', 'is', 'watched', '--watch', '--no-headers']);
    await watch.line(/^watched /);
    await patchStatus('watched', { status: { tags: [history('1', 'False', 'Unauthorized')] } });
    await watch.line(/^watched +1 +Unauthorized /);
  });

  test('all shows streams', async () => {
    await create(stream('categories', { spec: {} }));
    expect(await kubectl.ok(['get', 'all', '--output=name'])).toContain('imagestream.image.openshift.io/categories\n');
  });
});

describe('server-side apply', () => {
  const apply = (manager: string, tags: unknown) =>
    kubectl.run(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], {
      stdin: stream('shared', { spec: { tags } }),
    });
  const names = async () => (await cluster.get<ImageStream>('is', 'shared')).spec?.tags?.map(({ name }) => name);

  test('lets two managers own a tag each', async () => {
    await apply('team-a', [tag('a')]);
    await apply('team-b', [tag('b')]);
    expect(await names()).toEqual(['a', 'b']);
    await apply('team-a', [tag('a'), tag('c')]);
    expect(await names()).toEqual(expect.arrayContaining(['a', 'b', 'c']));
    await apply('team-a', []);
    expect(await names()).toEqual(['b']);
  });

  test('tells a manager whose tag it would change', async () => {
    await apply('team-b', [tag('b')]);
    const { status, stderr } = await apply('team-a', [tag('b', 'quay.io/other/app:b')]);
    expect(status).toBe(1);
    expect(stderr).toContain('conflict with "team-b": .spec.tags[name="b"].from.name');
  });
});

interface CrdStatus {
  readonly status: {
    readonly acceptedNames: { readonly plural: string; readonly shortNames?: readonly string[] };
    readonly conditions: readonly { readonly type: string; readonly status: string }[];
  };
}
