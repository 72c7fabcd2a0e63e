import { type Call, failure } from './call.ts';
import { RegistryError, type RegistryErrorKind } from './errors.ts';
import type { Reply } from './transport.ts';

/** Kinds of failure that tell of a host that is down (R4.11). */
const DOWN: ReadonlySet<RegistryErrorKind> = new Set(['unavailable', 'timeout', 'tls', 'invalidResponse']);

/** The failure of a host that got no further than a 5xx; 501 is about the method alone. */
export function downBy({ status, from }: Reply, call: Call): RegistryError | undefined {
  if (status < 500 || status === 501) return undefined;
  return failure(call, { kind: 'unavailable', reason: 'httpStatus', status, from });
}

/** Whether a request failed because its host is down, or on the way to it. */
export function isDown(error: unknown): error is RegistryError {
  return error instanceof RegistryError && DOWN.has(error.kind);
}
