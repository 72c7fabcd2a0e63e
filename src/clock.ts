/** The time, as everything that waits or stamps is handed it. Tests hand in one they move by hand. */
export interface Clock {
  /** Wall clock, epoch milliseconds. For stamps and slots; may jump. */
  now(): number;
  /** Milliseconds from an arbitrary start; never jumps. For waiting and for measuring. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when that fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `ring` after `ms` milliseconds, unless what it returns is called first; for what is set time and again. */
  timer(ms: number, ring: () => void): () => void;
}

/** A timer of Node's holds at most 2^31 - 1 ms; beyond that it would fire at once. */
const LONGEST_MS = 0x7fff_ffff;

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
        cancel();
        reject(signal?.reason);
      };
      const cancel = systemClock.timer(ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    }),
  timer: (ms, ring) => {
    const timer = setTimeout(ring, Math.min(Math.max(0, ms), LONGEST_MS));
    return () => clearTimeout(timer);
  },
};
