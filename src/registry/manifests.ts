import { InvalidContent } from '../image/content.ts';
import { digestOf, manifestDigest } from '../image/digest.ts';
import type { Descriptor, Manifest } from '../image/manifest.ts';
import { ACCEPT, kindOfMediaType, mediaTypeOf } from '../image/media-types.ts';
import { parseManifest } from '../image/parse.ts';
import { isRepositoryPath, isTag, isVerifiableDigest } from '../reference/digest.ts';
import { answerError } from './answer-errors.ts';
import type { Ask, Asker, Place } from './asker.ts';
import type { Answer } from './authorization.ts';
import { type Call, failure } from './call.ts';
import type { ContentCache } from './content-cache.ts';
import { digestHeader } from './digest-header.ts';
import type { RegistryErrorReason } from './errors.ts';
import { sizeText } from './failed-exchange.ts';
import type { HeadModes } from './head-modes.ts';
import type { RegistryObserver } from './observer.ts';
import { declaredLength, singleHeader } from './transport.ts';
import type { ManifestName } from './types.ts';

export const MANIFEST_CAP = { what: 'manifest', bytes: 4 * 1024 * 1024 } as const;
const CONFIG_CAP = { what: 'config', bytes: 4 * 1024 * 1024 } as const;

/** A manifest whose digest was computed from its bytes. */
export interface VerifiedManifest {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly manifest: Manifest;
  readonly etag: string | undefined;
}

/** Manifests and blobs of one place (registry-client 1.1, 1.3, 6.3). */
export class Manifests {
  readonly #asker: Asker;
  readonly #modes: HeadModes;
  readonly #observer: RegistryObserver;
  readonly #contents: ContentCache;

  constructor(asker: Asker, modes: HeadModes, observer: RegistryObserver, contents: ContentCache) {
    this.#asker = asker;
    this.#modes = modes;
    this.#observer = observer;
    this.#contents = contents;
  }

  /** The HEAD of a tag (E1), of whatever status. */
  head(place: Place, tag: string, call: Call): Promise<{ readonly answer: Answer; readonly call: Call }> {
    return this.#asker.ask(place, manifestAsk('HEAD', this.#checkedName(place, { tag }, call)), call);
  }

  /** E2 and E3. Throws `RegistryError`. */
  async fetch(place: Place, name: ManifestName, call: Call): Promise<VerifiedManifest> {
    const ask = manifestAsk('GET', this.#checkedName(place, name, call));
    const { answer, call: own } = await this.#asker.get(place, ask, call);
    return this.#verified(place, name, answer, own);
  }

  /** A manifest that the same was given here lately: for a digest that the registry has just named (R7.3). */
  kept(place: Place, digest: string, call: Call): VerifiedManifest | undefined {
    const content = this.#contents.get(place, digest);
    if (content === undefined) return undefined;
    const { bytes, contentType } = content;
    return { bytes, digest, manifest: parsed(bytes, contentType, call), etag: undefined };
  }

  /** E3 unless the ETag still holds, which is `undefined` (R1.13). Throws `RegistryError`. */
  async fetchUnless(place: Place, tag: string, etag: string, call: Call): Promise<VerifiedManifest | undefined> {
    const ask = manifestAsk('GET', this.#checkedName(place, { tag }, call), { 'If-None-Match': etag });
    const { answer, call: own } = await this.#asker.ask(place, ask, call);
    if (answer.status === 304) return undefined;
    if (answer.status !== 200) throw answerError(answer, own);
    return this.#verified(place, { tag }, answer, own);
  }

  /** The bytes of an image config, verified (E4). Throws `RegistryError`. */
  async config(place: Place, descriptor: Descriptor, call: Call): Promise<Uint8Array> {
    const { digest, size } = descriptor;
    this.#checkDigest(digest, 'config', call);
    if (size > CONFIG_CAP.bytes) throw tooLarge(CONFIG_CAP, call);
    const inline = inlineData(descriptor);
    if (inline !== undefined) return inline;
    const kept = this.#contents.get(place, digest);
    if (kept?.bytes.length === size) return kept.bytes;
    // No more is read than the descriptor says there is (R6.6).
    const ask: Ask = { ...blobAsk('GET', digest), cap: { what: 'config', bytes: size, told: true } };
    const { answer, call: own } = await this.#asker.get(place, ask, call);
    if (answer.bytes.length !== size) {
      throw failure(own, { kind: 'invalidResponse', reason: 'length', from: answer.from });
    }
    const got = digestOf(answer.bytes, algorithmOf(digest));
    if (got !== digest) {
      throw failure(own, { kind: 'digestMismatch', digests: { wanted: digest, got, what: 'blob' }, from: answer.from });
    }
    this.#contents.set(place, digest, { bytes: answer.bytes, contentType: undefined });
    return answer.bytes;
  }

  /** Size of a blob in bytes, by HEAD. Throws `RegistryError`. */
  async blobSize(place: Place, digest: string, call: Call): Promise<number> {
    this.#checkDigest(digest, 'manifest', call);
    const { answer, call: own } = await this.#asker.get(place, blobAsk('HEAD', digest), call);
    const size = declaredLength(answer.headers);
    if (size === undefined) throw failure(own, { kind: 'invalidResponse', reason: 'length', from: answer.from });
    return size;
  }

  #verified(place: Place, name: ManifestName, answer: Answer, call: Call): VerifiedManifest {
    const verified = this.#verify(place, name, answer, call);
    const contentType = singleHeader(answer.headers, 'content-type');
    this.#contents.set(place, verified.digest, { bytes: verified.bytes, contentType });
    return verified;
  }

  #verify(place: Place, name: ManifestName, answer: Answer, call: Call): VerifiedManifest {
    const { bytes, headers } = answer;
    const contentType = singleHeader(headers, 'content-type');
    if ('digest' in name) {
      const algorithm = algorithmOf(name.digest);
      const plain = digestOf(bytes, algorithm);
      // Hashed before it is parsed (R6.10); only a signed schema 1 manifest has to be read to be hashed.
      const signed = plain !== name.digest && kindOfMediaType(mediaTypeOf(contentType)) === 'schema1';
      const manifest = plain === name.digest || signed ? parsed(bytes, contentType, call) : undefined;
      const got = manifest === undefined ? plain : manifestDigest(bytes, manifest, algorithm);
      if (manifest === undefined || (plain !== name.digest && got !== name.digest)) {
        const digests = { wanted: name.digest, got, what: 'manifest' } as const;
        throw failure(call, { kind: 'digestMismatch', digests, from: answer.from });
      }
      return { bytes, digest: name.digest, manifest, etag: undefined };
    }
    const manifest = parsed(bytes, contentType, call);
    const digest = this.#digestOfTagged(place, bytes, manifest, digestHeader(headers));
    return { bytes, digest, manifest, etag: singleHeader(headers, 'etag') };
  }

  /** The computed digest counts; a header that disagrees costs the host our trust in its HEADs (R1.11). */
  #digestOfTagged(place: Place, bytes: Uint8Array, manifest: Manifest, header: string | undefined): string {
    const computed = manifestDigest(bytes, manifest);
    if (header === undefined || header === computed) return computed;
    if (manifestDigest(bytes, manifest, algorithmOf(header)) === header) return header;
    if (header.startsWith('sha256:')) {
      this.#observer.digestHeaderMismatch(place.endpoint.host);
      this.#modes.set(place.endpoint, 'get');
    }
    return computed;
  }

  /** Checked right before a URL is built of it, also when it came out of a manifest (R0.6). */
  #checkedName(place: Place, name: ManifestName, call: Call): string {
    if (!isRepositoryPath(place.repository)) {
      throw failure(call, { kind: 'blocked', detail: 'this is no repository path' });
    }
    if ('digest' in name) {
      this.#checkDigest(name.digest, 'manifest', call);
      return name.digest;
    }
    if (!isTag(name.tag)) throw failure(call, { kind: 'blocked', detail: 'this is no tag' });
    return name.tag;
  }

  #checkDigest(digest: string, reason: RegistryErrorReason, call: Call): void {
    if (isVerifiableDigest(digest)) return;
    throw failure(call, { kind: 'invalidResponse', reason, detail: 'the digest is of no algorithm we can verify' });
  }
}

function manifestAsk(method: 'GET' | 'HEAD', name: string, headers: Readonly<Record<string, string>> = {}): Ask {
  return {
    method,
    below: `manifests/${name}`,
    headers: { Accept: ACCEPT, ...headers },
    scope: 'manifest',
    cap: MANIFEST_CAP,
    pull: method === 'GET',
  };
}

function blobAsk(method: 'GET' | 'HEAD', digest: string): Ask {
  return { method, below: `blobs/${digest}`, headers: {}, scope: 'manifest', cap: CONFIG_CAP, pull: false };
}

function algorithmOf(digest: string): 'sha256' | 'sha512' {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

function parsed(bytes: Uint8Array, contentType: string | undefined, call: Call): Manifest {
  try {
    return parseManifest(bytes, contentType);
  } catch (error) {
    if (!(error instanceof InvalidContent)) throw error;
    const { detail } = error;
    throw failure(call, { kind: 'invalidResponse', reason: 'manifest', detail, cause: error });
  }
}

/** Content that a descriptor carries itself, when it is what the descriptor says (R1.19). */
function inlineData({ data, digest, size }: Descriptor): Uint8Array | undefined {
  if (data === undefined || data.length > CONFIG_CAP.bytes * 2) return undefined;
  const bytes = Buffer.from(data, 'base64');
  return bytes.length === size && digestOf(bytes, algorithmOf(digest)) === digest ? bytes : undefined;
}

export function tooLarge(cap: { readonly what: 'manifest' | 'config'; readonly bytes: number }, call: Call) {
  const detail = `${cap.what} is larger than ${sizeText(cap.bytes)}`;
  return failure(call, { kind: 'tooLarge', limit: cap, detail });
}
