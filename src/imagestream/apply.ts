import type { ImageStream, ImageStreamStatus, Source, SpecTag, TagEvent, TagHistory } from '../api/image-stream.ts';
import { exact, InvalidReference, mostSpecific, parseReference } from '../reference/reference.ts';
import { afterFailure, afterSuccess, NOT_SUPPORTED, type Occasion, withoutImport } from './conditions.ts';
import { eventGeneration } from './generation.ts';
import { addTagEvent, capHistory } from './history.ts';
import type { TagResult } from './result.ts';
import type { Rules } from './rules.ts';
import {
  isImportable,
  isReferenceOnly,
  isUnsupported,
  type Platform,
  sameRequest,
  sameSource,
  sourceAsked,
  withoutDigest,
} from './source.ts';
import { historiesOf, historyAfter, stateOf, type TagState } from './tag-state.ts';
import { timestamp } from './timestamp.ts';

export interface ApplyOptions {
  /** Re-imports know no other rules: OpenShift's write spec and status together, for a user's import (`recordImport`). */
  readonly rules: Extract<Rules, 'operator'>;
  readonly nowMs: number;
  /** Events kept for each tag (design D7). */
  readonly historyLimit: number;
  /** The option that the requests were built with. */
  readonly platform: Platform;
  /** Value of `requested-at` that all tags have answered, to be echoed in the status. */
  readonly handledRequest?: string | undefined;
}

/**
 * Folds what came back from registries into the status of a stream, by the operator's rules (design D6): the next
 * stream, or the same object when nothing changed. The spec is never touched. A result whose request the spec no longer
 * asks for is dropped. Without results it still settles what needs no registry: tags that only record their pull spec,
 * tags of kinds that are not resolved yet, tags that left the spec. Applying twice is applying once.
 */
export function applyResults(stream: ImageStream, results: readonly TagResult[], options: ApplyOptions): ImageStream {
  if (results.length === 0 && waitsForResults(stream)) {
    return withStatus(stream, stream.status?.tags ?? [], options.handledRequest);
  }
  const specTags = new Map((stream.spec?.tags ?? []).map(tag => [tag.name, tag]));
  const before = historiesOf(stream);
  const byTag = Map.groupBy(results, result => result.tag);
  const settle = (name: string): TagHistory | undefined => {
    const state = stateOf(before.get(name));
    const tag = specTags.get(name);
    const folder = tag && { tag, options, occasion: occasionOf(stream, tag, options.nowMs) };
    const after = folder === undefined ? forgetSource(state) : settled(state, folder, byTag.get(name) ?? []);
    return historyAfter(name, before.get(name), after);
  };
  const names = new Set([...before.keys(), ...specTags.keys()]);
  const tags = [...names].map(settle).filter(history => history !== undefined);
  return withStatus(stream, tags, options.handledRequest);
}

/** Whether there is nothing to say of the tags but what registries answer: so it is whenever a check begins. */
function waitsForResults({ spec, status }: ImageStream): boolean {
  const tags = spec?.tags ?? [];
  let names: ReadonlySet<string> | undefined;
  const isSettled = ({ tag, source }: TagHistory, place: number) => {
    // Mostly both stand at the same place, and nobody needs a set of names.
    if (source === undefined || tags[place]?.name === tag) return true;
    names ??= new Set(tags.map(({ name }) => name));
    return names.has(tag);
  };
  return tags.every(isImportable) && (status?.tags ?? []).every(isSettled);
}

/** One spec tag, and what every decision about it needs. */
interface Folder {
  readonly tag: SpecTag;
  readonly options: ApplyOptions;
  readonly occasion: Occasion;
}

function occasionOf(stream: ImageStream, tag: SpecTag, nowMs: number): Occasion {
  return { nowMs, generation: eventGeneration(stream.metadata.generation ?? 0, tag) };
}

function settled(state: TagState, folder: Folder, results: readonly TagResult[]): TagState {
  const { tag } = folder;
  if (isImportable(tag)) return results.reduce((now, result) => afterResult(now, result, folder), state);
  if (isReferenceOnly(tag)) return asReference(forgetSource(state), folder);
  return isUnsupported(tag) ? asUnsupported(forgetSource(state), folder) : forgetSource(state);
}

function afterResult(state: TagState, result: TagResult, folder: Folder): TagState {
  const { tag, options } = folder;
  if (!sameRequest(result.source, sourceAsked(tag, options.platform))) return state;
  switch (result.outcome) {
    case 'failed':
      return {
        events: state.events,
        conditions: afterFailure(options.rules, state.conditions, result.failure.status, folder.occasion),
        source: recorded(state.source, askedAgain(result.source, state.source)),
      };
    case 'imported': {
      const reference = result.image.dockerImageReference ?? '';
      return succeeded(state, result.source, reference, result.image.metadata.name ?? '', folder);
    }
    case 'unchanged': {
      const [head] = state.events;
      // Nothing to be unchanged from: the history went away meanwhile, and the tag is due again.
      if (head === undefined) return state;
      const isSame = state.source !== undefined && sameRequest(state.source, result.source);
      if (isSame) return healed(state, result.source, folder);
      return succeeded(state, result.source, referenceAt(result.source.from, head), head.image, folder);
    }
  }
}

/** A success that says nothing new of the image. */
function healed(state: TagState, source: Source, { options, occasion }: Folder): TagState {
  return {
    events: state.events,
    conditions: afterSuccess(options.rules, state.conditions, occasion),
    source: recorded(state.source, source),
  };
}

function succeeded(state: TagState, source: Source, reference: string, image: string, folder: Folder): TagState {
  const events = withEvent(state, reference, image, folder);
  return { ...healed(state, source, folder), events };
}

function withEvent(state: TagState, dockerImageReference: string, image: string, folder: Folder): TagState['events'] {
  const { nowMs, generation } = folder.occasion;
  const event: TagEvent = { created: timestamp(nowMs), dockerImageReference, image, generation };
  const { history, changed } = addTagEvent(state.events, event);
  return changed ? capHistory(history, folder.options.historyLimit) : state.events;
}

/** A tag that only records its pull spec gets its event without a registry, once per pull spec (controllers 5.4). */
function asReference(state: TagState, folder: Folder): TagState {
  const [head] = state.events;
  const from = folder.tag.from?.name ?? '';
  // The generation alone is no news: it moves with every edit of the stream.
  const isRecorded = head?.dockerImageReference === from && head.image === '';
  const events = isRecorded ? state.events : withEvent(state, from, '', folder);
  return { ...state, events, conditions: withoutImport(state.conditions) };
}

function asUnsupported(state: TagState, { tag, options, occasion }: Folder): TagState {
  const message = `a tag from ${tag.from?.kind || 'no kind'} is not supported yet: only DockerImage is`;
  return {
    ...state,
    conditions: afterFailure(options.rules, state.conditions, { reason: NOT_SUPPORTED, message }, occasion),
  };
}

/** What was asked is remembered only while the spec asks (design D4); the history stays (design D8). */
function forgetSource(state: TagState): TagState {
  return state.source === undefined ? state : { ...state, source: undefined };
}

/** What a failure records: what was asked, with the digest of the last success of the same request. */
function askedAgain(asked: Source, before: Source | undefined): Source {
  return before !== undefined && sameRequest(asked, before) ? before : withoutDigest(asked);
}

function recorded(before: Source | undefined, after: Source): Source {
  return before !== undefined && sameSource(before, after) ? before : after;
}

/** The place of the head's image in the repository that is asked now. */
function referenceAt(from: string, head: TagEvent): string {
  try {
    return exact(mostSpecific({ ...parseReference(from), id: head.image })) || head.dockerImageReference;
  } catch (error) {
    if (error instanceof InvalidReference) return head.dockerImageReference;
    throw error;
  }
}

function withStatus(stream: ImageStream, tags: readonly TagHistory[], handledRequest: string | undefined): ImageStream {
  const { status } = stream;
  const { generation: observedGeneration = status?.observedGeneration } = stream.metadata;
  const lastHandledRequest = handledRequest ?? status?.lastHandledRequest;
  const old = status?.tags ?? [];
  const sameTags = old.length === tags.length && tags.every((history, index) => history === old[index]);
  const isSame =
    sameTags && observedGeneration === status?.observedGeneration && lastHandledRequest === status?.lastHandledRequest;
  if (isSame) return stream;
  const next: ImageStreamStatus = {
    ...status,
    ...(!sameTags && { tags }),
    ...(observedGeneration !== undefined && { observedGeneration }),
    ...(lastHandledRequest !== undefined && { lastHandledRequest }),
  };
  return { ...stream, status: next };
}
