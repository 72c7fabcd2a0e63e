import type { TagEvent } from '../api/image-stream.ts';

/** Events of one tag, newest first. */
export type Events = readonly TagEvent[];

/**
 * Adds an event to the history of a tag (import-semantics 8.4). It is compared with the head alone; older events are
 * neither searched nor trimmed, so A, B, A are three events.
 *
 * ```text
 * reference | image   | generation | what happens
 * same      | same    | same       | nothing
 * same      | same    | differs    | the head takes the generation
 * same      | differs | any        | the head takes image and generation
 * differs   | same    | any        | the head takes reference and generation
 * differs   | differs | any        | the event becomes the head
 * ```
 *
 * Where the head takes something over, it keeps its `created`.
 */
export function addTagEvent(history: Events, event: TagEvent): { readonly history: Events; readonly changed: boolean } {
  const [head, ...older] = history;
  if (head === undefined) return { history: [event], changed: true };
  const sameReference = head.dockerImageReference === event.dockerImageReference;
  const sameImage = head.image === event.image;
  if (!sameReference && !sameImage) return { history: [event, ...history], changed: true };
  if (sameReference && sameImage && head.generation === event.generation) return { history, changed: false };
  return { history: [{ ...event, created: head.created }, ...older], changed: true };
}

/** The newest `limit` events (design D7). The head always stays. */
export function capHistory(history: Events, limit: number): Events {
  const kept = Math.max(1, limit);
  return history.length <= kept ? history : history.slice(0, kept);
}
