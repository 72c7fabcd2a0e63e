import type { Clock } from '../clock.ts';
import { candidatesAt } from './candidates.ts';
import type { Found } from './checks.ts';
import { RegistryError } from './errors.ts';
import { pullSourcesFor } from './mirrors.ts';
import { Recent } from './recent.ts';
import type { RegistrySettings } from './settings.ts';
import type { ManifestName, PullSource, Repository, RequestContext } from './types.ts';

const MAX_PENDING = 100_000;
const DAY_MS = 24 * 3_600_000;

interface Pulled<T> {
  readonly found: T;
  readonly source: PullSource;
}

/** Asks the mirrors of a repository in order, then the registry itself (registry-client 5.6). */
export class MirroredPulls {
  readonly #settings: RegistrySettings;
  readonly #clock: Clock;
  /** Digests that a stand-in reported and that wait to be reported once more. */
  readonly #pending: Recent<string>;

  constructor(settings: RegistrySettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    this.#pending = new Recent(clock, MAX_PENDING);
  }

  /**
   * What the first source answers that can. When none does, the error of the registry itself counts alone, or the last
   * mirror's where the registry is never asked (import-semantics 10).
   */
  first<T>(
    repository: Repository,
    name: ManifestName,
    context: RequestContext,
    ask: (source: PullSource) => Promise<T>,
  ): Promise<Pulled<T>> {
    return this.#firstOf(this.#sources(repository, name), repository, context, ask);
  }

  #sources(repository: Repository, name: ManifestName): readonly PullSource[] {
    return pullSourcesFor(repository, name, this.#settings.host(repository.host));
  }

  async #firstOf<T>(
    sources: readonly PullSource[],
    repository: Repository,
    context: RequestContext,
    ask: (source: PullSource) => Promise<T>,
  ): Promise<Pulled<T>> {
    let failed: unknown;
    for (const source of sources) {
      try {
        return { found: await ask(source), source };
      } catch (error) {
        if (!source.mirror || !this.#mayGoOn(error, source, context)) throw error;
        failed = error;
      }
    }
    throw failed ?? notOneSource(repository);
  }

  /**
   * The same for a check of a tag. A stand-in may be older than what was recorded: a change that it reports is believed
   * when it reports it again at the next check, or sources that take turns would make the tag flap (R5.28).
   */
  async check(
    repository: Repository,
    tag: string,
    context: RequestContext,
    ask: (source: PullSource) => Promise<Found>,
  ): Promise<Pulled<Found>> {
    const sources = this.#sources(repository, { tag });
    const [primary] = sources;
    // Nearly always: then nobody stands in for anybody.
    if (primary !== undefined && sources.length === 1 && !primary.mirror) {
      return { found: await ask(primary), source: primary };
    }
    const pulled = await this.#firstOf(sources, repository, context, ask);
    const key = [repository.host, repository.repository, tag].join('\n');
    const { found, source } = pulled;
    const standIn = source.host !== primary?.host || source.repository !== primary.repository;
    if (found === 'unchanged' || !standIn || this.#pending.get(key) === found.digest) {
      this.#pending.delete(key);
      return pulled;
    }
    this.#pending.set(key, found.digest, this.#clock.now() + DAY_MS);
    return { found: 'unchanged', source };
  }

  /** Whether another source may have what this one could not give (R5.28). */
  #mayGoOn(error: unknown, source: PullSource, { keyring }: RequestContext): boolean {
    if (!(error instanceof RegistryError)) return false;
    switch (error.kind) {
      case 'aborted':
      case 'rateLimited':
        return false;
      case 'unauthorized':
      case 'denied':
        return candidatesAt(source, keyring, this.#settings).length === 0;
      default:
        return true;
    }
  }
}

function notOneSource({ host, repository }: Repository): RegistryError {
  return new RegistryError({
    kind: 'blocked',
    host,
    repository,
    detail: 'only its mirrors may be asked, and it has none',
  });
}
