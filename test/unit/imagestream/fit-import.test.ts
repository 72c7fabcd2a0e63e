import { describe, expect, test } from '@jest/globals';
import type { Image } from '../../../src/api/image.ts';
import type { ImageImportStatus, ImageStreamImport } from '../../../src/api/image-stream-import.ts';
import { fitImport } from '../../../src/imagestream/fit-import.ts';
import { completed } from '../../../src/imagestream/import-conditions.ts';
import { MAX_STORED_BYTES, sizeOf, storedBytes } from '../../../src/imagestream/sizes.ts';
import { digestOf, image, imported, T0 } from '../../gen/history.ts';
import { imageStream, imageStreamImport, specTag } from '../../gen/objects.ts';

const layer = { name: digestOf('f'), size: 1, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' };

/** An image whose raw texts and whose content have these sizes. */
function heavy(digit: string, rawBytes: number, contentBytes: number): Image {
  return image(digit, {
    ...(rawBytes > 0 && { dockerImageManifest: 'x'.repeat(rawBytes), dockerImageConfig: '{}' }),
    dockerImageMetadataVersion: '1.0',
    dockerImageMetadata: {
      kind: 'DockerImage',
      apiVersion: 'image.openshift.io/1.0',
      Id: '',
      Created: null,
      ContainerConfig: { Labels: { text: 'x'.repeat(contentBytes) } },
    },
    dockerImageLayers: [layer],
  });
}

interface Weights {
  readonly raw?: number;
  readonly stream?: number;
  readonly ofManifests?: number;
  readonly ofImages?: number;
}

/** A completed import of two images, one of them in a repository; each part weighs what is told. */
function isiOf({ raw = 0, stream = 0, ofManifests = 0, ofImages = 0 }: Weights): ImageStreamImport {
  const entry: ImageImportStatus = {
    status: { status: 'Success' },
    tag: '1',
    image: heavy('1', raw, ofImages),
    manifests: [heavy('2', raw, ofManifests)],
  };
  const recorded = imageStream({ history: [imported('1', 'x'.repeat(stream))] });
  const status = { import: recorded, images: [entry], repository: { status: entry.status, images: [entry] } };
  const isi = imageStreamImport({ import: true, metadata: { uid: 'u1' }, images: ['quay.io/acme/app:1'] });
  return completed(isi, status, T0);
}

const messageOf = (isi: ImageStreamImport) =>
  isi.status?.conditions?.map(({ type, message }) => `${type}: ${message}`).join('\n');
const RAW = 'raw manifests and configs';
const STREAM = 'the stream';
const MANIFESTS = 'metadata and layers of the manifests of lists';
const IMAGES = 'metadata and layers of images';

describe('fitImport() (design D7)', () => {
  test('is the same object when it is small enough', () => {
    const isi = isiOf({ raw: 100, stream: 100, ofManifests: 100, ofImages: 100 });
    expect(fitImport(isi)).toBe(isi);
  });

  const big = 600_000;
  const rows: readonly { readonly name: string; readonly weights: Weights; readonly left: readonly string[] }[] = [
    { name: 'raw texts go first', weights: { raw: big }, left: [RAW] },
    {
      name: 'then the stream, which can be read elsewhere',
      weights: { raw: big, stream: 2 * big },
      left: [RAW, STREAM],
    },
    { name: 'what is not there is not told', weights: { stream: 2 * big }, left: [STREAM] },
    {
      name: 'then content of manifests of lists',
      weights: { raw: big, stream: big, ofManifests: big },
      left: [RAW, STREAM, MANIFESTS],
    },
    {
      name: 'content of images last',
      weights: { raw: big, stream: big, ofManifests: big, ofImages: big },
      left: [RAW, STREAM, MANIFESTS, IMAGES],
    },
  ];

  test.each(rows)('$name', ({ weights, left }) => {
    const fitted = fitImport(isiOf(weights));
    expect(storedBytes(fitted)).toBeLessThan(MAX_STORED_BYTES);
    expect(messageOf(fitted)).toBe(
      `Complete: all 2 images were imported (left out, to be stored: ${left.join(', ')})\nSucceeded: all 2 images were imported`,
    );
    const [one] = fitted.status?.repository?.images ?? [];
    expect({
      raw: one?.image?.dockerImageManifest === undefined && one?.manifests?.[0]?.dockerImageConfig === undefined,
      stream: fitted.status?.import === undefined,
      manifests: one?.manifests?.[0]?.dockerImageMetadata === undefined,
      images: one?.image?.dockerImageLayers === undefined,
    }).toEqual({
      raw: left.includes(RAW) || weights.raw === undefined,
      stream: left.includes(STREAM),
      manifests: left.includes(MANIFESTS),
      images: left.includes(IMAGES),
    });
    expect(one?.image?.metadata.name).toBe(digestOf('1'));
    expect(one?.manifests?.[0]?.dockerImageReference).toBeDefined();
  });

  test('an import of 500 images with large metadata fits, and every image keeps its name and outcome', () => {
    const images = Array.from({ length: 500 }, (_, index) => ({
      status: { status: 'Success' as const },
      tag: `t${index}`,
      image: heavy('1', 5_000, 20_000),
    }));
    const specs = images.map(({ tag }) => `quay.io/acme/app:${tag}`);
    const isi = completed(imageStreamImport({ metadata: { uid: 'u1' }, images: specs }), { images }, T0);
    const fitted = fitImport(isi);
    expect(storedBytes(fitted)).toBeLessThan(MAX_STORED_BYTES);
    expect(fitted.status?.images).toHaveLength(500);
    expect(fitted.status?.images?.every(entry => entry.image?.metadata.name === digestOf('1'))).toBe(true);
    expect(fitted.status?.handledUID).toBe('u1');
    expect(messageOf(fitted)).toContain(`(left out, to be stored: ${RAW}, ${IMAGES})`);
  });

  test('there is room for saying what was left out', () => {
    const isi = isiOf({ raw: 1_000, stream: 1_000, ofManifests: 1_000, ofImages: 1_000 });
    const least = storedBytes(fitImport(isi, 1_000));
    for (let maxBytes = storedBytes(isi) - 1; maxBytes > least; maxBytes -= 97) {
      expect(storedBytes(fitImport(isi, maxBytes))).toBeLessThanOrEqual(maxBytes);
    }
  });

  test('counts what the API server will note of the members of the stream', () => {
    // 730 kB by itself; a real API server stored it with 780 kB of managedFields.
    const tags = Array.from({ length: 4_096 }, (_, index) =>
      specTag(`v${index}`, `quay.io/acme/application:v${index}`, { importPolicy: { importMode: 'Legacy' } }),
    );
    const status = { import: imageStream({ tags }), images: [{ status: { status: 'Success' as const } }] };
    const isi = completed(imageStreamImport({ metadata: { uid: 'u1' }, images: ['quay.io/acme/app:1'] }), status, T0);
    expect(sizeOf(isi)).toBeLessThan(MAX_STORED_BYTES);
    const fitted = fitImport(isi);
    expect(fitted.status?.import).toBeUndefined();
    expect(messageOf(fitted)).toContain(`(left out, to be stored: ${STREAM})`);
  });
});
