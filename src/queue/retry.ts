import type { Clock } from '../clock.ts';

export interface RetryRules {
  /** Largest wait before each further try, in order; their number is the number of retries (R4.6: 500, 2000). */
  readonly delaysMs: readonly number[];
  readonly isTransient: (error: unknown) => boolean;
  /** Epoch milliseconds before which the error says that asking again is pointless. */
  readonly retryAtMs?: (error: unknown) => number | undefined;
  /** Longest wait that a `retryAtMs` may ask for; what wants longer is given up at once. */
  readonly maxWaitMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** Runs the action, and again after transient failures. Throws the last failure, or the signal's reason. */
export async function retrying<T>(action: (attempt: number) => Promise<T>, rules: RetryRules): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    rules.signal.throwIfAborted();
    try {
      return await action(attempt);
    } catch (error) {
      const delayMs = delayAfter(error, attempt, rules);
      if (delayMs === undefined) throw error;
      await rules.clock.sleep(delayMs, rules.signal);
    }
  }
}

/** How long to wait after this failure; undefined when it is final. */
function delayAfter(error: unknown, attempt: number, rules: RetryRules): number | undefined {
  const largestMs = rules.delaysMs[attempt];
  if (largestMs === undefined || rules.signal.aborted || !rules.isTransient(error)) return undefined;
  const jitteredMs = rules.random() * largestMs;
  const askedMs = (rules.retryAtMs?.(error) ?? 0) - rules.clock.now();
  if (askedMs > rules.maxWaitMs) return undefined;
  return Math.max(jitteredMs, askedMs);
}
