import { expect, test } from '@jest/globals';
import { ReadRecords } from '../../../src/controller/read-records.ts';
import { recordOf, streamOfRecord } from '../../../src/imagestream/stream-record.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const recordWith = (name: string, tags: number) =>
  recordOf(
    imageStream({
      name,
      tags: Array.from({ length: tags }, (_each, index) => specTag(`t${index}`, `quay.io/acme/app-${index}:v1`)),
    }),
  );

test('a record is read once, and anew when it is another', () => {
  const records = new ReadRecords();
  const [before, after] = [recordWith('app', 50), recordWith('app', 51)];
  const read = records.get('demo/app', before);
  expect(read).toEqual(streamOfRecord(before));
  expect(records.get('demo/app', before)).toBe(read);
  expect(records.get('demo/app', after)).toEqual(streamOfRecord(after));
  expect(records.get('demo/app', before)).not.toBe(read);
});

test('one of a stream with few tags is read each time, and takes no room', () => {
  const records = new ReadRecords();
  const small = recordWith('app', 2);
  expect(records.get('demo/app', small)).toEqual(streamOfRecord(small));
  expect(records.get('demo/app', small)).not.toBe(records.get('demo/app', small));
});

test('the last ones are kept while there is room, and one that has none is read all the same', () => {
  const records = new ReadRecords();
  const large = recordWith('large', 4_000);
  const first = records.get('first', large);
  expect(records.get('first', large)).toBe(first);
  // A million characters have room for fewer than these.
  const many = Math.ceil(1_000_000 / large.length) + 1;
  for (let index = 0; index < many; index += 1) records.get(`s${index}`, large);
  expect(records.get('first', large)).not.toBe(first);
  const huge = recordWith('huge', 40_000);
  expect(huge.length).toBeGreaterThan(1_000_000);
  expect(records.get('huge', huge).spec?.tags).toHaveLength(40_000);
});
