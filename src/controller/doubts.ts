import type { ImageStream } from '../api/image-stream.ts';
import { PRIORITY } from '../imagestream/due.ts';
import { weighResult } from '../imagestream/not-found.ts';
import type { TagResult } from '../imagestream/result.ts';
import { historyOf } from '../imagestream/tag-state.ts';
import type { Flight, TagFlights } from './flights.ts';
import type { Key } from './key.ts';
import type { TagMemories } from './memory.ts';
import type { KeyQueue } from './streams.ts';

export interface DoubtParts {
  readonly flights: TagFlights;
  readonly memories: TagMemories;
  readonly queue: KeyQueue;
}

/** Failures that do not count before they are seen again. */
export class Doubts {
  readonly #parts: DoubtParts;

  constructor(parts: DoubtParts) {
    this.#parts = parts;
  }

  /** Whether a result does not count yet (registry-client R8.3); its slot is not done with, so it is asked again. */
  setAside(key: Key, flight: Flight, stream: ImageStream, result: TagResult, atMs: number): boolean {
    if (result.outcome !== 'failed') return false;
    const { flights, memories, queue } = this.#parts;
    const { due, uid } = flight;
    const memory = memories.of(key, uid).get(due.tag);
    const existed = (historyOf(stream, due.tag)?.items?.length ?? 0) > 0;
    const { firstSeenMs } = memory ?? {};
    const past = { existed, reason: due.reason, ...(firstSeenMs !== undefined && { firstSeenMs }) };
    const weight = weighResult(result, past, atMs);
    if (weight === 'counts') return false;
    const remembered = { ...memory, firstSeenMs: weight.firstSeenMs, holdUntilMs: weight.askAgainAtMs };
    memories.set(key, uid, due.tag, remembered);
    flights.end(key, flight);
    queue.addAt(key, weight.askAgainAtMs, PRIORITY.scheduled);
    return true;
  }
}
