import { describe, expect, test } from '@jest/globals';
import { type StreamRegistries, withRepositoryNames } from '../../../src/controller/repository-names.ts';
import { imageStream } from '../../gen/objects.ts';

const stream = imageStream({ status: { observedGeneration: 1 } });

describe('withRepositoryNames() (controllers 5.7)', () => {
  const rows: readonly { readonly name: string; readonly of: StreamRegistries; readonly want: object }[] = [
    {
      name: 'names the internal one',
      of: { internalRegistry: 'registry.svc:5000' },
      want: { dockerImageRepository: 'registry.svc:5000/demo/app' },
    },
    {
      name: 'names the public one for both, where it is the only one',
      of: { publicRegistry: 'r.example.com' },
      want: {
        dockerImageRepository: 'r.example.com/demo/app',
        publicDockerImageRepository: 'r.example.com/demo/app',
      },
    },
    {
      name: 'names both',
      of: { internalRegistry: 'registry.svc:5000', publicRegistry: 'r.example.com' },
      want: {
        dockerImageRepository: 'registry.svc:5000/demo/app',
        publicDockerImageRepository: 'r.example.com/demo/app',
      },
    },
  ];

  test.each(rows)('$name', ({ of, want }) => {
    const named = withRepositoryNames(stream, of);
    expect(named.status).toEqual({ observedGeneration: 1, ...want });
    expect(withRepositoryNames(named, of)).toBe(named);
  });

  test('is the same object where there are no registries', () => {
    expect(withRepositoryNames(stream, {})).toBe(stream);
    expect(withRepositoryNames(imageStream(), { publicRegistry: '' }).status).toBeUndefined();
    const empty = imageStream({ status: { dockerImageRepository: '' } });
    expect(withRepositoryNames(empty, {})).toBe(empty);
  });

  test('takes names away once there are no registries any more', () => {
    const named = withRepositoryNames(stream, { publicRegistry: 'r.example.com' });
    expect(withRepositoryNames(named, {}).status).toEqual({ observedGeneration: 1 });
  });
});
