import { type FieldError, forbiddenField, requiredField } from '../../api/field-error.ts';
import { badRequest } from '../faults.ts';
import { textOf } from '../json.ts';
import type { DeleteOptions, WriteOptions } from '../objects.ts';
import { invalidOptions } from './refusals.ts';

const VALIDATIONS = ['Ignore', 'Strict', 'Warn'] as const;
const MAX_MANAGER_BYTES = 128;
const POLICIES = ['Foreground', 'Background', 'Orphan'] as const;

/** Reads `dryRun` and `fieldValidation`. Throws a 422 for values that there are none of. */
export function readWriteOptions(query: URLSearchParams, options: 'CreateOptions' | 'UpdateOptions'): WriteOptions {
  return checked(query, options, []);
}

/** As above. An apply must say who applies, and it alone may be forced. */
export function readPatchOptions(query: URLSearchParams, isApply: boolean): WriteOptions {
  const errors: FieldError[] = [];
  if (isApply && !query.get('fieldManager')) {
    errors.push(requiredField('fieldManager', 'is required for apply patch'));
  }
  if (!isApply && query.has('force')) {
    errors.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  }
  return checked(query, 'PatchOptions', errors);
}

function checked(query: URLSearchParams, options: string, errors: FieldError[]): WriteOptions {
  const asked = query.get('fieldValidation') || 'Warn';
  const fieldValidation = VALIDATIONS.find(value => value === asked);
  const dryRun = readDryRun(query.getAll('dryRun'), errors);
  if (Buffer.byteLength(query.get('fieldManager') ?? '') > MAX_MANAGER_BYTES) {
    errors.push({ type: 'tooLong', path: 'fieldManager', detail: `may not be more than ${MAX_MANAGER_BYTES} bytes` });
  }
  if (fieldValidation === undefined) errors.push(unsupported('fieldValidation', asked, ['', ...VALIDATIONS]));
  if (errors.length > 0 || fieldValidation === undefined) throw invalidOptions(options, errors);
  return { dryRun, fieldValidation };
}

/** Reads the options of a deletion: from its body, where there is one, and from the query. Throws 400 and 422. */
export function readDeleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  if (body !== undefined && !isObject(body)) throw badRequest('expected DeleteOptions in the body of a deletion');
  const { kind = 'DeleteOptions', preconditions = {}, propagationPolicy: inBody, dryRun: dryRuns } = body ?? {};
  if (kind !== 'DeleteOptions')
    throw badRequest(`expected DeleteOptions in the body of a deletion, not ${textOf(kind)}`);
  const errors: FieldError[] = [];
  const dryRun = readDryRun([...query.getAll('dryRun'), ...(Array.isArray(dryRuns) ? dryRuns : [])], errors);
  const asked = inBody ?? query.get('propagationPolicy') ?? undefined;
  const propagationPolicy = POLICIES.find(policy => policy === asked);
  if (asked !== undefined && propagationPolicy === undefined) {
    errors.push(unsupported('propagationPolicy', asked, [...POLICIES, 'nil']));
  }
  if (errors.length > 0) throw invalidOptions('DeleteOptions', errors);
  const { uid, resourceVersion } = isObject(preconditions) ? preconditions : {};
  return {
    dryRun,
    ...(typeof uid === 'string' && { uid }),
    ...(typeof resourceVersion === 'string' && { resourceVersion }),
    ...(propagationPolicy && { propagationPolicy }),
  };
}

function readDryRun(values: readonly unknown[], errors: FieldError[]): boolean {
  const asked = values.filter(value => value !== '');
  if (asked.some(value => value !== 'All')) errors.push(unsupported('dryRun', asked, ['All']));
  return asked.length > 0;
}

function unsupported(path: string, value: unknown, supported: readonly string[]): FieldError {
  const detail = `supported values: ${supported.map(one => JSON.stringify(one)).join(', ')}`;
  return { type: 'unsupported', path, value, detail };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
