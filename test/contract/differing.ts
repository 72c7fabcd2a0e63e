import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Any } from './api.ts';
import { differs } from './differences.ts';
import { MERGE_PATCH, type Stage, stream } from './stage.ts';

/** Where the two answer otherwise: each difference that is listed is seen here, or among what is refused. */
export function differing(at: Stage): void {
  const names = ({ items }: Any) => items.map((one: Any) => one.metadata.name);

  beforeAll(async () => {
    for (const name of ['a', 'b']) await at.createStream(name);
  });

  describe('the two differ in', () => {
    test('what a later page shows', async () => {
      const { metadata } = await at.ok('GET', at.streams('?limit=1'));
      await at.createStream('c');
      const next = await at.ok('GET', at.streams(`?continue=${encodeURIComponent(metadata.continue)}`));
      expect(names(next)).toEqual(differs(at.api, 'pages', { embedded: ['b', 'c'], real: ['b'] }));
      expect(next.metadata.resourceVersion).toBe(metadata.resourceVersion);
    });

    test('lists as of an older version', async () => {
      const { metadata } = await at.ok('GET', at.streams());
      await at.patch(at.streams('/a'), MERGE_PATCH, { metadata: { labels: { a: 'b' } } });
      const query = `?resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`;
      const { code } = await at.api.ask(at.streams(query));
      expect(code).toBe(differs(at.api, 'exactVersion', { embedded: 410, real: 200 }));
    });

    test('YAML that is long', async () => {
      const text = `apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: { name: long }\n#${'x'.repeat(70_000)}\n`;
      const { code } = await at.api.ask(at.streams(), { method: 'POST', type: 'application/yaml', body: text });
      expect(code).toBe(differs(at.api, 'longYaml', { embedded: 413, real: 201 }));
    });

    test('a field that is there twice', async () => {
      const text = JSON.stringify(stream('twice')).replace('{', '{"spec":{},"spec":{},');
      const { code } = await at.api.ask(at.streams('?fieldValidation=Strict'), { method: 'POST', body: text });
      expect(code).toBe(differs(at.api, 'twice', { embedded: 201, real: 400 }));
    });

    test('who is asked for', async () => {
      const { body } = await at.api.ask('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
        method: 'POST',
        headers: { 'impersonate-user': 'somebody' },
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
      });
      const wanted = differs(at.api, 'oneUser', { embedded: 'admin', real: 'somebody' });
      expect(body.status.userInfo.username).toBe(wanted);
    });

    test('answers in YAML', async () => {
      const { code, headers } = await at.api.ask(at.streams('/a'), { accept: 'application/yaml' });
      const wanted = differs(at.api, 'mediaTypes', {
        embedded: [406, 'application/json'],
        real: [200, 'application/yaml'],
      });
      expect([code, headers['content-type']]).toEqual(wanted);
    });

    test('the columns of Events', async () => {
      const { body } = await at.api.ask(at.core('events'), { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
      const shown = body.columnDefinitions.filter((one: Any) => one.priority === 0).map((one: Any) => one.name);
      const columns = ['Last Seen', 'Type', 'Reason', 'Object', 'Message'];
      expect(shown).toEqual(differs(at.api, 'columns', { embedded: ['Name', ...columns], real: columns }));
    });

    test('what is kept of who set which field', async () => {
      const { metadata } = await at.ok('POST', at.streams('?fieldManager=me'), stream('mine', { spec: { tags: [] } }));
      expect('managedFields' in metadata).toBe(differs(at.api, 'managedFields', { embedded: false, real: true }));
    });
  });
}
