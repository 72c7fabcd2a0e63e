import { describe, expect, test } from '@jest/globals';
import type { Asked } from './api.ts';
import { MERGE_PATCH, type Stage, stream, tag } from './stage.ts';

const UID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SECOND = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
/** What kubectl sends for `create namespace demo`, and the like. */
const SECRET = 'azhzAAoMCgJ2MRIGU2VjcmV0EioKEQoBcxIAGgAiACoAMgA4AEIAEgYKAWESAWIaDWV4YW1wbGUuY29tL3gaACIA';

/** What writes do. */
export function writes(at: Stage): void {
  let count = 0;
  /** A name that no other test has. */
  const fresh = () => `w${++count}`;
  const send = (method: Asked['method'] & string, path: string, body: unknown, type?: string) =>
    at.api.ask(path, { method, body, ...(type && { type }) });
  const get = (name: string) => at.ok('GET', at.streams(`/${name}`));

  describe('a create', () => {
    test('answers 201 with the object, and what the server keeps about it', async () => {
      const name = fresh();
      const { code, body } = await send('POST', at.streams(), stream(name, { spec: { tags: [tag('1.0')] } }));
      expect(code).toBe(201);
      expect(body).toMatchObject({
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStream',
        metadata: {
          name,
          namespace: at.namespace,
          uid: expect.stringMatching(UID),
          resourceVersion: expect.stringMatching(/^\d+$/),
          creationTimestamp: expect.stringMatching(SECOND),
          generation: 1,
        },
        spec: { tags: [tag('1.0')] },
      });
      expect((await get(name)).metadata.resourceVersion).toBe(body.metadata.resourceVersion);
    });

    test('completes a name', async () => {
      const body = await at.ok(
        'POST',
        at.streams(),
        stream('', { metadata: { name: undefined, generateName: 'gen-' } }),
      );
      expect(body.metadata).toMatchObject({ name: expect.stringMatching(/^gen-[a-z0-9]{5}$/), generateName: 'gen-' });
    });

    test('takes YAML', async () => {
      const name = fresh();
      const text = `apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata:\n  name: ${name}\n`;
      expect((await send('POST', at.streams(), text, 'application/yaml')).code).toBe(201);
    });

    test('takes protobuf of the kinds that kubectl sends so', async () => {
      const bytes = Buffer.from(SECRET, 'base64');
      const { code, body } = await at.api.ask(at.core('secrets'), {
        method: 'POST',
        type: 'application/vnd.kubernetes.protobuf',
        accept: 'application/vnd.kubernetes.protobuf;q=0.5,application/json',
        body: bytes,
      });
      expect({ code, body }).toMatchObject({
        code: 201,
        body: { kind: 'Secret', metadata: { name: 's' }, type: 'example.com/x', data: { a: 'Yg==' } },
      });
    });

    test('of a kind of Kubernetes needs to name neither kind nor version', async () => {
      const name = fresh();
      const { code, body } = await send('POST', at.core('configmaps'), { metadata: { name }, data: { a: 'b' } });
      expect([code, body.kind, body.data]).toEqual([201, 'ConfigMap', { a: 'b' }]);
    });

    test('leaves status alone where that has a path of its own', async () => {
      const name = fresh();
      const body = await at.ok('POST', at.streams(), { ...stream(name), status: { dockerImageRepository: 'x' } });
      expect(body.status).toBeUndefined();
    });

    test('fills in defaults', async () => {
      const body = await at.createStream(fresh(), { spec: { lookupPolicy: {} } });
      expect(body.spec.lookupPolicy).toEqual({ local: false });
    });

    test('that only tries stores nothing', async () => {
      const name = fresh();
      const { code, body } = await send('POST', at.streams('?dryRun=All'), stream(name));
      expect([code, body.metadata.name, typeof body.metadata.uid]).toEqual([201, name, 'string']);
      expect((await at.api.ask(at.streams(`/${name}`))).code).toBe(404);
    });
  });

  describe('fields that no schema knows', () => {
    const typo = (name: string) => stream(name, { spec: { tagz: [] } });

    test('are refused of who is strict', async () => {
      const { code, body } = await send('POST', at.streams('?fieldValidation=Strict'), typo(fresh()));
      expect({ code, body }).toMatchObject({
        code: 400,
        body: { reason: 'BadRequest', message: expect.stringContaining('unknown field "spec.tagz"') },
      });
    });

    test.each(['', '?fieldValidation=Warn'])('are dropped with a warning ("%s")', async query => {
      const { code, body, headers } = await send('POST', at.streams(query), typo(fresh()));
      expect([code, body.spec]).toEqual([201, {}]);
      expect(headers['warning']).toBe('299 - "unknown field \\"spec.tagz\\""');
    });

    test('are dropped in silence for who ignores them', async () => {
      const { code, body, headers } = await send('POST', at.streams('?fieldValidation=Ignore'), typo(fresh()));
      expect([code, body.spec, headers['warning']]).toEqual([201, {}, undefined]);
    });
  });

  describe('what a schema or a rule forbids is refused:', () => {
    test.each([
      {
        name: 'a value of none that are allowed',
        spec: { tags: [{ name: 'a', from: { kind: 'Other', name: 'x' } }] },
        says: /spec\.tags\[0\]\.from\.kind: Unsupported value: "Other"/,
      },
      {
        name: 'a missing field',
        spec: { tags: [{ from: { kind: 'DockerImage', name: 'x' } }] },
        says: /spec\.tags\[0\]\.name: Required value/,
      },
      {
        name: 'two tags of a name',
        spec: { tags: [tag('a'), tag('a')] },
        says: /spec\.tags\[1\]: Duplicate value: (map\[string\]interface \{\}\{"name":"a"\}|\{"name":"a"\})/,
      },
      { name: 'a text that should be a list', spec: { tags: 'x' }, says: /spec\.tags: Invalid value: "string"/ },
      {
        name: 'what a rule says',
        spec: {
          tags: [{ name: 'a', from: { kind: 'ImageStreamTag', name: 'x:1' }, importPolicy: { scheduled: true } }],
        },
        says: /only tags pointing to Docker repositories may be scheduled/,
      },
    ])('$name', async ({ spec, says }) => {
      const name = fresh();
      const { code, body } = await send('POST', at.streams(), stream(name, { spec }));
      expect({ code, body }).toMatchObject({
        code: 422,
        body: {
          reason: 'Invalid',
          details: { name, group: 'image.openshift.io', kind: 'ImageStream' },
          message: expect.stringMatching(says),
        },
      });
    });
  });

  describe('an update', () => {
    test('replaces the object, and counts changes of what is wanted', async () => {
      const name = fresh();
      const before = await at.createStream(name);
      const labelled = { ...before, metadata: { ...before.metadata, labels: { a: 'b' } } };
      const first = await at.ok('PUT', at.streams(`/${name}`), labelled);
      expect([first.metadata.generation, first.metadata.labels]).toEqual([1, { a: 'b' }]);
      const second = await at.ok('PUT', at.streams(`/${name}`), { ...first, spec: { tags: [tag('1')] } });
      expect([second.metadata.generation, second.spec.tags]).toEqual([2, [tag('1')]]);
      expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
    });

    test('that changes nothing makes no new version', async () => {
      const before = await at.createStream(fresh());
      const after = await at.ok('PUT', at.streams(`/${before.metadata.name}`), before);
      expect(after.metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    });

    test('that is stale is refused', async () => {
      const before = await at.createStream(fresh());
      const { name } = before.metadata;
      await at.patch(at.streams(`/${name}`), MERGE_PATCH, { metadata: { labels: { a: 'b' } } });
      const { code, body } = await send('PUT', at.streams(`/${name}`), { ...before, spec: { tags: [] } });
      expect([code, body.reason]).toEqual([409, 'Conflict']);
    });

    test('of a kind of ours must carry a version', async () => {
      const { metadata } = await at.createStream(fresh());
      const { code, body } = await send('PUT', at.streams(`/${metadata.name}`), stream(metadata.name));
      expect({ code, body }).toMatchObject({
        code: 422,
        body: {
          message: expect.stringContaining(
            'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
          ),
        },
      });
    });

    test('of a kind of Kubernetes needs none', async () => {
      const name = fresh();
      await at.createConfigMap(name);
      const body = await at.ok('PUT', at.core(`configmaps/${name}`), { metadata: { name }, data: { a: 'b' } });
      expect(body.data).toEqual({ a: 'b' });
    });

    test('of a name that is not there is refused', async () => {
      const body = stream('nothing', { metadata: { resourceVersion: '1' } });
      expect((await send('PUT', at.streams('/nothing'), body)).code).toBe(404);
    });
  });

  describe('status', () => {
    test('is written by itself, and counts as no change of what is wanted', async () => {
      const before = await at.createStream(fresh(), { spec: { tags: [tag('1')] } });
      const path = at.streams(`/${before.metadata.name}`);
      const patch = { spec: { tags: [] }, metadata: { labels: { a: 'b' } }, status: { dockerImageRepository: 'x' } };
      const { body } = await at.patch(`${path}/status`, MERGE_PATCH, patch);
      expect(body).toMatchObject({ spec: { tags: [tag('1')] }, status: { dockerImageRepository: 'x' } });
      expect(body.metadata.generation).toBe(1);
      const spec = await at.patch(path, MERGE_PATCH, { status: { dockerImageRepository: 'y' }, spec: { tags: [] } });
      expect(spec.body).toMatchObject({
        metadata: { generation: 2 },
        spec: { tags: [] },
        status: { dockerImageRepository: 'x' },
      });
      expect((await at.ok('GET', `${path}/status`)).status).toEqual({ dockerImageRepository: 'x' });
    });

    test('is replaced by itself', async () => {
      const before = await at.createStream(fresh());
      const path = at.streams(`/${before.metadata.name}/status`);
      const body = await at.ok('PUT', path, { ...before, status: { dockerImageRepository: 'x' } });
      expect(body.status).toEqual({ dockerImageRepository: 'x' });
    });

    test('has no path of its own where a create may carry it', async () => {
      const imports = at.streams().replace('imagestreams', 'imagestreamimports');
      const body = {
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStreamImport',
        metadata: { name: 'i' },
        spec: { import: false, images: [{ from: { kind: 'DockerImage', name: 'a:1' } }] },
      };
      await at.ok('POST', imports, body);
      const { code } = await at.patch(`${imports}/i/status`, MERGE_PATCH, { status: {} });
      expect(code).toBe(404);
      const done = { status: { conditions: [{ type: 'Complete', status: 'True' }] } };
      expect((await at.patch(`${imports}/i`, MERGE_PATCH, done)).body.status.conditions).toMatchObject(
        done.status.conditions,
      );
    });
  });
}
