import type { HostSettings, Mirror } from './settings.ts';
import type { ManifestName, PullSource, Repository } from './types.ts';

/**
 * The places to ask for content of a repository, in order: its mirrors, then the registry itself unless that is never
 * to be contacted (R5.25 to R5.29, import-semantics 10). Tags are asked only of mirrors that are trusted to resolve
 * them. Empty when there is nobody to ask.
 */
export function pullSourcesFor(
  repository: Repository,
  name: ManifestName,
  { mirrors, mirrorOnly }: Pick<HostSettings, 'mirrors' | 'mirrorOnly'>,
): readonly PullSource[] {
  const primary: PullSource = { ...sourceOf(repository), mirror: false };
  if (mirrors.length === 0) return mirrorOnly ? [] : [primary];
  const sources = closestMirrors(repository.repository, mirrors)
    .filter(mirror => 'digest' in name || mirror.resolveTags)
    .flatMap(mirror => mirrorSource(repository, mirror));
  return mirrorOnly ? sources : [...sources, primary];
}

function sourceOf({ host, repository, insecure }: Repository): Repository {
  return { host, repository, insecure };
}

/** Mirrors of the longest prefix, whole path segments counted (R5.29): `org/app` lies below `org`, not below `or`. */
function closestMirrors(repository: string, mirrors: readonly Mirror[]): readonly Mirror[] {
  const matching = mirrors.filter(mirror => isBelow(repository, segments(mirror.prefix)));
  const longest = Math.max(-1, ...matching.map(mirror => segments(mirror.prefix).length));
  return matching.filter(mirror => segments(mirror.prefix).length === longest);
}

function segments(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

function isBelow(repository: string, prefix: string): boolean {
  return prefix === '' || repository === prefix || repository.startsWith(`${prefix}/`);
}

/** The repository at a mirror; none when nothing of its path would be left, or it is the registry itself again. */
function mirrorSource(original: Repository, mirror: Mirror): readonly PullSource[] {
  const rest = segments(original.repository.slice(segments(mirror.prefix).length));
  const repository = [segments(mirror.pathPrefix), rest].filter(part => part !== '').join('/');
  const isItself = mirror.host === original.host && repository === original.repository;
  if (repository === '' || isItself) return [];
  const { host } = mirror;
  // The tenant's flag counts for mirrors, too, as it does at OpenShift.
  const source: PullSource = {
    host,
    repository,
    insecure: original.insecure,
    mirror: true,
    ...(mirror.insecure && { unverified: true }),
    ...(mirror.proxy && { proxyFor: original.host }),
  };
  if (mirror.credentialsFrom === 'mirror') return [source];
  return [{ ...source, credentialsOf: { host: original.host, repository: original.repository } }];
}
