import { describe, expect, test } from '@jest/globals';
import { imageStreamSchema } from '../../../src/api/image-stream.ts';
import { checkSchema } from '../../../src/api/validate.ts';
import { followed, sampleObjects } from '../../../src/command/dev-sample.ts';
import { imageStream, specTag } from '../../gen/objects.ts';

const registry = { host: '127.0.0.1:5000', repository: 'demo/app', tags: ['latest', '1.0'] };

describe('sampleObjects()', () => {
  const [namespace, stream] = sampleObjects(registry);

  test('are a stream and the namespace that it is in', () => {
    expect(namespace).toEqual({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'demo' } });
    expect(stream.metadata).toMatchObject({ name: 'app', namespace: 'demo' });
    expect(checkSchema(imageStreamSchema, stream, '')).toEqual([]);
  });

  test('follow every tag of the registry, and look again at the one that moves', () => {
    const tags = (stream.spec?.tags ?? []).map(({ name, from, importPolicy }) => [
      name,
      from?.name,
      importPolicy?.scheduled,
    ]);
    expect(tags).toEqual([
      ['latest', '127.0.0.1:5000/demo/app:latest', true],
      ['1.0', '127.0.0.1:5000/demo/app:1.0', undefined],
    ]);
  });
});

describe('followed()', () => {
  const streamOf = (...names: string[]) => imageStream({ tags: names.map((from, at) => specTag(`${at}`, from)) });
  const namesAfter = (...names: string[]) =>
    followed(streamOf(...names), registry)?.spec?.tags?.map(({ from }) => from?.name);

  test('has the tags of an earlier run at the port of this one, and all others where they were', () => {
    const others = ['127.0.0.1:4000/demo/other:latest', 'localhost:4000/demo/app:1', 'quay.io/demo/app:1'];
    expect(namesAfter('127.0.0.1:4000/demo/app:latest', ...others)).toEqual([
      '127.0.0.1:5000/demo/app:latest',
      ...others,
    ]);
  });

  test.each([
    ['nothing has moved', ['127.0.0.1:5000/demo/app:latest']],
    ['it follows something else', ['quay.io/demo/app:latest']],
    ['it has no tags', []],
  ])('is undefined when %s', (_, names) => {
    expect(namesAfter(...names)).toBeUndefined();
  });

  test('leaves everything else as the user has it', () => {
    const stream = imageStream({
      annotations: { 'imagestream-operator/interval': '1m' },
      tags: [specTag('latest', '127.0.0.1:4000/demo/app:latest', { importPolicy: { scheduled: false } })],
    });
    expect(followed(stream, registry)).toEqual({
      ...stream,
      spec: {
        ...stream.spec,
        tags: [specTag('latest', '127.0.0.1:5000/demo/app:latest', { importPolicy: { scheduled: false } })],
      },
    });
  });
});
