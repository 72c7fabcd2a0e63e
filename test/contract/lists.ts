import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Any } from './api.ts';
import { type Stage, tag } from './stage.ts';

const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
const METADATA = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';

/** What a list shows, and in which form. */
export function lists(at: Stage): void {
  const names = ({ items }: Any) => items.map((one: Any) => one.metadata.name);
  const list = (query = '') => at.ok('GET', at.streams(query === '' ? '' : `?${query}`));

  beforeAll(async () => {
    const tags = [tag('1.0'), tag('1.1')];
    await at.createStream('a', { metadata: { labels: { app: 'web', tier: 'front' } }, spec: { tags } });
    await at.createStream('b', { metadata: { labels: { app: 'db' } } });
    await at.createStream('c', { metadata: { labels: { app: 'web', tier: 'back' }, annotations: { x: 'y' } } });
    await at.createStream('d');
    await at.ok('POST', at.core('secrets'), { metadata: { name: 'pull' }, type: 'example.com/pull' });
    await at.ok('POST', at.core('secrets'), { metadata: { name: 'plain' } });
  });

  describe('a list', () => {
    test('shows all objects of a namespace by their names, at one version', async () => {
      const body = await list();
      expect(body).toMatchObject({ kind: 'ImageStreamList', apiVersion: 'image.openshift.io/v1' });
      expect(names(body)).toEqual(['a', 'b', 'c', 'd']);
      const versions = body.items.map((one: Any) => Number(one.metadata.resourceVersion));
      expect(Number(body.metadata.resourceVersion)).toBeGreaterThanOrEqual(Math.max(...versions));
      expect(body.items[0]).toMatchObject({ kind: 'ImageStream', apiVersion: 'image.openshift.io/v1' });
    });

    test('of all namespaces shows those of this one, too', async () => {
      const { items } = await at.ok('GET', '/apis/image.openshift.io/v1/imagestreams');
      const here = items.filter((one: Any) => one.metadata.namespace === at.namespace);
      expect(names({ items: here })).toEqual(['a', 'b', 'c', 'd']);
    });

    test('of a namespace that is not there is empty', async () => {
      const body = await at.ok('GET', '/apis/image.openshift.io/v1/namespaces/nowhere/imagestreams');
      expect(body).toMatchObject({ kind: 'ImageStreamList', items: [] });
    });

    test.each([
      { selector: 'app=web', want: ['a', 'c'] },
      { selector: 'app==web,tier!=back', want: ['a'] },
      { selector: 'app!=web', want: ['b', 'd'] },
      { selector: 'app in (web,db)', want: ['a', 'b', 'c'] },
      { selector: 'app notin (web)', want: ['b', 'd'] },
      { selector: 'tier', want: ['a', 'c'] },
      { selector: '!app', want: ['d'] },
      { selector: 'app=', want: [] },
    ])('with labels "$selector" shows $want', async ({ selector, want }) => {
      expect(names(await list(`labelSelector=${encodeURIComponent(selector)}`))).toEqual(want);
    });

    test.each([
      { selector: 'metadata.name=b', want: ['b'] },
      { selector: 'metadata.name!=b', want: ['a', 'c', 'd'] },
      { selector: 'metadata.name=b,metadata.namespace=elsewhere', want: [] },
    ])('with fields "$selector" shows $want', async ({ selector, want }) => {
      expect(names(await list(`fieldSelector=${encodeURIComponent(selector)}`))).toEqual(want);
    });

    test('of Secrets can be asked for by type', async () => {
      expect(names(await at.ok('GET', at.core('secrets?fieldSelector=type%3Dexample.com/pull')))).toEqual(['pull']);
    });
  });

  describe('pages', () => {
    test('lead through a list, all at the version of the first', async () => {
      const first = await list('limit=3');
      expect(names(first)).toEqual(['a', 'b', 'c']);
      expect(first.metadata.remainingItemCount).toBe(1);
      const second = await list(`limit=3&continue=${encodeURIComponent(first.metadata.continue)}`);
      expect(names(second)).toEqual(['d']);
      expect(second.metadata.continue ?? '').toBe('');
      expect(second.metadata.remainingItemCount).toBeUndefined();
      expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    });

    test('of a selection are as long as asked for, and don’t tell how many follow', async () => {
      const first = await list('limit=1&labelSelector=app%3Dweb');
      expect(names(first)).toEqual(['a']);
      expect(first.metadata.remainingItemCount).toBeUndefined();
      const next = encodeURIComponent(first.metadata.continue);
      expect(names(await list(`limit=1&labelSelector=app%3Dweb&continue=${next}`))).toEqual(['c']);
    });

    test('of exactly all there is have none after them', async () => {
      const { metadata } = await list('limit=4');
      expect(metadata.continue ?? '').toBe('');
    });

    test.each(['limit=0', 'limit=-1', 'limit=100', 'resourceVersion=0', 'resourceVersion=1'])(
      '%s shows all',
      async query => {
        expect(names(await list(query))).toEqual(['a', 'b', 'c', 'd']);
      },
    );

    test('of the version that a list just told can be asked for exactly', async () => {
      const { metadata } = await list();
      const query = `resourceVersion=${metadata.resourceVersion}&resourceVersionMatch=Exact`;
      expect(names(await list(query))).toEqual(['a', 'b', 'c', 'd']);
    });
  });

  describe('metadata', () => {
    test('of a list is shown without the rest', async () => {
      const { body } = await at.api.ask(at.streams(), { accept: METADATA_LIST });
      expect(body).toMatchObject({ kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' });
      expect(names(body)).toEqual(['a', 'b', 'c', 'd']);
      expect(Object.keys(body.items[0]).sort()).toEqual(['apiVersion', 'kind', 'metadata']);
      expect(body.items[2].metadata.annotations).toEqual({ x: 'y' });
    });

    test('of an object is shown without the rest', async () => {
      const { body } = await at.api.ask(at.streams('/a'), { accept: METADATA });
      expect(body).toMatchObject({
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { name: 'a', namespace: at.namespace, labels: { app: 'web', tier: 'front' } },
      });
      expect(body.spec).toBeUndefined();
    });
  });

  describe('a table', () => {
    const columns = [
      ['Name', 'string', 'name', 0],
      ['Repository', 'string', '', 0],
      ['Failing', 'string', '', 0],
      ['Reason', 'string', '', 0],
      ['Age', 'date', '', 0],
    ];
    const shown = (body: Any) =>
      body.columnDefinitions.map((one: Any) => [one.name, one.type, one.format, one.priority]);
    const age = expect.stringMatching(/^\d+s$/);

    test('of streams has the columns of their definition', async () => {
      const { body } = await at.api.ask(at.streams(), { accept: TABLE });
      expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
      expect(shown(body)).toEqual(columns);
      expect(body.rows.map((row: Any) => row.cells)).toEqual(
        ['a', 'b', 'c', 'd'].map(name => [name, null, null, null, age]),
      );
      expect(body.rows[0].object).toMatchObject({
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { name: 'a', labels: { app: 'web', tier: 'front' } },
      });
      expect(body.metadata.resourceVersion).toMatch(/^\d+$/);
    });

    test('prints what conditions say', async () => {
      const condition = (status: string, reason: string) => ({ type: 'ImportSuccess', status, reason, generation: 1 });
      const tags = [
        { tag: '1.0', items: null, conditions: [condition('True', 'Imported')] },
        { tag: '1.1', items: null, conditions: [condition('False', 'NotFound')] },
      ];
      const status = { dockerImageRepository: 'registry.example/a', tags };
      await at.patch(at.streams('/a/status'), 'application/merge-patch+json', { status });
      const { body } = await at.api.ask(at.streams('/a'), { accept: TABLE });
      expect(shown(body)).toEqual(columns);
      expect(body.rows.map((row: Any) => row.cells)).toEqual([['a', 'registry.example/a', '1.1', 'NotFound', age]]);
    });

    test('has columns that are wanted only when it is wide', async () => {
      const { body } = await at.api.ask(at.streams().replace('imagestreams', 'imagestreamimports'), { accept: TABLE });
      expect(shown(body)).toEqual([
        ['Name', 'string', 'name', 0],
        ['Complete', 'string', '', 0],
        ['Succeeded', 'string', '', 0],
        ['Reason', 'string', '', 0],
        ['Message', 'string', '', 1],
        ['Age', 'date', '', 0],
      ]);
      expect(body.rows).toEqual([]);
    });

    test.each([
      { included: 'None', want: null },
      { included: 'Metadata', want: expect.objectContaining({ kind: 'PartialObjectMetadata' }) },
      { included: 'Object', want: expect.objectContaining({ kind: 'ImageStream', spec: expect.anything() }) },
    ])('takes along $included of an object', async ({ included, want }) => {
      const { body } = await at.api.ask(at.streams(`/a?includeObject=${included}`), { accept: TABLE });
      expect(body.rows[0].object).toEqual(want);
    });

    test('is a page, too', async () => {
      const { body } = await at.api.ask(at.streams('?limit=2'), { accept: TABLE });
      expect(body.rows.map((row: Any) => row.cells[0])).toEqual(['a', 'b']);
      expect(body.metadata).toMatchObject({ continue: expect.stringMatching(/./), remainingItemCount: 2 });
    });
  });
}
