import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Shown } from '../../../../src/standalone/http/forms.ts';
import { readListOptions } from '../../../../src/standalone/http/list-options.ts';
import { list } from '../../../../src/standalone/http/lists.ts';
import { readScope } from '../../../../src/standalone/http/scope.ts';
import { KINDS } from '../../../../src/standalone/kind-table.ts';
import { collectionOf, type Kind } from '../../../../src/standalone/kinds.ts';
import { createSqliteStorage } from '../../../../src/standalone/sqlite-storage.ts';

const kind = KINDS.find(one => one.plural === 'configmaps') as Kind;
const storage = createSqliteStorage();
const nameAt = (index: number) => `m${String(index).padStart(4, '0')}`;

// Every 300th is meant by a selector: further apart than objects are read at once, now and then.
beforeAll(async () => {
  const collection = collectionOf(kind);
  for (let index = 0; index < 1_300; index += 1) {
    const name = nameAt(index);
    const labels = index % 300 === 0 ? { meant: 'yes' } : { meant: 'no' };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'demo', labels } };
    await storage.commit([{ collection, namespace: 'demo', name, expected: 0, object }]);
  }
});
afterAll(() => storage.close());

async function ask(query: string) {
  const asked = new URLSearchParams(query);
  const shown = new Shown(kind, 'whole', 'Metadata', () => 0);
  const scope = readScope(kind, 'demo', asked);
  const { body } = await list(storage, kind, scope, readListOptions(asked, 'list'), shown);
  const { metadata, items } = JSON.parse([...(body as Iterable<string>)].join(''));
  return { metadata, names: items.map((one: { metadata: { name: string } }) => one.metadata.name) as string[] };
}

async function pages(query: string): Promise<string[][]> {
  const all: string[][] = [];
  for (let next = ''; ; ) {
    const { metadata, names } = await ask(`${query}&continue=${encodeURIComponent(next)}`);
    all.push(names);
    if (metadata.continue === undefined) return all;
    next = metadata.continue;
  }
}

const meant = [0, 300, 600, 900, 1_200].map(nameAt);

test.each([
  { limit: 1, want: meant.map(name => [name]) },
  { limit: 2, want: [meant.slice(0, 2), meant.slice(2, 4), meant.slice(4)] },
  { limit: 4, want: [meant.slice(0, 4), meant.slice(4)] },
  { limit: 5, want: [meant] },
  { limit: 100, want: [meant] },
])('pages of $limit of a selection hold all of it, and none is empty', async ({ limit, want }) => {
  expect(await pages(`labelSelector=meant=yes&limit=${limit}`)).toEqual(want);
});

test('a selection that is not paged is read as a whole', async () => {
  expect((await ask('labelSelector=meant=yes')).names).toEqual(meant);
});

test('pages of all there is tell how many follow', async () => {
  const first = await ask('limit=500');
  expect([first.names.length, first.metadata.remainingItemCount]).toEqual([500, 800]);
  expect((await pages('limit=500')).map(({ length }) => length)).toEqual([500, 500, 300]);
});

const token = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each([
  { name: 'what is no JSON', text: 'AAAA' },
  { name: 'a number', text: Buffer.from('7').toString('base64url') },
  { name: 'null', text: Buffer.from('null').toString('base64url') },
  { name: 'another version of tokens', text: token({ v: 'v0', rv: 1, start: 'demo/a' }) },
  { name: 'no place', text: token({ v: 'meta.k8s.io/v1', rv: 1 }) },
  { name: 'half a place', text: token({ v: 'meta.k8s.io/v1', rv: 1, start: 'demo' }) },
  { name: 'a version that is no number', text: token({ v: 'meta.k8s.io/v1', rv: '1', start: 'demo/a' }) },
])('$name is no token', async ({ text }) => {
  await expect(ask(`limit=1&continue=${text}`)).rejects.toMatchObject({ status: { code: 400, reason: 'BadRequest' } });
});
