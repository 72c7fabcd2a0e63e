import { forbiddenStatus } from '../api/errors.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Clock } from '../clock.ts';
import type { AllowList } from '../imagestream/allow-list.ts';
import type { DueTag } from '../imagestream/due.ts';
import { type IntervalDefaults, intervalOf } from '../imagestream/interval.ts';
import type { TagResult } from '../imagestream/result.ts';
import { historyOf } from '../imagestream/tag-state.ts';
import type { Importer, ImportTag, TagContext } from '../importer/importer.ts';
import type { Logger } from '../log.ts';
import { keyOf } from './key.ts';
import type { ControllerObserver } from './observer.ts';
import { tryReference } from './registry-name.ts';

/** Whose credentials an import may use. */
export type Identity = Pick<TagContext, 'keyring' | 'withoutSecrets'>;

export interface Credentials {
  /** What the namespace's pull secrets give, and what comes after them. Rejects when they cannot be read. */
  forNamespace(namespace: string, signal: AbortSignal): Promise<Identity>;
}

/** What an administrator says of registries; it may change while the operator runs. */
export type RegistryPolicy = () => HostPolicies;

export interface HostPolicies extends Pick<TagContext, 'blockedHosts' | 'insecureHosts'> {
  /** Registries that may be imported from; absent allows all. */
  readonly allowed?: AllowList;
}

export interface TagImportParts {
  readonly importer: Pick<Importer, 'importTag'>;
  readonly credentials: Credentials;
  readonly policy: RegistryPolicy;
  readonly observer: ControllerObserver;
  readonly clock: Clock;
  readonly log: Logger;
  readonly intervals: IntervalDefaults;
}

/** A late joiner is served the answer of another for this long at most, and never for more than half its interval. */
const LONGEST_SHARE_MS = 30_000;

/** Asks registries for tags of streams, each with the credentials of its namespace. */
export class TagImports {
  readonly #parts: TagImportParts;

  constructor(parts: TagImportParts) {
    this.#parts = parts;
  }

  /**
   * `registry` is that of the tag, as metrics name it. Rejects when credentials cannot be read, and with the signal's
   * reason; a registry's failure is a result.
   */
  async carryOut(stream: ImageStream, due: DueTag, registry: string, signal: AbortSignal): Promise<TagResult> {
    const { importer, credentials, policy, clock, intervals } = this.#parts;
    const namespace = stream.metadata.namespace ?? '';
    const hosts = policy();
    const identity = await credentials.forNamespace(namespace, signal);
    const startedMs = clock.monotonic();
    const result =
      refusedBy(hosts.allowed, due) ??
      (await importer.importTag(tagToImport(stream, due), {
        keyring: identity.keyring,
        withoutSecrets: identity.withoutSecrets,
        blockedHosts: hosts.blockedHosts,
        insecureHosts: hosts.insecureHosts,
        signal,
        priority: due.priority,
        tenant: namespace,
        freshSinceMs: freshSince(due, startedMs, clock.now()),
        shareForMs: shareForMs(stream, due, intervals),
      }));
    this.#tell(stream, due, registry, result, clock.monotonic() - startedMs);
    return result;
  }

  #tell(stream: ImageStream, due: DueTag, registry: string, result: TagResult, ms: number): void {
    const { observer, log } = this.#parts;
    const failure = result.outcome === 'failed' ? result.failure.status : undefined;
    observer.tagChecked({
      registry,
      outcome: result.outcome,
      reason: due.reason,
      failureReason: failure && (failure.reason ?? ''),
      ms,
    });
    log.debug(
      {
        stream: keyOf(stream.metadata),
        tag: due.tag,
        reason: due.reason,
        outcome: result.outcome,
        failure: failure?.reason,
        message: failure?.message,
        ms: Math.round(ms),
      },
      'Tag checked',
    );
  }
}

function tagToImport(stream: ImageStream, due: DueTag): ImportTag {
  const head = historyOf(stream, due.tag)?.items?.[0]?.image ?? '';
  return due.refetch === true || head === '' ? due.request : { ...due.request, recordedImage: head };
}

/**
 * How old an answer may be, in milliseconds. What a user waits for is asked anew: an answer of a moment ago may be older
 * than the push before it (R7.2).
 */
function shareForMs(stream: ImageStream, { tag, reason }: DueTag, intervals: IntervalDefaults): number {
  if (reason !== 'scheduled' && reason !== 'retry') return 0;
  const specTag = stream.spec?.tags?.find(({ name }) => name === tag) ?? { name: tag };
  return Math.min(intervalOf(stream, specTag, intervals) / 2, LONGEST_SHARE_MS);
}

/**
 * No answer will do to a question that was put before the user asked (R7.2), or before the tag's last check came back:
 * it would put an older image before the one that was found then.
 */
function freshSince({ reason, checkedAtMs }: DueTag, monotonicMs: number, nowMs: number): number {
  if (reason === 'requested') return monotonicMs;
  // A time ahead of us was taken before the clock was set back.
  return checkedAtMs === undefined ? Number.NEGATIVE_INFINITY : monotonicMs - Math.max(0, nowMs - checkedAtMs);
}

/** A registry that an administrator does not allow is not asked; OpenShift refuses such a stream when it is written. */
function refusedBy(allowed: AllowList | undefined, { tag, request }: DueTag): TagResult | undefined {
  const reference = tryReference(request.from);
  const why = reference && allowed?.check(reference, request.insecure ? 'any' : 'secure');
  if (why === undefined) return undefined;
  return { outcome: 'failed', tag, source: request.asked, failure: { status: forbiddenStatus(why), transient: false } };
}
