import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { cleanText } from './oci-errors.ts';
import { Recent } from './recent.ts';
import type { HeaderValue } from './retry-after.ts';

const DAY_MS = 24 * 3_600_000;
const MAX_HOSTS = 1_000;
/** Different texts of one host that are told in a day. */
const MAX_TEXTS = 16;
/** Characters of the header that are looked at (R6.15). */
const MAX_CHARACTERS = 4 * 1024;

/** Passes on what registries warn of, such as a client that is too old: each text once a day, and nothing is done about it. */
export class Warnings {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #told: Recent<Set<string>>;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
    this.#told = new Recent(clock, MAX_HOSTS);
  }

  hear(host: string, header: HeaderValue): void {
    if (header === undefined) return;
    const told = this.#told.get(host) ?? new Set();
    for (const warning of warningTexts(header)) {
      if (told.has(warning) || told.size >= MAX_TEXTS) continue;
      told.add(warning);
      this.#log.warn({ host, warning }, 'A registry warns');
    }
    // Counted from the first of them, so that a host that always has something to say is heard again.
    if (this.#told.get(host) === undefined) this.#told.set(host, told, this.#clock.now() + DAY_MS);
  }
}

/** The texts of `Warning: 299 - "text"`, cleaned; what has another form is none of ours. */
export function warningTexts(header: string | readonly string[]): readonly string[] {
  const text = (typeof header === 'string' ? header : header.join(', ')).slice(0, MAX_CHARACTERS);
  const found = text.matchAll(/(?<![^\s,])299[ \t]+-[ \t]+"((?:[^"\\]|\\.)*)"/g);
  return [...found].map(([, quoted = '']) => cleanText(quoted.replace(/\\(.)/g, '$1'))).filter(each => each !== '');
}
