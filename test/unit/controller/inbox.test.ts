import { describe, expect, test } from '@jest/globals';
import { TagFlights } from '../../../src/controller/flights.ts';
import { Inbox, type TagArrival } from '../../../src/controller/inbox.ts';
import { failedResult } from '../../gen/history.ts';
import { dueTag } from './due-tag.ts';

function arrival(tag: string): TagArrival {
  const flight = new TagFlights().start('demo/app', 'u1', dueTag(tag), 0);
  return { kind: 'tag', flight, result: failedResult(tag, { from: 'a' }), atMs: 0 };
}

describe('Inbox', () => {
  test('keeps arrivals, in order, until they are settled', () => {
    const inbox = new Inbox();
    const [one, two, three] = [arrival('1'), arrival('2'), arrival('3')];
    for (const each of [one, two]) inbox.put('demo/app', each);
    const seen = inbox.peek('demo/app');
    expect(seen).toEqual([one, two]);
    inbox.put('demo/app', three);
    expect(seen).toHaveLength(2);
    inbox.settle('demo/app', seen);
    expect(inbox.peek('demo/app')).toEqual([three]);
  });

  test('a look settles nothing: a conflict finds them all again', () => {
    const inbox = new Inbox();
    const one = arrival('1');
    inbox.put('demo/app', one);
    inbox.peek('demo/app');
    expect(inbox.peek('demo/app')).toEqual([one]);
  });

  test('streams do not see each other’s', () => {
    const inbox = new Inbox();
    const one = arrival('1');
    inbox.put('demo/app', one);
    expect(inbox.peek('demo/other')).toEqual([]);
    inbox.settle('demo/other', [one]);
    expect(inbox.peek('demo/app')).toEqual([one]);
  });

  test('is emptied of one stream, or of all', () => {
    const inbox = new Inbox();
    const [one, two] = [arrival('1'), arrival('2')];
    inbox.put('demo/app', one);
    inbox.put('demo/other', two);
    expect(inbox.clear('demo/app')).toEqual([one]);
    expect(inbox.clear()).toEqual([two]);
    expect(inbox.clear()).toEqual([]);
  });
});
