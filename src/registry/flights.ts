/**
 * Identical work that runs once, however many wait for it. It is aborted when the last who waits has gone: one caller's
 * abort is not another's.
 */
export class Flights<T> {
  readonly #open = new Map<string, Flight<T>>();

  /** Joins the work under way for `key`, or starts it. Rejects with the signal's reason when that fires first. */
  async join(key: string, signal: AbortSignal, start: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const flight = this.#open.get(key) ?? this.#start(key, start);
    flight.waiting += 1;
    try {
      return await unlessAborted(flight.result, signal);
    } finally {
      flight.waiting -= 1;
      // Nobody may join what is being given up. What is done needs no abort, whose reason is an error with a stack.
      if (flight.waiting === 0 && this.#open.get(key) === flight) {
        this.#open.delete(key);
        flight.controller.abort();
      }
    }
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = { controller, waiting: 0, result: start(controller.signal) };
    this.#open.set(key, flight);
    const done = (): void => {
      if (this.#open.get(key) === flight) this.#open.delete(key);
    };
    flight.result.then(done, done);
    return flight;
  }
}

interface Flight<T> {
  readonly controller: AbortController;
  readonly result: Promise<T>;
  waiting: number;
}

/** What a promise settles with, or a rejection with the signal's reason when that fires first. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = (): void => {};
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([promise, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
