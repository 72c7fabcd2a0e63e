import { describe, expect, test } from '@jest/globals';
import type { Any } from './api.ts';
import { APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, type Stage, stream, tag } from './stage.ts';

/** What patches do, each in its own way. */
export function patches(at: Stage): void {
  let count = 0;
  /** A name that no other test has. */
  const fresh = () => `p${++count}`;
  const get = (name: string) => at.ok('GET', at.streams(`/${name}`));

  describe('a patch', () => {
    const tags = [tag('1'), tag('2')];

    test('merges', async () => {
      const { metadata } = await at.createStream(fresh(), { metadata: { labels: { a: 'b', c: 'd' } }, spec: { tags } });
      const patch = { metadata: { labels: { a: null, e: 'f' } }, spec: { tags: [tag('3')] } };
      const { code, body } = await at.patch(at.streams(`/${metadata.name}`), MERGE_PATCH, patch);
      expect([code, body.metadata.labels, body.spec.tags]).toEqual([200, { c: 'd', e: 'f' }, [tag('3')]]);
    });

    test('that only tries changes nothing', async () => {
      const before = await at.createStream(fresh());
      const path = at.streams(`/${before.metadata.name}`);
      const { body } = await at.patch(`${path}?dryRun=All`, MERGE_PATCH, { spec: { tags } });
      expect(body.spec.tags).toEqual(tags);
      expect(await at.ok('GET', path)).toEqual(before);
    });

    test('does one operation after the other', async () => {
      const { metadata } = await at.createStream(fresh(), { spec: { tags } });
      const { body } = await at.patch(at.streams(`/${metadata.name}`), JSON_PATCH, [
        { op: 'test', path: '/spec/tags/0/name', value: '1' },
        { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
        { op: 'remove', path: '/spec/tags/0' },
        { op: 'add', path: '/spec/tags/-', value: tag('3') },
      ]);
      expect([body.metadata.labels, body.spec.tags]).toEqual([{ a: 'b' }, [tag('2'), tag('3')]]);
    });

    test('whose test fails does nothing', async () => {
      const before = await at.createStream(fresh(), { spec: { tags } });
      const { code, body } = await at.patch(at.streams(`/${before.metadata.name}`), JSON_PATCH, [
        { op: 'remove', path: '/spec/tags/0' },
        { op: 'test', path: '/spec/tags/0/name', value: '9' },
      ]);
      expect([code, body.reason]).toEqual([422, 'Invalid']);
      expect(await get(before.metadata.name)).toEqual(before);
    });

    test('merges in the way of a kind of Kubernetes', async () => {
      const name = fresh();
      await at.ok('POST', at.core('serviceaccounts'), { metadata: { name }, secrets: [{ name: 'a' }] });
      const { body } = await at.patch(at.core(`serviceaccounts/${name}`), STRATEGIC_PATCH, {
        metadata: { labels: { x: 'y' } },
        secrets: [{ name: 'b' }],
      });
      expect(body.metadata.labels).toEqual({ x: 'y' });
      expect(body.secrets.map((one: Any) => one.name).sort()).toEqual(['a', 'b']);
    });
  });

  describe('an apply', () => {
    const apply = (name: string, object: object | string, query = 'fieldManager=me') =>
      at.patch(at.streams(`/${name}?${query}`), APPLY_PATCH, object);

    test('creates what is not there, in YAML too, and changes what is', async () => {
      const name = fresh();
      const text = `apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: { name: ${name} }\nspec:\n  tags:\n  - name: "1"\n    from: { kind: DockerImage, name: "quay.io/acme/app:1" }\n`;
      const first = await apply(name, text);
      expect([first.code, first.body.spec.tags]).toEqual([201, [tag('1')]]);
      const second = await apply(name, stream(name, { metadata: { labels: { a: 'b' } }, spec: { tags: [tag('1')] } }));
      expect([second.code, second.body.metadata.labels]).toEqual([200, { a: 'b' }]);
    });

    test('keeps what others have in the same list', async () => {
      const name = fresh();
      await at.createStream(name, { spec: { tags: [tag('1')] } });
      const { body } = await apply(name, stream(name, { spec: { tags: [tag('2')] } }));
      expect(body.spec.tags.map((one: Any) => one.name).sort()).toEqual(['1', '2']);
    });

    test('changes an entry of a list by its key', async () => {
      const name = fresh();
      await apply(name, stream(name, { spec: { tags: [tag('1'), tag('2')] } }));
      const changed = { ...tag('1'), importPolicy: { scheduled: true } };
      const { body } = await apply(name, stream(name, { spec: { tags: [changed, tag('2')] } }));
      expect(body.spec.tags).toEqual([changed, tag('2')]);
    });

    test('that changes nothing makes no new version', async () => {
      const name = fresh();
      const object = stream(name, { spec: { tags: [tag('1')] } });
      const first = await apply(name, object);
      const second = await apply(name, object);
      expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
    });
  });
}
