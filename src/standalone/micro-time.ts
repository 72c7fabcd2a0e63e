import type { TypedObject } from '../api/meta.ts';
import { isJsonObject, textOf } from './json.ts';
import type { Kind } from './kinds.ts';
import { cannotBeHandled } from './object-body.ts';

const SECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
const REST = /^\.\d{6}(Z|[+-]\d\d:\d\d)$/;

/** Refuses (400) an object in which one of these fields is no `metav1.MicroTime`: it has exactly six digits. */
export function checkMicroTimes(
  kind: Pick<Kind, 'kind' | 'version'>,
  object: TypedObject,
  paths: readonly string[],
): void {
  for (const path of paths) {
    const value = fieldAt(object, path);
    if (value === undefined) continue;
    const text = textOf(value);
    const rest = text.replace(SECONDS, '');
    if (rest !== text && REST.test(rest) && !Number.isNaN(Date.parse(text))) continue;
    const why = rest === text ? `cannot parse "${text}" as "2006"` : `cannot parse "${rest}" as ".000000"`;
    throw cannotBeHandled(kind, `parsing time "${text}" as "2006-01-02T15:04:05.000000Z07:00": ${why}`);
  }
}

/** `spec.renewTime` of an object; undefined where a part of the way is missing. */
export function fieldAt(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, name) => (isJsonObject(at) ? at[name] : undefined), object);
}
