import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import { LAST_IMPORT_ANNOTATION, REPOSITORY_CHECK_ANNOTATION } from '../api/names.ts';
import type { Status } from '../api/status.ts';
import type { Clock } from '../clock.ts';
import { applyResults } from '../imagestream/apply.ts';
import { entriesStillAsked } from '../imagestream/import-rerun.ts';
import { type ImportedEntry, type RecordedImport, recordImport } from '../imagestream/record.ts';
import { entriesBesideTags } from '../imagestream/repository-entries.ts';
import type { TagResult } from '../imagestream/result.ts';
import { fitStream } from '../imagestream/sizes.ts';
import type { Platform } from '../imagestream/source.ts';
import { timestamp } from '../imagestream/timestamp.ts';
import type { ImportOutcome } from '../importer/importer.ts';
import { ApiError, isRefusedForGood } from '../kube/api-error.ts';
import { type StreamRegistries, withRepositoryNames } from './repository-names.ts';
import type { StreamStore } from './stream-store.ts';

export interface RecorderOptions extends StreamRegistries {
  readonly platform: Platform;
  readonly historyLimit: number;
}

/** Makes sure that Image objects exist before a stream names them (design D11). */
export interface ImageKeeper {
  ensure(images: readonly Image[], signal: AbortSignal): Promise<void>;
}

export interface RecorderParts {
  readonly store: Pick<StreamStore, 'create' | 'writeSpec' | 'writeStatus'>;
  /** Absent with `--images=off`. */
  readonly images: ImageKeeper | undefined;
  readonly clock: Clock;
  readonly options: RecorderOptions;
}

const TOO_LARGE = 'the stream is too large to be stored, even with its histories cut';
const TOO_LARGE_REASON = 'RequestEntityTooLarge';

/** An import of several images, or of a whole repository, that waits to be recorded. */
export interface CarriedOut {
  readonly isi: ImageStreamImport;
  readonly outcome: ImportOutcome;
  /** Of the ImageStreamImport that a user created; absent for what the stream itself asks for. */
  readonly importUid?: string;
}

/** The API server will never take this write, however often it is sent (design D7). */
export class StreamNotStorable extends Error {
  override readonly name = 'StreamNotStorable';
  /** What the API server answered, or would. */
  readonly refusal: Status;

  constructor(message: string, refusal: Status, options?: ErrorOptions) {
    super(message, options);
    this.refusal = refusal;
  }
}

/** Folds what came back from registries into streams at the API server. Everything here may be repeated. */
export class StreamRecorder {
  readonly #parts: RecorderParts;

  constructor(parts: RecorderParts) {
    this.#parts = parts;
  }

  /** What the status of the stream should be, given these results; the same object when it is that already. */
  applied(stream: ImageStream, results: readonly TagResult[], handledRequest: string | undefined): ImageStream {
    const { clock, options } = this.#parts;
    const next = applyResults(stream, results, {
      rules: 'operator',
      nowMs: clock.now(),
      historyLimit: options.historyLimit,
      platform: options.platform,
      handledRequest,
    });
    return withRepositoryNames(next, options);
  }

  /** Stores the results; the stream as it is then, the same object when nothing was to be written. */
  async recordTags(
    stream: ImageStream,
    results: readonly TagResult[],
    handledRequest: string | undefined,
    signal: AbortSignal,
  ): Promise<ImageStream> {
    const after = this.applied(stream, results, handledRequest);
    // Also where the stream says it all already: the Image of its head may have gone.
    await this.#ensureImages(results.flatMap(imagesOf), after, signal);
    if (after === stream) return stream;
    return this.#writeStatus(stream, after, signal);
  }

  /**
   * Records a whole import: spec first, then status, each safe to repeat (design D6). A spec that this very import has
   * written already is left as it is, and only tags that it still asks for are recorded (design D12).
   */
  async recordImport(
    stream: ImageStream | undefined,
    carriedOut: CarriedOut,
    signal: AbortSignal,
  ): Promise<RecordedImport> {
    const { isi, outcome, importUid } = carriedOut;
    const { clock, options } = this.#parts;
    const nowMs = clock.now();
    const repository = outcome.status.repository?.status;
    const recorded = recordImport({
      stream,
      isi,
      entries: this.#entriesOf(stream, carriedOut),
      ...(repository && { repository }),
      rules: 'operator',
      nowMs,
      historyLimit: options.historyLimit,
    });
    await this.#parts.images?.ensure(recorded.images, signal);
    const isChecked = repository?.status === 'Success' && stream?.spec?.dockerImageRepository !== undefined;
    const marked = withAnnotations(recorded.stream, {
      ...(recorded.specChanged && importUid !== undefined && { [LAST_IMPORT_ANNOTATION]: importUid }),
      ...(isChecked && { [REPOSITORY_CHECK_ANNOTATION]: timestamp(nowMs) }),
    });
    const written = await this.#writeSpec(stream, marked, signal);
    const { generation } = written.metadata;
    const status = { ...marked.status, ...(generation !== undefined && { observedGeneration: generation }) };
    const stored = await this.#writeStatus(written, withRepositoryNames({ ...written, status }, options), signal);
    return { ...recorded, stream: stored };
  }

  #entriesOf(stream: ImageStream | undefined, { outcome, importUid }: CarriedOut): readonly ImportedEntry[] {
    const { platform } = this.#parts.options;
    if (stream === undefined) return outcome.entries;
    if (importUid === undefined) return entriesBesideTags(stream, outcome.entries, platform);
    const isRerun = stream.metadata.annotations?.[LAST_IMPORT_ANNOTATION] === importUid;
    return isRerun ? entriesStillAsked(stream, outcome.entries, platform) : outcome.entries;
  }

  async #writeSpec(before: ImageStream | undefined, after: ImageStream, signal: AbortSignal): Promise<ImageStream> {
    const { store } = this.#parts;
    return storable(() =>
      before === undefined ? store.create(after, signal) : store.writeSpec(before, after, signal),
    );
  }

  async #writeStatus(before: ImageStream, after: ImageStream, signal: AbortSignal): Promise<ImageStream> {
    const fitted = fitStream(after);
    if (!fitted.fits)
      throw new StreamNotStorable(TOO_LARGE, {
        status: 'Failure',
        reason: TOO_LARGE_REASON,
        message: TOO_LARGE,
        code: 413,
      });
    return storable(() => this.#parts.store.writeStatus(before, fitted.stream, signal));
  }

  /** Only those that a tag points to now: a result that the spec no longer asks for has left no trace. */
  async #ensureImages(images: readonly Image[], after: ImageStream, signal: AbortSignal): Promise<void> {
    const { images: keeper } = this.#parts;
    if (keeper === undefined || images.length === 0) return;
    const heads = new Set((after.status?.tags ?? []).map(({ items }) => items?.[0]?.image));
    const isNamed = images.some(({ metadata }) => heads.has(metadata.name));
    if (isNamed) await keeper.ensure(images, signal);
  }
}

/** The children of a list before it, so that whoever sees the list finds them. */
function imagesOf(result: TagResult): readonly Image[] {
  return result.outcome === 'imported' ? [...result.children, result.image] : [];
}

function withAnnotations(stream: ImageStream, added: Readonly<Record<string, string>>): ImageStream {
  if (Object.keys(added).length === 0) return stream;
  const annotations = { ...stream.metadata.annotations, ...added };
  return { ...stream, metadata: { ...stream.metadata, annotations } };
}

async function storable<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof ApiError) || !isRefusedForGood(error)) throw error;
    throw new StreamNotStorable(error.message, error.status, { cause: error });
  }
}
