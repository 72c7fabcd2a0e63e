import type { ImageStream } from '../api/image-stream.ts';
import { intervalFaults } from '../imagestream/interval.ts';
import type { Announcer } from './announcer.ts';
import type { Key } from './key.ts';

/** Tells of intervals that nobody can read, once for each set of them: otherwise tags keep a pace that nobody asked for. */
export class IntervalNotices {
  readonly #announcer: Pick<Announcer, 'intervalIgnored'>;
  readonly #told = new Map<Key, string>();

  constructor(announcer: Pick<Announcer, 'intervalIgnored'>) {
    this.#announcer = announcer;
  }

  consider(key: Key, stream: ImageStream): void {
    const faults = intervalFaults(stream);
    if (faults.length === 0) {
      this.forget(key);
      return;
    }
    const told = [stream.metadata.uid, ...faults].join('\n');
    if (this.#told.get(key) === told) return;
    this.#told.set(key, told);
    this.#announcer.intervalIgnored(stream, faults);
  }

  forget(key: Key): void {
    this.#told.delete(key);
  }
}
