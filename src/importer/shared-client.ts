import type { Clock } from '../clock.ts';
import { ACCEPT_VERSION } from '../image/media-types.ts';
import { candidatesAt, type WishSettings } from '../registry/candidates.ts';
import { RegistryError } from '../registry/errors.ts';
import { pullSourcesFor } from '../registry/mirrors.ts';
import type {
  FetchedManifest,
  ManifestName,
  PullSource,
  RegistryClient,
  Repository,
  RequestContext,
  TagCheck,
} from '../registry/types.ts';
import { SharedAnswers } from './shared-answers.ts';

export interface SharedClientParts {
  readonly client: RegistryClient;
  readonly clock: Clock;
  /** Mirrors of a registry, and who is shown to them: whose credentials they are tells who asks. */
  readonly settings: WishSettings;
  /** Whatever waits in a lane under this signal is to go before lower priorities. */
  readonly lift?: (signal: AbortSignal, priority: number) => void;
}

const MIB = 1024 * 1024;
/** What small answers of one kind take together while they are kept, and what manifests or configs do. */
const SMALL_BYTES = 4 * MIB;
const CONTENT_BYTES = 8 * MIB;
/** A parsed manifest takes about so many times its bytes. */
const PARSED = 3;

/**
 * A client for many who follow the same sources: what they ask at the same time, or within `shareForMs`, is asked once
 * (design D22, R7.1, R7.2). Shared is only what the same identity asks: the credentials that match at the registry and
 * its mirrors, by their fingerprints.
 */
export function createSharedClient({ client, clock, settings, lift = () => {} }: SharedClientParts): RegistryClient {
  const shared = { clock, lift };
  const small = { ...shared, maxBytes: SMALL_BYTES };
  const content = { ...shared, maxBytes: CONTENT_BYTES };
  const checks = new SharedAnswers<TagCheck>({ ...small, bytesOf: bytesOfCheck });
  const sizes = new SharedAnswers<number>({ ...small, bytesOf: () => 0 });
  const manifests = new SharedAnswers<FetchedManifest>({ ...content, bytesOf: bytesOfManifest });
  const configs = new SharedAnswers<Uint8Array>({ ...content, bytesOf: bytes => bytes.length });

  /** Names a repository at the registry or whatever stands in for it, and who asks there. */
  const repositoryKey = (repository: Repository, name: ManifestName, { keyring }: RequestContext): string => {
    const { host, repository: path, insecure } = repository;
    const sources = pullSourcesFor(repository, name, settings.host(host));
    let key = `${host}\n${path}\n${insecure}`;
    for (const source of sources) key += `\n${identityAt(source, keyring, settings)}`;
    return key;
  };
  const sourceKey = (source: PullSource, { keyring }: RequestContext): string =>
    [
      source.host,
      source.repository,
      source.insecure,
      source.unverified,
      source.proxyFor,
      identityAt(source, keyring, settings),
    ].join('\n');

  const check = (key: string, [repository, tag, recorded, context]: Parameters<RegistryClient['checkTag']>) =>
    ask(checks, key, repository, context, each => client.checkTag(repository, tag, recorded, each));

  return {
    checkTag: async (repository, tag, recorded, context) => {
      const key = `${repositoryKey(repository, { tag }, context)}\n${tag}\n${ACCEPT_VERSION}`;
      const seen = await check(key, [repository, tag, recorded, context]);
      if (seen.digest === recorded)
        return seen.outcome === 'unchanged' ? seen : { outcome: 'unchanged', digest: recorded };
      // A change for whoever asked is one for everybody who has yet another digest on record.
      if (seen.outcome === 'changed') return seen;
      // Nothing was fetched, as nothing had changed for whoever asked.
      return check(`${key}\n${recorded}`, [repository, tag, recorded, context]);
    },
    getManifest: (repository, name, context) => {
      const key = [repositoryKey(repository, name, context), 'tag' in name ? name.tag : name.digest].join('\n');
      return ask(manifests, key, repository, context, each => client.getManifest(repository, name, each));
    },
    getChild: (source, digest, context) => {
      const key = ['child', sourceKey(source, context), digest].join('\n');
      return ask(manifests, key, source, context, each => client.getChild(source, digest, each));
    },
    getConfig: (source, descriptor, context) => {
      // The size is checked, too, so it is a part of the question.
      const key = [sourceKey(source, context), descriptor.digest, descriptor.size].join('\n');
      return ask(configs, key, source, context, each => client.getConfig(source, descriptor, each));
    },
    blobSize: (source, digest, context) => {
      const key = [sourceKey(source, context), digest].join('\n');
      return ask(sizes, key, source, context, each => client.blobSize(source, digest, each));
    },
    listTags: (repository, context) => client.listTags(repository, context),
    invalidateIdentity: fingerprint => {
      for (const answers of [checks, sizes, manifests, configs]) answers.forget(key => key.includes(fingerprint));
      client.invalidateIdentity(fingerprint);
    },
    close: () => client.close(),
  };
}

/** Asks as the first who wants to know, and for as long as anybody does. Throws `RegistryError`. */
async function ask<T>(
  answers: SharedAnswers<T>,
  key: string,
  { host, repository }: Pick<Repository, 'host' | 'repository'>,
  context: RequestContext,
  put: (context: RequestContext) => Promise<T>,
): Promise<T> {
  try {
    return await answers.get(key, context, put);
  } catch (error) {
    const { signal } = context;
    if (error instanceof RegistryError || !signal.aborted) throw error;
    throw new RegistryError({ kind: 'aborted', host, repository, cause: signal.reason });
  }
}

/** Fingerprints of the candidates at one place, best first; empty for nobody. */
function identityAt(source: PullSource, keyring: RequestContext['keyring'], settings: WishSettings): string {
  const candidates = candidatesAt(source, keyring, settings);
  return candidates.map(({ fingerprint }) => fingerprint).join(' ');
}

function bytesOfCheck(check: TagCheck): number {
  return check.outcome === 'changed' && check.fetched !== undefined ? bytesOfManifest(check.fetched) : 0;
}

function bytesOfManifest({ bytes }: FetchedManifest): number {
  return bytes.length * PARSED;
}
