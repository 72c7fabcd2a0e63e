import { describe, expect, test } from '@jest/globals';
import { intervalFaults, intervalOf } from '../../../src/imagestream/interval.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const ANNOTATION = 'imagestream-operator/interval';
const defaults = { defaultIntervalMs: 900_000, minIntervalMs: 60_000 };

describe('intervalOf() (design D10)', () => {
  const rows = [
    { name: 'is the default without annotations', want: 900_000 },
    { name: 'is the annotation of the stream', stream: '5m', want: 300_000 },
    { name: 'is the annotation of the tag before that of the stream', stream: '5m', tag: '2h', want: 7_200_000 },
    { name: 'never goes below the floor', tag: '1s', want: 60_000 },
    { name: 'passes over a text that is no duration', stream: '5m', tag: 'often', want: 300_000 },
  ];

  test.each(rows)('$name', ({ stream, tag, want }) => {
    const annotated = imageStream(stream === undefined ? {} : { annotations: { [ANNOTATION]: stream } });
    const annotations = tag === undefined ? null : { [ANNOTATION]: tag };
    expect(intervalOf(annotated, specTag('t', 'x', { annotations }), defaults)).toBe(want);
  });
});

describe('intervalFaults()', () => {
  const annotated = (text: string) => ({ annotations: { [ANNOTATION]: text } });

  test('tells every text that is no duration, and where it is', () => {
    const tags = [specTag('a', 'x', annotated('5 minutes')), specTag('b', 'x', annotated('5m')), specTag('c', 'x')];
    expect(intervalFaults(imageStream({ ...annotated('often'), tags }))).toEqual([
      `metadata.annotations[${ANNOTATION}]: "often": expected a duration, such as 15m; it is ignored`,
      `spec.tags[a].annotations[${ANNOTATION}]: "5 minutes": expected a duration, such as 15m; it is ignored`,
    ]);
  });

  test('shows the beginning of a long one', () => {
    const [fault = ''] = intervalFaults(imageStream(annotated('x'.repeat(300_000))));
    expect(fault).toContain(`"${'x'.repeat(31)}…"`);
  });

  test('has nothing to say of one that is empty', () => {
    expect(intervalFaults(imageStream(annotated('')))).toEqual([]);
  });
});
