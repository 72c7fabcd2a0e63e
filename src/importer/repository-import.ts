import type { ImportPolicy, ReferencePolicy } from '../api/common.ts';
import { successStatus } from '../api/errors.ts';
import type { ImageImportStatus, RepositoryImport, RepositoryImportStatus } from '../api/image-stream-import.ts';
import type { ImportedEntry } from '../imagestream/record.ts';
import type { ImportFailure } from '../imagestream/result.ts';
import type { RequestContext, TagList } from '../registry/types.ts';
import { failureOf } from './failure-texts.ts';
import type { AskedResult } from './image-request.ts';
import type { ImageRound, RoundParts, WantedImage } from './image-round.ts';
import { imageStatus, repositoryStatus } from './statuses.ts';
import { type HostPolicy, isInsecure, repositorySubject, type Subject, withTag } from './subject.ts';
import { selectTags, tagLimit } from './tag-selection.ts';

export interface RepositoryRequest {
  readonly spec: RepositoryImport;
  readonly policy: HostPolicy;
  /** As configured: 0 is the default, -1 no limit. */
  readonly maxImages: number;
  /** The image that this repository's import wants for a tag. */
  readonly wanted: (subject: Subject) => WantedImage;
  /** Told how many tags will be imported, once that is known. */
  readonly onListed: (tags: number) => void;
}

export interface RepositoryOutcome {
  readonly status: RepositoryImportStatus;
  readonly entries: readonly ImportedEntry[];
  readonly failed: number;
}

/** One tag of the repository with what came of it. */
interface TagOutcome {
  readonly tag: string;
  readonly result: AskedResult;
}

/** Imports a whole repository (import-semantics 6). The images of `spec.images` are in the round already. */
export async function importRepository(
  request: RepositoryRequest,
  round: ImageRound,
  parts: RoundParts,
): Promise<RepositoryOutcome> {
  const { spec, policy, maxImages } = request;
  const subject = repositorySubject(spec.from.name ?? '', policy);
  if ('refused' in subject) return failedAsAWhole(subject.refused);
  const limit = tagLimit(maxImages);
  if (limit === undefined) return { status: { status: successStatus }, entries: [], failed: 0 };

  const list = await listTags(request, subject, round, parts);
  if ('status' in list) return failedAsAWhole(list);
  if (list.truncated) parts.log.warn({ repository: spec.from.name }, 'The tag list is too long; the rest is ignored');
  const { chosen, additional } = selectTags(list.tags, limit);
  request.onListed(chosen.length);

  const wanted = chosen.map(tag => request.wanted(withTag(subject, tag)));
  const fetched = await askOrReuse(wanted, round, parts);
  const moved = additional.flatMap(tag => fetchedAlready(tag, request, subject, round));
  const movedTags = new Set(moved.map(({ tag }) => tag));
  const outcomes = [...chosen.flatMap((tag, index) => outcomeOf(tag, fetched[index])), ...moved];
  return outcomeOfTags(
    request,
    outcomes,
    additional.filter(tag => !movedTags.has(tag)),
  );
}

function outcomeOf(tag: string, result: AskedResult | undefined): readonly TagOutcome[] {
  return result === undefined ? [] : [{ tag, result }];
}

/** A tag beyond the limit that `spec.images` fetched in the same way: told with its image, less those below it (6.5). */
function fetchedAlready(
  tag: string,
  { wanted }: RepositoryRequest,
  subject: Subject,
  round: ImageRound,
): readonly TagOutcome[] {
  const result = round.finished(wanted(withTag(subject, tag)));
  return result?.outcome === 'imported' ? [{ tag, result: { ...result, children: [] } }] : [];
}

/** What `spec.images` fetched already is not fetched again. */
async function askOrReuse(
  wanted: readonly WantedImage[],
  round: ImageRound,
  { onDone }: RoundParts,
): Promise<readonly AskedResult[]> {
  const known = wanted.map(each => round.finished(each));
  onDone(known.filter(result => result !== undefined).length);
  const missing = wanted.filter((_each, index) => known[index] === undefined);
  const asked = (await round.ask(missing, { mayRefuseSecrets: false })).values();
  return known.flatMap(result => result ?? asked.next().value ?? []);
}

/** Tags of the repository itself, never of a mirror; asked again without secrets when those were refused (7.3). */
async function listTags(
  request: RepositoryRequest,
  subject: Subject,
  round: ImageRound,
  parts: RoundParts,
): Promise<TagList | ImportFailure> {
  const first = await listOnce(request, subject, parts.context, parts);
  const { withoutSecrets } = parts;
  if (!('status' in first) || !round.secretsRefused || withoutSecrets === undefined) return first;
  const second = await listOnce(request, subject, { ...parts.context, keyring: withoutSecrets }, parts);
  return 'status' in second && second.status.reason === 'Unauthorized' ? first : second;
}

async function listOnce(
  { spec, policy }: RepositoryRequest,
  subject: Subject,
  context: RequestContext,
  { client, retry, log }: RoundParts,
): Promise<TagList | ImportFailure> {
  const { host, repository } = subject.wire;
  const insecure = isInsecure(subject, spec.importPolicy?.insecure === true, policy);
  try {
    return await retry(() => client.listTags({ host, repository, insecure }, context), context.signal);
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    const reference = spec.from.name ?? '';
    if (!(Error.isError(error) && error.name === 'RegistryError')) {
      const stack = Error.isError(error) ? error.stack : String(error);
      log.error({ repository: reference, stack }, 'Unexpected error while listing tags');
    }
    return failureOf(error, { reference, what: 'tagList', registry: subject.typed.registry });
  }
}

function failedAsAWhole({ status }: ImportFailure): RepositoryOutcome {
  return { status: { status }, entries: [], failed: 1 };
}

function outcomeOfTags(
  { spec }: RepositoryRequest,
  outcomes: readonly TagOutcome[],
  additionalTags: readonly string[],
): RepositoryOutcome {
  const images: readonly ImageImportStatus[] = outcomes.map(({ tag, result }) => imageStatus(result, tag));
  const failed = outcomes.filter(({ result }) => result.outcome === 'failed').length;
  const importPolicy: ImportPolicy = spec.importPolicy ?? {};
  const referencePolicy: ReferencePolicy = spec.referencePolicy ?? { type: 'Source' };
  const entries = outcomes.map(({ tag, result }) => ({
    result: { ...result, tag },
    from: `${spec.from.name ?? ''}:${tag}`,
    importPolicy,
    referencePolicy,
    ensureSpecTagOnFailure: false,
  }));
  const status = {
    status: repositoryStatus(failed),
    ...(images.length > 0 && { images }),
    ...(additionalTags.length > 0 && { additionalTags }),
  };
  return { status, entries, failed };
}
