import type { ImageStream, Source, SpecTag, TagEvent, TagHistory } from '../api/image-stream.ts';
import type { Status } from '../api/status.ts';
import { afterFailure, afterSuccess, type Occasion } from './conditions.ts';
import type { ImportedEntry, ImportResult } from './entry.ts';
import { eventGeneration } from './generation.ts';
import { addTagEvent, capHistory } from './history.ts';
import type { Rules } from './rules.ts';
import { isImportable, LINUX_AMD64, sameRequest, sameWish, sourceAsked } from './source.ts';
import { ImagesToStore } from './stored-image.ts';
import { historiesOf, historyAfter, stateOf, type TagState } from './tag-state.ts';
import { timestamp } from './timestamp.ts';

export interface DraftSetting {
  readonly rules: Rules;
  readonly nowMs: number;
  /** `metadata.generation` that the stream will have once this import is written. */
  readonly generation: number;
  readonly historyLimit: number;
}

/** The tags of a stream while the entries of one import are recorded in them (import-semantics 8.2 to 8.6). */
export class ImportDraft {
  readonly #setting: DraftSetting;
  readonly #specTags: Map<string, SpecTag>;
  readonly #histories: Map<string, TagHistory>;
  readonly #images = new ImagesToStore();

  constructor(stream: ImageStream | undefined, setting: DraftSetting) {
    this.#setting = setting;
    this.#specTags = new Map((stream?.spec?.tags ?? []).map(tag => [tag.name, tag]));
    this.#histories = historiesOf(stream);
  }

  get specTags(): readonly SpecTag[] {
    return [...this.#specTags.values()];
  }

  get histories(): readonly TagHistory[] {
    return [...this.#histories.values()];
  }

  /** To be created in this order, before the stream is written. */
  get images(): ImagesToStore {
    return this.#images;
  }

  record(entry: ImportedEntry): void {
    const { result } = entry;
    if (result.outcome === 'imported') this.#recordSuccess(entry, result);
    else if (this.#setting.rules === 'openshift') this.#recordFailure(entry, result.failure.status);
    else this.#recordFailureAsked(entry, result.source, result.failure.status);
  }

  /** `success(tag, from)` of import-semantics 8.3. */
  #recordSuccess(entry: ImportedEntry, result: Extract<ImportResult, { outcome: 'imported' }>): void {
    const { rules, historyLimit } = this.#setting;
    const { tag, image, children, source } = result;
    const state = stateOf(this.#histories.get(tag));
    const specTag = this.#specTags.get(tag);
    const occasion = this.#occasion(specTag);
    const event: TagEvent = {
      created: timestamp(occasion.nowMs),
      dockerImageReference: image.dockerImageReference ?? '',
      image: image.metadata.name ?? '',
      generation: occasion.generation,
    };

    const changed = specTag === undefined || hasTagChanged(rules, specTag, state.events[0], event);
    const kept = changed ? this.#specTagFor(tag, entry) : specTag;
    this.#specTags.set(tag, { ...kept, importPolicy: entry.importPolicy });

    const events = changed ? addTagEvent(state.events, event).history : state.events;
    this.#settle(tag, {
      events: rules === 'operator' ? capHistory(events, historyLimit) : events,
      conditions: afterSuccess(rules, state.conditions, occasion),
      source: this.#sourceAfter(tag, source, state.source),
    });
    this.#images.add(image, children);
  }

  /** `setFailure(tag)` of import-semantics 8.5, and the spec tag that 8.2 wants. */
  #recordFailure({ result: { tag }, ...entry }: ImportedEntry, status: Status): void {
    const state = stateOf(this.#histories.get(tag));
    const specTag = this.#specTags.get(tag);
    const conditions = afterFailure('openshift', state.conditions, status, this.#occasion(specTag));
    if (conditions !== state.conditions) {
      this.#settle(tag, { ...state, conditions });
      if (specTag !== undefined) this.#specTags.set(tag, { ...specTag, generation: 0 });
    }
    if (specTag === undefined && entry.ensureSpecTagOnFailure) this.#specTags.set(tag, this.#specTagFor(tag, entry));
  }

  /** A failure that the spec does not ask for is told in the import alone (design D12). */
  #recordFailureAsked({ result: { tag }, ...entry }: ImportedEntry, asked: Source, status: Status): void {
    if (entry.ensureSpecTagOnFailure && !this.#specTags.has(tag)) {
      this.#specTags.set(tag, this.#specTagFor(tag, entry));
    }
    const specTag = this.#specTags.get(tag);
    if (specTag === undefined || !isImportable(specTag) || !sameWish(askedBy(specTag, asked), asked)) return;
    const state = stateOf(this.#histories.get(tag));
    const conditions = afterFailure('operator', state.conditions, status, this.#occasion(specTag));
    this.#settle(tag, { ...state, conditions, source: this.#sourceAfter(tag, asked, state.source) });
  }

  /** `ensureSpecTag` of import-semantics 8.3 for a tag that is new or reset. */
  #specTagFor(name: string, entry: Omit<ImportedEntry, 'result'>): SpecTag {
    const old = this.#specTags.get(name);
    return {
      ...old,
      name,
      from: { kind: 'DockerImage', name: entry.from },
      // The operator never writes a generation (design D5).
      ...(this.#setting.rules === 'openshift' && { generation: 0 }),
      importPolicy: entry.importPolicy,
      referencePolicy: old?.referencePolicy?.type ? old.referencePolicy : entry.referencePolicy,
    };
  }

  #occasion(specTag: SpecTag | undefined): Occasion {
    const { rules, nowMs, generation } = this.#setting;
    return { nowMs, generation: rules === 'openshift' ? generation : eventGeneration(generation, specTag) };
  }

  /**
   * What is remembered of the request (design D4): what the spec tag asks for now, with the digest that was seen. When
   * the spec asks for something else than what was imported, the old source stays.
   */
  #sourceAfter(tag: string, seen: Source, before: Source | undefined): Source | undefined {
    const specTag = this.#specTags.get(tag);
    if (this.#setting.rules === 'openshift') return before;
    if (specTag === undefined || !isImportable(specTag)) return undefined;
    const asked = askedBy(specTag, seen);
    if (!sameWish(asked, seen)) return before;
    const { digest, acceptVersion } = seen;
    if (digest === undefined) return before !== undefined && sameRequest(asked, before) ? before : asked;
    return { ...asked, ...(acceptVersion !== undefined && { acceptVersion }), digest };
  }

  #settle(tag: string, state: TagState): void {
    const history = historyAfter(tag, this.#histories.get(tag), state);
    if (history !== undefined) this.#histories.set(tag, history);
  }
}

/** What the spec tag asks for, with the platform that the importer had in force. */
function askedBy(tag: SpecTag, seen: Source): Source {
  const { platform: _platform, ...asked } = sourceAsked(tag, LINUX_AMD64);
  return { ...asked, ...(seen.platform !== undefined && { platform: seen.platform }) };
}

/** `hasTagChanged` of import-semantics 8.3. In a cluster a spec tag without generation is up to date (design D5). */
function hasTagChanged(rules: Rules, tag: SpecTag, head: TagEvent | undefined, event: TagEvent): boolean {
  if (head === undefined) return true;
  if ((tag.generation ?? null) === null && rules === 'openshift') return true;
  if (head.dockerImageReference !== event.dockerImageReference || head.image !== event.image) return true;
  return (tag.generation ?? 0) > head.generation;
}
