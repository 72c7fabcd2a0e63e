import type { Clock } from '../clock.ts';
import type { Answer } from './authorization.ts';
import { readErrorBody } from './oci-errors.ts';
import { type Question, repositoryKey } from './questions.ts';
import { Recent } from './recent.ts';
import { nextRestMs } from './rests.ts';
import { singleHeader } from './transport.ts';

/** A no to somebody the registry knows. */
export interface Denial {
  /** What it said, less what nobody reads again. */
  readonly answer: Answer;
  /** Epoch ms from which the candidate is worth another try. */
  readonly untilMs: number;
}

type DenialKey = readonly [wide: string, narrow: string];

const DAY_MS = 24 * 3_600_000;

/**
 * Candidates that a registry knows and does not let in: a token it has just granted gets a 401, or anybody a 403. Each
 * rests for that repository, so that the next check tries the others (9.5, R3.21): 10 minutes, after a 401 doubling to
 * 6 hours. One that was let in there lately rests for that one path: a registry may keep back a single image.
 */
export class Denials {
  readonly #clock: Clock;
  readonly #denied: Recent<Denial & { readonly delayMs: number }>;
  readonly #allowed: Recent<true>;

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.#denied = new Recent(clock, capacity);
    this.#allowed = new Recent(clock, capacity);
  }

  /** The last no that a candidate got to a question, within a day. */
  last(question: Question, fingerprint: string): Denial | undefined {
    const [wide, narrow] = keysOf(question, fingerprint);
    return this.#denied.get(narrow) ?? this.#denied.get(wide);
  }

  /** What a candidate would be told that need not be asked yet. */
  standing(question: Question, fingerprint: string): Answer | undefined {
    const denial = this.last(question, fingerprint);
    return denial !== undefined && denial.untilMs > this.#clock.now() ? denial.answer : undefined;
  }

  /** Remembers that `answer.identity` was turned away. */
  deny(question: Question, answer: Answer): void {
    const nowMs = this.#clock.now();
    const [wide, narrow] = keysOf(question, answer.identity);
    const key = this.#allowed.get(allowedKey(question, answer.identity)) === undefined ? wide : narrow;
    const before = this.#denied.get(key);
    // Several that were under way together are one no.
    if (before !== undefined && before.untilMs > nowMs) return;
    const delayMs = nextRestMs(answer.status === 401 ? before?.delayMs : undefined);
    const untilMs = nowMs + delayMs;
    this.#denied.set(key, { answer: inShort(answer), untilMs, delayMs }, untilMs + DAY_MS);
  }

  /** Remembers that a candidate was let in. */
  allow(question: Question, fingerprint: string): void {
    this.#allowed.set(allowedKey(question, fingerprint), true, this.#clock.now() + DAY_MS);
    for (const method of ['HEAD', 'GET'] as const) {
      for (const key of keysOf({ ...question, method }, fingerprint)) this.#denied.delete(key);
    }
  }

  forget(fingerprint: string): void {
    const belongs = (key: string): boolean => key.startsWith(`${fingerprint}\n`);
    this.#denied.deleteWhere(belongs);
    this.#allowed.deleteWhere(belongs);
  }
}

/** The answer with no more of its body than its error document, as that is read. */
function inShort({ status, from, identity, refusal, bytes, headers }: Answer): Answer {
  const errors = readErrorBody(bytes, singleHeader(headers, 'content-type'), status);
  const document = { errors: errors?.map(({ hasDetail, ...entry }) => ({ ...entry, detail: hasDetail || null })) };
  return {
    status,
    from,
    identity,
    headers: {},
    bytes: errors === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(document)),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

function allowedKey(question: Question, fingerprint: string): string {
  return [fingerprint, repositoryKey(question), question.scope].join('\n');
}

/** By method, too: some products answer 403 to HEAD and 200 to GET. */
function keysOf(question: Question, fingerprint: string): DenialKey {
  const wide = `${allowedKey(question, fingerprint)}\n${question.method}`;
  return [wide, `${wide}\n${question.path}`];
}
