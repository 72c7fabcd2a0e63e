import type { ImageStream } from '../api/image-stream.ts';
import { type IntervalDefaults, intervalOf } from '../imagestream/interval.ts';
import type { Key } from './key.ts';

interface Hold {
  readonly uid: string | undefined;
  /** An edit of the spec may be what makes the stream storable. */
  readonly generation: number | undefined;
  readonly untilMs: number;
  readonly forMs: number;
  readonly why: string;
}

/** Streams that the API server would not store (design D7): they rest for their interval, and are told of once. */
export class Holds {
  readonly #byKey = new Map<Key, Hold>();

  /** Returns whether the reason is news. */
  hold(key: Key, stream: ImageStream, why: string, nowMs: number, defaults: IntervalDefaults): boolean {
    const intervals = (stream.spec?.tags ?? []).map(tag => intervalOf(stream, tag, defaults));
    const forMs = Math.min(...intervals, defaults.defaultIntervalMs);
    const { uid, generation } = stream.metadata;
    const before = this.#byKey.get(key);
    this.#byKey.set(key, { uid, generation, untilMs: nowMs + forMs, forMs, why });
    return before?.uid !== uid || before?.why !== why;
  }

  /** Epoch milliseconds before which nothing is done for this stream; undefined when it is not held. */
  until(key: Key, { metadata }: ImageStream, nowMs: number): number | undefined {
    const hold = this.#byKey.get(key);
    if (hold === undefined || hold.uid !== metadata.uid || hold.generation !== metadata.generation) return undefined;
    // An end further away than it ever was: the clock was set back.
    const isHeld = nowMs < hold.untilMs && hold.untilMs - nowMs <= hold.forMs;
    return isHeld ? hold.untilMs : undefined;
  }

  release(key: Key): void {
    this.#byKey.delete(key);
  }
}
