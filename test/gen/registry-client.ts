import type { Descriptor } from '../../src/image/manifest.ts';
import { parseManifest } from '../../src/image/parse.ts';
import { RegistryError } from '../../src/registry/errors.ts';
import type {
  FetchedManifest,
  Keyring,
  PullSource,
  RegistryClient,
  Repository,
  RequestContext,
  TagList,
} from '../../src/registry/types.ts';
import type { Content } from './content.ts';

/** One request that the scripted client was asked for. */
export interface AskedRequest {
  /** `check`: HEAD of a tag; `size`: HEAD of a blob. */
  readonly op: 'check' | 'manifest' | 'config' | 'size' | 'tags';
  /** Tag or digest; "" for a list of tags. */
  readonly name: string;
  /** `docker.io/library/test`. */
  readonly repository: string;
  readonly insecure: boolean;
  readonly keyring: Keyring;
}

export interface ScriptedClient extends RegistryClient {
  /** In the order in which they were made. */
  readonly asked: readonly AskedRequest[];
  /** Requests for manifests alone, as tag or digest. */
  readonly manifests: readonly string[];
  /** Puts content under a tag, or by digest alone, into `docker.io/library/test` or another repository. */
  put(tag: string | undefined, content: Content, repository?: string): void;
  /** What `tags/list` answers; by default the tags that were put, in that order. */
  setTags(tags: readonly string[], options?: { repository?: string; truncated?: boolean }): void;
  /** From now on a request for this tag, digest or (as `tags`) list fails, for those whose keyring is `keyring` if given. */
  fail(name: string, error: unknown, keyring?: Keyring): void;
  /** Takes back what `fail` said. */
  heal(name: string): void;
  /** A check that finds another digest brings no content (registry-client R1.10). */
  withholdChanges(): void;
  /** Requests wait here until `release` is called. */
  hold(): { readonly release: () => void };
}

const HOME = 'docker.io/library/test';

interface Shelf {
  readonly tags: Map<string, string>;
  listed?: TagList;
}

/** A registry client that needs no registry: it answers at once what a test told it, and remembers what it was asked. */
export function scriptedClient(): ScriptedClient {
  const asked: AskedRequest[] = [];
  const shelves = new Map<string, Shelf>();
  const contents = new Map<string, Content>();
  const blobs = new Map<string, Uint8Array>();
  const failures = new Map<string, readonly { readonly error: unknown; readonly keyring: Keyring | undefined }[]>();
  let withholding = false;
  let gate = Promise.resolve();

  const shelfOf = (repository: string): Shelf => {
    const shelf = shelves.get(repository) ?? { tags: new Map() };
    shelves.set(repository, shelf);
    return shelf;
  };
  const put = (tag: string | undefined, content: Content, repository = HOME): void => {
    contents.set(content.digest, content);
    for (const [digest, bytes] of content.blobs) blobs.set(digest, bytes);
    for (const child of content.children) put(undefined, child, repository);
    if (tag !== undefined) shelfOf(repository).tags.set(tag, content.digest);
  };
  const ask = async (
    op: AskedRequest['op'],
    name: string,
    at: { host: string; repository: string; insecure: boolean },
    { keyring, signal }: RequestContext,
  ): Promise<Shelf> => {
    signal.throwIfAborted();
    const repository = `${at.host}/${at.repository}`;
    asked.push({ op, name, repository, insecure: at.insecure, keyring });
    await gate;
    const planned = failures.get(op === 'tags' ? 'tags' : name) ?? [];
    const failure = planned.find(each => (each.keyring ?? keyring) === keyring);
    if (failure !== undefined) throw failure.error;
    return shelfOf(repository);
  };
  const fetched = (digest: string, source: PullSource): FetchedManifest => {
    const content = contents.get(digest);
    if (content === undefined) throw manifestUnknown(source);
    const { bytes, mediaType } = content;
    return { bytes, digest, manifest: parseManifest(bytes, mediaType), source };
  };
  const sourceOf = ({ host, repository, insecure }: Repository): PullSource => ({
    host,
    repository,
    insecure,
    mirror: false,
  });

  return {
    asked,
    get manifests() {
      return asked.filter(({ op }) => op === 'manifest').map(({ name }) => name);
    },
    put,
    setTags: (tags, { repository = HOME, truncated = false } = {}) => {
      shelfOf(repository).listed = { tags, truncated };
    },
    fail: (name, error, keyring) => failures.set(name, [{ error, keyring }, ...(failures.get(name) ?? [])]),
    heal: name => failures.delete(name),
    withholdChanges: () => {
      withholding = true;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return { release: resolve };
    },
    checkTag: async (repository, tag, recordedDigest, context) => {
      const { tags } = await ask('check', tag, repository, context);
      const digest = tags.get(tag);
      if (digest === undefined) throw manifestUnknown(repository);
      if (digest === recordedDigest) return { outcome: 'unchanged', digest };
      if (withholding) return { outcome: 'changed', digest };
      await ask('manifest', digest, repository, context);
      return { outcome: 'changed', digest, fetched: fetched(digest, sourceOf(repository)) };
    },
    getManifest: async (repository, name, context) => {
      const text = 'tag' in name ? name.tag : name.digest;
      const { tags } = await ask('manifest', text, repository, context);
      return fetched('tag' in name ? (tags.get(text) ?? '') : text, sourceOf(repository));
    },
    getChild: async (source, digest, context) => {
      await ask('manifest', digest, source, context);
      return fetched(digest, source);
    },
    getConfig: async (source, { digest }: Descriptor, context) => {
      await ask('config', digest, source, context);
      const bytes = blobs.get(digest);
      if (bytes === undefined) throw blobUnknown(source, digest);
      return bytes;
    },
    blobSize: async (source, digest, context) => {
      await ask('size', digest, source, context);
      const bytes = blobs.get(digest);
      if (bytes === undefined) throw blobUnknown(source, digest);
      return bytes.length;
    },
    listTags: async (repository, context) => {
      const { tags, listed } = await ask('tags', '', repository, context);
      return listed ?? { tags: [...tags.keys()], truncated: false };
    },
    invalidateIdentity: () => {},
    close: async () => {},
  };
}

export function manifestUnknown({ host, repository }: Pick<Repository, 'host' | 'repository'>): RegistryError {
  const errors = [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown', hasDetail: false }];
  return new RegistryError({ kind: 'notFound', status: 404, host, repository, errors });
}

function blobUnknown({ host, repository }: PullSource, digest: string): RegistryError {
  const errors = [{ code: 'BLOB_UNKNOWN', message: 'blob unknown to registry', hasDetail: false }];
  const request = { method: 'GET', url: `https://${host}/v2/${repository}/blobs/${digest}` };
  return new RegistryError({ kind: 'notFound', status: 404, host, repository, errors, request });
}
