import { expect, test } from '@jest/globals';
import { statusNews } from '../../../src/imagestream/status-news.ts';
import { imported } from '../../gen/history.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const stream = imageStream({ tags: [specTag('1', 'mysql')], history: [imported('1', 'mysql')], generation: 2 });
const said = (status: object) => ({ ...stream, status: { ...stream.status, ...status } });

test.each([
  { name: 'none in the same stream', next: stream, want: 'none' },
  { name: 'generation when that is all', next: said({ observedGeneration: 2 }), want: 'generation' },
  { name: 'some in a tag', next: said({ observedGeneration: 2, tags: [] }), want: 'some' },
  { name: 'some in an answered request', next: said({ lastHandledRequest: 'now' }), want: 'some' },
  { name: 'some in a repository', next: said({ dockerImageRepository: 'r/demo/app' }), want: 'some' },
  { name: 'some in a public repository', next: said({ publicDockerImageRepository: 'r/demo/app' }), want: 'some' },
])('statusNews() is $name', ({ next, want }) => {
  expect(statusNews(stream, next)).toBe(want);
});

test('statusNews() is some in the first status of all that says anything', () => {
  const { status: _status, ...bare } = stream;
  expect(statusNews(bare, { ...bare, status: { observedGeneration: 1 } })).toBe('generation');
  expect(statusNews(bare, stream)).toBe('some');
});
