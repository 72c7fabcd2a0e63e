import { randomUUID } from 'node:crypto';
import { standalone } from '../api/errors.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { ImportOptions } from '../config/import-options.ts';
import { type Platform, parsePlatform } from '../image/platform.ts';
import { applyResults } from '../imagestream/apply.ts';
import type { ImportedEntry } from '../imagestream/entry.ts';
import { intervalFaults } from '../imagestream/interval.ts';
import { checkPreconditions } from '../imagestream/preconditions.ts';
import { recordImport } from '../imagestream/record.ts';
import { importOfStream, repositoryImportOf, requestsOf } from '../imagestream/request.ts';
import type { Rules } from '../imagestream/rules.ts';
import { sameRequest } from '../imagestream/source.ts';
import { timestamp } from '../imagestream/timestamp.ts';
import type { ImportOutcome } from '../importer/importer.ts';
import { CommandFault } from './fault.ts';
import { connect, type ImportParts } from './import-parts.ts';
import { hostsOf, typedImport } from './import-request.ts';
import { type ImportInput, readImportFile, readStreamFile, refuseUnstorable, validImport } from './input.ts';
import { importNames, importTable, repositoryFailure, serialize, streamNames, streamTable } from './output.ts';
import { createProgress } from './progress.ts';
import { readSavedStream, writeStreamFile } from './stream-file.ts';
import type { Surroundings } from './surroundings.ts';
import { changeLine, type TagChange, tagChanges } from './tag-change.ts';
import { checkName, continued, isImported, withGeneration } from './target-stream.ts';
import { watchStream } from './watch.ts';

/** Carries out the import command. Resolves to 0 (all imported), 1 (something failed) or 2 (cannot be carried out). */
export async function runImport(
  options: ImportOptions,
  references: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  try {
    return await new ImportRun(options, references, surroundings).run();
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error;
    surroundings.stderr.write(error.lines.map(line => `${line}\n`).join(''));
    const { output } = options;
    if (error.status !== undefined && (output === 'json' || output === 'yaml')) {
      surroundings.stdout.write(serialize(error.status, output));
    }
    return 2;
  }
}

/** One run of the command: what it was told, and the parts it is done with. */
class ImportRun {
  readonly #options: ImportOptions;
  readonly #references: readonly string[];
  readonly #platform: Platform;
  readonly #surroundings: Surroundings;
  readonly #clock: Clock = systemClock;
  readonly #stopped = new AbortController();
  readonly #stop = () => this.#stopped.abort();

  constructor(options: ImportOptions, references: readonly string[], surroundings: Surroundings) {
    this.#options = options;
    this.#references = references;
    this.#platform = parsePlatform(options.platform);
    this.#surroundings = surroundings;
  }

  async run(): Promise<number> {
    try {
      return await this.#import();
    } catch (error) {
      if (this.#stopped.signal.aborted && !(error instanceof CommandFault)) return INTERRUPTED;
      throw error;
    } finally {
      process.off('SIGINT', this.#stop).off('SIGTERM', this.#stop);
    }
  }

  async #import(): Promise<number> {
    const { stream: streamFile } = this.#options;
    const { stdin } = this.#surroundings;
    const target = streamFile === undefined ? undefined : withGeneration(await readStreamFile(streamFile, stdin));
    const parts = await connect(this.#options, this.#surroundings, this.#clock);
    try {
      const input = await this.#readInput(parts, target);
      if (input.kind === 'ImageStream' && target !== undefined) {
        throw new CommandFault([
          '--stream: expected an ImageStreamImport in the file of --filename, not an ImageStream',
        ]);
      }
      await parts.useCredentials(hostsOf(input.kind === 'ImageStream' ? input.stream : input.isi));
      // Not before: reading a terminal or waiting for a credential helper ends as any program does.
      process.once('SIGINT', this.#stop).once('SIGTERM', this.#stop);
      if (input.kind === 'ImageStream') return await this.#importStream(input.stream, parts);
      return await this.#importRequest(input.isi, target, parts);
    } finally {
      await parts.close();
    }
  }

  async #readInput({ allowed }: ImportParts, stream: ImageStream | undefined): Promise<ImportInput> {
    const { filename, to, scheduled, referencePolicy } = this.#options;
    if (filename !== undefined) return readImportFile(filename, this.#surroundings.stdin, allowed);
    const record = [stream, to, referencePolicy].some(given => given !== undefined) || scheduled || this.#keepsStream;
    const isi = typedImport({ ...this.#options, references: this.#references, stream, record });
    return { kind: 'ImageStreamImport', isi: validImport(isi, allowed) };
  }

  /** Whether the stream lives on after the import, and so goes by the operator's rules. */
  get #keepsStream(): boolean {
    return this.#options.watch !== undefined || this.#options.streamOut !== undefined;
  }

  /** An ImageStreamImport: looked up and, where it asks for that, recorded in its stream (import-semantics 8). */
  async #importRequest(isi: ImageStreamImport, target: ImageStream | undefined, parts: ImportParts): Promise<number> {
    const { watch, streamOut, rules = this.#keepsStream ? 'operator' : 'openshift' } = this.#options;
    if (this.#keepsStream && isi.spec.import !== true) {
      throw new CommandFault(['spec.import: --watch and --stream-out need a request that records: expected true']);
    }
    const stream = streamOut === undefined ? target : ((await readSavedStream(streamOut)) ?? target);
    checkName(isi, stream);
    const refused = checkPreconditions(isi, stream);
    if (refused !== undefined) throw new CommandFault([refused.message ?? ''], standalone(refused));
    const outcome = await this.#resolve(isi, stream, parts);
    const { answer, recorded } = this.#answer(isi, stream, outcome, rules);
    if (recorded !== undefined && rules === 'openshift') refuseUnstorable(recorded, stream, parts.allowed);
    if (recorded !== undefined && streamOut !== undefined) await writeStreamFile(streamOut, recorded);
    if (watch !== undefined && recorded !== undefined) {
      this.#surroundings.stderr.write(repositoryFailure(answer));
      this.#tellAll(tagChanges(stream, recorded, this.#clock.now()));
      return this.#watch(recorded, outcome.entries, parts);
    }
    this.#print(
      answer,
      () => importTable(answer),
      () => importNames(answer),
    );
    return outcome.failed > 0 ? 1 : 0;
  }

  async #resolve(isi: ImageStreamImport, stream: ImageStream | undefined, parts: ImportParts): Promise<ImportOutcome> {
    const progress = createProgress(this.#surroundings.stderr);
    try {
      return await parts.importer.importRequest({
        ...parts.context,
        isi,
        ...(stream !== undefined && { stream }),
        platform: this.#platform,
        maxImagesPerRepository: this.#options.maxImagesPerRepository,
        signal: this.#stopped.signal,
        onProgress: ({ done, total }) => progress.show(done, total),
      });
    } finally {
      progress.end();
    }
  }

  /** The completed request as the API would answer it, and the stream when something was recorded. */
  #answer(
    isi: ImageStreamImport,
    stream: ImageStream | undefined,
    outcome: ImportOutcome,
    rules: Rules,
  ): { readonly answer: ImageStreamImport; readonly recorded: ImageStream | undefined } {
    const nowMs = this.#clock.now();
    const metadata = { ...isi.metadata, uid: randomUUID(), creationTimestamp: timestamp(nowMs) };
    if (isi.spec.import !== true) return { answer: { ...isi, metadata, status: outcome.status }, recorded: undefined };
    const { historyLimit } = this.#options;
    const { stream: recorded } = recordImport({
      stream,
      isi,
      entries: outcome.entries,
      ...(outcome.status.repository?.status && { repository: outcome.status.repository.status }),
      rules,
      nowMs,
      historyLimit,
      uid: randomUUID(),
    });
    // The API answers with the stream as a part of the import, without a kind of its own.
    const { apiVersion: _apiVersion, kind: _kind, ...written } = recorded;
    return { answer: { ...isi, metadata, status: { import: written, ...outcome.status } }, recorded };
  }

  /** An ImageStream: its tags, and its repository where it asks for one. */
  async #importStream(given: ImageStream, parts: ImportParts): Promise<number> {
    const { rules = 'operator', watch, streamOut } = this.#options;
    const saved = streamOut === undefined ? undefined : await readSavedStream(streamOut);
    const start = withGeneration(saved === undefined ? given : continued(given, saved));
    const whole = rules === 'openshift' ? importOfStream(start) : repositoryImportOf(start);
    let stream = start;
    let entries: readonly ImportedEntry[] = [];
    let failed = 0;
    if (whole !== undefined) {
      const isi = validImport(whole, parts.allowed);
      const outcome = await this.#resolve(isi, start, parts);
      const { answer, recorded = start } = this.#answer(isi, start, outcome, rules);
      this.#surroundings.stderr.write(repositoryFailure(answer));
      if (watch !== undefined) this.#tellAll(tagChanges(start, recorded, this.#clock.now()));
      stream = recorded;
      failed = outcome.failed;
      entries = outcome.entries;
    }
    if (watch !== undefined) return this.#watch(stream, entries, parts);
    if (rules === 'operator') stream = await this.#importTags(stream, entries, parts);
    if (streamOut !== undefined) await writeStreamFile(streamOut, stream);
    this.#print(
      stream,
      () => streamTable(stream),
      () => streamNames(stream),
    );
    return failed > 0 || !isImported(stream) ? 1 : 0;
  }

  /** Each tag that `entries` have not asked for already. */
  async #importTags(stream: ImageStream, entries: readonly ImportedEntry[], parts: ImportParts): Promise<ImageStream> {
    const { historyLimit } = this.#options;
    const platform = this.#platform;
    const answered = new Set(entries.map(({ result }) => result.tag));
    const requests = requestsOf(stream, platform).filter(
      ({ tag, asked, recorded }) => !answered.has(tag) || recorded === undefined || !sameRequest(asked, recorded),
    );
    const progress = createProgress(this.#surroundings.stderr);
    let done = 0;
    const results = await Promise.all(
      requests.map(async request => {
        const result = await parts.importTag(stream, request, 0, this.#stopped.signal);
        done += 1;
        progress.show(done, requests.length);
        return result;
      }),
    ).finally(() => progress.end());
    return applyResults(stream, results, { rules: 'operator', nowMs: this.#clock.now(), historyLimit, platform });
  }

  async #watch(stream: ImageStream, entries: readonly ImportedEntry[], parts: ImportParts): Promise<number> {
    const { historyLimit, watch, minIntervalMs, streamOut } = this.#options;
    const defaultIntervalMs = watch?.intervalMs ?? this.#options.defaultIntervalMs;
    const startedAtMs = this.#clock.now();
    let current = stream;
    this.#surroundings.stderr.write(
      intervalFaults(stream)
        .map(fault => `${fault}\n`)
        .join(''),
    );
    const last = await watchStream(stream, {
      clock: this.#clock,
      random: Math.random,
      // Every slot counts as missed: whatever was not checked by this run is checked at its start.
      options: { platform: this.#platform, historyLimit, defaultIntervalMs, minIntervalMs, startedAtMs, sinceMs: 0 },
      checked: entries.flatMap(({ result }) => (result.outcome === 'imported' ? result.tag : [])),
      importTag: ({ request, priority }, signal) => parts.importTag(current, request, priority, signal),
      tell: change => this.#tell(change),
      save: async next => {
        current = next;
        if (streamOut !== undefined) await writeStreamFile(streamOut, next);
      },
      signal: this.#stopped.signal,
    });
    return isImported(last) ? 0 : 1;
  }

  #tellAll(changes: readonly TagChange[]): void {
    for (const change of changes) this.#tell(change);
  }

  #tell(change: TagChange): void {
    const { stdout } = this.#surroundings;
    stdout.write(this.#options.output === 'json' ? `${JSON.stringify(change)}\n` : changeLine(change));
  }

  #print(object: unknown, asTable: () => string, asNames: () => string): void {
    const { output } = this.#options;
    const text = output === 'table' ? asTable() : output === 'name' ? asNames() : serialize(object, output);
    this.#surroundings.stdout.write(text);
  }
}

/** As shells report a program ended by Ctrl-C. */
const INTERRUPTED = 130;
