import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter } from '../../../src/kube/watch-lines.ts';

const text = 'žlutý\n{"a":"🐎"}\n\nend';

test('LineSplitter gives the same lines however the bytes are cut', () => {
  const bytes = Buffer.from(text);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), cuts => {
      const splitter = new LineSplitter(100);
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
      const lines = chunks.flatMap(chunk => [...splitter.push(chunk)]);
      expect(lines).toEqual(['žlutý', '{"a":"🐎"}', '']);
      expect(splitter.pending).toBe(3);
    }),
  );
});

test('LineSplitter refuses a line without end', () => {
  const splitter = new LineSplitter(10);
  expect([...splitter.push(Buffer.from('12345'))]).toEqual([]);
  expect(() => [...splitter.push(Buffer.from('678901'))]).toThrow('a line has more than 10 bytes');
});
