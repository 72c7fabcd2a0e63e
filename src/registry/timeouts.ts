/** How long anything may take, in milliseconds (R5.10, R6.8). */
export interface Timeouts {
  /** TCP and TLS together. */
  readonly connectMs: number;
  /** From the request to the last byte of the answer's head. */
  readonly headersMs: number;
  /** Between two pieces of a body. */
  readonly bodyIdleMs: number;
  /** One HEAD or token request as a whole. */
  readonly headAttemptMs: number;
  /** One GET as a whole. */
  readonly getAttemptMs: number;
  /** All requests of one call of the client together; waiting for a lane does not count. */
  readonly operationMs: number;
  /** A body that has run this long must come at `minBytesPerSecond`. */
  readonly minRateAfterMs: number;
  readonly minBytesPerSecond: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 10_000,
  headersMs: 15_000,
  bodyIdleMs: 15_000,
  headAttemptMs: 30_000,
  getAttemptMs: 60_000,
  operationMs: 120_000,
  minRateAfterMs: 5_000,
  minBytesPerSecond: 1024,
};
