import { describe, expect, test } from '@jest/globals';
import { contentOf, sampleImage, sampleIndex } from '../../gen/content.ts';
import { manifestUnknown, scriptedClient } from '../../gen/registry-client.ts';
import { sampleSchema1 } from '../../gen/schema1.ts';
import {
  image,
  importerOf,
  importOf,
  keyring,
  LINUX_AMD64,
  recordingLogger,
  refusal,
  runImport,
  unauthorized,
  withoutSecrets,
} from './parts.ts';

const A = sampleImage();
const B = sampleImage({ architecture: 'arm64', variant: 'v8' });
const L = sampleIndex([A, B], { format: 'docker' });
const preserve = { importMode: 'PreserveOriginal' } as const;
const UNKNOWN_DIGEST = `sha256:e3b0${'4'.repeat(56)}b855`;

describe('importRequest: manifest lists (R1.17, import-semantics 11.4)', () => {
  const letters = new Map([
    [A.digest, 'A'],
    [B.digest, 'B'],
    [L.digest, 'L'],
    ['latest', 'tag'],
  ]);
  const named = (name: string | undefined) => letters.get(name ?? '') ?? name;
  const preferring = (preferences: Readonly<Record<string, string>>) => ({
    metadata: { name: 'test' },
    spec: {
      tags: [
        {
          name: 'latest',
          annotations: Object.fromEntries(
            Object.entries(preferences).map(([key, value]) => [`importer.image.openshift.io/prefer-${key}`, value]),
          ),
        },
      ],
    },
  });
  const latest = { to: { name: 'latest' } };
  const byDigest = `test@${L.digest}`;

  const rows = [
    {
      name: 'test:latest PreserveOriginal',
      images: [image('test:latest', { importPolicy: preserve })],
      requests: 'tag A B',
      want: ['L [A,B]'],
    },
    {
      name: 'test@L PreserveOriginal',
      images: [image(byDigest, { importPolicy: preserve })],
      requests: 'L A B',
      want: ['L [A,B]'],
    },
    {
      name: 'test@L with PreserveOriginal and with Legacy in one ISI',
      images: [
        image(byDigest, { importPolicy: preserve }),
        image(byDigest, { importPolicy: { importMode: 'Legacy' } }),
      ],
      requests: 'L A B L A',
      want: ['L [A,B]', 'A'],
    },
    {
      name: 'test:latest, mode ""',
      images: [image('test:latest', { importPolicy: { importMode: '' } })],
      requests: 'tag A',
      want: ['A'],
    },
    { name: 'test:latest, no policy', images: [image('test')], requests: 'tag A', want: ['A'] },
    { name: 'test@L, mode ""', images: [image(byDigest)], requests: 'L A', want: ['A'] },
    {
      name: 'test:latest Legacy, prefer-arch=arm64',
      images: [image('test:latest', latest)],
      stream: preferring({ arch: 'arm64' }),
      requests: 'tag B',
      want: ['B'],
    },
    {
      name: 'the preference of the source tag counts where there is no to',
      images: [image('test')],
      stream: preferring({ arch: 'arm64' }),
      requests: 'tag B',
      want: ['B'],
    },
    {
      name: 'the preference of the target tag counts, not that of the source tag',
      images: [image('test:latest', { to: { name: 'other' } })],
      stream: preferring({ arch: 'arm64' }),
      requests: 'tag A',
      want: ['A'],
    },
    {
      name: 'prefer-arch=s390x',
      images: [image('test:latest', latest)],
      stream: preferring({ arch: 's390x' }),
      requests: 'tag A',
      want: ['A'],
    },
    {
      name: 'prefer-os=windows',
      images: [image('test:latest', latest)],
      stream: preferring({ os: 'windows' }),
      requests: 'tag A',
      want: ['A'],
    },
    {
      name: 'test@L Legacy with prefer-arch=arm64 on the tag',
      images: [image(byDigest, latest)],
      stream: preferring({ arch: 'arm64' }),
      requests: 'L A',
      want: ['A'],
    },
    {
      name: 'one tag with the preferences of two others is fetched for each',
      images: [image('test:latest', { to: { name: 'other' } }), image('test:latest', latest)],
      stream: preferring({ arch: 'arm64' }),
      requests: 'tag A tag B',
      want: ['A', 'B'],
    },
    {
      name: 'so it is for another os',
      images: [image('test:latest', { to: { name: 'other' } }), image('test:latest', latest)],
      stream: preferring({ os: 'windows' }),
      requests: 'tag A tag A',
      want: ['A', 'A'],
    },
    {
      name: 'the platform option',
      images: [image('test')],
      platform: { os: 'linux', architecture: 'arm64' },
      requests: 'tag B',
      want: ['B'],
    },
  ];

  test.each(rows)('11.4 $name', async ({ images, stream, platform, requests, want }) => {
    const client = scriptedClient();
    client.put('latest', L);
    const { status, failed } = await runImport(
      client,
      { images },
      { ...(stream && { stream }), ...(platform && { platform }) },
    );
    expect(client.manifests.map(named).join(' ')).toBe(requests);
    const found = status.images?.map(entry => {
      const children = entry.manifests?.map(child => named(child.metadata.name));
      return [named(entry.image?.metadata.name), ...(children ? [`[${children}]`] : [])].join(' ');
    });
    expect(found).toEqual(want);
    expect(failed).toBe(0);
  });

  test('11.4 repository test with tag latest, PreserveOriginal', async () => {
    const client = scriptedClient();
    client.put('latest', L);
    const repository = { from: { kind: 'DockerImage', name: 'test' }, importPolicy: preserve };
    const { status } = await runImport(client, { repository });
    expect(client.manifests.map(named).join(' ')).toBe('tag A B');
    expect(status.repository?.images?.[0]).toMatchObject({ tag: 'latest', image: { metadata: { name: L.digest } } });
    expect(status.repository?.images?.[0]?.manifests?.map(child => named(child.metadata.name))).toEqual(['A', 'B']);
  });

  test('11.4 Legacy, list = [linux/s390x S, linux/ppc64le P]: the first', async () => {
    const client = scriptedClient();
    const [s390x, ppc] = [sampleImage({ architecture: 's390x' }), sampleImage({ architecture: 'ppc64le' })];
    client.put('latest', sampleIndex([s390x, ppc]));
    const { status } = await runImport(client, { images: [image('test')] });
    expect(client.manifests).toEqual(['latest', s390x.digest]);
    expect(status.images?.[0]?.image?.metadata.name).toBe(s390x.digest);
  });

  test('11.4 Legacy, empty list', async () => {
    const client = scriptedClient();
    client.put('latest', sampleIndex([]));
    const { status } = await runImport(client, { images: [image('test')] });
    expect(client.manifests).toEqual(['latest']);
    expect(status.images?.[0]?.status.message).toBe(
      'Internal error occurred: docker.io/library/test:latest: no manifests in manifest list',
    );
  });

  test('5.3 PreserveOriginal, empty list', async () => {
    const client = scriptedClient();
    const empty = sampleIndex([]);
    client.put('latest', empty);
    const { status } = await runImport(client, { images: [image('test', { importPolicy: preserve })] });
    expect(status.images?.[0]?.status.status).toBe('Success');
    expect(status.images?.[0]?.image?.metadata.name).toBe(empty.digest);
  });

  test("11.4 PreserveOriginal, child B fails MANIFEST_UNKNOWN: failure 404, name of B's reference", async () => {
    const client = scriptedClient();
    client.put('latest', L);
    client.fail(B.digest, manifestUnknown({ host: 'docker.io', repository: 'library/test' }));
    const { status, failed } = await runImport(client, { images: [image('test', { importPolicy: preserve })] });
    expect(client.manifests.map(named).join(' ')).toBe('tag A B');
    expect(status.images?.[0]).toEqual({
      status: expect.objectContaining({
        code: 404,
        message: `dockerimage.image.openshift.io "docker.io/library/test@${B.digest}" not found`,
      }),
      tag: 'latest',
    });
    expect(failed).toBe(1);
  });

  test("5.2 a child that fails in Legacy mode is spoken of by the list's reference", async () => {
    const client = scriptedClient();
    client.put('latest', L);
    client.fail(A.digest, manifestUnknown({ host: 'docker.io', repository: 'library/test' }));
    const { status } = await runImport(client, { images: [image('test')] });
    expect(status.images?.[0]?.status.message).toBe(
      'dockerimage.image.openshift.io "docker.io/library/test:latest" not found',
    );
  });

  test('5.2 D26 a nested list as the chosen child fails in Legacy mode', async () => {
    const client = scriptedClient();
    client.put('latest', sampleIndex([{ ...L, platform: { os: 'linux', architecture: 'amd64' } }]));
    const { status } = await runImport(client, { images: [image('test')] });
    expect(status.images?.[0]?.status.message).toBe(
      'Internal error occurred: unsupported image manifest type: *manifestlist.DeserializedManifestList',
    );
  });

  test('5.3 a nested list is reduced to one platform in PreserveOriginal mode', async () => {
    const client = scriptedClient();
    client.put('latest', sampleIndex([{ ...L, platform: { os: 'linux', architecture: 'amd64' } }]));
    const { status } = await runImport(client, { images: [image('test', { importPolicy: preserve })] });
    expect(client.manifests.map(named).join(' ')).toBe('tag L A');
    expect(status.images?.[0]?.manifests?.map(child => child.dockerImageReference)).toEqual([`test@${A.digest}`]);
  });

  test('R1.18 a list three deep fails', async () => {
    const client = scriptedClient();
    const amd64 = { os: 'linux', architecture: 'amd64' };
    const second = sampleIndex([{ ...L, platform: amd64 }]);
    client.put('latest', sampleIndex([{ ...second, platform: amd64 }]));
    const { status, failed } = await runImport(client, { images: [image('test', { importPolicy: preserve })] });
    expect(status.images?.[0]?.status.message).toBe(
      'Internal error occurred: unsupported image manifest type: *manifestlist.DeserializedManifestList',
    );
    expect(failed).toBe(1);
  });

  describe('5.3 an entry without platform', () => {
    const bare = { ...A };
    delete (bare as { platform?: unknown }).platform;
    const index = sampleIndex([bare]);
    const images = [
      image('test', { importPolicy: preserve, to: { name: 'latest' } }),
      image('test:ok', { to: { name: 'ok' } }),
    ];
    const client = () => {
      const made = scriptedClient();
      made.put('latest', index);
      made.put('ok', B);
      return made;
    };

    test('fails its image alone when it would be stored', async () => {
      const { status, failed } = await runImport(client(), { import: true, images });
      expect(status.images?.[0]?.status).toMatchObject({
        code: 422,
        reason: 'Invalid',
        message:
          `Image.image.openshift.io "${index.digest}" is invalid: ` +
          '[dockerImageManifests[0].architecture: Required value, dockerImageManifests[0].os: Required value]',
      });
      expect(status.images?.[1]?.status.status).toBe('Success');
      expect(failed).toBe(1);
    });

    test('is looked up', async () => {
      const { failed } = await runImport(client(), { import: false, images });
      expect(failed).toBe(0);
    });
  });

  test.each([
    ['configs', { config: { comment: 'x'.repeat(3.9 * 1024 * 1024) } }],
    ['manifests', { manifest: { comment: 'x'.repeat(3.9 * 1024 * 1024) } }],
  ])('a list with more %s below it than we hold fails', async (_name, more) => {
    const client = scriptedClient();
    const large = Array.from({ length: 5 }, (_, at) => sampleImage({ seed: `${at}`, ...more }));
    client.put('latest', sampleIndex(large));
    const { status } = await runImport(client, { images: [image('test', { importPolicy: preserve })] });
    expect(status.images?.[0]?.status.message).toMatch(/ are larger than 16 MiB together$/);
  });
});

describe('importRequest: look-up results (import-semantics 11.3)', () => {
  test('11.3 image test, insecure policy: repository opened with insecure=true', async () => {
    const client = scriptedClient();
    client.put('latest', A);
    await runImport(client, { images: [image('test', { importPolicy: { insecure: true } }), image('test:other')] });
    const insecure = client.asked.filter(each => each.op === 'manifest').map(each => [each.name, each.insecure]);
    expect(insecure).toEqual([
      ['latest', true],
      ['other', false],
    ]);
  });

  test('9 a registry of the insecure list is insecure without a wish', async () => {
    const client = scriptedClient();
    client.put('latest', A);
    await runImport(client, { images: [image('test')] }, { insecureHosts: new Set(['docker.io']) });
    expect(client.asked[0]?.insecure).toBe(true);
  });

  test('11.3 test; test@sha256:…; test///un/parse/able/image; kind ImageStreamTag test:other', async () => {
    const client = scriptedClient();
    client.fail('latest', refusal('no such manifest tag'));
    client.fail(UNKNOWN_DIGEST, refusal('no such digest'));
    const images = [
      image('test'),
      image(`test@${UNKNOWN_DIGEST}`),
      image('test///un/parse/able/image'),
      { from: { kind: 'ImageStreamTag', name: 'test:other' } },
    ];
    const { status } = await runImport(client, { images });
    expect(status.images).toEqual([
      {
        status: expect.objectContaining({
          message: 'Internal error occurred: docker.io/library/test:latest: no such manifest tag',
        }),
        tag: 'latest',
      },
      {
        status: expect.objectContaining({
          message: `Internal error occurred: docker.io/library/test@${UNKNOWN_DIGEST}: no such digest`,
        }),
      },
      {
        status: expect.objectContaining({
          code: 422,
          message:
            ' "" is invalid: from.name: Invalid value: "test///un/parse/able/image": invalid name: invalid reference format',
        }),
      },
      { status: { metadata: {} } },
    ]);
  });

  test('11.3 images test@sha256:… and test:tag, schema 1 manifest', async () => {
    const client = scriptedClient();
    const content = sampleSchema1();
    client.put('tag', content);
    const { status } = await runImport(client, { images: [image(`test@${content.digest}`), image('test:tag')] });
    const size = [...content.blobs.values()].reduce((sum, layer) => sum + layer.length, 0);
    for (const entry of status.images ?? []) {
      expect(entry.status.status).toBe('Success');
      expect(entry.image?.metadata.name).toBe(content.digest);
      expect(entry.image?.dockerImageReference).toBe(`test@${content.digest}`);
      expect(entry.image?.dockerImageMetadata?.Size).toBe(size);
    }
    expect(status.images?.map(entry => entry.tag)).toEqual([undefined, 'tag']);
  });

  test('11.3 image test:busybox, schema 2', async () => {
    const client = scriptedClient();
    const content = sampleImage({ format: 'docker' });
    client.put('busybox', content);
    const { status } = await runImport(client, { images: [image('test:busybox')] });
    const size = [...content.blobs.values()].reduce((sum, blob) => sum + blob.length, 0);
    expect(status.images?.[0]).toMatchObject({
      status: { status: 'Success' },
      tag: 'busybox',
      image: { dockerImageReference: `test@${content.digest}`, dockerImageMetadata: { Size: size } },
    });
  });

  test('11.3 no images, no repository: no error, empty status', async () => {
    expect(await runImport(scriptedClient(), {})).toEqual({ status: {}, entries: [], failed: 0 });
  });

  test.each([
    ['*', 'Internal error occurred: unable to parse docker reference *:latest: invalid reference format'],
    ['quay.io', 'Internal error occurred: unable to parse docker reference : invalid reference format'],
    [`test@sha256:${'A'.repeat(64)}`, 'Internal error occurred: invalid checksum digest format'],
  ])('11.3 image %s', async (name, message) => {
    const client = scriptedClient();
    const { status } = await runImport(client, { images: [image(name)] });
    expect(status.images?.[0]?.status).toMatchObject({ code: 500, message });
    expect(client.asked).toEqual([]);
  });

  test.each([
    ['quay.io', 'quay.io/x/y', 'forbidden: registry quay.io blocked'],
    ['docker.io', 'app', 'forbidden: registry  blocked'],
    ['docker.io', 'docker.io/library/app', 'forbidden: registry docker.io blocked'],
  ])('11.5 %s blocked, image %s', async (host, name, message) => {
    const client = scriptedClient();
    const { status } = await runImport(client, { images: [image(name)] }, { blockedHosts: new Set([host]) });
    expect(status.images?.[0]?.status).toMatchObject({ code: 403, reason: 'Forbidden', message });
    expect(client.asked).toEqual([]);
  });

  test('9 a blocked path blocks nothing', async () => {
    const client = scriptedClient();
    client.put('latest', A, 'quay.io/org/app');
    const { failed } = await runImport(
      client,
      { images: [image('quay.io/org/app')] },
      { blockedHosts: new Set(['quay.io/org']) },
    );
    expect(failed).toBe(0);
  });

  test('3 a missing config fails its image with the reference', async () => {
    const client = scriptedClient();
    client.put('latest', { ...A, blobs: new Map() });
    const { status } = await runImport(client, { images: [image('test')] });
    expect(status.images?.[0]?.status.message).toBe(
      'Internal error occurred: docker.io/library/test:latest: unknown blob',
    );
  });

  test('5.4 a config that is no object fails without the reference', async () => {
    const client = scriptedClient();
    const bad = sampleImage();
    const [configDigest = ''] = bad.blobs.keys();
    client.put('latest', { ...bad, blobs: new Map([[configDigest, Buffer.from('[]')]]) });
    const { status } = await runImport(client, { images: [image('test')] });
    expect(status.images?.[0]?.status.code).toBe(500);
    expect(status.images?.[0]?.status.message).not.toContain('docker.io/library/test');
  });
});

describe('importRequest: grouping (import-semantics 3)', () => {
  test('3.7 identical keys are fetched once, each in the words of its entry', async () => {
    const client = scriptedClient();
    client.put('1', A);
    const images = [image('test:1', { to: { name: 'a' } }), image('docker.io/library/test:1'), image(`test:1`)];
    const { status, entries } = await runImport(client, { images });
    expect(client.manifests).toEqual(['1']);
    expect(status.images?.map(entry => entry.image?.dockerImageReference)).toEqual([
      `test@${A.digest}`,
      `docker.io/library/test@${A.digest}`,
      `test@${A.digest}`,
    ]);
    expect(entries.map(({ result }) => result.source)).toEqual([{ from: 'test:1', digest: A.digest }]);
  });

  test('R0.12 secure and insecure fetches are never shared', async () => {
    const client = scriptedClient();
    client.put('1', A);
    await runImport(client, { images: [image('test:1', { importPolicy: { insecure: true } }), image('test:1')] });
    const fetches = client.asked.filter(({ op }) => op === 'manifest');
    expect(fetches.map(({ insecure }) => insecure)).toEqual([true, false]);
  });

  test('D23 every request goes through the retry that the importer was given', async () => {
    const client = scriptedClient();
    client.put('latest', L);
    const tries = new Map<unknown, number>();
    const importer = importerOf(client, undefined, {
      retry: async action => {
        tries.set(action, (tries.get(action) ?? 0) + 1);
        return action();
      },
    });
    const isi = importOf({ images: [image('test')], repository: { from: { kind: 'DockerImage', name: 'test' } } });
    await importer.importRequest({
      isi,
      keyring,
      platform: LINUX_AMD64,
      maxImagesPerRepository: 0,
      blockedHosts: new Set(),
      signal: new AbortController().signal,
    });
    expect(tries.size).toBe(client.asked.length);
  });

  test('3.5 the tag next to a digest is ignored', async () => {
    const client = scriptedClient();
    client.put('1', A);
    const { status } = await runImport(client, { images: [image(`test:nowhere@${A.digest}`)] });
    expect(client.manifests).toEqual([A.digest]);
    expect(status.images?.[0]?.tag).toBeUndefined();
  });

  test.each([
    ['before background work, unless told', undefined, 1],
    ['as it is told', 0, 0],
  ])('R4.3 a request is asked for %s', async (_name, priority, want) => {
    const client = scriptedClient();
    client.put('latest', A);
    const priorities: number[] = [];
    const ear: typeof client = {
      ...client,
      getManifest: (repository, name, context) => {
        priorities.push(context.priority);
        return client.getManifest(repository, name, context);
      },
    };
    await runImport(ear, { images: [image('test')] }, priority === undefined ? {} : { priority });
    expect(priorities).toEqual([want]);
  });

  test('one failed image never sinks another, nor does a fault of ours', async () => {
    const client = scriptedClient();
    client.put('good', A);
    client.fail('bad', new TypeError('a bug'));
    const log = recordingLogger();
    const { status, failed } = await runImport(client, { images: [image('test:bad'), image('test:good')] }, {}, log);
    expect(status.images?.map(entry => entry.status.status)).toEqual(['Failure', 'Success']);
    expect(status.images?.[0]?.status.message).toBe(
      'Internal error occurred: docker.io/library/test:bad: unexpected error',
    );
    expect(failed).toBe(1);
    expect(log.lines).toEqual([
      expect.objectContaining({
        level: 'error',
        fields: { image: 'docker.io/library/test:bad', stack: expect.stringContaining('a bug') },
      }),
    ]);
  });

  test('images are asked for side by side', async () => {
    const client = scriptedClient();
    for (const tag of ['a', 'b', 'c']) client.put(tag, A);
    const gate = client.hold();
    const running = runImport(client, { images: ['a', 'b', 'c'].map(tag => image(`test:${tag}`)) });
    await new Promise(resolve => setImmediate(resolve));
    expect(client.manifests).toEqual(['a', 'b', 'c']);
    gate.release();
    await running;
  });

  test('rejects with the reason of the signal', async () => {
    const client = scriptedClient();
    client.put('latest', A);
    const gate = client.hold();
    const stop = new AbortController();
    const running = runImport(client, { images: [image('test')] }, { signal: stop.signal });
    stop.abort('enough');
    gate.release();
    await expect(running).rejects.toBe('enough');
  });

  test('tells its progress', async () => {
    const client = scriptedClient();
    for (const tag of ['a', 'b', 'latest']) client.put(tag, A);
    const told: string[] = [];
    await runImport(
      client,
      { images: [image('test:a'), image('no///name')], repository: { from: { kind: 'DockerImage', name: 'test' } } },
      { onProgress: ({ done, total }) => told.push(`${done}/${total}`) },
    );
    expect(told).toEqual(['1/2', '2/2', '2/5', '3/5', '4/5', '5/5']);
  });
});

describe('importRequest: without credentials (import-semantics 7.3)', () => {
  const secrets = { keyring, withoutSecrets };
  const wrongPassword = () => unauthorized('incorrect username or password', 'tokenService');
  const statuses = (outcome: Awaited<ReturnType<typeof runImport>>) =>
    outcome.status.images?.map(({ status }) => status.message ?? status.status);

  test('failures are asked again without secrets, successes stay', async () => {
    const client = scriptedClient();
    client.put('good', A);
    client.put('public', B);
    client.fail('public', wrongPassword(), keyring);
    client.fail('private', wrongPassword());
    client.fail('plain', unauthorized(undefined, 'registry'), keyring);
    client.put('plain', B);
    const images = ['good', 'public', 'private', 'plain'].map(tag => image(`test:${tag}`));
    const outcome = await runImport(client, { images }, secrets);
    expect(statuses(outcome)).toEqual([
      'Success',
      'Success',
      'incorrect username or password for image "docker.io/library/test:private"',
      'Success',
    ]);
    expect(outcome.failed).toBe(1);
    const again = client.asked.filter(each => each.keyring === withoutSecrets && each.op === 'manifest');
    expect(again.map(({ name }) => name)).toEqual(['public', 'private', 'plain']);
  });

  test('what is Unauthorized now keeps its first answer', async () => {
    const client = scriptedClient();
    client.fail('private', wrongPassword(), keyring);
    client.fail('private', unauthorized(undefined, 'registry'), withoutSecrets);
    client.fail('other', refusal('first'), keyring);
    client.fail('other', refusal('second'), withoutSecrets);
    const outcome = await runImport(client, { images: [image('test:private'), image('test:other')] }, secrets);
    expect(statuses(outcome)).toEqual([
      'incorrect username or password for image "docker.io/library/test:private"',
      'Internal error occurred: docker.io/library/test:other: second',
    ]);
  });

  test('a plain Unauthorized asks for nothing', async () => {
    const client = scriptedClient();
    client.fail('latest', unauthorized(undefined, 'registry'));
    await runImport(client, { images: [image('test')] }, secrets);
    expect(client.asked.every(each => each.keyring === keyring)).toBe(true);
  });

  test('nor do the tags of a repository', async () => {
    const client = scriptedClient();
    client.put('latest', A);
    client.fail('latest', wrongPassword());
    await runImport(client, { repository: { from: { kind: 'DockerImage', name: 'test' } } }, secrets);
    expect(client.asked.every(each => each.keyring === keyring)).toBe(true);
  });

  test('a repository that is Unauthorized then keeps what it was told first', async () => {
    const client = scriptedClient();
    client.fail('b', wrongPassword(), keyring);
    client.fail('tags', unauthorized(undefined, 'registry'), withoutSecrets);
    client.fail('tags', refusal('told first'), keyring);
    const repository = { from: { kind: 'DockerImage', name: 'test' } };
    const { status } = await runImport(client, { images: [image('test:b')], repository }, secrets);
    expect(client.asked.filter(({ op }) => op === 'tags')).toHaveLength(2);
    expect(status.repository?.status?.message).toBe('Internal error occurred: told first');
  });

  test('but a repository that fails next to such an image is asked again', async () => {
    const client = scriptedClient();
    client.put('latest', A);
    client.put('b', B);
    client.fail('b', wrongPassword(), keyring);
    client.fail('tags', unauthorized(undefined, 'registry'), keyring);
    const repository = { from: { kind: 'DockerImage', name: 'test' } };
    const { status, failed } = await runImport(client, { images: [image('test:b')], repository }, secrets);
    expect(status.repository?.images?.map(({ tag }) => tag)).toEqual(['latest', 'b']);
    expect(failed).toBe(0);
  });
});

describe('importRequest: raw texts (import-semantics 8.6)', () => {
  const to = { to: { name: 'a' } };
  test.each([
    { name: 'import: false without the flag', import: false, entry: {}, raw: false, rawBelow: true },
    { name: 'import: false with the flag', import: false, entry: { includeManifest: true }, raw: true, rawBelow: true },
    {
      name: 'import: true, stored',
      import: true,
      entry: { ...to, includeManifest: true },
      raw: false,
      rawBelow: false,
    },
    { name: 'import: true without to', import: true, entry: { includeManifest: true }, raw: true, rawBelow: true },
  ])('8.6 $name', async ({ import: records, entry, raw, rawBelow }) => {
    const client = scriptedClient();
    client.put('a', A);
    client.put('l', L);
    const { status } = await runImport(client, {
      import: records,
      images: [image('test:a', entry), image('test:l', { ...entry, importPolicy: preserve })],
    });
    const [single, list] = status.images ?? [];
    expect(single?.image?.dockerImageManifest !== undefined).toBe(raw);
    expect(single?.image?.dockerImageConfig !== undefined).toBe(raw);
    expect(list?.manifests?.every(child => (child.dockerImageManifest !== undefined) === rawBelow)).toBe(true);
  });

  test('entries that share a fetch differ in what they carry', async () => {
    const client = scriptedClient();
    client.put('a', A);
    const { status } = await runImport(client, {
      images: [image('test:a'), image('test:a', { includeManifest: true })],
    });
    expect(client.manifests).toEqual(['a']);
    expect(status.images?.map(entry => entry.image?.dockerImageManifest !== undefined)).toEqual([false, true]);
  });
});

describe('importRequest: what is to be recorded (import-semantics 8.2)', () => {
  test('tags of the repository come first, entries without to not at all', async () => {
    const client = scriptedClient();
    client.put('1', A);
    const scheduled = { scheduled: true };
    const { entries } = await runImport(client, {
      import: true,
      images: [
        image('test:1', { to: { name: 'one' }, importPolicy: scheduled, referencePolicy: { type: 'Local' } }),
        image('test:1'),
        image('test:none', { to: { name: 'none' } }),
        image('no///name', { to: { name: 'bad' } }),
      ],
      repository: { from: { kind: 'DockerImage', name: 'test' } },
    });
    expect(
      entries.map(({ result, from, ensureSpecTagOnFailure }) => [
        result.tag,
        result.outcome,
        from,
        ensureSpecTagOnFailure,
      ]),
    ).toEqual([
      ['1', 'imported', 'test:1', false],
      ['one', 'imported', 'test:1', true],
      ['none', 'failed', 'test:none', true],
      ['bad', 'failed', 'no///name', true],
    ]);
    expect(entries[1]).toMatchObject({ importPolicy: scheduled, referencePolicy: { type: 'Local' } });
    expect(entries[0]).toMatchObject({ importPolicy: {}, referencePolicy: { type: 'Source' } });
    expect(entries[1]?.result.source).toEqual({ from: 'test:1', digest: A.digest });
    expect(entries[2]?.result.source).toEqual({ from: 'test:none' });
  });
});

test('5.5 a schema 1 manifest without layer sizes asks for each layer once', async () => {
  const client = scriptedClient();
  client.put('latest', sampleSchema1({ layers: 3 }));
  await runImport(client, { images: [image('test')] });
  expect(client.asked.map(({ op }) => op)).toEqual(['manifest', 'size', 'size', 'size']);
});

test('5.4 another schemaVersion has no reference before it', async () => {
  const client = scriptedClient();
  const bytes = Buffer.from(JSON.stringify({ ...JSON.parse(A.bytes.toString()), schemaVersion: 7 }));
  const content = contentOf(A.mediaType, bytes);
  client.put('latest', content);
  const { status } = await runImport(client, { images: [image('test')] });
  expect(status.images?.[0]?.status.message).toBe(
    `Internal error occurred: unrecognized container image manifest schema 7 for "${content.digest}" ()`,
  );
});

test('a registry that hangs takes no place away from another', async () => {
  const client = scriptedClient();
  client.put('latest', A, 'quick.example.com/app');
  const hanging = client.hold();
  const importer = importerOf(client, undefined, { maxImagesAtOnce: 1 });
  const run = (name: string) =>
    importer.importRequest({
      isi: importOf({ images: [image(`${name}:latest`), image(`${name}:b`)] }),
      keyring,
      platform: LINUX_AMD64,
      maxImagesPerRepository: 0,
      blockedHosts: new Set(),
      signal: new AbortController().signal,
    });
  const slow = run('slow.example.com/app');
  const quick = run('quick.example.com/app');
  await new Promise(resolve => setImmediate(resolve));
  expect(client.asked.map(({ repository }) => repository)).toEqual(['slow.example.com/app', 'quick.example.com/app']);
  hanging.release();
  await Promise.all([slow, quick]);
});
