import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { TypedObject } from '../api/meta.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { isNotFound } from './api-error.ts';
import type { KubeClient } from './client.ts';
import { EventBudget } from './event-budget.ts';
import { microTime } from './lease.ts';
import { EVENTS } from './resource.ts';

/** The object that an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion?: string;
}

export interface NewEvent {
  readonly regarding: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** In one word. */
  readonly reason: string;
  /** What was being done. */
  readonly action: string;
  /** For people; cut to 1,024 bytes. */
  readonly note: string;
}

export interface EventRecorderParts {
  readonly client: Pick<KubeClient, 'create' | 'patch'>;
  /** Of this process, as its Lease has it. */
  readonly instance: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told what became of each Event. */
  readonly told?: (outcome: 'sent' | 'dropped' | 'failed') => void;
}

/** Writes Kubernetes Events (events.k8s.io/v1) in the background. */
export interface EventRecorder {
  /** Never throws, never makes the caller wait. */
  event(event: NewEvent): void;
  /** Waits for what is on its way, `forMs` milliseconds at most. */
  flush(forMs: number): Promise<void>;
}

const CONTROLLER = 'imagestream-operator';
/** Bytes; the API server refuses a longer one. */
const MAX_NOTE = 1_024;
/** What waits to be sent: when the API server is away, the newest count. */
const MAX_WAITING = 1_000;
/** An equal Event within this time is one of a series. */
const SERIES_MS = 10 * 60_000;
/** A series is written again no sooner than this. */
const SERIES_WRITE_MS = 60_000;
const MAX_SERIES = 5_000;

export function createEventRecorder(parts: EventRecorderParts): EventRecorder {
  return new BackgroundRecorder(parts);
}

interface Series {
  readonly name: string;
  readonly namespace: string;
  count: number;
  lastSeenMs: number;
  /** Monotonic time of the last write of it. */
  writtenMs: number;
}

class BackgroundRecorder implements EventRecorder {
  readonly #parts: EventRecorderParts;
  readonly #budget: EventBudget;
  readonly #series = new Map<string, Series>();
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #ending = new AbortController();
  #sending: Promise<void> | undefined;
  #complaint = '';

  constructor(parts: EventRecorderParts) {
    this.#parts = parts;
    this.#budget = new EventBudget(parts.clock.monotonic());
  }

  event(event: NewEvent): void {
    const { clock } = this.#parts;
    const nowMs = clock.monotonic();
    const key = JSON.stringify([event.regarding.uid, event.type, event.reason, event.note]);
    const series = this.#series.get(key);
    if (series !== undefined && nowMs - series.lastSeenMs < SERIES_MS) {
      this.#again(key, series, nowMs);
      return;
    }
    if (!this.#budget.allows(event.regarding.uid, nowMs)) {
      this.#parts.told?.('dropped');
      return;
    }
    const namespace = event.regarding.namespace ?? 'default';
    const name = `${event.regarding.name.slice(0, 200)}.${randomBytes(8).toString('hex')}`;
    this.#remember(key, { name, namespace, count: 1, lastSeenMs: nowMs, writtenMs: nowMs });
    const body = this.#body(event, name, namespace);
    this.#send(signal => this.#parts.client.create({ resource: EVENTS, namespace }, body, signal));
  }

  async flush(forMs: number): Promise<void> {
    const { clock } = this.#parts;
    const done = new AbortController();
    await Promise.race([this.#sending, clock.sleep(forMs, done.signal).catch(() => {})]);
    done.abort();
    this.#ending.abort(new Error('the time to finish is over'));
  }

  #again(key: string, series: Series, nowMs: number): void {
    series.count += 1;
    series.lastSeenMs = nowMs;
    this.#remember(key, series);
    if (nowMs - series.writtenMs < SERIES_WRITE_MS) return;
    series.writtenMs = nowMs;
    const { name, namespace, count } = series;
    const body = { series: { count, lastObservedTime: microTime(this.#parts.clock.now()) } };
    this.#send(async signal => {
      try {
        await this.#parts.client.patch({ resource: EVENTS, namespace, name }, body, signal);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        // Events go after an hour: the next equal one begins anew.
        this.#series.delete(key);
      }
    });
  }

  /** The one seen last stands last, so that the first is the one to forget. */
  #remember(key: string, series: Series): void {
    this.#series.delete(key);
    this.#series.set(key, series);
    if (this.#series.size <= MAX_SERIES) return;
    const [oldest] = this.#series.keys();
    if (oldest !== undefined) this.#series.delete(oldest);
  }

  #body({ regarding, type, reason, action, note }: NewEvent, name: string, namespace: string): TypedObject {
    const { instance, clock } = this.#parts;
    const event = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: microTime(clock.now()),
      reportingController: CONTROLLER,
      reportingInstance: instance,
      regarding,
      type,
      reason,
      action,
      note: cut(note),
    };
    return event;
  }

  #send(write: (signal: AbortSignal) => Promise<unknown>): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting.shift();
      this.#parts.told?.('dropped');
    }
    this.#waiting.push(() => this.#sent(write));
    this.#sending ??= this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    // Not at once: whoever tells of something is in the middle of it.
    await Promise.resolve();
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (this.#ending.signal.aborted) break;
      await next();
    }
    this.#sending = undefined;
  }

  async #sent(write: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      await write(this.#ending.signal);
      this.#complaint = '';
      this.#parts.told?.('sent');
    } catch (error) {
      this.#parts.told?.('failed');
      if (this.#ending.signal.aborted) return;
      // Once for each trouble: Events are a courtesy, and a log full of them is none.
      const text = Error.isError(error) ? error.message.replace(/"[^"]*"/, '"…"') : 'unknown';
      if (text !== this.#complaint) this.#parts.log.warn({ error: text }, 'An Event could not be written');
      this.#complaint = text;
    }
  }
}

/** By characters, so that none is torn in two. */
function cut(note: string): string {
  if (Buffer.byteLength(note) <= MAX_NOTE) return note;
  const kept = Buffer.from(note)
    .subarray(0, MAX_NOTE - 3)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return `${kept}…`;
}
