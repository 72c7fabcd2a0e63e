/** The time, as everything that waits or stamps is handed it. Tests hand in one they move by hand. */
export interface Clock {
  /** Wall clock, epoch milliseconds. For stamps and slots; may jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never jumps. For waiting and for measuring. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when that fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const stop = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
        // A timer of Node's holds at most 2^31 - 1 ms; beyond that it would fire at once.
        Math.min(Math.max(0, ms), 0x7fff_ffff),
      );
      signal?.addEventListener('abort', stop, { once: true });
    }),
};
