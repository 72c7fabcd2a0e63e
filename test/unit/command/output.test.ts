import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { Image } from '../../../src/api/image.ts';
import type { ImageImportStatus } from '../../../src/api/image-stream-import.ts';
import type { Status } from '../../../src/api/status.ts';
import { importNames, importTable, serialize, streamNames, streamTable } from '../../../src/command/output.ts';
import { digestOf, failed, imported, tagEvent } from '../../gen/history.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const SHORT = 'sha256:111111111111…';

function metadata(size?: number): NonNullable<Image['dockerImageMetadata']> {
  return {
    kind: 'DockerImage',
    apiVersion: 'image.openshift.io/1.0',
    Id: '',
    Created: null,
    ContainerConfig: {},
    ...(size !== undefined && { Size: size }),
  };
}

function image(digit: string, more: Partial<Image> = {}): Image {
  const name = digestOf(digit);
  return {
    metadata: { name },
    dockerImageReference: `quay.io/acme/app@${name}`,
    dockerImageMetadata: metadata(668_872),
    ...more,
  };
}

const manifest = (digit: string) => ({
  digest: digestOf(digit),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  manifestSize: 100,
  os: 'linux',
  architecture: 'amd64',
});

const success: Status = { metadata: {}, status: 'Success' };
const notFound: Status = { metadata: {}, status: 'Failure', code: 404, reason: 'NotFound', message: 'no such\nimage' };
const found = (digit: string, more: Partial<ImageImportStatus> = {}): ImageImportStatus => ({
  status: success,
  image: image(digit),
  ...more,
});

describe('importTable()', () => {
  test('has a row for each image in the order asked, failures with their reason', () => {
    const isi = imageStreamImport({
      images: [
        'quay.io/acme/app:1',
        { from: { kind: 'DockerImage', name: 'quay.io/acme/app:gone' }, to: { name: 'stable' } },
      ],
      status: { images: [found('1'), { status: notFound }] },
    });
    expect(importTable(isi)).toBe(
      [
        'FROM                   TAG     IMAGE                 SIZE    RESULT',
        `quay.io/acme/app:1     -       ${SHORT}  669 kB  imported`,
        'quay.io/acme/app:gone  stable  -                     -       NotFound: no such image',
        '',
      ].join('\n'),
    );
  });

  test('tells how many manifests a list holds, which has no size of its own', () => {
    const list = image('1', { dockerImageMetadata: metadata(), dockerImageManifests: [manifest('2'), manifest('3')] });
    const isi = imageStreamImport({ images: ['a/b'], status: { images: [found('1', { image: list })] } });
    expect(importTable(isi)).toContain(`a/b   -    ${SHORT}  2 manifests  imported`);
  });

  test('names the tags of a repository, then those that were left out', () => {
    const additionalTags = ['a', 'b', 'c', 'd', 'e', 'f'];
    const isi = imageStreamImport({
      repository: 'quay.io/acme/app',
      status: { repository: { status: success, images: [found('1', { tag: 'v1' })], additionalTags } },
    });
    expect(importTable(isi)).toBe(
      [
        'FROM                 TAG  IMAGE                 SIZE    RESULT',
        `quay.io/acme/app:v1  v1   ${SHORT}  669 kB  imported`,
        'Not imported, over the limit: 6 tags (a, b, c, d, e, …)',
        '',
      ].join('\n'),
    );
  });

  test('says why a repository could not be listed, without an empty table', () => {
    const isi = imageStreamImport({ repository: 'quay.io/acme/app', status: { repository: { status: notFound } } });
    expect(importTable(isi)).toBe('quay.io/acme/app: NotFound: no such image\n');
  });
});

describe('streamTable()', () => {
  test('has a row for each tag by name: of the spec, of the history, of both', () => {
    const stream = imageStream({
      tags: [
        specTag('stable', 'quay.io/acme/app:1', { importPolicy: { scheduled: true } }),
        specTag('new', 'quay.io/acme/app:2'),
        specTag('broken', 'quay.io/acme/app:3'),
      ],
      history: [
        imported('stable', 'quay.io/acme/app:1'),
        { tag: 'broken', items: [tagEvent('1')], conditions: [failed({ message: 'gone' })] },
        { tag: 'old', items: [tagEvent('1', { image: '', dockerImageReference: 'quay.io/acme/app:0' })] },
      ],
    });
    expect(streamTable(stream)).toBe(
      [
        'TAG     FROM                IMAGE                 SCHEDULED  RESULT',
        `broken  quay.io/acme/app:3  ${SHORT}  no         NotFound: gone`,
        'new     quay.io/acme/app:2  -                     no         -',
        'old     -                   quay.io/acme/app:0    no         imported',
        `stable  quay.io/acme/app:1  ${SHORT}  yes        imported`,
        '',
      ].join('\n'),
    );
  });

  test('is a header for a stream without tags', () => {
    expect(streamTable(imageStream())).toBe('TAG  FROM  IMAGE  SCHEDULED  RESULT\n');
  });
});

describe('-o name', () => {
  test('importNames() lists pull specs by digest, each once, failures left out', () => {
    const isi = imageStreamImport({
      status: {
        images: [found('1'), { status: notFound }, found('1')],
        repository: { images: [found('2', { tag: 'v1' })] },
      },
    });
    expect(importNames(isi)).toBe(`quay.io/acme/app@${digestOf('1')}\nquay.io/acme/app@${digestOf('2')}\n`);
  });

  test('streamNames() lists the heads', () => {
    const history = [
      imported('a', 'quay.io/acme/app:1', '1'),
      { tag: 'b', items: [tagEvent('2'), tagEvent('3')] },
      { tag: 'c', conditions: [failed()] },
    ];
    expect(streamNames(imageStream({ history }))).toBe(
      `quay.io/acme/app@${digestOf('1')}\nquay.io/acme/app@${digestOf('2')}\n`,
    );
  });
});

describe('serialize()', () => {
  test('quotes what YAML 1.1 would read as something else', () => {
    const text = serialize({ a: 'on', b: '2026-01-01', c: '1.0', d: 'no', e: 'null' }, 'yaml');
    expect(text).toBe('a: "on"\nb: "2026-01-01"\nc: "1.0"\nd: "no"\ne: "null"\n');
  });

  test.each(['<<', '0o7'])('quotes the label %s, which an image can carry and a reader would take for more', label => {
    expect(serialize({ Labels: { [label]: label } }, 'yaml')).toBe(`Labels:\n  "${label}": "${label}"\n`);
  });

  test('writes a value that occurs twice twice, not as an alias', () => {
    const shared = { name: 'x' };
    expect(serialize({ a: shared, b: shared }, 'yaml')).toBe('a:\n  name: x\nb:\n  name: x\n');
  });

  test('does not fold long lines', () => {
    const message = 'word '.repeat(100).trim();
    expect(serialize({ message }, 'yaml')).toBe(`message: ${message}\n`);
  });

  test('writes JSON by two and a line break at the end', () => {
    expect(serialize({ a: [1] }, 'json')).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });

  test('any JSON value comes back the same, by either version of YAML', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), value => {
        const sent = JSON.parse(JSON.stringify(value));
        const text = serialize(sent, 'yaml');
        expect(parse(text, { version: '1.1' })).toEqual(sent);
        expect(parse(text, { version: '1.2' })).toEqual(sent);
      }),
    );
  });
});
