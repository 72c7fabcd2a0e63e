import type { BodyProblem } from './body.ts';
import { type Blame, type Call, failure } from './call.ts';
import type { RegistryError, RegistryErrorInit, RegistryErrorReason } from './errors.ts';
import { causeOf } from './failure-causes.ts';
import type { Exchange } from './transport.ts';

/** How far an exchange had come when it failed. */
export interface Standing {
  /** Whether its time was over. */
  readonly late: boolean;
  /** Of the answer, when its head had come. */
  readonly status: number | undefined;
}

export interface FailedExchange {
  readonly told: RegistryError;
  /** On connect or TLS level: nothing of the request was sent. */
  readonly neverConnected: boolean;
}

/** What the address policy refused, by who was to be asked. */
export const BLOCKED_REASON: Readonly<Record<Exchange['from'], RegistryErrorReason>> = {
  registry: 'endpointAddress',
  tokenService: 'realmHost',
  redirectTarget: 'redirectHost',
};

/** The `RegistryError` for whatever a request failed with. */
export function failedExchange(error: unknown, exchange: Exchange, call: Call, standing: Standing): FailedExchange {
  const { from, profile } = exchange;
  const { late, status } = standing;
  const phase = status === undefined ? 'headers' : 'body';
  if (late) {
    return { told: failure(call, { kind: 'timeout', reason: phase, from, cause: error }), neverConnected: false };
  }
  if (Error.isError(error) && error.name === 'BodyProblem') {
    return { told: failure(call, ofBody(error as BodyProblem, exchange, status)), neverConnected: false };
  }
  const { init, neverConnected } = causeOf(error, { phase, proxied: profile.proxy !== undefined });
  const reason = init.kind === 'blockedAddress' ? { reason: BLOCKED_REASON[from] } : {};
  return { told: failure(call, { ...init, ...reason, from, cause: error }), neverConnected };
}

function ofBody(
  cause: BodyProblem,
  { from, cap }: Exchange,
  status: number | undefined,
): Omit<RegistryErrorInit, keyof Blame> {
  const { problem } = cause;
  if (problem === 'tooSlow') return { kind: 'timeout', reason: 'body', from, cause };
  if (problem === 'tooLarge' && cap.told !== true) {
    const detail = `${cap.what} is larger than ${sizeText(cap.bytes)}`;
    return { kind: 'tooLarge', limit: cap, from, detail, cause };
  }
  const reason = problem === 'tooLarge' ? 'length' : problem;
  return { kind: 'invalidResponse', reason, from, ...(status !== undefined && { status }), cause };
}

export function sizeText(bytes: number): string {
  return bytes % (1024 * 1024) === 0 ? `${bytes / 1024 / 1024} MiB` : `${Math.round(bytes / 1024)} KiB`;
}
