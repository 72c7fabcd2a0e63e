import { type FieldError, forbiddenField, invalidField, quote, requiredField } from '../api/field-error.ts';
import type { ObjectMeta } from '../api/meta.ts';
import { isJsonObject } from './json.ts';
import type { Kind } from './kinds.ts';

const MAX_ANNOTATION_BYTES = 262_144;
const STANDARD_FINALIZERS = ['orphan', 'foregroundDeletion', 'kubernetes'];

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;

/** How a text must look, and how the API server says so. */
interface Form {
  readonly pattern: RegExp;
  readonly most: number;
  readonly unit: 'characters' | 'bytes';
  readonly text: string;
}

const ENDS = 'and must start and end with an alphanumeric character';

const LABEL_FORM = form(
  LABEL,
  63,
  'characters',
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ENDS} (e.g. 'my-name',  or '123-abc'`,
);
const SUBDOMAIN_FORM = form(
  SUBDOMAIN,
  253,
  'characters',
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ENDS} (e.g. 'example.com'`,
);
const NAME_PART_FORM = form(
  QUALIFIED,
  63,
  'bytes',
  `must consist of alphanumeric characters, '-', '_' or '.', ${ENDS} (e.g. 'MyName',  or 'my.name',  or '123-abc'`,
);
const LABEL_VALUE_FORM = form(
  LABEL_VALUE,
  63,
  'bytes',
  `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ENDS} (e.g. 'MyValue',  or 'my_value',  or '12345'`,
);

/** What is wrong with the metadata of a new state, in the order in which the API server tells it. */
export function metadataErrors(kind: Kind, metadata: ObjectMeta): FieldError[] {
  const { name = '', generateName, labels = {}, annotations = {}, ownerReferences = [], finalizers = [] } = metadata;
  const errors: FieldError[] = [];
  if (generateName !== undefined) {
    // What is appended may be the end that a name needs.
    const start = generateName.replace(/-$/, 'a');
    for (const why of nameFaults(kind, start)) errors.push(invalidField('metadata.generateName', generateName, why));
  }
  if (name === '') errors.push(requiredField('metadata.name', 'name or generateName is required'));
  else for (const why of nameFaults(kind, name)) errors.push(invalidField('metadata.name', name, why));
  for (const [key, value] of Object.entries(labels)) {
    for (const why of qualifiedNameFaults(key)) errors.push(invalidField('metadata.labels', key, why));
    for (const why of misfits(LABEL_VALUE_FORM, value)) errors.push(invalidField('metadata.labels', value, why));
  }
  errors.push(...annotationErrors(annotations));
  errors.push(...ownerReferences.flatMap(ownerErrors));
  errors.push(...finalizers.flatMap((name, at) => finalizerErrors(kind, name, at)));
  return errors;
}

/** What the API server says of names that it accepts all the same. */
export function metadataWarnings({ schema }: Kind, { finalizers = [] }: ObjectMeta): string[] {
  // The kinds of Kubernetes itself refuse them.
  if (schema === undefined) return [];
  const unqualified = finalizers.filter(name => !name.includes('/') && !STANDARD_FINALIZERS.includes(name));
  return unqualified.map(
    name =>
      `metadata.finalizers: ${quote(name)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
  );
}

function finalizerErrors({ schema }: Kind, name: string, at: number): FieldError[] {
  const faults = qualifiedNameFaults(name);
  if (faults.length > 0) return faults.map(why => invalidField('metadata.finalizers', name, why));
  if (schema !== undefined || name.includes('/') || STANDARD_FINALIZERS.includes(name)) return [];
  const why = 'name is neither a standard finalizer name nor is it fully qualified';
  return [invalidField(`metadata.finalizers[${at}]`, name, why)];
}

/** What a change of metadata must leave alone. */
export function metadataChangeErrors(before: ObjectMeta, after: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['uid', 'deletionTimestamp'] as const) {
    const value = after[field];
    if (value === undefined || value === before[field]) continue;
    errors.push(invalidField(`metadata.${field}`, value, 'field is immutable'));
  }
  const known = new Set(before.finalizers);
  const added = (after.finalizers ?? []).filter(name => !known.has(name));
  if (before.deletionTimestamp !== undefined && added.length > 0) {
    const names = `[]string{${added.map(quote).join(', ')}}`;
    const why = `no new finalizers can be added if the object is being deleted, found new finalizers ${names}`;
    errors.push(forbiddenField('metadata.finalizers', why));
  }
  return errors;
}

function annotationErrors(annotations: Readonly<Record<string, string>>): FieldError[] {
  const errors: FieldError[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const why of qualifiedNameFaults(key.toLowerCase()))
      errors.push(invalidField('metadata.annotations', key, why));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > MAX_ANNOTATION_BYTES) {
    const detail = `may not be more than ${MAX_ANNOTATION_BYTES} bytes`;
    errors.push({ type: 'tooLong', path: 'metadata.annotations', detail });
  }
  return errors;
}

function ownerErrors(reference: unknown): FieldError[] {
  const owner = isJsonObject(reference) ? reference : {};
  const empty = ['apiVersion', 'kind', 'name', 'uid'].filter(
    field => typeof owner[field] !== 'string' || !owner[field],
  );
  return empty.map(field => {
    const why = field === 'apiVersion' ? 'version must not be empty' : 'must not be empty';
    return invalidField(`metadata.ownerReferences.${field}`, '', why);
  });
}

function nameFaults({ kind }: Kind, name: string): string[] {
  if (kind !== 'Namespace') return misfits(SUBDOMAIN_FORM, name);
  return name.includes('.') ? ['must not contain dots'] : misfits(LABEL_FORM, name);
}

/** Of `example.com/name`, or of a name alone. */
export function qualifiedNameFaults(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2) return [`a qualified name ${NAME_PART_FORM.text}`];
  const name = parts.at(-1) ?? '';
  const [prefix] = parts.length === 2 ? parts : [];
  const ofPrefix = prefix === '' ? ['must be non-empty'] : misfits(SUBDOMAIN_FORM, prefix ?? 'none');
  const ofName = [...(name === '' ? ['must be non-empty'] : []), ...misfits(NAME_PART_FORM, name)];
  return [...ofPrefix.map(why => `prefix part ${why}`), ...ofName.map(why => `name part ${why}`)];
}

function misfits({ pattern, most, unit, text }: Form, value: string): string[] {
  const faults: string[] = [];
  if (value.length > most) faults.push(`must be no more than ${most} ${unit}`);
  if (!pattern.test(value)) faults.push(text);
  return faults;
}

function form(source: string, most: number, unit: Form['unit'], words: string): Form {
  const text = `${words}, regex used for validation is '${source}')`;
  return { pattern: new RegExp(`^(?:${source})$`), most, unit, text };
}
