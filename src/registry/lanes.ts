/** How one request is admitted to the host it goes to (design D21). The queue room implements it. */
export interface Lanes {
  /**
   * Runs `send` when the lane of `host` (`host[:port]` of the URL) has a place, pace allows and it is not paused.
   * Rejects with `LanePaused` when it would have to wait longer than the lanes are set to, and with the signal's
   * reason when that fires while waiting. A slot is held until `send` settles: it covers reading the body.
   */
  run<T>(admission: Admission, send: () => Promise<T>): Promise<T>;
  /** Nothing for `host` starts before `untilMs` (epoch ms); `pull` restricts it to manifest GETs of one identity. */
  pause(host: string, untilMs: number, pull?: { readonly identity: string }): void;
  /** A 429 or a 503 with Retry-After came: halves the pace (R4.2). */
  slowDown(host: string): void;
  /**
   * How a request fared that `run` sent: its host answered, or `failure` says how it is down (R4.11). A host that stays
   * down is not asked for a while: `run` then rejects with `LanePaused`, whose `cause` is such a failure (R4.13).
   */
  heard(admission: Admission, failure: Error | undefined): void;
}

export interface Admission {
  readonly host: string;
  readonly priority: number;
  readonly signal: AbortSignal;
  /** Set on a manifest GET: identity fingerprint or `anonymous`, so that pull-quota pauses hit only it (R4.9). */
  readonly pullIdentity?: string | undefined;
  /** On whose behalf: tenants of equal priority take turns (R4.3). */
  readonly tenant?: string | undefined;
  /** Over plain http: that is another port, and may be up while the other is down. */
  readonly plain?: boolean;
}

/** A lane is paused for longer than anybody here waits, or its host is down: then `cause` is how it failed last. */
export class LanePaused extends Error {
  override readonly name = 'LanePaused';
  readonly untilMs: number;

  constructor(host: string, untilMs: number, cause?: Error) {
    super(`requests to "${host}" are paused`, cause && { cause });
    this.untilMs = untilMs;
  }
}
