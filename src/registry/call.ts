import { RegistryError, type RegistryErrorInit } from './errors.ts';
import type { RequestContext } from './types.ts';

/** One call of the client on its way: who asked, what an error of it names, how much network time it has used. */
export interface Call {
  readonly context: RequestContext;
  readonly blame: Blame;
  readonly budget: Budget;
  /** Bounds the requests of a check; other calls are bounded by what they ask. */
  readonly allowance?: Allowance;
  /** The one that is to ask, a fingerprint or `anonymous`, where nobody else may. */
  readonly as?: string;
}

/** Requests that may still be sent, so that no sequence of answers makes a check go on and on (9.5). */
export interface Allowance {
  left: number;
}

/** What every error of a call says it was about. */
export type Blame = Pick<RegistryErrorInit, 'host' | 'repository' | 'request'>;

/** What the requests of a call have used and found so far. */
export interface Budget {
  /** Milliseconds that they took together; waiting for a lane is not counted. */
  spentMs: number;
  /** Whether any of them was answered. */
  answered: boolean;
  /** Whether the registry's last answer over plain http was one that http is all it speaks (R0.12). */
  speaksHttp?: boolean;
}

/** The error of a call, which names what the call asked of the registry whoever it was that failed. */
export function failure(call: Call, init: Omit<RegistryErrorInit, keyof Blame>): RegistryError {
  return new RegistryError({ ...call.blame, ...init });
}

/** Counts one request to whomever. Throws `RegistryError` when the call may send no more. */
export function spend(call: Call, from: RegistryError['from']): void {
  const { allowance } = call;
  if (allowance === undefined) return;
  if (allowance.left === 0) {
    throw failure(call, { kind: 'unavailable', reason: 'httpStatus', from, detail: TOO_MANY });
  }
  allowance.left -= 1;
}

/** Whether a call ended because it could send no more. */
export function isOutOfRequests(error: unknown): boolean {
  return error instanceof RegistryError && error.detail === TOO_MANY;
}

const TOO_MANY = 'one check took more requests than it may';

/** The same call asking for something else. */
export function asking(call: Call, blame: Blame): Call {
  return { ...call, blame };
}

/** An error that another call ran into on work that was shared, as an error of this call. */
export function sharedFailure(call: Call, error: unknown): unknown {
  if (!(error instanceof RegistryError)) return error;
  return failure(call, refusalOf(error));
}

/** All of an error but what it was about. */
export function refusalOf(error: RegistryError): Omit<RegistryErrorInit, keyof Blame> {
  const { kind, reason, from, status, errors, digests, limit, retryAtMs, detail, cause } = error;
  return {
    kind,
    from,
    ...(reason === undefined ? {} : { reason }),
    ...(status === undefined ? {} : { status }),
    ...(errors === undefined ? {} : { errors }),
    ...(digests === undefined ? {} : { digests }),
    ...(limit === undefined ? {} : { limit }),
    ...(retryAtMs === undefined ? {} : { retryAtMs }),
    ...(detail === undefined ? {} : { detail }),
    ...(cause === undefined ? {} : { cause }),
  };
}
