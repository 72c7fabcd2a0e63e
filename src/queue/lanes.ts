import type { Clock } from '../clock.ts';
import { Lane, type LaneAdmission, type LaneLimits, type LaneStats } from './lane.ts';
import { Places } from './places.ts';

export interface LanesParts {
  readonly clock: Clock;
  /** Limits of a host (`host[:port]` of a URL); `limitsChanged` is to be called when they may be others. */
  readonly limits: (host: string) => LaneLimits;
  /** Longest rest of a pause that a request waits for, in milliseconds. */
  readonly maxWaitMs: number;
  /**
   * The error for a request that would have to wait longer; `untilMs` is in epoch milliseconds. Of a host that is down
   * `cause` is its last failure.
   */
  readonly paused: (host: string, untilMs: number, cause?: Error) => Error;
  /** Requests in flight over all hosts (R4.1). */
  readonly maxInFlight?: number;
  /** In [0, 1), for jitter. Absent: no breaker, every request is sent however its host fares (registry-client 4.4). */
  readonly breakerJitter?: () => number;
}

export interface HostAdmission extends LaneAdmission {
  readonly host: string;
}

const MAX_IN_FLIGHT = 64;
/** How long a lane without work keeps its connections' worth of memory. */
const IDLE_MS = 5 * 60_000;
/** How often lanes are looked over for idle ones; on use, so that no timer is needed. */
const SWEEP_MS = 60_000;

/** One lane per host (design D21). Fits the interface that the registry room calls. */
export class HostLanes {
  readonly #parts: LanesParts;
  readonly #lanes = new Map<string, Lane>();
  readonly #places: Places;
  #sweptAtMs: number;

  constructor(parts: LanesParts) {
    this.#parts = parts;
    this.#places = new Places(parts.maxInFlight ?? MAX_IN_FLIGHT);
    this.#sweptAtMs = parts.clock.monotonic();
  }

  /**
   * Runs `send` when the host's lane has a place, its pace allows and it is not paused. Rejects with the error of
   * `paused` when a pause outlasts `maxWaitMs`, and with the signal's reason when that fires while waiting. The place
   * is held until `send` settles.
   */
  run<T>(admission: HostAdmission, send: () => Promise<T>): Promise<T> {
    return this.#lane(admission.host).run(admission, send);
  }

  /** Nothing for `host` starts before `untilMs` (epoch); `pull` restricts it to manifest GETs of one identity. */
  pause(host: string, untilMs: number, pull?: { readonly identity: string }): void {
    this.#lane(host).pause(untilMs, pull?.identity);
  }

  /** The host said that this is too much: halves its pace (R4.2). */
  slowDown(host: string): void {
    this.#lane(host).slowDown();
  }

  /** How a request fared that `run` sent: the host answered, or `failure` says how it is down (R4.11). */
  heard(admission: HostAdmission, failure: Error | undefined): void {
    this.#lane(admission.host).heard(admission, failure);
  }

  /** Whatever waits under this signal, at whatever host, waits with at least this priority from now on. */
  lift(signal: AbortSignal, priority: number): void {
    for (const lane of this.#lanes.values()) lane.lift(signal, priority);
  }

  /** Lanes that there are take up new limits; their pauses and whoever waits in them stay. */
  limitsChanged(): void {
    for (const [host, lane] of this.#lanes) lane.setLimits(this.#parts.limits(host));
  }

  stats(): readonly LaneStats[] {
    return [...this.#lanes.values()].map(lane => lane.stats());
  }

  #lane(host: string): Lane {
    this.#sweep();
    const known = this.#lanes.get(host);
    if (known !== undefined) return known;
    const { limits, ...parts } = this.#parts;
    const lane = new Lane({ ...parts, host, limits: limits(host), places: this.#places });
    this.#lanes.set(host, lane);
    return lane;
  }

  #sweep(): void {
    const nowMs = this.#parts.clock.monotonic();
    if (nowMs - this.#sweptAtMs < SWEEP_MS) return;
    this.#sweptAtMs = nowMs;
    for (const [host, lane] of this.#lanes) {
      if (!lane.isIdle(nowMs, IDLE_MS)) continue;
      this.#lanes.delete(host);
      this.#places.leave(lane);
    }
  }
}

export function createLanes(parts: LanesParts): HostLanes {
  return new HostLanes(parts);
}
