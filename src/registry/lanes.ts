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
}

export interface Admission {
  readonly host: string;
  readonly priority: number;
  readonly signal: AbortSignal;
  /** Set on a manifest GET: identity fingerprint or `anonymous`, so that pull-quota pauses hit only it (R4.9). */
  readonly pullIdentity?: string;
}

/** A lane is paused for longer than anybody here waits. */
export class LanePaused extends Error {
  override readonly name = 'LanePaused';
  readonly untilMs: number;

  constructor(host: string, untilMs: number) {
    super(`requests to "${host}" are paused`);
    this.untilMs = untilMs;
  }
}
