import { describe, expect, test } from '@jest/globals';
import type { TagEvent } from '../../../src/api/image-stream.ts';
import { addTagEvent, capHistory } from '../../../src/imagestream/history.ts';
import { tagEvent } from '../../gen/history.ts';

const base: TagEvent = { created: 'old', dockerImageReference: 'ref', image: 'image', generation: 1 };
const fresh = (more: Partial<TagEvent>): TagEvent => ({ ...base, created: 'new', ...more });

describe('addTagEvent() (import-semantics 8.4, 11.6)', () => {
  const rows = [
    { name: 'start: no items; {ref, image}', before: [], event: base, after: [base], changed: true },
    { name: '{ref, image}', before: [base], event: fresh({}), after: [base], changed: false },
    {
      name: '{ref, image}, generation 2 over head generation 1',
      before: [base],
      event: fresh({ generation: 2 }),
      after: [{ ...base, generation: 2 }],
      changed: true,
    },
    {
      name: '{ref, newimage}',
      before: [base],
      event: fresh({ image: 'newimage' }),
      after: [{ ...base, image: 'newimage' }],
      changed: true,
    },
    {
      name: '{newref, image}',
      before: [base],
      event: fresh({ dockerImageReference: 'newref' }),
      after: [{ ...base, dockerImageReference: 'newref' }],
      changed: true,
    },
    {
      name: '{newref, newimage}',
      before: [base],
      event: fresh({ dockerImageReference: 'newref', image: 'newimage' }),
      after: [fresh({ dockerImageReference: 'newref', image: 'newimage' }), base],
      changed: true,
    },
    {
      name: '{newref, image}, generation 3: the generation moves too',
      before: [base],
      event: fresh({ dockerImageReference: 'newref', generation: 3 }),
      after: [{ ...base, dockerImageReference: 'newref', generation: 3 }],
      changed: true,
    },
  ];

  test.each(rows)('$name', ({ before, event, after, changed }) => {
    expect(addTagEvent(before, event)).toEqual({ history: after, changed });
  });

  test('A, then B, then A: three items', () => {
    const [a, b] = [tagEvent('a'), tagEvent('b')];
    const history = [a, b, a].reduce<readonly TagEvent[]>((now, event) => addTagEvent(now, event).history, []);
    expect(history).toEqual([a, b, a]);
  });

  test('older items are left as they are', () => {
    const [a, b] = [tagEvent('a'), tagEvent('b')];
    const { history } = addTagEvent([b, a], { ...b, generation: 7 });
    expect(history).toEqual([{ ...b, generation: 7 }, a]);
  });
});

describe('capHistory()', () => {
  const events = ['a', 'b', 'c'].map(digit => tagEvent(digit));

  test('keeps the newest', () => {
    expect(capHistory(events, 2)).toEqual(events.slice(0, 2));
  });

  test('is the same list when it is short enough', () => {
    expect(capHistory(events, 3)).toBe(events);
  });

  test.each([1, 0, -5])('never drops the head, limit %p', limit => {
    expect(capHistory(events, limit)).toEqual(events.slice(0, 1));
  });
});
