import type { ImageStream, Source } from '../api/image-stream.ts';
import type { Clock } from '../clock.ts';
import { applyResults } from '../imagestream/apply.ts';
import { type DueTag, type PlanOptions, planImports, type TagMemory } from '../imagestream/due.ts';
import { intervalOf } from '../imagestream/interval.ts';
import { type Doubt, weighResult } from '../imagestream/not-found.ts';
import type { TagResult } from '../imagestream/result.ts';
import { historiesOf } from '../imagestream/tag-state.ts';
import { backoffMs, tagBackoff } from '../queue/backoff.ts';
import { type TagChange, tagChange } from './tag-change.ts';

export interface WatchParts {
  readonly clock: Clock;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
  readonly options: PlanOptions & { readonly historyLimit: number };
  /** Tags that were imported just now, so that their next check is due at their next slot. */
  readonly checked?: readonly string[];
  /** Asks the registry for one tag; never rejects but with the signal's reason. */
  readonly importTag: (due: DueTag, signal: AbortSignal) => Promise<TagResult>;
  /** Told of every change in the order in which it was recorded. */
  readonly tell: (change: TagChange) => void;
  /** Keeps the stream; called whenever it changed. */
  readonly save: (stream: ImageStream) => Promise<void>;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

interface Arrival {
  readonly result: TagResult;
  readonly due: DueTag;
}

/**
 * Keeps one stream imported: its tags that were never imported now, its scheduled tags at their slots, its failed tags
 * with growing delay. Nothing here waits for a registry, so one that hangs delays only its own tags. Resolves to the
 * stream as it is when the signal fires.
 */
export async function watchStream(stream: ImageStream, parts: WatchParts): Promise<ImageStream> {
  return new StreamWatch(stream, parts).run();
}

class StreamWatch {
  #stream: ImageStream;
  readonly #parts: WatchParts;
  readonly #inFlight = new Map<string, Source>();
  readonly #memory = new Map<string, TagMemory>();
  readonly #failures = new Map<string, number>();
  /** Tags that were not found once, which does not count yet (registry-client R8.3). */
  readonly #doubts = new Map<string, Doubt>();
  /** Value of `requested-at` that all tags have answered, to be echoed with the next write. */
  #answeredRequest: string | undefined;
  #arrived: Arrival[] = [];
  #broken: { readonly error: unknown } | undefined;
  /** Ends the sleep of the loop when a result arrives. */
  #wake = new AbortController();

  constructor(stream: ImageStream, parts: WatchParts) {
    this.#stream = stream;
    this.#parts = parts;
    for (const tag of parts.checked ?? []) this.#memory.set(tag, { lastCheckedMs: parts.clock.now() });
  }

  async run(): Promise<ImageStream> {
    const { clock, options, signal } = this.#parts;
    while (!signal.aborted) {
      await this.#gather();
      this.#wake = new AbortController();
      await this.#record();
      if (this.#broken !== undefined) throw this.#broken.error;
      const plan = planImports({
        stream: this.#stream,
        inFlight: this.#inFlight,
        memory: this.#memory,
        nowMs: clock.now(),
        options,
      });
      for (const due of plan.due) this.#send(due);
      if (plan.answeredRequest !== undefined) {
        this.#answeredRequest = plan.answeredRequest;
        continue;
      }
      await this.#sleepUntil(plan.nextCheckAtMs);
    }
    await this.#record();
    return this.#stream;
  }

  #send(due: DueTag): void {
    this.#inFlight.set(due.tag, due.request.asked);
    this.#parts.importTag(due, this.#parts.signal).then(
      result => {
        this.#arrived.push({ result, due });
        this.#wake.abort();
      },
      (error: unknown) => {
        // At the end of the watch there is nobody left to tell; anything else is a mistake of ours, and not kept quiet.
        if (!this.#parts.signal.aborted) this.#broken = { error };
        this.#wake.abort();
      },
    );
  }

  /** Waits for results that are about to come back too: each write, and each plan, is about the whole stream. */
  async #gather(): Promise<void> {
    const { clock, signal } = this.#parts;
    if (this.#arrived.length === 0 || this.#arrived.length === this.#inFlight.size) return;
    try {
      await clock.sleep(TOGETHER_MS, signal);
    } catch {
      // The end of the watch: what is there is recorded now.
    }
  }

  /** Folds what has come back into the stream, all of it in one write. */
  async #record(): Promise<void> {
    const { clock, options, tell, save } = this.#parts;
    const arrived = this.#arrived.filter(arrival => !this.#setAside(arrival));
    this.#arrived = [];
    const before = this.#stream;
    const after = applyResults(
      before,
      arrived.map(({ result }) => result),
      {
        rules: 'operator',
        nowMs: clock.now(),
        historyLimit: options.historyLimit,
        platform: options.platform,
        ...(this.#answeredRequest !== undefined && { handledRequest: this.#answeredRequest }),
      },
    );
    for (const { result, due } of arrived) this.#remember(result, due);
    this.#stream = after;
    if (after === before) return;
    await save(after);
    // Some tags change without a registry: those that are only a reference, those that nobody resolves yet.
    const reasons = new Map(arrived.map(({ due }) => [due.tag, due.reason]));
    for (const { tag } of after.status?.tags ?? []) {
      const change = tagChange(before, after, tag, reasons.get(tag) ?? 'specChanged', clock.now());
      if (change !== undefined) tell(change);
    }
  }

  /** Whether a result does not count yet; its tag is then due again when it may. */
  #setAside({ result, due: { tag, reason } }: Arrival): boolean {
    const existed = (historiesOf(this.#stream).get(tag)?.items ?? []).length > 0;
    const weight = weighResult(result, { existed, reason, ...this.#doubts.get(tag) }, this.#parts.clock.now());
    this.#doubts.delete(tag);
    if (weight === 'counts') return false;
    this.#doubts.set(tag, weight);
    this.#inFlight.delete(tag);
    // Its slot is not done with: the tag is due for it again once it is held no more.
    this.#memory.set(tag, { ...this.#memory.get(tag), holdUntilMs: weight.askAgainAtMs });
    return true;
  }

  #remember(result: TagResult, due: DueTag): void {
    const { clock, random, options } = this.#parts;
    const nowMs = clock.now();
    this.#inFlight.delete(due.tag);
    const failures = result.outcome === 'failed' ? (this.#failures.get(due.tag) ?? 0) + 1 : 0;
    this.#failures.set(due.tag, failures);
    let retryAtMs: number | undefined;
    if (result.outcome === 'failed' && result.failure.transient) {
      const specTag = this.#stream.spec?.tags?.find(tag => tag.name === due.tag) ?? { name: due.tag };
      const backoff = tagBackoff(intervalOf(this.#stream, specTag, options));
      retryAtMs = Math.max(nowMs + backoffMs(backoff, failures, random()), result.failure.retryAtMs ?? 0);
    }
    this.#memory.set(due.tag, {
      lastCheckedMs: nowMs,
      ...(retryAtMs !== undefined && { retryAtMs }),
      ...(due.requestedAt !== undefined && { answeredRequest: due.requestedAt }),
    });
  }

  /** Sleeps until the given time (epoch ms), a result or the end. */
  async #sleepUntil(atMs: number | undefined): Promise<void> {
    if (this.#arrived.length > 0) return;
    const { clock, signal } = this.#parts;
    const restMs = atMs === undefined ? LONGEST_SLEEP_MS : Math.min(atMs - clock.now(), LONGEST_SLEEP_MS);
    try {
      await clock.sleep(restMs, AbortSignal.any([signal, this.#wake.signal]));
    } catch {
      // Woken early: the loop looks again.
    }
  }
}

/** Results that come back within this time share a write. */
const TOGETHER_MS = 200;

/** The plan is looked at again this often at the latest, so that a wall clock that was set shifts no check for long. */
const LONGEST_SLEEP_MS = 60_000;
