import { RegistryError, type RegistryErrorInit } from './errors.ts';
import type { RequestContext } from './types.ts';

/** One call of the client on its way: who asked, what an error of it names, how much network time it has used. */
export interface Call {
  readonly context: RequestContext;
  readonly blame: Blame;
  readonly budget: Budget;
}

/** What every error of a call says it was about. */
export type Blame = Pick<RegistryErrorInit, 'host' | 'repository' | 'request'>;

/** What the requests of a call have used and found so far. */
export interface Budget {
  /** Milliseconds that they took together; waiting for a lane is not counted. */
  spentMs: number;
  /** Whether any of them was answered. */
  answered: boolean;
}

/** The error of a call, which names what the call asked of the registry whoever it was that failed. */
export function failure(call: Call, init: Omit<RegistryErrorInit, keyof Blame>): RegistryError {
  return new RegistryError({ ...call.blame, ...init });
}

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
