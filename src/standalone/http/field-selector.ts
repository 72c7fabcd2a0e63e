import { badRequest } from '../faults.ts';
import { collectionOf, type Kind } from '../kinds.ts';

/** Whether an object is what a selector asks for. */
export type FieldSelector = (object: object) => boolean;

/** Fields that may be asked for besides `metadata.name` and `metadata.namespace`; what is absent counts as "". */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  secrets: ['type'],
  namespaces: ['status.phase'],
  pods: ['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
};

const METADATA = ['metadata.name', 'metadata.namespace'];

/** Every one of its terms must hold, of an object as it is stored. Throws a 400 for what it cannot read and for fields that cannot be asked for. */
export function readFieldSelector(text: string, kind: Kind): FieldSelector {
  const allowed = [...METADATA, ...(FIELDS[collectionOf(kind)] ?? [])];
  const terms = splitTerms(text).map(term => readTerm(term, kind, allowed));
  return object => terms.every(holds => holds(object));
}

function readTerm(term: string, { storedAs }: Kind, allowed: readonly string[]): FieldSelector {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
  if (match === null) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  const [, path = '', operator, escaped = ''] = match;
  const value = escaped.replace(/\\([\\,=])/g, '$1');
  const [first = '', ...rest] = path.split('.');
  const names = [storedAs?.fields[first] ?? first, ...rest];
  if (!allowed.includes(names.join('.'))) throw badRequest(`field label not supported: ${path}`);
  const equal = operator !== '!=';
  return object => (textAt(object, names) === value) === equal;
}

/** At the commas, unless a backslash stands before one. */
function splitTerms(text: string): readonly string[] {
  return (text.match(/(?:\\.|[^,\\])+/gs) ?? []).filter(term => term !== '');
}

function textAt(object: object, names: readonly string[]): string {
  let value: unknown = object;
  for (const name of names) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return '';
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'string' ? value : '';
}
