import type { Clock } from '../clock.ts';
import { answerError } from './answer-errors.ts';
import { type Place, placeKey } from './asker.ts';
import type { Answer } from './authorization.ts';
import { type Blame, type Call, failure, isOutOfRequests, refusalOf } from './call.ts';
import { digestHeader } from './digest-header.ts';
import { RegistryError, type RegistryErrorInit, type RegistryErrorKind } from './errors.ts';
import type { HeadModes } from './head-modes.ts';
import { MANIFEST_CAP, type Manifests, tooLarge, type VerifiedManifest } from './manifests.ts';
import type { PullQuota } from './pull-quota.ts';
import { Recent } from './recent.ts';
import { declaredLength } from './transport.ts';

/** What a check found at one place. */
export type Found =
  | { readonly digest: string; readonly fetched?: VerifiedManifest }
  /** It points to what was recorded. */
  | 'unchanged';

/** Statuses of a HEAD that may mean the method and not the tag (1.3, step 5). */
const MAYBE_METHOD: ReadonlySet<number> = new Set([400, 403, 404, 405, 501]);
/** What a GET can say of a HEAD that failed; anything else is about the GET. */
const EXPLAINS: ReadonlySet<RegistryErrorKind> = new Set(['notFound', 'denied', 'unauthorized']);
/** Whatever the answers are (9.5). */
const MAX_REQUESTS = 8;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_EXPLANATIONS = 50_000;

interface Explanation {
  readonly status: number;
  readonly why: Omit<RegistryErrorInit, keyof Blame>;
}

export interface ChecksParts {
  readonly manifests: Manifests;
  readonly modes: HeadModes;
  readonly quota: PullQuota;
  readonly clock: Clock;
  readonly verifyOnChange: 'always' | 'bestEffort' | 'never';
}

/** The tag check (registry-client 1.3): one HEAD while nothing changed. */
export class Checks {
  readonly #parts: ChecksParts;
  /** Why HEADs of a tag fail, by work key: asked once, told until the status changes (R1.8). */
  readonly #explanations: Recent<Explanation>;

  constructor(parts: ChecksParts) {
    this.#parts = parts;
    this.#explanations = new Recent(parts.clock, MAX_EXPLANATIONS);
  }

  /** Throws `RegistryError`. */
  check(place: Place, tag: string, recorded: string, call: Call): Promise<Found> {
    return this.#check(place, tag, recorded, { ...call, allowance: { left: MAX_REQUESTS } });
  }

  async #check(place: Place, tag: string, recorded: string, call: Call): Promise<Found> {
    const { manifests, modes } = this.#parts;
    const mode = modes.get(place.endpoint);
    if (mode === 'get' || mode === 'get-conditional') return this.#byGet(place, tag, recorded, call);

    const { answer, call: own } = await manifests.head(place, tag, call);
    if (answer.status !== 200) return this.#withoutHead(place, tag, recorded, answer, own);
    if ((declaredLength(answer.headers) ?? 0) > MANIFEST_CAP.bytes) throw tooLarge(MANIFEST_CAP, own);
    if (!this.#explanations.isEmpty) this.#explanations.delete(workKey(place, tag));
    const digest = digestHeader(answer.headers);
    // Not every registry says the digest on HEAD; then only the content tells it.
    if (digest === undefined) return this.#byGet(place, tag, recorded, call);
    if (mode !== 'head') modes.set(place.endpoint, 'head');
    return digest === recorded ? 'unchanged' : this.#verify(place, tag, recorded, digest, answer, call);
  }

  /** The HEAD was refused: the method, or the tag? A GET tells, and tells why (1.3 step 5, R1.8). */
  async #withoutHead(place: Place, tag: string, recorded: string, answer: Answer, call: Call): Promise<Found> {
    const { status } = answer;
    const explainable = status === 401 || MAYBE_METHOD.has(status);
    if (!explainable) throw answerError(answer, call);
    const key = workKey(place, tag);
    const usual = this.#parts.modes.get(place.endpoint) === 'head' || status === 401;
    const known = this.#explanations.get(key);
    if (known?.status === status) throw failure(call, known.why);
    try {
      // Where HEAD works the GET only finds words for whom the HEAD refused.
      const asking = usual ? { ...call, as: answer.identity } : call;
      const fetched = await this.#parts.manifests.fetch(place, { tag }, asking);
      this.#explanations.delete(key);
      if (!usual) this.#parts.modes.set(place.endpoint, fetched.etag === undefined ? 'get' : 'get-conditional');
      return this.#compare(place, tag, recorded, fetched);
    } catch (error) {
      if (isOutOfRequests(error)) throw answerError(answer, call);
      if (error instanceof RegistryError && EXPLAINS.has(error.kind)) {
        // Where no HEAD has worked yet it may still be the method, so that is asked again sooner.
        const untilMs = this.#parts.clock.now() + (usual ? DAY_MS : HOUR_MS);
        this.#explanations.set(key, { status, why: refusalOf(error) }, untilMs);
      }
      throw error;
    }
  }

  async #byGet(place: Place, tag: string, recorded: string, call: Call): Promise<Found> {
    const { manifests, modes } = this.#parts;
    const { endpoint } = place;
    const key = workKey(place, tag);
    // Never at Docker Hub: even a conditional GET may count as a pull (R1.13).
    const conditional = modes.get(endpoint) === 'get-conditional' && !endpoint.hub;
    const etag = conditional ? modes.etag(key, recorded) : undefined;
    const fetched =
      etag === undefined
        ? await manifests.fetch(place, { tag }, call)
        : await manifests.fetchUnless(place, tag, etag, call);
    if (fetched === undefined) return 'unchanged';
    if (modes.get(endpoint) !== 'get') modes.set(endpoint, fetched.etag === undefined ? 'get' : 'get-conditional');
    return this.#compare(place, tag, recorded, fetched);
  }

  #compare(place: Place, tag: string, recorded: string, fetched: VerifiedManifest): Found {
    const { digest, etag } = fetched;
    if (etag !== undefined) this.#parts.modes.setEtag(workKey(place, tag), etag, digest);
    return digest === recorded ? 'unchanged' : { digest, fetched };
  }

  /** The digest differs: fetched by that digest, which closes the race with another push (R1.10). */
  async #verify(
    place: Place,
    tag: string,
    recorded: string,
    digest: string,
    answer: Answer,
    call: Call,
  ): Promise<Found> {
    const { manifests, quota, verifyOnChange } = this.#parts;
    if (verifyOnChange === 'never') return { digest };
    const kept = manifests.kept(place, digest, call);
    if (kept !== undefined) return { digest, fetched: kept };
    const bestEffort = verifyOnChange === 'bestEffort';
    if (bestEffort && !quota.allowsVerification(place.endpoint, answer.identity, call.context.priority))
      return { digest };
    try {
      return { digest, fetched: await manifests.fetch(place, { digest }, call) };
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      if (bestEffort && (error.kind === 'rateLimited' || isOutOfRequests(error))) return { digest };
      if (error.kind !== 'notFound') throw error;
    }
    try {
      return this.#compare(place, tag, recorded, await manifests.fetch(place, { tag }, call));
    } catch (error) {
      const limited = error instanceof RegistryError && (error.kind === 'rateLimited' || isOutOfRequests(error));
      if (bestEffort && limited) return { digest };
      throw error;
    }
  }
}

/** What a check is remembered by (R7.1). */
function workKey(place: Place, tag: string): string {
  return `${placeKey(place)}\n${tag}`;
}
