import { DEFAULT_TAG } from '../api/names.ts';
import type { ImportFailure } from '../imagestream/result.ts';
import { formatNormalized, type NormalizedReference, normalizeReference } from '../reference/normalized.ts';
import {
  defaultedRegistry,
  exact,
  InvalidReference,
  mostSpecific,
  parseReference,
  type Reference,
} from '../reference/reference.ts';
import { remembering } from '../reference/remembering.ts';
import { blockedStatus, invalidNameStatus, lasting, unparsableStatus } from './failure-texts.ts';

/** What `from.name` names, and how it is spoken of. */
export interface Subject {
  /** As typed: every `dockerImageReference` is built from it. */
  readonly typed: Reference;
  /** As the wire names it; for an image with a tag or a digest. */
  readonly wire: NormalizedReference;
  /** As messages show it: `docker.io/library/test:latest`. */
  readonly shown: string;
  /** The source tag, `latest` where implied; "" for a digest. */
  readonly tag: string;
  /** Registry host with its default: what registry policies are looked up by (import-semantics 9). */
  readonly registry: string;
}

/** What an administrator says of registries, by their defaulted host. */
export interface HostPolicy {
  readonly blockedHosts: ReadonlySet<string>;
  /** Hosts of which every import is insecure. */
  readonly insecureHosts?: ReadonlySet<string> | undefined;
}

/** A name that is not even asked for, with the answer it gets. */
export interface Refused {
  readonly refused: ImportFailure;
  /** The source tag, where a name was understood that far. */
  readonly tag?: string;
}

/** The image that `name` names (import-semantics 3.2 to 3.6, 1.4). */
export function imageSubject(name: string, policy: HostPolicy): Subject | Refused {
  // Validation lets it pass for very old clients; it then fails where a registry would be asked (import-semantics 11.3).
  if (name === '*') {
    const status = unparsableStatus(`*:${DEFAULT_TAG}`, 'invalid reference format');
    return { refused: lasting(status), tag: DEFAULT_TAG };
  }
  const typed = parsed(name, policy);
  return 'refused' in typed ? typed : subjectOfImage(name);
}

/** Each check of a tag asks for the subject of the same text. */
const REMEMBERED = 1_000;
const subjectOfImage = remembering(REMEMBERED, name => subjectOf(parseReference(name)));

/** The repository that `name` names, as the image of its tag `latest`; tags are put in by `withTag`. */
export function repositorySubject(name: string, policy: HostPolicy): Subject | Refused {
  const typed = parsed(name, policy);
  return 'refused' in typed ? typed : subjectOf({ ...typed, tag: '', id: '' });
}

/** The same repository, another tag. */
export function withTag(repository: Subject, tag: string): Subject {
  const { digest: _digest, ...wire } = repository.wire;
  const tagged = { ...wire, tag };
  return { ...repository, typed: { ...repository.typed, tag }, wire: tagged, shown: formatNormalized(tagged), tag };
}

/** The image with this digest in the same repository, as messages show it. */
export function shownByDigest({ wire }: Subject, digest: string): string {
  return formatNormalized({ ...wire, digest });
}

/** `dockerImageReference` of an image: the reference as typed, by digest; never normalised (import-semantics 1.3). */
export function referenceByDigest(typed: Reference, imageName: string): string {
  return exact(mostSpecific({ ...typed, id: imageName }));
}

/** Whether the import is insecure by its own wish or by an administrator's (import-semantics 3.4). */
export function isInsecure(subject: Subject, wished: boolean, policy: HostPolicy): boolean {
  return wished || policy.insecureHosts?.has(subject.registry) === true;
}

function parsed(name: string, policy: HostPolicy): Reference | Refused {
  try {
    const typed = parseReference(name);
    const blocked = policy.blockedHosts.has(defaultedRegistry(typed));
    return blocked ? { refused: lasting(blockedStatus(typed.registry)) } : typed;
  } catch (error) {
    if (!(error instanceof InvalidReference)) throw error;
    return { refused: lasting(invalidNameStatus(name, error.message)) };
  }
}

function subjectOf(typed: Reference): Subject | Refused {
  const specific = mostSpecific({ ...typed, tag: typed.tag || DEFAULT_TAG });
  const text = exact(specific);
  try {
    const wire = normalizeReference(text);
    const registry = defaultedRegistry(typed);
    return { typed, wire, shown: formatNormalized(wire), tag: specific.tag, registry };
  } catch (error) {
    if (!(error instanceof InvalidReference)) throw error;
    return { refused: lasting(unparsableStatus(text, error.message)), tag: specific.tag };
  }
}
