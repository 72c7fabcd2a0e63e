import { describe, expect, test } from '@jest/globals';
import { ApiError, NoAnswer } from '../../../src/kube/api-error.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { ObjectPath } from '../../../src/kube/resource.ts';
import { type PullSecret, readSecrets } from '../../../src/kube/secret-reading.ts';
import { type LogFields, silentLogger } from '../../../src/log.ts';

const { signal } = new AbortController();
const DOCKER = 'kubernetes.io/dockerconfigjson';
const CONTENT = Buffer.from('{"auths":{}}').toString('base64');

function secret(name: string, more: Partial<PullSecret> = {}): PullSecret {
  return {
    metadata: { namespace: 'demo', name, uid: `u-${name}`, resourceVersion: '7', ...more.metadata },
    type: more.type ?? DOCKER,
    data: more.data ?? { '.dockerconfigjson': CONTENT },
  };
}

/** Answers from what is there; an error is thrown. */
function setUp(there: Readonly<Record<string, PullSecret | Error>>) {
  const skipped: LogFields[] = [];
  let asking = 0;
  let most = 0;
  const client: Pick<KubeClient, 'get'> = {
    get: async <T>({ name }: ObjectPath) => {
      asking += 1;
      most = Math.max(most, asking);
      await Promise.resolve();
      asking -= 1;
      const found = there[name] ?? new ApiError('get', 404, { status: 'Failure', code: 404 });
      if (Error.isError(found)) throw found;
      return found as T;
    },
  };
  const log = { ...silentLogger, warn: (fields: LogFields) => skipped.push(fields) };
  const read = async (names = Object.keys(there)) => {
    const secrets = await readSecrets({ client, log }, 'demo', names, signal);
    return secrets.map(({ metadata }) => metadata.name);
  };
  return { read, client, log, skipped, most: () => most };
}

describe('readSecrets()', () => {
  test('keeps what credentials are read from, and no second copy of it', async () => {
    const applied = { 'kubectl.kubernetes.io/last-applied-configuration': `{"data":"${CONTENT}"}` };
    const { client, log } = setUp({
      a: secret('a', { metadata: { annotations: applied }, data: { '.dockerconfigjson': CONTENT, 'ca.crt': 'QQ==' } }),
    });
    expect(await readSecrets({ client, log }, 'demo', ['a'], signal)).toEqual([
      {
        metadata: { namespace: 'demo', name: 'a', uid: 'u-a', resourceVersion: '7' },
        type: DOCKER,
        data: { '.dockerconfigjson': CONTENT },
      },
    ]);
  });

  test('keeps the order of the names, and asks for a few at a time', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `s${index}`);
    const { read, most } = setUp(Object.fromEntries(names.map(name => [name, secret(name)])));
    expect(await read()).toEqual(names);
    expect(most()).toBe(4);
  });

  test('leaves out what is gone, excluded or of another type by now', async () => {
    const { read, skipped } = setUp({
      a: secret('a'),
      excluded: secret('excluded', { metadata: { annotations: { 'openshift.io/image.excludeSecret': 'true' } } }),
      opaque: secret('opaque', { type: 'Opaque' }),
    });
    expect(await read(['a', 'excluded', 'gone', 'opaque'])).toEqual(['a']);
    expect(skipped).toEqual([{ secret: 'demo/opaque', why: 'its type is none of a pull secret' }]);
  });

  test('skips one whose answer is too large, and only that', async () => {
    const { read, skipped } = setUp({ a: secret('a'), b: new NoAnswer('get', 'tooLarge', {}), c: secret('c') });
    expect(await read()).toEqual(['a', 'c']);
    expect(skipped).toEqual([{ secret: 'demo/b', why: 'it is too large' }]);
  });

  test.each([
    ['a refusal', new ApiError('get', 403, { status: 'Failure', code: 403 })],
    ['no answer', new NoAnswer('get', 'unreachable', {})],
  ])('%s fails all: a failure without its credentials would be a wrong one', async (_name, error) => {
    const { read } = setUp({ a: secret('a'), b: error });
    await expect(read()).rejects.toBe(error);
  });

  test('keeps 4 MiB of a namespace', async () => {
    const large = (name: string) => secret(name, { data: { '.dockerconfigjson': 'A'.repeat(1_500_000) } });
    const { read, skipped } = setUp({ a: large('a'), b: large('b'), c: large('c'), d: secret('d') });
    expect(await read()).toEqual(['a', 'b']);
    expect(skipped.map(({ secret: name }) => name)).toEqual(['demo/c', 'demo/d']);
  });

  test('keeps 200 secrets of a namespace', async () => {
    const names = Array.from({ length: 202 }, (_, index) => `s${String(index).padStart(3, '0')}`);
    const { read, skipped } = setUp(Object.fromEntries(names.map(name => [name, secret(name)])));
    expect(await read()).toHaveLength(200);
    expect(skipped.map(({ secret: name }) => name)).toEqual(['demo/s200', 'demo/s201']);
  });

  test('a secret without data is one without credentials', async () => {
    const { read } = setUp({ a: secret('a', { data: {} }) });
    expect(await read()).toEqual(['a']);
  });
});
