import type { Clock } from '../clock.ts';
import { ApiError } from '../kube/api-error.ts';
import type { Logger } from '../log.ts';
import type { ControllerObserver } from './observer.ts';

export interface ImageRefusalParts {
  readonly observer: Pick<ControllerObserver, 'patched'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Logger;
}

/** Refused Images that are remembered, and told of; beyond it the oldest is tried, or some told, once more. */
const MAX_REMEMBERED = 10_000;
/** After this time a write that was refused for good is tried again: somebody may have mended permissions. */
const REST_MS = 60 * 60_000;

/** Images that the API server does not take (design D7): told once, and left alone for a while. */
export class ImageRefusals {
  readonly #parts: ImageRefusalParts;
  /** Monotonic milliseconds until which it is not tried again, by name. */
  readonly #untilMs = new Map<string, number>();
  readonly #told = new Set<string>();

  constructor(parts: ImageRefusalParts) {
    this.#parts = parts;
  }

  has(name: string): boolean {
    const untilMs = this.#untilMs.get(name);
    if (untilMs === undefined) return false;
    if (this.#parts.clock.monotonic() < untilMs) return true;
    this.#untilMs.delete(name);
    return false;
  }

  add(name: string, error: unknown): void {
    const { observer, clock, log } = this.#parts;
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size >= MAX_REMEMBERED && oldest !== undefined) this.#untilMs.delete(oldest);
    this.#untilMs.set(name, clock.monotonic() + REST_MS);
    observer.patched('images', 'refused');
    // A permission that is missing is missing for all of them.
    const what = error instanceof ApiError && error.code === 403 ? 'forbidden' : name;
    if (this.#told.has(what)) return;
    if (this.#told.size >= MAX_REMEMBERED) this.#told.clear();
    this.#told.add(what);
    const why = Error.isError(error) ? error.message : String(error);
    log.error({ image: name, why }, 'An Image cannot be stored; its streams go on without it');
  }

  delete(name: string): void {
    this.#untilMs.delete(name);
  }
}
