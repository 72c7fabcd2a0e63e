import { MEDIA_TYPES } from '../../src/image/media-types.ts';

/** Bytes of a JSON document, or of a text as it stands. */
export function bytesOf(document: unknown): Uint8Array {
  return new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document));
}

/** A digest that is nothing's: `digest('a')` is `sha256:aaaa…`. */
export function digest(hexDigit: string): string {
  return `sha256:${hexDigit.repeat(64)}`;
}

export const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const CONFIG_TYPE = 'application/vnd.oci.image.config.v1+json';

/** The document of an OCI image manifest: config `c…`, layers `1…` (10 bytes) and `2…` (20 bytes). */
export function imageDocument(members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociManifest,
    config: { mediaType: CONFIG_TYPE, digest: digest('c'), size: 7 },
    layers: [
      { mediaType: LAYER_TYPE, digest: digest('1'), size: 10 },
      { mediaType: LAYER_TYPE, digest: digest('2'), size: 20 },
    ],
    ...members,
  };
}

/** One entry of an index: `{digest: 'aaaa…', platform: …}`, 100 bytes. */
export function entryDocument(hexDigit: string, platform?: Readonly<Record<string, string>>): Record<string, unknown> {
  const entry = { mediaType: MEDIA_TYPES.ociManifest, digest: digest(hexDigit), size: 100 };
  return platform === undefined ? entry : { ...entry, platform };
}

/** The document of an OCI index: linux/amd64 `a…`, linux/arm64 v8 `b…`. */
export function indexDocument(members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.ociIndex,
    manifests: [
      entryDocument('a', { architecture: 'amd64', os: 'linux' }),
      entryDocument('b', { architecture: 'arm64', os: 'linux', variant: 'v8' }),
    ],
    ...members,
  };
}

/** The payload of a schema 1 manifest: newest layer `2…`, base layer `1…`; sizes 20 and 10. */
export function schema1Payload(members: Readonly<Record<string, unknown>> = {}): string {
  const newest = { id: 'id-2', parent: 'id-1', created: '2015-06-07T08:09:10.5Z', Size: 20, config: { Env: ['A=b'] } };
  const document = {
    schemaVersion: 1,
    name: 'library/old',
    tag: 'v1',
    architecture: 'amd64',
    fsLayers: [{ blobSum: digest('2') }, { blobSum: digest('1') }],
    history: [newest, { id: 'id-1', Size: 10 }].map(entry => ({ v1Compatibility: JSON.stringify(entry) })),
    ...members,
  };
  return JSON.stringify(document, undefined, 3);
}

/** Puts signatures into a payload, as docker's tools did; none of them verifies. */
export function signedSchema1(
  payload: string = schema1Payload(),
  signatures: readonly unknown[] = [signatureOf(payload)],
): Uint8Array {
  const head = payload.slice(0, payload.lastIndexOf('\n}'));
  return bytesOf(`${head},\n   "signatures": ${JSON.stringify(signatures)}\n}`);
}

/** One signature over a payload; `header` goes over its protected header. */
export function signatureOf(payload: string, header: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const length = bytesOf(payload.slice(0, payload.lastIndexOf('\n}'))).length;
  const fields = { formatLength: length, formatTail: base64url('\n}'), time: '2015-06-07T08:09:10Z', ...header };
  return { header: { alg: 'ES256' }, signature: 'c2ln', protected: base64url(JSON.stringify(fields)) };
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
