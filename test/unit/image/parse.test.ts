import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { emptyIndex, InvalidContent, nestedIndex } from '../../../src/image/content.ts';
import { digestOf, manifestDigest } from '../../../src/image/digest.ts';
import { ACCEPT, ACCEPT_VERSION, MEDIA_TYPES } from '../../../src/image/media-types.ts';
import { parseManifest } from '../../../src/image/parse.ts';
import { sampleImage, sampleIndex } from '../../gen/content.ts';
import {
  bytesOf,
  CONFIG_TYPE,
  digest,
  entryDocument,
  imageDocument,
  indexDocument,
  LAYER_TYPE,
  schema1Payload,
  signatureOf,
  signedSchema1,
} from '../../gen/manifests.ts';
import { sampleSchema1 } from '../../gen/schema1.ts';

const { ociIndex, dockerList, ociManifest, dockerManifest, signedSchema1: signed, schema1 } = MEDIA_TYPES;

const faultOf = (document: unknown, contentType?: string): InvalidContent => {
  try {
    parseManifest(document instanceof Uint8Array ? document : bytesOf(document), contentType);
  } catch (error) {
    if (error instanceof InvalidContent) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};
const without = (document: Record<string, unknown>, name: string) => ({ ...document, [name]: undefined });

describe('R1.1', () => {
  test('Accept is the constant list, lists first, schema 1 last', () => {
    expect(ACCEPT.split(', ')).toEqual([ociIndex, dockerList, ociManifest, dockerManifest, signed]);
    expect(ACCEPT_VERSION).toBe(1);
  });
});

describe('parseManifest() reads', () => {
  test('an image manifest', () => {
    expect(parseManifest(bytesOf(imageDocument()), ociManifest)).toEqual({
      kind: 'image',
      mediaType: ociManifest,
      config: { mediaType: CONFIG_TYPE, digest: digest('c'), size: 7 },
      layers: [
        { mediaType: LAYER_TYPE, digest: digest('1'), size: 10 },
        { mediaType: LAYER_TYPE, digest: digest('2'), size: 20 },
      ],
    });
  });

  test('an index', () => {
    expect(parseManifest(bytesOf(indexDocument()), ociIndex)).toEqual({
      kind: 'index',
      mediaType: ociIndex,
      entries: [
        {
          mediaType: ociManifest,
          digest: digest('a'),
          size: 100,
          platform: { os: 'linux', architecture: 'amd64', variant: '' },
        },
        {
          mediaType: ociManifest,
          digest: digest('b'),
          size: 100,
          platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
        },
      ],
    });
  });

  test('G12 a signed schema 1 manifest, from what was signed', () => {
    const bytes = signedSchema1();
    const manifest = parseManifest(bytes, signed);
    expect(manifest).toEqual({
      kind: 'schema1',
      mediaType: signed,
      architecture: 'amd64',
      fsLayers: [digest('2'), digest('1')],
      history: [expect.stringContaining('id-2'), expect.stringContaining('id-1')],
      signatures: [Buffer.from(JSON.stringify(signatureOf(schema1Payload()))).toString('base64')],
    });
    expect(manifestDigest(bytes, manifest)).toBe(digestOf(bytesOf(schema1Payload())));
  });

  test('what is outside of the signed payload of schema 1 as if it were not there', () => {
    const payload = schema1Payload();
    const forged = bytesOf(
      Buffer.from(signedSchema1(payload))
        .toString()
        .replace('"signatures"', '"architecture": "forged",\n   "signatures"'),
    );
    expect(parseManifest(forged, signed)).toMatchObject({ architecture: 'amd64' });
  });

  test.each([
    ['an OCI image', sampleImage()],
    ['a docker image', sampleImage({ format: 'docker', layers: 3 })],
    ['an OCI index', sampleIndex([sampleImage(), sampleImage({ architecture: 'arm64', variant: 'v8' })])],
    ['a docker list', sampleIndex([sampleImage({ format: 'docker' })], { format: 'docker' })],
    ['schema 1 with a real signature', sampleSchema1({ layers: 3 })],
  ])('%s as tools build it, and knows its digest', (_, content) => {
    const manifest = parseManifest(content.bytes, content.mediaType);
    expect(manifest.mediaType).toBe(content.mediaType);
    expect(manifestDigest(content.bytes, manifest)).toBe(content.digest);
  });

  test('names in any case, as Go does', () => {
    const document = { SchemaVersion: 2, CONFIG: { Digest: digest('c'), SIZE: 7 }, Layers: [] };
    expect(parseManifest(bytesOf(document), ociManifest)).toMatchObject({ config: { digest: digest('c'), size: 7 } });
  });

  test('null layers and entries as none', () => {
    expect(parseManifest(bytesOf(imageDocument({ layers: null })), ociManifest)).toMatchObject({ layers: [] });
    expect(parseManifest(bytesOf(indexDocument({ manifests: null })), ociIndex)).toMatchObject({ entries: [] });
  });

  test('inline data of a descriptor, as written', () => {
    const config = { mediaType: CONFIG_TYPE, digest: digest('c'), size: 2, data: 'e30=' };
    expect(parseManifest(bytesOf(imageDocument({ config })), ociManifest)).toMatchObject({ config });
  });

  test('an entry without a platform', () => {
    const manifest = parseManifest(bytesOf(indexDocument({ manifests: [entryDocument('a')] })), ociIndex);
    expect(manifest).toMatchObject({ entries: [{ mediaType: ociManifest, digest: digest('a'), size: 100 }] });
    expect(manifest).not.toHaveProperty('entries.0.platform');
  });
});

describe('R1.14 what a document is', () => {
  const vague = [
    undefined,
    '',
    'text/plain; charset=utf-8',
    'application/json',
    'application/octet-stream',
    'text/html',
    'x/y',
  ];
  const documents = [
    ['image', 'mediaType', imageDocument(), 'image', ociManifest],
    ['docker image', 'mediaType', imageDocument({ mediaType: dockerManifest }), 'image', dockerManifest],
    ['index', 'mediaType', indexDocument(), 'index', ociIndex],
    ['docker list', 'mediaType', indexDocument({ mediaType: dockerList }), 'index', dockerList],
    ['image', 'shape', without(imageDocument(), 'mediaType'), 'image', ociManifest],
    ['index', 'shape', without(indexDocument(), 'mediaType'), 'index', ociIndex],
  ] as const;
  test.each(vague.flatMap(type => documents.map(row => [type, ...row] as const)))(
    'Content-Type %j: %s by its %s',
    (type, _what, _by, document, kind, mediaType) => {
      expect(parseManifest(bytesOf(document), type)).toMatchObject({ kind, mediaType });
    },
  );

  test.each([...vague, schema1, signed])('Content-Type %j: schema 1 by its signatures', type => {
    expect(parseManifest(signedSchema1(), type)).toMatchObject({ kind: 'schema1', mediaType: signed });
  });

  test('parameters and case of the Content-Type do not count', () => {
    const type = `${ociIndex.toUpperCase()} ; charset=utf-8`;
    expect(parseManifest(bytesOf(indexDocument()), type)).toMatchObject({ kind: 'index' });
  });
});

describe('parseManifest() refuses', () => {
  const manyLayers = Array.from({ length: 1_001 }, () => ({ digest: digest('1'), size: 1 }));
  const manyEntries = Array.from({ length: 1_001 }, () => entryDocument('a'));
  const descriptorWith = (members: object) => ({ mediaType: CONFIG_TYPE, digest: digest('c'), size: 7, ...members });
  const annotations = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']));
  test.each<[string, unknown, string | undefined, string]>([
    ['G10 an image manifest called an index', imageDocument(), ociIndex, `mediaType: expected ${ociIndex}`],
    ['R1.15 an index called an image', indexDocument(), ociManifest, `mediaType: expected ${ociManifest}`],
    ['R1.15 an index called schema 1', indexDocument(), signed, `mediaType: expected ${signed}`],
    [
      'a docker image called an OCI image',
      imageDocument({ mediaType: dockerManifest }),
      ociManifest,
      `mediaType: expected ${ociManifest}`,
    ],
    [
      'schema 2 without mediaType',
      without(imageDocument(), 'mediaType'),
      dockerManifest,
      `mediaType: expected ${dockerManifest}`,
    ],
    [
      'a docker list without mediaType',
      without(indexDocument(), 'mediaType'),
      dockerList,
      `mediaType: expected ${dockerList}`,
    ],
    ['mediaType of a wrong type', imageDocument({ mediaType: 1 }), ociManifest, 'mediaType: expected a string'],
    ['G11 an index with layers', indexDocument({ layers: [] }), ociIndex, 'manifest: expected no layers in an index'],
    [
      'G11 by shape',
      without(indexDocument({ layers: [] }), 'mediaType'),
      undefined,
      'manifest: expected no layers in an index',
    ],
    ['an index with a config', indexDocument({ config: {} }), ociIndex, 'manifest: expected no config in an index'],
    [
      'an image with manifests',
      imageDocument({ manifests: [] }),
      ociManifest,
      'manifest: expected no manifests in an image',
    ],
    [
      'one hidden by its case',
      imageDocument({ ManiFests: [] }),
      ociManifest,
      'manifest: expected no manifests in an image',
    ],
    [
      'G15 1,001 index entries',
      indexDocument({ manifests: manyEntries }),
      ociIndex,
      'manifests: expected at most 1000 entries',
    ],
    ['R6.11 1,001 layers', imageDocument({ layers: manyLayers }), ociManifest, 'layers: expected at most 1000 entries'],
    [
      'R6.11 1,001 annotations',
      imageDocument({ annotations: annotations(1_001) }),
      ociManifest,
      'annotations: expected at most 1000 entries',
    ],
    [
      'R6.11 1,001 annotations of an index',
      indexDocument({ annotations: annotations(1_001) }),
      ociIndex,
      'annotations: expected at most 1000 entries',
    ],
    [
      'R6.11 1,001 annotations of an entry',
      indexDocument({ manifests: [{ ...entryDocument('a'), annotations: annotations(1_001) }] }),
      ociIndex,
      'manifests[0].annotations: expected at most 1000 entries',
    ],
    [
      'R6.11 1,001 annotations of a layer',
      imageDocument({ layers: [descriptorWith({ annotations: annotations(1_001) })] }),
      ociManifest,
      'layers[0].annotations: expected at most 1000 entries',
    ],
    [
      'R6.11 an annotation too long',
      imageDocument({ annotations: { a: 'x'.repeat(65_537) } }),
      ociManifest,
      'annotations: expected shorter entries',
    ],
    [
      'R6.11 an annotation name too long',
      imageDocument({ annotations: { ['x'.repeat(1_025)]: '' } }),
      ociManifest,
      'annotations: expected shorter entries',
    ],
    [
      'an annotation of a wrong type',
      imageDocument({ annotations: { a: 1 } }),
      ociManifest,
      'annotations: expected a map of strings',
    ],
    [
      'G15 a malformed layer digest',
      imageDocument({ layers: [{ digest: 'sha256:ABC', size: 1 }] }),
      ociManifest,
      'layers[0].digest: expected a digest',
    ],
    [
      'R0.6 a path as digest',
      indexDocument({ manifests: [{ digest: '../../x', size: 1 }] }),
      ociIndex,
      'manifests[0].digest: expected a digest',
    ],
    ['no digest', imageDocument({ config: { size: 1 } }), ociManifest, 'config.digest: expected a digest'],
    ['no config', imageDocument({ config: null }), ociManifest, 'config: expected a descriptor'],
    ['a config of a wrong type', imageDocument({ config: 'x' }), ociManifest, 'config: expected an object'],
    ['layers of a wrong type', imageDocument({ layers: {} }), ociManifest, 'layers: expected an array'],
    ['a layer of a wrong type', imageDocument({ layers: [1] }), ociManifest, 'layers[0]: expected an object'],
    [
      'R6.11 a negative size',
      imageDocument({ config: descriptorWith({ size: -1 }) }),
      ociManifest,
      'config.size: expected a size in bytes',
    ],
    [
      'R6.11 a fraction as size',
      imageDocument({ config: descriptorWith({ size: 1.5 }) }),
      ociManifest,
      'config.size: expected a size in bytes',
    ],
    [
      'R6.11 a size beyond exact numbers',
      imageDocument({ config: descriptorWith({ size: 2 ** 53 }) }),
      ociManifest,
      'config.size: expected a size in bytes',
    ],
    [
      'a size as text',
      imageDocument({ config: descriptorWith({ size: '7' }) }),
      ociManifest,
      'config.size: expected a size in bytes',
    ],
    [
      'a platform of a wrong type',
      indexDocument({ manifests: [{ ...entryDocument('a'), platform: 'linux' }] }),
      ociIndex,
      'manifests[0].platform: expected an object',
    ],
    ['no object', [], ociManifest, 'manifest: expected a JSON object'],
    ['a web page', '<html>', 'text/html', 'manifest: not valid JSON'],
    ['trailing bytes', `${JSON.stringify(imageDocument())} x`, ociManifest, 'manifest: not valid JSON'],
    [
      'schema 1 of another version',
      signedSchema1(schema1Payload({ schemaVersion: 2 })),
      signed,
      'schemaVersion: expected 1',
    ],
    [
      'schema 1 with a malformed digest',
      signedSchema1(schema1Payload({ fsLayers: [{ blobSum: 'x' }] })),
      signed,
      'fsLayers[0].blobSum: expected a digest',
    ],
    [
      'schema 1 with too many layers',
      signedSchema1(schema1Payload({ fsLayers: Array(1_001).fill({ blobSum: digest('1') }) })),
      signed,
      'fsLayers: expected at most 1000 entries',
    ],
    ['no signature', signedSchema1(schema1Payload(), []), signed, 'signatures: expected an array of signatures'],
    [
      'a signature of a wrong type',
      signedSchema1(schema1Payload(), ['x']),
      signed,
      'signatures[0]: expected an object',
    ],
    [
      'signatures that are no base64',
      signedSchema1(schema1Payload(), [{ protected: '***' }]),
      signed,
      'signatures: expected base64',
    ],
    [
      'a payload beyond the manifest',
      signedSchema1(schema1Payload(), [signatureOf(schema1Payload(), { formatLength: 9_999 })]),
      signed,
      'signatures: expected a payload within the manifest',
    ],
    [
      'signatures of two payloads',
      signedSchema1(schema1Payload(), [
        signatureOf(schema1Payload()),
        signatureOf(schema1Payload(), { formatLength: 1 }),
      ]),
      signed,
      'signatures: expected one and the same payload',
    ],
    [
      'signatures of two tails',
      signedSchema1(schema1Payload(), [
        signatureOf(schema1Payload()),
        signatureOf(schema1Payload(), { formatTail: 'Cn0K' }),
      ]),
      signed,
      'signatures: expected one and the same payload',
    ],
  ])('%s', (_, document, contentType, detail) => {
    const fault = faultOf(document, contentType);
    expect(fault).toMatchObject({ what: 'manifest', detail, prefixed: true, openshift: undefined });
    expect(fault.message).toBe(detail);
  });

  test('two signatures of one payload are both kept', () => {
    const payload = schema1Payload();
    const signatures = [signatureOf(payload), signatureOf(payload, { time: '2016-01-01T00:00:00Z' })];
    expect(parseManifest(signedSchema1(payload, signatures), signed)).toHaveProperty('signatures.length', 2);
  });
});

describe("import-semantics 4 and 5, OpenShift's texts", () => {
  test.each<[string, unknown, string | undefined]>([
    ['schema 1 without signatures', schema1Payload(), signed],
    ['unsigned schema 1 type', schema1Payload(), schema1],
    ['JSON of no known shape', { errors: [] }, 'application/json'],
    ['an unknown mediaType', imageDocument({ mediaType: 'application/vnd.oci.artifact.manifest.v1+json' }), undefined],
    ['null signatures', { signatures: null }, undefined],
  ])('missing signature key: %s', (_, document, contentType) => {
    expect(faultOf(document, contentType)).toMatchObject({ openshift: 'missing signature key', prefixed: true });
  });

  test('another schemaVersion names the image and lacks the reference', () => {
    const bytes = bytesOf(imageDocument({ schemaVersion: 3 }));
    const openshift = `unrecognized container image manifest schema 3 for "${digestOf(bytes)}" ()`;
    expect(faultOf(bytes, ociManifest)).toMatchObject({ openshift, prefixed: false });
    expect(faultOf(without(imageDocument(), 'schemaVersion'), ociManifest).message).toContain('manifest schema 0 for');
  });

  test('an index may have any schemaVersion', () => {
    expect(parseManifest(bytesOf(indexDocument({ schemaVersion: 9 })), ociIndex)).toMatchObject({ kind: 'index' });
  });

  test('schema 1 without history', () => {
    expect(faultOf(signedSchema1(schema1Payload({ history: [], fsLayers: [] })), signed)).toMatchObject({
      openshift: 'image has no v1Compatibility history and cannot be used',
      prefixed: false,
    });
  });

  test('lists that give no image', () => {
    expect(emptyIndex()).toMatchObject({ openshift: 'no manifests in manifest list', prefixed: true });
    expect(nestedIndex()).toMatchObject({
      openshift: 'unsupported image manifest type: *manifestlist.DeserializedManifestList',
      prefixed: false,
    });
  });
});

describe('parseManifest() of anything', () => {
  const types = fc.constantFrom(undefined, 'text/plain', ...Object.values(MEDIA_TYPES));
  const outcome = (bytes: Uint8Array, type: string | undefined) => {
    try {
      return parseManifest(bytes, type);
    } catch (error) {
      if (error instanceof InvalidContent) return undefined;
      throw error;
    }
  };

  test('throws nothing but InvalidContent on bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), types, (bytes, type) => void outcome(bytes, type)));
  });

  test('throws nothing but InvalidContent on JSON, and the digest of what it reads is one', () => {
    const names = [
      'schemaVersion',
      'mediaType',
      'config',
      'layers',
      'manifests',
      'signatures',
      'history',
      'fsLayers',
      'digest',
      'size',
      'platform',
      'protected',
      '__proto__',
      'annotations',
    ];
    const leaf = fc.oneof(
      fc.constantFrom<unknown>(1, 2, -1, 1.5, null, true, '', 'x', digest('a'), ...Object.values(MEDIA_TYPES)),
    );
    const { value } = fc.letrec<{ value: unknown }>(tie => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        fc.array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 6 }).map(Object.fromEntries),
      ),
    }));
    const document = fc.oneof(
      value,
      fc.dictionary(fc.constantFrom(...names), value).map(members => imageDocument(members)),
      fc.dictionary(fc.constantFrom(...names), value).map(members => indexDocument(members)),
    );
    fc.assert(
      fc.property(document, types, (json, type) => {
        const bytes = bytesOf(JSON.stringify(json));
        const manifest = outcome(bytes, type);
        if (manifest !== undefined) expect(manifestDigest(bytes, manifest)).toBe(digestOf(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test('the digest of schema 1 is that of its payload, whatever the payload and the signatures', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.date({ noInvalidDate: true }), (tag, date) => {
        const payload = schema1Payload({ tag: tag.toWellFormed() });
        const bytes = signedSchema1(payload, [signatureOf(payload, { time: date.toJSON() })]);
        const manifest = parseManifest(bytes, signed);
        expect(manifestDigest(bytes, manifest)).toBe(digestOf(bytesOf(payload)));
        expect(manifestDigest(bytes, manifest, 'sha512')).toBe(digestOf(bytesOf(payload), 'sha512'));
      }),
    );
  });
});
