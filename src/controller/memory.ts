import type { TagMemory } from '../imagestream/due.ts';
import type { Key } from './key.ts';

/** What is remembered of one tag; all of it may be lost at any time. */
export interface Remembered extends TagMemory {
  /** Failures in a row. */
  readonly failures?: number;
  /** Times in a row that it did not get as far as the registry. */
  readonly unsent?: number;
  /** Epoch ms of the first NotFound in a row that did not count (registry-client R8.3). */
  readonly firstSeenMs?: number;
}

const NOTHING: ReadonlyMap<string, Remembered> = new Map();

/** Last checks, retries and answers, by stream and tag. Nothing of it is ever stored (design, section 5). */
export class TagMemories {
  readonly #byKey = new Map<Key, { readonly uid: string; readonly tags: Map<string, Remembered> }>();

  /** What is remembered of the tags of this stream; another uid is another stream. */
  of(key: Key, uid: string): ReadonlyMap<string, Remembered> {
    const memory = this.#byKey.get(key);
    return memory?.uid === uid ? memory.tags : NOTHING;
  }

  set(key: Key, uid: string, tag: string, remembered: Remembered): void {
    let memory = this.#byKey.get(key);
    if (memory?.uid !== uid) {
      memory = { uid, tags: new Map() };
      this.#byKey.set(key, memory);
    }
    memory.tags.set(tag, remembered);
  }

  /** The credentials of the tag are others now: what could not be sent off for want of them waits no more. */
  secretsChanged(key: Key, uid: string, tag: string): void {
    const { unsent, holdUntilMs, ...rest } = this.of(key, uid).get(tag) ?? {};
    const held = unsent === undefined && holdUntilMs !== undefined ? { holdUntilMs } : {};
    this.set(key, uid, tag, { ...rest, ...held, secretsChanged: true });
  }

  /** Forgets tags that the stream no longer has. */
  prune(key: Key, tags: readonly { readonly name: string }[]): void {
    const memory = this.#byKey.get(key);
    if (memory === undefined || memory.tags.size <= tags.length) return;
    const names = new Set(tags.map(({ name }) => name));
    for (const tag of memory.tags.keys()) if (!names.has(tag)) memory.tags.delete(tag);
  }

  forget(key: Key): void {
    this.#byKey.delete(key);
  }

  clear(): void {
    this.#byKey.clear();
  }
}
