import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { ApiError, isNotFound, NoAnswer } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { EventBudget, OBJECT_PACE, TOTAL_PACE } from './event-budget.ts';
import {
  eventKey,
  eventName,
  eventNamespace,
  eventObject,
  eventSeries,
  type NewEvent,
  subjectKey,
} from './event-object.ts';
import { LastUsed } from './last-used.ts';
import { EVENTS } from './resource.ts';

export type { EventSubject, NewEvent } from './event-object.ts';

export interface EventRecorderParts {
  readonly client: Pick<KubeClient, 'create' | 'patch'>;
  /** Of this process, as its Lease has it. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told what became of each Event. */
  readonly told?: (outcome: 'sent' | 'dropped' | 'failed') => void;
}

/** Writes Kubernetes Events (events.k8s.io/v1) in the background. That one is not written is never a failure. */
export interface EventRecorder {
  /**
   * Never throws, never makes the caller wait. Equal ones within ten minutes count on in the Event of then. Of an object
   * that never stops talking, and of what waits when the API server is slow, a part is dropped.
   */
  event(event: NewEvent): void;
  /** Writes what waits, for `forMs` milliseconds at most. What is left then, and what comes later, is dropped. */
  flush(forMs: number): Promise<void>;
}

/** What waits to be written: when the API server is away, the newest count. */
const MAX_WAITING = 2_000;
/** An equal Event within this time is one of a series. */
const SERIES_MS = 10 * 60_000;
/** A series is written again no sooner than this. */
const SERIES_WRITE_MS = 60_000;
/** Series, and objects with their budgets, that are remembered; as client-go does. */
const MAX_REMEMBERED = 4_096;

export function createEventRecorder(parts: EventRecorderParts): EventRecorder {
  return new BackgroundRecorder(parts);
}

interface Series {
  readonly event: NewEvent;
  /** Wall clock, for stamps. */
  readonly firstAtMs: number;
  lastAtMs: number;
  count: number;
  /** Monotonic, as is the next one. */
  heardMs: number;
  /** When it was last written, or is being written; undefined when that did not succeed. */
  writtenMs: number | undefined;
  /** Of its Event; undefined until there is one. */
  name: string | undefined;
}

class BackgroundRecorder implements EventRecorder {
  readonly #parts: EventRecorderParts;
  readonly #total: EventBudget;
  readonly #budgets = new LastUsed<EventBudget>(MAX_REMEMBERED);
  readonly #series = new LastUsed<Series>(MAX_REMEMBERED);
  readonly #waiting = new Set<Series>();
  /** Fires when no more is taken in and what waits is to be written without pause. */
  readonly #closing = new AbortController();
  readonly #ending = new AbortController();
  /** Kinds of trouble that were logged. */
  readonly #complained = new Set<string>();
  #writing: Promise<void> | undefined;

  constructor(parts: EventRecorderParts) {
    this.#parts = parts;
    this.#total = new EventBudget(TOTAL_PACE, parts.clock.monotonic());
  }

  event(event: NewEvent): void {
    const nowMs = this.#parts.clock.monotonic();
    const series = this.#heard(event, nowMs);
    if (this.#waiting.has(series)) return;
    if (series.writtenMs !== undefined && nowMs - series.writtenMs < SERIES_WRITE_MS) return;
    if (this.#closing.signal.aborted || !this.#budget(event, nowMs).take(nowMs)) {
      this.#parts.told?.('dropped');
      return;
    }
    if (this.#waiting.size >= MAX_WAITING) this.#dropOldest();
    this.#waiting.add(series);
    this.#writing ??= this.#writeAll();
  }

  async flush(forMs: number): Promise<void> {
    this.#closing.abort();
    const written = new AbortController();
    const late = this.#parts.clock.sleep(forMs, written.signal).then(
      () => this.#ending.abort(new Error('the time to finish is over')),
      () => {},
    );
    await this.#writing;
    written.abort();
    await late;
  }

  #heard(event: NewEvent, heardMs: number): Series {
    const atMs = this.#parts.clock.now();
    const key = eventKey(event);
    const known = this.#series.get(key);
    if (known !== undefined && heardMs - known.heardMs < SERIES_MS) {
      known.count += 1;
      known.lastAtMs = atMs;
      known.heardMs = heardMs;
      return known;
    }
    const times = { firstAtMs: atMs, lastAtMs: atMs, heardMs, writtenMs: undefined };
    const series: Series = { event, count: 1, ...times, name: undefined };
    this.#series.set(key, series);
    return series;
  }

  #budget({ regarding }: NewEvent, nowMs: number): EventBudget {
    const key = subjectKey(regarding);
    const budget = this.#budgets.get(key) ?? new EventBudget(OBJECT_PACE, nowMs);
    this.#budgets.set(key, budget);
    return budget;
  }

  #dropOldest(): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    this.#waiting.delete(oldest);
    this.#parts.told?.('dropped');
    this.#complain('waiting', 'more wait than there is room for');
  }

  /** One after the other. Never throws. */
  async #writeAll(): Promise<void> {
    // Not at once: whoever tells of something is in the middle of it.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      await this.#pace();
      // Only now: the oldest may have been dropped meanwhile.
      const [next] = this.#waiting;
      if (next === undefined) break;
      this.#waiting.delete(next);
      await this.#write(next);
    }
    this.#writing = undefined;
  }

  async #pace(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#closing;
    while (!signal.aborted && !this.#total.take(clock.monotonic())) {
      const waitMs = Math.ceil(this.#total.waitMs(clock.monotonic()));
      await clock.sleep(waitMs, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async #write(series: Series): Promise<void> {
    const { clock, told } = this.#parts;
    const { signal } = this.#ending;
    if (signal.aborted) return told?.('dropped');
    series.writtenMs = clock.monotonic();
    try {
      const counted = series.name !== undefined && (await this.#countOn(series, series.name, signal));
      if (!counted) await this.#create(series, signal);
      told?.('sent');
    } catch (error) {
      // The next equal one tries again.
      series.writtenMs = undefined;
      told?.('failed');
      if (!signal.aborted) this.#complain(...troubleOf(error));
    }
  }

  async #create(series: Series, signal: AbortSignal): Promise<void> {
    const { client, instance } = this.#parts;
    const { regarding } = series.event;
    const name = eventName(regarding, randomBytes(8).toString('hex'));
    const body = eventObject(series.event, name, instance, series);
    await client.create({ resource: EVENTS, namespace: eventNamespace(regarding) }, body, signal);
    series.name = name;
  }

  /** False when its Event is gone: they expire after an hour, and people delete them. */
  async #countOn(series: Series, name: string, signal: AbortSignal): Promise<boolean> {
    const path = { resource: EVENTS, namespace: eventNamespace(series.event.regarding), name };
    try {
      await this.#parts.client.patch(path, { series: eventSeries(series) }, signal);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /** Once for each kind of trouble: Events are a courtesy, and a log full of them is none. */
  #complain(kind: string, error: string): void {
    if (this.#complained.has(kind)) return;
    this.#complained.add(kind);
    this.#parts.log.warn({ error }, 'An Event could not be written');
  }
}

function troubleOf(error: unknown): readonly [kind: string, text: string] {
  if (error instanceof ApiError) return [String(error.code), error.message];
  if (error instanceof NoAnswer) return [error.reason, error.message];
  const name = Error.isError(error) ? error.name : 'unknown';
  return [name, name];
}
