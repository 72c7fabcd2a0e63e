import type { TagCondition } from '../api/image-stream.ts';
import type { Status } from '../api/status.ts';
import type { Rules } from './rules.ts';
import { timestamp } from './timestamp.ts';

export const IMPORT_SUCCESS = 'ImportSuccess';
/** Reason of a True condition; OpenShift writes none. */
export const IMPORTED = 'Imported';
/** Reason for a spec tag that the API accepts and that nobody resolves yet (design D13). */
export const NOT_SUPPORTED = 'NotSupported';

export type Conditions = readonly TagCondition[];

/** When a condition is written, and for which generation of the spec. */
export interface Occasion {
  readonly nowMs: number;
  readonly generation: number;
}

/** The condition of the last import of a tag, if there is one. The first of its type counts (controllers 1.2). */
export function importCondition(conditions: Conditions | undefined): TagCondition | undefined {
  return conditions?.find(condition => condition.type === IMPORT_SUCCESS);
}

/** Whether the last import of the tag failed. */
export function hasFailed(conditions: Conditions | undefined): boolean {
  return importCondition(conditions)?.status === 'False';
}

/**
 * The conditions of a tag after a success; the same array when nothing changes. OpenShift's rules know success as the
 * absence of the condition; the operator's write it as True, and leave a condition that is True already.
 */
export function afterSuccess(rules: Rules, conditions: Conditions, occasion: Occasion): Conditions {
  if (rules === 'openshift') return conditions.length === 0 ? conditions : [];
  if (importCondition(conditions)?.status === 'True') return conditions;
  return replaced(conditions, { status: 'True', reason: IMPORTED }, occasion);
}

/**
 * The conditions of a tag after a failure; the same array when the failure is the one already told, with its old
 * generation and time (import-semantics 8.5).
 */
export function afterFailure(rules: Rules, conditions: Conditions, failure: Status, occasion: Occasion): Conditions {
  const reason = failure.reason ?? '';
  const message = failure.message || 'unknown error prevented import';
  const told = importCondition(conditions);
  if (told?.status === 'False' && (told.reason ?? '') === reason && told.message === message) return conditions;
  const next = { status: 'False', ...(reason !== '' && { reason }), message };
  return replaced(rules === 'openshift' ? [] : conditions, next, occasion);
}

/** The conditions without that of the import; the same array when there is none. */
export function withoutImport(conditions: Conditions): Conditions {
  return importCondition(conditions) === undefined
    ? conditions
    : conditions.filter(condition => condition.type !== IMPORT_SUCCESS);
}

type News = Pick<TagCondition, 'status' | 'reason' | 'message'>;

/** Puts the news in place of the old condition. The time of transition moves only with the status. */
function replaced(conditions: Conditions, news: News, { nowMs, generation }: Occasion): Conditions {
  const old = importCondition(conditions);
  const kept = old?.status === news.status ? old.lastTransitionTime : undefined;
  const next: TagCondition = {
    type: IMPORT_SUCCESS,
    ...news,
    lastTransitionTime: kept ?? timestamp(nowMs),
    generation,
  };
  return old === undefined
    ? [...conditions, next]
    : conditions.map(condition => (condition === old ? next : condition));
}
