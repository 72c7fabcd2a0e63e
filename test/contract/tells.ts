import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Any } from './api.ts';
import type { Stage } from './stage.ts';

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const OPENAPI_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Resources of other kinds, and what only one of the two tells of them, are left out. */
const sorted = (verbs: readonly string[]) => [...verbs].sort();

/** What an API server tells about itself: version, health, kinds, their description, what a user may do. */
export function serverTells(at: Stage): void {
  describe('version and health', () => {
    test('the version is that of a Kubernetes release, to everybody', async () => {
      const { code, body } = await at.api.ask('/version', { token: null });
      expect({ code, body }).toMatchObject({
        code: 200,
        body: { major: '1', minor: '36', gitVersion: expect.stringMatching(/^v1\.36\./) },
      });
    });

    test.each(['/healthz', '/livez', '/readyz'])('%s is ok, for everybody', async path => {
      const { code, text, headers } = await at.api.ask(path, { token: null });
      expect([code, text, headers['content-type']]).toEqual([200, 'ok', 'text/plain; charset=utf-8']);
    });

    test('/readyz/ping is ok', async () => {
      expect((await at.api.ask('/readyz/ping')).text).toBe('ok');
    });

    test('/readyz?verbose tells what was looked at', async () => {
      const { text } = await at.api.ask('/readyz?verbose');
      expect(text).toMatch(/^\[\+\]ping ok\n[\s\S]*readyz check passed\n$/);
    });

    test('HEAD of /healthz is answered without a body', async () => {
      const { code, text } = await at.api.ask('/healthz', { method: 'HEAD' });
      expect([code, text]).toEqual([200, '']);
    });
  });

  describe('discovery', () => {
    test('/ names the paths', async () => {
      const { paths } = await at.ok('GET', '/');
      const wanted = [
        '/api',
        '/api/v1',
        '/apis',
        '/apis/image.openshift.io',
        '/apis/image.openshift.io/v1',
        '/healthz',
      ];
      expect(paths).toEqual(expect.arrayContaining([...wanted, '/openapi/v2', '/openapi/v3', '/readyz', '/version']));
    });

    test('/api names the core group', async () => {
      const body = await at.ok('GET', '/api');
      expect(body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
      expect(body.serverAddressByClientCIDRs).toHaveLength(1);
    });

    const group = {
      name: 'image.openshift.io',
      versions: [
        { groupVersion: 'image.openshift.io/v1', version: 'v1' },
        { groupVersion: 'image.openshift.io/v1alpha1', version: 'v1alpha1' },
      ],
      preferredVersion: { groupVersion: 'image.openshift.io/v1', version: 'v1' },
    };

    test('/apis names the groups, and the version that is best of each', async () => {
      const { kind, groups } = await at.ok('GET', '/apis');
      expect(kind).toBe('APIGroupList');
      expect(groups.find((one: Any) => one.name === 'image.openshift.io')).toEqual(group);
    });

    test('/apis/G names one of them', async () => {
      expect(await at.ok('GET', '/apis/image.openshift.io')).toEqual({ kind: 'APIGroup', apiVersion: 'v1', ...group });
    });

    test('/apis/G/V names the resources, with what can be done to them', async () => {
      const body = await at.ok('GET', '/apis/image.openshift.io/v1');
      expect(body).toMatchObject({ kind: 'APIResourceList', groupVersion: 'image.openshift.io/v1' });
      const resources = body.resources.map(({ storageVersionHash, verbs, ...rest }: Any) => {
        return { ...rest, verbs: sorted(verbs) };
      });
      expect(new Map(resources.map((one: Any) => [one.name, one]))).toEqual(
        new Map(
          [
            {
              name: 'imagestreams',
              singularName: 'imagestream',
              namespaced: true,
              kind: 'ImageStream',
              verbs: VERBS,
              shortNames: ['is'],
              categories: ['all'],
            },
            {
              name: 'imagestreams/status',
              singularName: '',
              namespaced: true,
              kind: 'ImageStream',
              verbs: ['get', 'patch', 'update'],
            },
            {
              name: 'imagestreamimports',
              singularName: 'imagestreamimport',
              namespaced: true,
              kind: 'ImageStreamImport',
              verbs: VERBS,
              shortNames: ['isi'],
            },
          ].map(one => [one.name, one]),
        ),
      );
    });

    test.each([
      {
        name: 'namespaces',
        kind: 'Namespace',
        namespaced: false,
        shortNames: ['ns'],
        verbs: VERBS.filter(one => one !== 'deletecollection'),
      },
      { name: 'secrets', kind: 'Secret', namespaced: true },
      { name: 'configmaps', kind: 'ConfigMap', namespaced: true, shortNames: ['cm'] },
      { name: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true, shortNames: ['sa'] },
      { name: 'events', kind: 'Event', namespaced: true, shortNames: ['ev'] },
      { name: 'pods', kind: 'Pod', namespaced: true, shortNames: ['po'], categories: ['all'] },
    ])('/api/v1 tells of $name', async wanted => {
      const { resources } = await at.ok('GET', '/api/v1');
      expect(resources.find((one: Any) => one.name === wanted.name)).toMatchObject(wanted);
    });

    test('all groups at once, for who asks so, in exactly the form that was asked for', async () => {
      const { headers, body } = await at.api.ask('/apis', { accept: `${AGGREGATED},application/json` });
      expect(headers['content-type']).toBe(AGGREGATED);
      expect(body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
      const found = body.items.find((one: Any) => one.metadata.name === 'image.openshift.io');
      expect(found.versions.map(({ version, freshness }: Any) => [version, freshness])).toEqual([
        ['v1', 'Current'],
        ['v1alpha1', 'Current'],
      ]);
      const streams = found.versions[0].resources.find((one: Any) => one.resource === 'imagestreams');
      expect({ ...streams, verbs: sorted(streams.verbs) }).toEqual({
        resource: 'imagestreams',
        responseKind: { group: 'image.openshift.io', version: 'v1', kind: 'ImageStream' },
        scope: 'Namespaced',
        singularResource: 'imagestream',
        verbs: VERBS,
        shortNames: ['is'],
        categories: ['all'],
        subresources: [
          {
            subresource: 'status',
            responseKind: { group: 'image.openshift.io', version: 'v1', kind: 'ImageStream' },
            verbs: ['get', 'patch', 'update'],
          },
        ],
      });
    });

    test('the core group by itself, in the same form', async () => {
      const { headers, body } = await at.api.ask('/api', { accept: AGGREGATED });
      expect(headers['content-type']).toBe(AGGREGATED);
      const [core] = body.items;
      expect(core.versions[0].version).toBe('v1');
      expect(core.versions[0].resources.map((one: Any) => one.resource)).toContain('secrets');
    });
  });

  describe('OpenAPI', () => {
    const versions = ['api/v1', 'apis/image.openshift.io/v1', 'apis/image.openshift.io/v1alpha1'];
    /** The index, once it names all of these: a real one describes a little later what it was told of just now. */
    const index = async (): Promise<Any> => {
      for (;;) {
        const { paths } = await at.ok('GET', '/openapi/v3');
        if (versions.every(path => path in paths)) return paths;
        await sleep(100);
      }
    };
    const described = async (name: string): Promise<Any> => {
      for (;;) {
        const { body } = await at.api.ask((await index())['apis/image.openshift.io/v1'].serverRelativeURL);
        if (body?.components?.schemas[name] !== undefined) return body;
        await sleep(100);
      }
    };

    test('the index names a document of each version, by a hash of what is in it', async () => {
      const paths = await index();
      for (const path of versions) {
        expect(paths[path].serverRelativeURL).toMatch(new RegExp(`^/openapi/v3/${path}\\?hash=[0-9A-F]+$`));
      }
    });

    test('a document describes kinds and fields, and which writes heed what', async () => {
      const document = await described('io.openshift.image.v1.ImageStream');
      const type = { group: 'image.openshift.io', version: 'v1', kind: 'ImageStream' };
      const schema = document.components.schemas['io.openshift.image.v1.ImageStream'];
      expect(schema['x-kubernetes-group-version-kind']).toEqual([type]);
      expect(schema.properties.spec.properties.tags.items.properties.importPolicy).toMatchObject({ type: 'object' });
      const path = '/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams/{name}';
      const { patch } = document.paths[path];
      expect(patch['x-kubernetes-group-version-kind']).toEqual(type);
      expect(patch.parameters.map(({ name }: Any) => name)).toEqual(
        expect.arrayContaining(['dryRun', 'fieldManager', 'fieldValidation', 'force']),
      );
    });

    test('version 2 is sent as protobuf', async () => {
      const { code, headers } = await at.api.ask('/openapi/v2', { accept: OPENAPI_V2 });
      expect([code, headers['content-type']]).toEqual([200, OPENAPI_V2]);
    });
  });

  describe('an administrator', () => {
    const questions = '/apis/authorization.k8s.io/v1';
    test('may do what they ask about', async () => {
      const { code, body } = await at.api.ask(`${questions}/selfsubjectaccessreviews`, {
        method: 'POST',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { verb: 'delete', resource: 'pods' } },
        },
      });
      expect({ code, body }).toMatchObject({
        code: 201,
        body: {
          kind: 'SelfSubjectAccessReview',
          apiVersion: 'authorization.k8s.io/v1',
          spec: { resourceAttributes: { verb: 'delete', resource: 'pods' } },
          status: { allowed: true },
        },
      });
    });

    test('may do everything', async () => {
      const { body } = await at.api.ask(`${questions}/selfsubjectrulesreviews`, {
        method: 'POST',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectRulesReview',
          spec: { namespace: at.namespace },
        },
      });
      expect(body.status.resourceRules).toContainEqual({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
      expect(body.status.nonResourceRules).toContainEqual({ verbs: ['*'], nonResourceURLs: ['*'] });
    });

    test('is told who they are', async () => {
      const { body } = await at.api.ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
        method: 'POST',
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      });
      expect(body.status.userInfo).toMatchObject({
        username: 'admin',
        groups: ['system:masters', 'system:authenticated'],
      });
    });
  });
}
