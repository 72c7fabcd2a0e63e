import { expect, test } from '@jest/globals';
import { NoAnswer } from '../../../src/kube/api-error.ts';
import type { KubeClient, ListQuery } from '../../../src/kube/client.ts';
import { listPages } from '../../../src/kube/list-pages.ts';
import { IMAGE_STREAMS } from '../../../src/kube/resource.ts';

test('others in the process have a turn between two pages', async () => {
  const order: string[] = [];
  const continues = ['second', 'third', undefined];
  const list = async () => {
    order.push('page');
    setImmediate(() => order.push('turn'));
    const next = continues[order.filter(each => each === 'page').length - 1];
    return { resourceVersion: '1', items: [], ...(next !== undefined && { continue: next }) };
  };
  const client = { list } as unknown as Pick<KubeClient, 'list'>;
  for await (const _page of listPages(client, { resource: IMAGE_STREAMS }, {}, new AbortController().signal));
  expect(order).toEqual(['page', 'turn', 'page', 'turn', 'page']);
});

test('an object that is too large alone is told, not asked for without end', async () => {
  const limits: unknown[] = [];
  const list = async (_path: unknown, { limit }: ListQuery) => {
    limits.push(limit);
    throw new NoAnswer('list', 'tooLarge', {});
  };
  const client = { list } as unknown as Pick<KubeClient, 'list'>;
  const drain = async () => {
    for await (const _page of listPages(client, { resource: IMAGE_STREAMS }, {}, new AbortController().signal));
  };
  await expect(drain()).rejects.toMatchObject({ reason: 'tooLarge' });
  expect(limits).toEqual([500, 125, 32, 8, 2, 1]);
});
