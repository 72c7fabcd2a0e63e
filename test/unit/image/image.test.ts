import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Image } from '../../../src/api/image.ts';
import { InvalidContent } from '../../../src/image/content.ts';
import { digestOf, manifestDigest } from '../../../src/image/digest.ts';
import { imageFromIndex, imageFromManifest, imageFromSchema1, missingLayerSizes } from '../../../src/image/image.ts';
import type { ImageManifest, IndexManifest, Schema1Manifest } from '../../../src/image/manifest.ts';
import { MEDIA_TYPES } from '../../../src/image/media-types.ts';
import { parseManifest } from '../../../src/image/parse.ts';
import {
  bytesOf,
  digest,
  entryDocument,
  imageDocument,
  indexDocument,
  LAYER_TYPE,
  schema1Payload,
  signedSchema1,
} from '../../gen/manifests.ts';

const REFERENCE = `quay.io/org/app@${digest('d')}`;

function imageOf(config: unknown, members: Readonly<Record<string, unknown>> = {}): Image {
  const manifestBytes = bytesOf(imageDocument(members));
  const manifest = parseManifest(manifestBytes, undefined) as ImageManifest;
  const name = digestOf(manifestBytes);
  return imageFromManifest({ name, reference: REFERENCE, manifest, manifestBytes, configBytes: bytesOf(config) });
}

function indexOf(members: Readonly<Record<string, unknown>> = {}, name = digest('f')): Image {
  const manifest = parseManifest(bytesOf(indexDocument(members)), undefined) as IndexManifest;
  return imageFromIndex({ name, reference: REFERENCE, manifest, created: '2026-11-23T10:00:00Z' });
}

function schema1Of(members: Readonly<Record<string, unknown>> = {}, sizes?: ReadonlyMap<string, number>) {
  const manifestBytes = signedSchema1(schema1Payload(members));
  const manifest = parseManifest(manifestBytes, undefined) as Schema1Manifest;
  const name = manifestDigest(manifestBytes, manifest);
  const input = { name, reference: REFERENCE, manifest, manifestBytes };
  return {
    manifest,
    name,
    manifestBytes,
    image: () => imageFromSchema1(sizes === undefined ? input : { ...input, sizes }),
  };
}

const faultOf = (act: () => unknown): InvalidContent => {
  try {
    act();
  } catch (error) {
    if (error instanceof InvalidContent) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('import-semantics 5.4, imageFromManifest()', () => {
  const config = { architecture: 'arm64', created: '2026-01-02T03:04:05Z', config: { Env: ['A=b'] } };

  test('makes the whole Image', () => {
    const image = imageOf(config);
    expect(image).toEqual({
      metadata: {
        name: digestOf(bytesOf(imageDocument())),
        annotations: { 'image.openshift.io/dockerLayersOrder': 'ascending' },
      },
      dockerImageReference: REFERENCE,
      dockerImageMetadata: {
        kind: 'DockerImage',
        apiVersion: 'image.openshift.io/1.0',
        Id: digest('c'),
        Created: '2026-01-02T03:04:05Z',
        ContainerConfig: {},
        Config: { Env: ['A=b'] },
        Architecture: 'arm64',
        Size: JSON.stringify(config).length + 30,
      },
      dockerImageMetadataVersion: '1.0',
      dockerImageManifest: JSON.stringify(imageDocument()),
      dockerImageManifestMediaType: MEDIA_TYPES.ociManifest,
      dockerImageConfig: JSON.stringify(config),
      dockerImageLayers: [
        { name: digest('1'), size: 10, mediaType: LAYER_TYPE },
        { name: digest('2'), size: 20, mediaType: LAYER_TYPE },
      ],
    });
  });

  test('counts each layer once, and the config not as a layer; lists them all', () => {
    const layer = (hexDigit: string, size: number) => ({ mediaType: LAYER_TYPE, digest: digest(hexDigit), size });
    const image = imageOf('{}', { layers: [layer('1', 10), layer('c', 5_000), layer('1', 10), layer('2', 20)] });
    expect(image.dockerImageMetadata?.Size).toBe(2 + 30);
    expect(image.dockerImageLayers?.map(({ name }) => name)).toEqual(['1', 'c', '1', '2'].map(digest));
  });

  test('counts a layer with the size it is first given', () => {
    const layers = [10, 99].map(size => ({ mediaType: LAYER_TYPE, digest: digest('1'), size }));
    expect(imageOf('{}', { layers }).dockerImageMetadata?.Size).toBe(2 + 10);
  });

  test('11.3: config of 1459 bytes and a layer of 667590 make 669049', () => {
    const layers = [{ mediaType: LAYER_TYPE, digest: digest('1'), size: 667_590 }];
    expect(imageOf(`{}${' '.repeat(1_457)}`, { layers }).dockerImageMetadata?.Size).toBe(669_049);
  });

  test('imports an artifact whose config is any JSON object', () => {
    expect(imageOf({ name: 'chart', version: '1' }, { layers: [] })).toMatchObject({
      dockerImageLayers: [],
      dockerImageMetadata: { Id: digest('c'), Created: null, ContainerConfig: {}, Size: 30 },
    });
  });

  test('refuses layers whose sizes add up to nonsense', () => {
    const layers = ['1', '2'].map(at => ({ digest: digest(at), size: Number.MAX_SAFE_INTEGER }));
    expect(faultOf(() => imageOf({}, { layers })).detail).toBe('layers: expected sizes with a sensible sum');
  });
});

describe('api-types 4.3, dockerImageMetadata', () => {
  const metadataOf = (config: unknown) => imageOf(config).dockerImageMetadata;

  test('maps every field', () => {
    const runtime = {
      Hostname: 'h',
      Domainname: 'd',
      User: 'u',
      Memory: 1,
      MemorySwap: -1,
      CpuShares: 2,
      Cpuset: '0',
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      PortSpecs: ['1'],
      ExposedPorts: { '80/tcp': {} },
      Tty: true,
      OpenStdin: true,
      StdinOnce: true,
      Env: ['A=b'],
      Cmd: ['c'],
      Dns: ['1.1.1.1'],
      Image: 'i',
      Volumes: { '/v': {} },
      VolumesFrom: 'v',
      WorkingDir: '/w',
      Entrypoint: ['e'],
      NetworkDisabled: true,
      SecurityOpts: ['s'],
      OnBuild: ['o'],
      Labels: { l: 'm' },
    };
    const config = {
      id: 'ignored',
      parent: 'p',
      comment: 'c',
      created: '2026-01-02T03:04:05Z',
      container: 'k',
      docker_version: '1.2',
      author: 'a',
      architecture: 'amd64',
      config: runtime,
      container_config: { ...runtime, Hostname: 'build' },
    };
    expect(metadataOf(config)).toEqual({
      kind: 'DockerImage',
      apiVersion: 'image.openshift.io/1.0',
      Id: digest('c'),
      Parent: 'p',
      Comment: 'c',
      Created: '2026-01-02T03:04:05Z',
      Container: 'k',
      ContainerConfig: { ...runtime, Hostname: 'build' },
      DockerVersion: '1.2',
      Author: 'a',
      Config: runtime,
      Architecture: 'amd64',
      Size: JSON.stringify(config).length + 30,
    });
  });

  test('leaves zero values out, and what OpenShift has no place for', () => {
    const config = {
      os: 'linux',
      variant: 'v8',
      rootfs: {},
      history: [],
      author: '',
      architecture: null,
      container_config: null,
      config: {
        User: '',
        Memory: 0,
        Tty: false,
        Env: [],
        Cmd: null,
        Labels: {},
        Volumes: null,
        Healthcheck: {},
        StopSignal: 'x',
        Shell: [],
        ArgsEscaped: true,
        MacAddress: '',
      },
    };
    const { Size, ...rest } = metadataOf(config) ?? {};
    expect(rest).toEqual({
      kind: 'DockerImage',
      apiVersion: 'image.openshift.io/1.0',
      Id: digest('c'),
      Created: null,
      ContainerConfig: {},
      Config: {},
    });
    expect(metadataOf({ config: null })).not.toHaveProperty('Config');
  });

  test.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05.999999999Z', '2026-01-02T03:04:05Z'],
    ['2026-01-02T03:04:05.5+02:30', '2026-01-02T00:34:05Z'],
    ['2025-12-31T23:30:00-01:00', '2026-01-01T00:30:00Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['1969-12-31T23:59:59.5Z', '1969-12-31T23:59:59Z'],
    ['0050-01-01T00:00:00Z', '0050-01-01T00:00:00Z'],
    ['0001-01-01T00:00:00Z', null],
    ['0001-01-01T01:00:00+01:00', null],
    [null, null],
  ])('created %s becomes %s', (created, want) => {
    expect(metadataOf({ created })?.Created).toBe(want);
  });

  test.each([
    '',
    'yesterday',
    '2026-01-02',
    '2026-01-02T03:04:05',
    '2026-01-02 03:04:05Z',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-02T24:00:00Z',
    '2026-01-02T03:60:05Z',
    '2026-01-02T03:04:60Z',
    '2026-01-02T03:04:05+2:00',
    '2026-01-02T03:04:05+24:00',
    '2026-01-02T03:04:05,5Z',
    '2026-01-02t03:04:05z',
    '9999-12-31T23:59:59-01:00',
    7,
  ])('created %j fails the import', created => {
    const expected = typeof created === 'string' ? 'an RFC 3339 time' : 'a string';
    const fault = faultOf(() => metadataOf({ created }));
    expect(fault).toMatchObject({ what: 'config', detail: `created: expected ${expected}`, prefixed: false });
  });

  describe('is read as Go reads it', () => {
    test('names in any case', () => {
      expect(metadataOf({ AUTHOR: 'a', Config: { ENV: ['A=b'], labels: { Aa: 'x', aA: 'y' } } })).toMatchObject({
        Author: 'a',
        Config: { Env: ['A=b'], Labels: { Aa: 'x', aA: 'y' } },
      });
    });

    test.each([
      ['the last scalar counts', '{"author": "a", "Author": "b"}', { Author: 'b' }],
      ['the last array counts', '{"config": {"Env": ["A"], "env": ["B"]}}', { Config: { Env: ['B'] } }],
      [
        'objects merge',
        '{"config": {"User": "u", "Cmd": ["c"]}, "config": {"User": "v"}}',
        { Config: { User: 'v', Cmd: ['c'] } },
      ],
      [
        'maps merge',
        '{"config": {"Labels": {"a": "1", "b": "1"}, "Labels": {"b": "2"}}}',
        { Config: { Labels: { a: '1', b: '2' } } },
      ],
      ['null leaves a scalar', '{"author": "a", "author": null}', { Author: 'a' }],
      [
        'null in an array or map is empty text',
        '{"config": {"Env": [null], "Labels": {"a": null}}}',
        { Config: { Env: [''], Labels: { a: '' } } },
      ],
    ])('%s', (_, text, want) => {
      expect(metadataOf(text)).toMatchObject(want);
    });

    test.each([
      ['an array', '{"config": {"Env": ["A"], "Env": null}}', 'Config.Env'],
      ['a map', '{"config": {"Labels": {"a": "1"}, "Labels": null}}', 'Config.Labels'],
      ['an object', '{"config": {"User": "u"}, "config": null}', 'Config'],
    ])('null empties %s', (_, text, path) => {
      expect(metadataOf(text)).not.toHaveProperty(path);
    });

    test('what comes after a null counts again', () => {
      expect(metadataOf('{"config": {"User": "u"}, "config": null, "config": {"Tty": true}}')?.Config).toEqual({
        Tty: true,
      });
    });
  });

  test.each([
    [{ config: { Env: 'A=b' } }, 'config.Env: expected an array of strings'],
    [{ config: { Env: ['A', 1] } }, 'config.Env: expected an array of strings'],
    [{ config: { Labels: { secret: 7 } } }, 'config.Labels: expected a map of strings'],
    [{ config: { Labels: [] } }, 'config.Labels: expected an object'],
    [{ config: { ExposedPorts: { '80/tcp': 'x' } } }, 'config.ExposedPorts: expected a map of objects'],
    [{ config: { Memory: 1.5 } }, 'config.Memory: expected an integer'],
    [{ config: { Memory: '1' } }, 'config.Memory: expected an integer'],
    [{ config: { Tty: 'true' } }, 'config.Tty: expected a boolean'],
    [{ config: [] }, 'config: expected an object'],
    [{ container_config: { User: 1 } }, 'container_config.User: expected a string'],
    [{ author: {} }, 'author: expected a string'],
    [
      { config: { Labels: Object.fromEntries(Array.from({ length: 1_001 }, (_, at) => [`l${at}`, ''])) } },
      'config.Labels: expected at most 1000 entries',
    ],
    [{ config: { Labels: { l: 'x'.repeat(65_537) } } }, 'config.Labels: expected shorter entries'],
    [[], 'config: expected a JSON object'],
    ['null', 'config: expected a JSON object'],
    ['{} {}', 'config: not valid JSON'],
  ])('refuses %.60j', (config, detail) => {
    expect(faultOf(() => metadataOf(config))).toMatchObject({
      what: 'config',
      detail,
      prefixed: false,
      openshift: undefined,
    });
  });

  test('G22 a __proto__ label is a label', () => {
    const labels = metadataOf('{"config": {"Labels": {"__proto__": "x", "a": "b"}}}')?.Config?.Labels ?? {};
    expect(Object.keys(labels)).toEqual(['__proto__', 'a']);
    expect(JSON.stringify(labels)).toBe('{"__proto__":"x","a":"b"}');
    expect(Object.getPrototypeOf({})).not.toHaveProperty('a');
    expect(metadataOf('{"__proto__": {"author": "x"}, "config": {"__proto__": {"User": "root"}}}')).not.toHaveProperty(
      'Config.User',
    );
  });

  test('any config gives metadata or InvalidContent', () => {
    const names = fc.constantFrom(
      'config',
      'Config',
      'container_config',
      'created',
      'Env',
      'Labels',
      'Memory',
      'author',
      '__proto__',
    );
    const { value } = fc.letrec<{ value: unknown }>(tie => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(null, 0, 1e300, -1, true, '', 'x', '2026-01-02T03:04:05Z'),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.array(fc.tuple(names, tie('value')), { maxLength: 4 }).map(Object.fromEntries),
      ),
    }));
    fc.assert(
      fc.property(fc.oneof(value, fc.dictionary(names, value)), config => {
        try {
          expect(imageOf(JSON.stringify(config)).dockerImageMetadata?.Id).toBe(digest('c'));
        } catch (error) {
          if (!(error instanceof InvalidContent)) throw error;
        }
      }),
    );
  });
});

describe('import-semantics 5.3, imageFromIndex()', () => {
  test('makes the whole Image', () => {
    expect(indexOf()).toEqual({
      metadata: { name: digest('f') },
      dockerImageReference: REFERENCE,
      dockerImageMetadata: {
        kind: 'DockerImage',
        apiVersion: 'image.openshift.io/1.0',
        Id: digest('f'),
        Created: '2026-11-23T10:00:00Z',
        ContainerConfig: {},
      },
      dockerImageMetadataVersion: '1.0',
      dockerImageManifestMediaType: MEDIA_TYPES.ociIndex,
      dockerImageManifests: [
        {
          digest: digest('a'),
          mediaType: MEDIA_TYPES.ociManifest,
          manifestSize: 100,
          architecture: 'amd64',
          os: 'linux',
        },
        {
          digest: digest('b'),
          mediaType: MEDIA_TYPES.ociManifest,
          manifestSize: 100,
          architecture: 'arm64',
          os: 'linux',
          variant: 'v8',
        },
      ],
    });
  });

  test('an entry without platform has none', () => {
    expect(indexOf({ manifests: [entryDocument('a')] }).dockerImageManifests).toEqual([
      { digest: digest('a'), mediaType: MEDIA_TYPES.ociManifest, manifestSize: 100, architecture: '', os: '' },
    ]);
  });

  test('an empty index is an Image without manifests', () => {
    expect(indexOf({ manifests: [] })).not.toHaveProperty('dockerImageManifests');
  });

  test('R1.18 refuses an index that contains itself', () => {
    const fault = faultOf(() => indexOf({}, digest('b')));
    expect(fault).toMatchObject({ what: 'manifest', detail: 'manifests[1].digest: expected not the index itself' });
  });
});

describe('import-semantics 5.5, imageFromSchema1()', () => {
  const layer = (hexDigit: string, size: number) => ({
    name: digest(hexDigit),
    size,
    mediaType: MEDIA_TYPES.schema1Layer,
  });
  const history = (...entries: object[]) => entries.map(entry => ({ v1Compatibility: JSON.stringify(entry) }));

  test('makes the whole Image', () => {
    const { manifest, manifestBytes, name, image } = schema1Of();
    expect(image()).toEqual({
      metadata: { name, annotations: { 'image.openshift.io/dockerLayersOrder': 'ascending' } },
      dockerImageReference: REFERENCE,
      dockerImageMetadata: {
        kind: 'DockerImage',
        apiVersion: 'image.openshift.io/1.0',
        Id: 'id-2',
        Parent: 'id-1',
        Created: '2015-06-07T08:09:10Z',
        ContainerConfig: {},
        Config: { Env: ['A=b'] },
        Size: 30,
      },
      dockerImageMetadataVersion: '1.0',
      dockerImageManifest: Buffer.from(manifestBytes).toString(),
      dockerImageManifestMediaType: 'application/vnd.docker.distribution.manifest.v1+json',
      dockerImageLayers: [layer('1', 10), layer('2', 20)],
      dockerImageSignatures: manifest.signatures,
    });
    expect(missingLayerSizes(manifest)).toEqual([]);
  });

  test('a layer that occurs twice is listed twice and counted once', () => {
    const { image } = schema1Of({
      fsLayers: ['2', '1', '2'].map(at => ({ blobSum: digest(at) })),
      history: history({ id: 'x', Size: 20 }, { Size: 10 }, { Size: 20 }),
    });
    expect(image().dockerImageLayers).toEqual([layer('2', 20), layer('1', 10), layer('2', 20)]);
    expect(image().dockerImageMetadata?.Size).toBe(30);
  });

  test('sizes that no history entry gives are asked for and written down', () => {
    const unknown = {
      fsLayers: ['2', '1', '2'].map(at => ({ blobSum: digest(at) })),
      history: history({ id: 'x' }, {}, {}),
    };
    const sizes = new Map([
      [digest('1'), 100],
      [digest('2'), 200],
    ]);
    const { manifest, image } = schema1Of(unknown, sizes);
    expect(missingLayerSizes(manifest)).toEqual([digest('2'), digest('1')]);
    expect(image().dockerImageLayers).toEqual([layer('2', 200), layer('1', 100), layer('2', 200)]);
    expect(image().dockerImageMetadata?.Size).toBe(300);
    expect(schema1Of(unknown).image().dockerImageMetadata).not.toHaveProperty('Size');
  });

  test('one known size is enough to ask for none', () => {
    const { manifest, image } = schema1Of(
      { history: history({ id: 'x', Size: 5 }, {}) },
      new Map([[digest('1'), 100]]),
    );
    expect(missingLayerSizes(manifest)).toEqual([]);
    expect(image().dockerImageLayers).toEqual([layer('1', 0), layer('2', 5)]);
  });

  test('history and layers must be as many', () => {
    const { manifest, name, image } = schema1Of({ history: history({ id: 'x' }) });
    expect(missingLayerSizes(manifest)).toEqual([]);
    expect(faultOf(image)).toMatchObject({
      openshift: `the image ${name} () has mismatched history and fslayer cardinality (1 != 2)`,
      prefixed: false,
    });
  });

  test.each([
    ['not JSON', ['x', '{}'], 'config: not valid JSON'],
    ['not an object', ['{}', '1'], 'history[1]: expected an object'],
    ['a negative size', ['{}', '{"Size": -1}'], 'history[1].Size: expected a size in bytes'],
    ['an Env of a wrong type', ['{"config": {"Env": 1}}', '{}'], 'history[0].config.Env: expected an array of strings'],
  ])('refuses history that is %s', (_, texts, detail) => {
    const { image } = schema1Of({ history: texts.map(v1Compatibility => ({ v1Compatibility })) });
    expect(faultOf(image)).toMatchObject({ detail, prefixed: false });
  });
});
