import { isDigestId, matchReference } from './grammar.ts';
import { DEFAULT_TAG, HUB_HOST, HUB_NAMESPACE, isHubHost } from './hub.ts';
import { normalizeReference } from './normalized.ts';
import { remembering } from './remembering.ts';

export { InvalidReference } from './grammar.ts';
export { isHubHost } from './hub.ts';

/**
 * An image reference taken apart as OpenShift does (import-semantics 1.2). Nothing is defaulted; an absent part is "".
 */
export interface Reference {
  /** `host[:port]` as written, or the whole text for a bare registry. */
  readonly registry: string;
  /** First path element after the registry, when more follow. */
  readonly namespace: string;
  /** The rest of the path; may contain `/`. Empty for a bare registry alone. */
  readonly name: string;
  readonly tag: string;
  /** A digest such as `sha256:…`. */
  readonly id: string;
}

/** On its way from the schedule to the registry a reference is taken apart several times. */
const REMEMBERED = 1_000;

/**
 * Takes a reference apart as OpenShift does (import-semantics 1.1, 1.2).
 * @throws {InvalidReference} with OpenShift's words
 */
export const parseReference: (text: string) => Reference = remembering(REMEMBERED, parse);

function parse(text: string): Reference {
  const { name: path, tag, digest: id } = matchReference(text);
  const slash = path.indexOf('/');
  if (slash < 0) {
    // A lone name that looks like a host is one, tag and digest included.
    const isBareRegistry = path.includes('.') || path.startsWith('localhost');
    return isBareRegistry
      ? { registry: text, namespace: '', name: '', tag: '', id }
      : { registry: '', namespace: '', name: path, tag, id };
  }

  const first = path.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  const rest = isRegistry ? path.slice(slash + 1) : path;
  const [namespace, name] = splitNamespace(rest);
  return { registry: isRegistry ? first : '', namespace, name, tag, id };
}

/** Host of the registry, Docker Hub's where none was written (import-semantics 1.3). */
export function defaultedRegistry({ registry }: Reference): string {
  return registry || HUB_HOST;
}

/** Fills in what a pull of the reference implies: `docker.io`, `library` and `latest` (import-semantics 1.3). */
export function withDefaults(reference: Reference): Reference {
  const registry = defaultedRegistry(reference);
  return {
    registry,
    namespace: reference.namespace || (isHubHost(registry) ? HUB_NAMESPACE : ''),
    name: reference.name,
    tag: reference.tag || DEFAULT_TAG,
    id: reference.id,
  };
}

/** Drops the tag next to a digest; an ID that is no digest stands in for a missing tag. */
export function mostSpecific(reference: Reference): Reference {
  if (reference.id === '') return reference;
  if (isDigestId(reference.id)) return { ...reference, tag: '' };
  return reference.tag === '' ? { ...reference, tag: reference.id, id: '' } : reference;
}

/** The text of the parts that are there, digest before tag; "" for a bare registry (import-semantics 1.3, *Exact*). */
export function exact(reference: Reference): string {
  const { registry, namespace, name, tag, id } = reference;
  if (name === '') return '';
  const path = [registry, namespace, name].filter(part => part !== '').join('/');
  if (id !== '') return isDigestId(id) ? `${path}@${id}` : `${path}:${id}`;
  return tag === '' ? path : `${path}:${tag}`;
}

/** Like `exact`, with `library` below a Docker Hub host that was written out (import-semantics 1.3, *String*). */
export function formatReference(reference: Reference): string {
  const impliesLibrary = reference.namespace === '' && isHubHost(reference.registry);
  return exact(impliesLibrary ? { ...reference, namespace: HUB_NAMESPACE } : reference);
}

/** The shortest text that a container daemon reads the same: no `library` on Docker Hub, no `:latest`. */
export function daemonMinimal(reference: Reference): string {
  const onHub = isHubHost(reference.registry);
  return exact({
    ...reference,
    registry: onHub ? HUB_HOST : reference.registry,
    namespace: onHub && reference.namespace === HUB_NAMESPACE ? '' : reference.namespace,
    tag: reference.tag === DEFAULT_TAG ? '' : reference.tag,
  });
}

/** Path of the repository at its registry, `library/` included where implied; "" for a bare registry. */
export function repositoryName(reference: Reference): string {
  const { namespace, name } = withDefaults(reference);
  return name === '' || namespace === '' ? name : `${namespace}/${name}`;
}

/** Origin of the registry, always https: `https://registry-1.docker.io`. */
export function registryUrl(reference: Reference): string {
  return `https://${apiHost(withDefaults(reference).registry)}`;
}

/**
 * Host and port of the registry: `quay.io:443`. Docker Hub's API host takes its place where a Docker Hub host was
 * written; an implied one stays `docker.io` (import-semantics 1.3).
 */
export function registryHostPort(reference: Reference, insecure: boolean): string {
  const host = reference.registry === '' ? HUB_HOST : apiHost(reference.registry);
  return host.includes(':') ? host : `${host}:${insecure ? 80 : 443}`;
}

/**
 * Host and path as the wire sees them, one text per repository whatever way it was written: `docker.io/library/busybox`.
 * A bare registry is its host. Policies are decided on this form.
 * @throws {InvalidReference} when no request can be made of the reference
 */
export function canonicalRepository(reference: Reference): string {
  if (reference.name === '') return isHubHost(reference.registry) ? HUB_HOST : reference.registry.toLowerCase();
  // As written, not with defaults: `Foo/bar` is a host and a path on the wire, whatever parseReference makes of it.
  const { host, repository } = normalizeReference(exact({ ...reference, tag: '', id: '' }));
  return `${host}/${repository}`;
}

function apiHost(host: string): string {
  return host === HUB_HOST || host === 'index.docker.io' ? 'registry-1.docker.io' : host;
}

function splitNamespace(path: string): readonly [namespace: string, name: string] {
  const slash = path.indexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}
