import { expect, test } from '@jest/globals';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { IntervalNotices } from '../../../src/controller/interval-notices.ts';
import type { Key } from '../../../src/controller/key.ts';
import { imageStream } from '../../gen/objects.ts';

const key = 'demo/app' as Key;
const every = (interval: string, uid = 'u1'): ImageStream => {
  const stream = imageStream({ annotations: { 'imagestream-operator/interval': interval } });
  return { ...stream, metadata: { ...stream.metadata, uid } };
};

function listening() {
  const told: string[] = [];
  const intervalIgnored = (_stream: ImageStream, faults: readonly string[]) => void told.push(faults.join());
  return { told, notices: new IntervalNotices({ intervalIgnored }) };
}

test('IntervalNotices tells of a stream once, until it says something else', () => {
  const { told, notices } = listening();
  for (const interval of ['often', 'often', 'seldom', '5m', 'often']) notices.consider(key, every(interval));
  expect(told.map(text => text.split('"')[1])).toEqual(['often', 'seldom', 'often']);
});

test('IntervalNotices tells of another stream of that name, and after it was forgotten', () => {
  const { told, notices } = listening();
  notices.consider(key, every('often'));
  notices.consider(key, every('often', 'u2'));
  notices.forget(key);
  notices.consider(key, every('often', 'u2'));
  expect(told).toHaveLength(3);
});
