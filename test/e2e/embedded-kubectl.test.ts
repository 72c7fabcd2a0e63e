import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Embedded, startEmbedded } from '../contract/embedded.ts';
import { MERGE_PATCH } from '../contract/stage.ts';
import { createKubectl } from './kubectl.ts';
import { file } from './shipped.ts';

/* kubectl, as its users run it, before the embedded API server. */

/** Programs are run, and the machine may be busy. */
jest.setTimeout(120_000);

let here: Embedded;
const kubectl = createKubectl(() => file('embedded.kubeconfig', here.kubeconfig));
const { ok, refused } = kubectl;

beforeAll(async () => {
  here = await startEmbedded();
  await ok(['create', 'namespace', 'demo']);
});
afterAll(() => here.close());
// Each test begins with the stream of the example, and no other.
beforeEach(async () => {
  await ok(['delete', 'is,isi,secret,configmap,event', '--all']);
  await ok(['apply', '--filename=crds/examples/stream.yaml']);
});

const lines = (text: string) => text.trimEnd().split('\n');
const cells = (line = '') => line.trim().split(/\s{2,}/);
const path = '/apis/image.openshift.io/v1/namespaces/demo/imagestreams/app';

/** What the operator would write. */
async function tellStatus(status: object): Promise<void> {
  const { code, text } = await here.api.ask(`${path}/status`, { method: 'PATCH', type: MERGE_PATCH, body: { status } });
  if (code !== 200) throw new Error(text);
}

const failing = {
  dockerImageRepository: 'registry.example/demo/app',
  tags: [
    {
      tag: 'latest',
      items: null,
      conditions: [{ type: 'ImportSuccess', status: 'False', reason: 'NotFound', generation: 1 }],
    },
  ],
};

describe('kubectl get', () => {
  test('prints the columns of the kind', async () => {
    await tellStatus(failing);
    const [head, row] = lines(await ok(['get', 'is']));
    expect(cells(head)).toEqual(['NAME', 'REPOSITORY', 'FAILING', 'REASON', 'AGE']);
    expect(cells(row).slice(0, 4)).toEqual(['app', 'registry.example/demo/app', 'latest', 'NotFound']);
  });

  test('-A -o wide prints namespaces and the columns that are wanted only then', async () => {
    await ok(['create', '--filename=crds/examples/isi.yaml']);
    const [head, row] = lines(await ok(['get', 'isi', '--all-namespaces', '--output=wide']));
    expect(cells(head)).toEqual(['NAMESPACE', 'NAME', 'COMPLETE', 'SUCCEEDED', 'REASON', 'MESSAGE', 'AGE']);
    expect(cells(row).slice(0, 2)).toEqual(['demo', 'app']);
  });

  test('-o yaml, -o json and -o jsonpath print the object', async () => {
    expect(await ok(['get', 'is', 'app', '--output=yaml'])).toContain('name: localhost:5000/demo/app:1.1\n');
    expect(JSON.parse(await ok(['get', 'is', 'app', '--output=json'])).spec.tags).toHaveLength(4);
    expect(await ok(['get', 'is', 'app', '--output=jsonpath={.spec.tags[*].name}'])).toBe(
      'latest 1.0 1.1 all-platforms',
    );
  });

  test('-w prints what happens', async () => {
    const watch = kubectl.start(['get', 'is', '--watch', '--output-watch-events']);
    await watch.line(/^ADDED +app /);
    await tellStatus(failing);
    await watch.line(/^MODIFIED +app +registry\.example\/demo\/app +latest +NotFound/);
    await ok(['delete', 'is', 'app']);
    await watch.line(/^DELETED +app /);
  });

  test('-l and --field-selector select', async () => {
    await ok(['label', 'is', 'app', 'team=blue']);
    expect(await ok(['get', 'is', '--selector=team in (blue,red),!old', '--output=name'])).toBe(
      'imagestream.image.openshift.io/app\n',
    );
    expect(await ok(['get', 'is', '--field-selector=metadata.name!=app', '--output=name'])).toBe('');
  });

  test('reads long lists in pages', async () => {
    for (let index = 0; index < 12; index += 1) await ok(['create', 'configmap', `c${index}`]);
    expect(lines(await ok(['get', 'configmaps', '--chunk-size=5', '--output=name']))).toHaveLength(12);
  });

  test('all shows the streams', async () => {
    expect(await ok(['get', 'all', '--output=name'])).toBe('imagestream.image.openshift.io/app\n');
  });

  test('of what is not there says so', async () => {
    expect(await refused(['get', 'is', 'nothing'])).toContain('imagestreams.image.openshift.io "nothing" not found');
    expect(await refused(['get', 'nothings'])).toContain('the server doesn\'t have a resource type "nothings"');
  });
});

describe('kubectl describe', () => {
  test('shows the Events of an object, whoever wrote them', async () => {
    const { metadata } = JSON.parse(await ok(['get', 'is', 'app', '--output=json']));
    const { uid } = metadata;
    const body = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: 'app.1', namespace: 'demo' },
      eventTime: new Date().toISOString().replace('Z', '000Z'),
      reportingController: 'imagestream-operator',
      reportingInstance: 'here',
      action: 'Import',
      reason: 'TagMoved',
      type: 'Normal',
      note: 'latest moved to sha256:0123',
      regarding: { apiVersion: 'image.openshift.io/v1', kind: 'ImageStream', namespace: 'demo', name: 'app', uid },
    };
    await here.api.ask('/apis/events.k8s.io/v1/namespaces/demo/events', { method: 'POST', body });
    expect(await ok(['describe', 'is', 'app'])).toMatch(
      /Events:\n[\s\S]*Normal +TagMoved +.*imagestream-operator.* +latest moved to sha256:0123/,
    );
    expect(await ok(['events', '--for=is/app'])).toContain('latest moved to sha256:0123');
    expect(await ok(['get', 'events'])).toContain('app.1');
  });
});

describe('kubectl apply', () => {
  test('changes what is there, and then nothing', async () => {
    const changed = 'crds/examples/stream.yaml';
    expect(await ok(['apply', `--filename=${changed}`])).toBe('imagestream.image.openshift.io/app unchanged\n');
    await ok(['patch', 'is', 'app', '--type=merge', '--patch={"spec":{"lookupPolicy":{"local":true}}}']);
    expect(await ok(['apply', `--filename=${changed}`])).toBe('imagestream.image.openshift.io/app configured\n');
    expect(await ok(['get', 'is', 'app', '--output=jsonpath={.spec.lookupPolicy.local}'])).toBe('false');
  });

  test('--server-side merges by the keys of lists', async () => {
    const tag = { name: 'extra', from: { kind: 'DockerImage', name: 'quay.io/acme/app:2' } };
    const stdin = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'app' },
      spec: { tags: [tag] },
    };
    const args = ['apply', '--server-side', '--filename=-'];
    expect(await ok(args, { stdin })).toBe('imagestream.image.openshift.io/app serverside-applied\n');
    const names = await ok(['get', 'is', 'app', '--output=jsonpath={.spec.tags[*].name}']);
    expect(names.split(' ').sort()).toEqual(['1.0', '1.1', 'all-platforms', 'extra', 'latest']);
  });

  test('of the shipped CRDs changes nothing that matters', async () => {
    await ok(['apply', '--filename=crds']);
    await ok(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
    expect(await ok(['get', 'is', '--output=name'])).toBe('imagestream.image.openshift.io/app\n');
  });

  test('--dry-run=server and diff change nothing', async () => {
    const stdin = (await ok(['get', 'is', 'app', '--output=json'])).replaceAll('demo/app:1.0', 'demo/app:9.9');
    expect(await ok(['apply', '--dry-run=server', '--filename=-'], { stdin })).toContain('configured (server dry run)');
    const diff = await kubectl.run(['diff', '--filename=-'], { stdin });
    expect(diff.status).toBe(1);
    expect(diff.stdout).toMatch(/^-.*demo\/app:1\.0$[\s\S]*^\+.*demo\/app:9\.9$/m);
    expect(await ok(['get', 'is', 'app', '--output=yaml'])).toContain('demo/app:1.0\n');
  });

  test('of a typo is refused, in the words of a cluster', async () => {
    const stdin =
      'apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: { name: typo }\nspec: { tagz: [] }\n';
    expect(await refused(['apply', '--filename=-'], { stdin })).toContain('unknown field "spec.tagz"');
  });

  test('of a List makes all that is in it', async () => {
    const item = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { a: 'b' } });
    const stdin = { apiVersion: 'v1', kind: 'List', items: [item('one'), item('two')] };
    await ok(['apply', '--filename=-'], { stdin });
    await ok(['create', '--filename=-'], { stdin: { ...stdin, items: [item('three')] } });
    expect(lines(await ok(['get', 'configmaps', '--output=name'])).sort()).toEqual(
      ['one', 'three', 'two'].map(name => `configmap/${name}`),
    );
  });
});

describe('kubectl create', () => {
  test('makes Secrets, ConfigMaps and ServiceAccounts', async () => {
    await ok(['create', 'secret', 'generic', 'plain', '--from-literal=a=b']);
    const auth = ['--docker-server=quay.io', '--docker-username=u', '--docker-password=p'];
    await ok(['create', 'secret', 'docker-registry', 'pull', ...auth]);
    await ok(['create', 'configmap', 'settings', '--from-literal=a=b']);
    await ok(['create', 'serviceaccount', 'robot']);
    expect(await ok(['get', 'secret', 'plain', '--output=jsonpath={.type} {.data.a}'])).toBe('Opaque Yg==');
    expect(await ok(['get', 'secret', 'pull', '--output=jsonpath={.type}'])).toBe('kubernetes.io/dockerconfigjson');
    expect(await ok(['get', 'configmap', 'settings', '--output=jsonpath={.data}'])).toBe('{"a":"b"}');
    expect(await ok(['get', 'secrets', '--field-selector=type=Opaque', '--output=name'])).toBe('secret/plain\n');
  });

  test('-f makes a request with a name of its own each time', async () => {
    const stdin = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { generateName: 'app-' },
      spec: { import: false, images: [{ from: { kind: 'DockerImage', name: 'quay.io/acme/app:1' } }] },
    };
    const [one, other] = [
      await ok(['create', '--filename=-'], { stdin }),
      await ok(['create', '--filename=-'], { stdin }),
    ];
    expect(one).toMatch(/^imagestreamimport\.image\.openshift\.io\/app-\w{5} created\n$/);
    expect(one).not.toBe(other);
  });
});

describe('kubectl changes', () => {
  test('edit stores what the editor left', async () => {
    const editor = file('editor.sh', 'sed -i "s|demo/app:1.0|demo/app:3.0|g" "$1"\n');
    const edited = await kubectl.run(['edit', 'is', 'app'], { env: { KUBE_EDITOR: `sh ${editor}` } });
    expect(edited.stdout).toBe('imagestream.image.openshift.io/app edited\n');
    expect(await ok(['get', 'is', 'app', '--output=yaml'])).toContain('demo/app:3.0\n');
  });

  test('label, annotate and patch', async () => {
    await ok(['label', 'is', 'app', 'team=blue']);
    await ok(['label', 'is', 'app', '--overwrite', 'team=red']);
    await ok(['annotate', 'is', 'app', 'imagestream-operator/requested-at=now']);
    await ok(['patch', 'is', 'app', '--type=json', '--patch=[{"op":"remove","path":"/spec/tags/3"}]']);
    const { metadata, spec } = JSON.parse(await ok(['get', 'is', 'app', '--output=json']));
    expect([metadata.labels, metadata.annotations['imagestream-operator/requested-at'], spec.tags.length]).toEqual([
      { team: 'red' },
      'now',
      3,
    ]);
  });

  test('patch writes status by itself', async () => {
    const patch = `--patch=${JSON.stringify({ status: failing })}`;
    await ok(['patch', 'is', 'app', '--subresource=status', '--type=merge', patch]);
    expect(await ok(['get', 'is', 'app', '--output=jsonpath={.metadata.generation} {.status.tags[0].tag}'])).toBe(
      '1 latest',
    );
  });

  test('replace', async () => {
    const stdin = (await ok(['get', 'is', 'app', '--output=json'])).replaceAll('demo/app:1.0', 'demo/app:4.0');
    await ok(['replace', '--filename=-'], { stdin });
    expect(await ok(['get', 'is', 'app', '--output=yaml'])).toContain('demo/app:4.0\n');
  });
});

describe('kubectl waits', () => {
  test('for a condition that comes', async () => {
    await ok(['create', '--filename=crds/examples/isi.yaml']);
    const waiting = kubectl.start(['wait', '--for=condition=Complete', 'isi/app', '--timeout=60s']);
    await here.api.ask('/apis/image.openshift.io/v1/namespaces/demo/imagestreamimports/app', {
      method: 'PATCH',
      type: MERGE_PATCH,
      body: { status: { conditions: [{ type: 'Complete', status: 'True', reason: 'Imported' }] } },
    });
    expect(await waiting.line(/condition met/)).toBe('imagestreamimport.image.openshift.io/app condition met');
    expect((await waiting.ended).status).toBe(0);
  });

  test('for one that is there already', async () => {
    await tellStatus({ conditions: [{ type: 'RepositoryImport', status: 'True' }] });
    await ok(['wait', '--for=condition=RepositoryImport', 'is/app', '--timeout=60s']);
    await ok(['wait', '--for=jsonpath={.metadata.name}=app', 'is/app', '--timeout=60s']);
  });

  test('for a deletion', async () => {
    await ok(['patch', 'is', 'app', '--type=merge', '--patch={"metadata":{"finalizers":["example.com/wait"]}}']);
    await ok(['delete', 'is', 'app', '--wait=false']);
    const waiting = kubectl.start(['wait', '--for=delete', 'is/app', '--timeout=60s']);
    await ok(['patch', 'is', 'app', '--type=merge', '--patch={"metadata":{"finalizers":null}}']);
    expect((await waiting.ended).status).toBe(0);
  });
});

describe('kubectl delete', () => {
  test('of a namespace takes along what is in it', async () => {
    await ok(['create', 'namespace', 'gone']);
    await ok(['create', 'configmap', 'c', '--namespace=gone']);
    await ok(['delete', 'namespace', 'gone', '--timeout=60s']);
    expect(await ok(['get', 'configmaps', '--all-namespaces', '--output=name'])).toBe('');
  });
});

describe('kubectl asks', () => {
  test('explain describes fields', async () => {
    const text = await ok(['explain', 'is.spec.tags.importPolicy']);
    expect(text).toMatch(/KIND: +ImageStream/);
    expect(text).toContain('scheduled');
    expect(await ok(['explain', 'isi.status', '--recursive'])).toContain('handledUID');
    expect(await ok(['explain', 'images.metadata.ownerReferences'])).toContain('uid\t<string> -required-');
    expect(await ok(['explain', 'secrets'])).toMatch(/KIND: +Secret/);
  });

  test('api-resources and api-versions list what there is', async () => {
    const names = lines(await ok(['api-resources', '--output=name']));
    expect(names).toEqual(
      expect.arrayContaining(['imagestreams.image.openshift.io', 'secrets', 'leases.coordination.k8s.io']),
    );
    expect(lines(await ok(['api-versions']))).toEqual(
      expect.arrayContaining(['image.openshift.io/v1', 'v1', 'apps/v1']),
    );
    expect(
      await ok(['api-resources', '--cached=false', '--verbs=list', '--namespaced=false', '--output=name']),
    ).toContain('images.image.openshift.io');
  });

  test('auth answers yes, and who asks', async () => {
    expect(await ok(['auth', 'can-i', 'delete', 'imagestreams'])).toBe('yes\n');
    expect(await ok(['auth', 'can-i', '--list'])).toContain('*.*');
    expect(await ok(['auth', 'whoami', '--output=jsonpath={.status.userInfo.username}'])).toBe('admin');
  });

  test('version tells both versions', async () => {
    const { serverVersion } = JSON.parse(await ok(['version', '--output=json']));
    expect(serverVersion).toMatchObject({ major: '1', minor: '36' });
  });

  test('without a token is turned away', async () => {
    const config = JSON.parse(here.kubeconfig);
    config.users = [{ name: 'embedded', user: { token: 'wrong' } }];
    const kubeconfig = file('wrong.kubeconfig', JSON.stringify(config));
    expect(await refused(['get', 'is'], { kubeconfig })).toContain('You must be logged in to the server');
  });
});
