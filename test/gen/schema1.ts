import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type Content, contentOf } from './content.ts';
import { sampleLayer, sha256 } from './layer.ts';

export interface Schema1Options {
  /** Path of the repository it is pushed to, which the manifest names. */
  readonly name?: string;
  readonly tag?: string;
  readonly seed?: string;
  readonly layers?: number;
}

export const SCHEMA1_MEDIA_TYPE = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/**
 * A signed schema 1 manifest, its signature real (a fresh ES256 key each time, so `bytes` differ from run to run) and
 * its digest that of the payload without signatures, which does not.
 */
export function sampleSchema1(options: Schema1Options = {}): Content {
  const { name = 'sample/schema1', tag = 'v1', seed = '1', layers = 2 } = options;
  const made = Array.from({ length: layers }, (_, at) => sampleLayer(`layer-${at}`, `${seed} schema 1\n`).bytes);
  const payload = JSON.stringify(
    {
      schemaVersion: 1,
      name,
      tag,
      architecture: 'amd64',
      fsLayers: made.toReversed().map(layer => ({ blobSum: sha256(layer) })),
      history: made.map((_, at) => ({ v1Compatibility: v1Compatibility(seed, layers - 1 - at) })),
    },
    undefined,
    3,
  );
  return contentOf(SCHEMA1_MEDIA_TYPE, signed(payload), { blobs: made, digest: sha256(Buffer.from(payload)) });
}

/** The JSON text of one layer's history, the base layer being number 0. */
function v1Compatibility(seed: string, at: number): string {
  const id = (layer: number) => createHash('sha256').update(`${seed} ${layer}`).digest('hex');
  return JSON.stringify({
    id: id(at),
    ...(at === 0 ? {} : { parent: id(at - 1) }),
    created: '2015-06-07T08:09:10Z',
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['/app'], Labels: { seed } },
    container_config: { Cmd: ['/bin/sh', '-c', `step ${at}`] },
  });
}

/** The payload with its `signatures` member put in before the closing brace, as docker's tools wrote it. */
function signed(payload: string): Buffer {
  const tail = '\n}';
  const head = payload.slice(0, -tail.length);
  const protectedHeader = base64url(
    JSON.stringify({
      formatLength: Buffer.byteLength(head),
      formatTail: base64url(tail),
      time: '2015-06-07T08:09:10Z',
    }),
  );
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const signature = sign('sha256', Buffer.from(`${protectedHeader}.${base64url(payload)}`), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  }).toString('base64url');
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const jws = {
    header: { jwk: { crv, kid: keyId(publicKey), kty, x, y }, alg: 'ES256' },
    signature,
    protected: protectedHeader,
  };
  const indented = JSON.stringify([jws], undefined, 3).replaceAll('\n', '\n   ');
  return Buffer.from(`${head},\n   "signatures": ${indented}${tail}`);
}

/** The name docker's tools give a key: 240 bits of the hash of its DER form, in base32, in groups of four. */
function keyId(key: KeyObject): string {
  const hash = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 30);
  const bits = Array.from(hash, byte => byte.toString(2).padStart(8, '0')).join('');
  const letters = bits.match(/.{5}/g)?.map(five => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five, 2)]) ?? [];
  return letters.join('').match(/.{4}/g)?.join(':') ?? '';
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
