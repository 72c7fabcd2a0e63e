import { isDigest, isHost } from './digest.ts';
import { InvalidReference, matchReference } from './grammar.ts';
import { DEFAULT_TAG, HUB_HOST, HUB_NAMESPACE, isHubHost } from './hub.ts';

/** A reference as it goes over the wire (import-semantics 1.4, registry-client 0.3). */
export interface NormalizedReference {
  /** Logical host: `docker.io` for Docker Hub under any of its names, else `host[:port]`; lower case. */
  readonly host: string;
  /** The host as messages show it, where that is not `host`: `registry-1.docker.io`, `Foo`. */
  readonly writtenHost?: string;
  /** Repository path below the host, `library/` included where implied. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

const IMAGE_ID = /^[0-9a-f]{64}$/;

/**
 * Parses the Exact form of a reference by the rules of container registries (import-semantics 1.4, R0.1 to R0.5).
 * Neither tag nor digest means tag `latest`; with a digest there is no tag, because the digest wins (R0.3).
 * @throws {InvalidReference} `invalid checksum digest format` for a digest that is not in lower case
 */
export function normalizeReference(exactText: string): NormalizedReference {
  if (IMAGE_ID.test(exactText)) throw new InvalidReference('repository name must not be an image ID');
  const [writtenHost, rest] = splitHost(exactText);
  if (rest === '') throw new InvalidReference('invalid reference format');
  const { name, tag, digest } = matchReference(`${writtenHost}/${rest}`);

  const host = isHubHost(writtenHost) ? HUB_HOST : writtenHost.toLowerCase();
  if (!isHost(host)) throw new InvalidReference('invalid reference format');
  if (digest !== '' && !isDigest(digest)) throw new InvalidReference('invalid checksum digest format');
  return {
    host,
    ...(host === writtenHost ? {} : { writtenHost }),
    repository: name.slice(writtenHost.length + 1),
    ...(digest === '' ? { tag: tag || DEFAULT_TAG } : { digest }),
  };
}

/** The form that messages show: `docker.io/library/test:latest`, `quay.io/org/app@sha256:…`. */
export function formatNormalized(reference: NormalizedReference): string {
  const { host, writtenHost = host, repository, tag, digest } = reference;
  const suffix = digest === undefined ? `:${tag ?? DEFAULT_TAG}` : `@${digest}`;
  return `${writtenHost}/${repository}${suffix}`;
}

function splitHost(text: string): readonly [host: string, rest: string] {
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(0, slash));
  const isWritten = /[.:A-Z]/.test(first) || first === 'localhost';
  const host = !isWritten || first === 'index.docker.io' ? HUB_HOST : first;
  const rest = isWritten ? text.slice(slash + 1) : text;
  const impliesLibrary = isHubHost(host) && rest !== '' && !rest.includes('/');
  return [host, impliesLibrary ? `${HUB_NAMESPACE}/${rest}` : rest];
}
