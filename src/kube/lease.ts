import type { TypedObject } from '../api/meta.ts';

/** `coordination.k8s.io/v1` Lease, as it comes over the wire: times are texts. */
export interface Lease extends TypedObject {
  readonly spec?: LeaseSpec | null;
}

export interface LeaseSpec {
  /** Empty or absent when nobody holds it. */
  readonly holderIdentity?: string | null;
  readonly leaseDurationSeconds?: number | null;
  readonly acquireTime?: string | null;
  readonly renewTime?: string | null;
  readonly leaseTransitions?: number | null;
  /** What others keep there stays. */
  readonly [other: string]: unknown;
}

/** Who holds a lease, or wants to. */
export interface Holder {
  readonly identity: string;
  readonly durationMs: number;
}

/**
 * Six digits after the point (`2026-01-02T03:04:05.678009Z`): a MicroTime of any other length is refused
 * (kubernetes-client 1.6). `count` fills the three that a clock of milliseconds leaves over, so that two stamps in a row
 * differ even when the clock stands still.
 */
export function microTime(epochMs: number, count = 0): string {
  return new Date(epochMs).toISOString().replace('Z', `${String(count % 1_000).padStart(3, '0')}Z`);
}

/** Empty when nobody holds it. */
export function holderOf(lease: Lease | undefined): string {
  return lease?.spec?.holderIdentity ?? '';
}

/** Epoch milliseconds; undefined when there is no time or none that can be read. */
export function renewedAtMs(lease: Lease): number | undefined {
  const ms = Date.parse(lease.spec?.renewTime ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

/** The lease once `holder` has taken or renewed it at `time` (`microTime`). */
export function heldLease(
  lease: Lease | undefined,
  place: { readonly namespace: string; readonly name: string },
  { identity, durationMs }: Holder,
  time: string,
): Lease {
  const leaseDurationSeconds = Math.ceil(durationMs / 1_000);
  const held = { holderIdentity: identity, leaseDurationSeconds, renewTime: time };
  if (lease === undefined) {
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: place.namespace, name: place.name },
      spec: { ...held, acquireTime: time, leaseTransitions: 0 },
    };
  }
  const { spec } = lease;
  if (holderOf(lease) === identity) return { ...lease, spec: { ...spec, ...held } };
  const leaseTransitions = (spec?.leaseTransitions ?? 0) + 1;
  return { ...lease, spec: { ...spec, ...held, acquireTime: time, leaseTransitions } };
}

/** The lease once its holder has given it back: the next one takes it at once. */
export function releasedLease(lease: Lease, time: string): Lease {
  return { ...lease, spec: { ...lease.spec, holderIdentity: '', renewTime: time } };
}

/** What a candidate knows of a lease. Its times are those of the candidate's own monotonic clock. */
export interface Sighting {
  /** What makes one state of the lease differ from another. */
  readonly record: string;
  /** From then on it may be taken. */
  readonly freeAtMs: number;
}

/** There may have been a lease in the meantime. */
export const UNKNOWN: Sighting = { record: 'unknown', freeAtMs: Number.POSITIVE_INFINITY };

/**
 * What is known of a lease after it was read (undefined: there is none). The holder's clock says nothing here: a lease is
 * free when its record has not changed for its duration, by the clock of whoever looks.
 *
 * ```text
 * lease                     | first look  | changed since the last look
 * none                      | now         | after the duration: it may have been deleted, and its holder may still lead
 * released, or held by us   | now         | now
 * held by another           | after the duration, ours or the recorded one, whichever is longer
 * ```
 *
 * Looking now and then has its limits when people delete the lease of a living leader: a process that never saw it, saw
 * nothing of a second one that came and went, or sent its own claim before there was one and has it arrive only now, can
 * lead beside the holder until its next renewal, some four seconds. To close this gap every first start would have to wait.
 */
export function sighting(before: Sighting | undefined, lease: Lease | undefined, us: Holder, nowMs: number): Sighting {
  const record = recordOf(lease);
  if (before?.record === record) return before;
  return { record, freeAtMs: nowMs + heldForMs(before, lease, us) };
}

function heldForMs(before: Sighting | undefined, lease: Lease | undefined, us: Holder): number {
  if (lease === undefined) return before === undefined ? 0 : us.durationMs;
  const holder = holderOf(lease);
  if (holder === '' || holder === us.identity) return 0;
  return Math.max(us.durationMs, (lease.spec?.leaseDurationSeconds ?? 0) * 1_000);
}

/** Not the resourceVersion: a label that somebody keeps changing must not keep a dead leader in office. */
function recordOf(lease: Lease | undefined): string {
  if (lease === undefined) return 'none';
  const { renewTime, acquireTime, leaseTransitions, leaseDurationSeconds } = lease.spec ?? {};
  return JSON.stringify([holderOf(lease), renewTime, acquireTime, leaseTransitions, leaseDurationSeconds]);
}
