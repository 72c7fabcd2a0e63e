import type { ImageStream, Source, TagHistory } from '../api/image-stream.ts';
import type { Conditions } from './conditions.ts';
import type { Events } from './history.ts';

/** What the status says of one tag, with nothing missing. */
export interface TagState {
  readonly events: Events;
  readonly conditions: Conditions;
  readonly source: Source | undefined;
}

const NONE: readonly never[] = [];

/** The status of a stream by tag, in its order. */
export function historiesOf(stream: ImageStream | undefined): Map<string, TagHistory> {
  return new Map((stream?.status?.tags ?? []).map(history => [history.tag, history]));
}

/** What the status says of one tag. */
export function historyOf(stream: ImageStream, tag: string): TagHistory | undefined {
  return stream.status?.tags?.find(history => history.tag === tag);
}

/**
 * As `historyOf`, for all tags of a stream. `place` is where the tag stands in the spec: mostly its history stands at the
 * same place of the status, so that nearly every look at a stream needs no map.
 */
export function historyFinder(stream: ImageStream): (tag: string, place: number) => TagHistory | undefined {
  const told = stream.status?.tags ?? NONE;
  let byTag: ReadonlyMap<string, TagHistory> | undefined;
  return (tag, place) => {
    const near = told[place];
    if (near?.tag === tag) return near;
    byTag ??= historiesOf(stream);
    return byTag.get(tag);
  };
}

export function stateOf(history: TagHistory | undefined): TagState {
  return { events: history?.items ?? NONE, conditions: history?.conditions ?? NONE, source: history?.source };
}

/**
 * The status entry of a tag after a decision: the same object when the decision changed nothing, undefined when there
 * is nothing left (or nothing yet) to say.
 */
export function historyAfter(tag: string, before: TagHistory | undefined, after: TagState): TagHistory | undefined {
  const was = stateOf(before);
  if (was.events === after.events && was.conditions === after.conditions && was.source === after.source) return before;
  if (after.events.length === 0 && after.conditions.length === 0) return undefined;
  return {
    tag,
    items: after.events,
    ...(after.conditions.length > 0 && { conditions: after.conditions }),
    ...(after.source && { source: after.source }),
  };
}
