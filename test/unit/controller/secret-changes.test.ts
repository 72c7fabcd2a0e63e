import { expect, test } from '@jest/globals';
import { SecretChanges } from '../../../src/controller/secret-changes.ts';

const turn = () => new Promise(resolve => setImmediate(resolve));

/** `count` streams in namespaces `n0` to `n9`, and what becomes of changes. */
function setUp(count: number) {
  const keys = Array.from({ length: count }, (_each, index) => `n${index % 10}/s${index}`);
  const concerned: string[] = [];
  let walks = 0;
  const changes = new SecretChanges({
    keys: () => {
      walks += 1;
      return keys;
    },
    concerned: key => concerned.push(key),
  });
  return { keys, concerned, changes, walks: () => walks };
}

test('a change concerns the streams of its namespace, and of no other', async () => {
  const { changes, concerned } = setUp(20);
  changes.add('n3');
  changes.add('n');
  await turn();
  expect(concerned).toEqual(['n3/s3', 'n3/s13']);
});

test('a change without a namespace concerns all', async () => {
  const { changes, concerned, keys } = setUp(20);
  changes.add(undefined);
  changes.add('n1');
  await turn();
  expect(concerned).toEqual(keys);
});

test('changes that are told together cost one look at all streams', async () => {
  const { changes, concerned, walks } = setUp(20);
  for (let namespace = 0; namespace < 10; namespace += 1) changes.add(`n${namespace}`);
  await turn();
  expect([concerned.length, walks()]).toEqual([20, 1]);
});

test('others have their turn in between, and what changes meanwhile is looked for afterwards', async () => {
  const { changes, concerned, walks } = setUp(5_000);
  changes.add('n1');
  let turns = 0;
  while (concerned.length < 500) {
    await turn();
    turns += 1;
    if (turns === 2) changes.add('n2');
  }
  expect(turns).toBeGreaterThan(3);
  expect(concerned.every(key => key.startsWith('n1/'))).toBe(true);
  while (concerned.length < 1_000) await turn();
  expect(walks()).toBe(2);
});
