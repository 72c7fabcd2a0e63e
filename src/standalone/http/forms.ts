import type { TypedObject } from '../../api/meta.ts';
import { badRequest } from '../faults.ts';
import { apiVersionOf, type Kind, shownForm } from '../kinds.ts';
import type { StoredObject } from '../storage.ts';
import { type Form, wantedForm } from './accept.ts';
import { notAcceptable } from './refusals.ts';
import type { Request } from './request.ts';
import { objectOf } from './scope.ts';
import { type IncludedObject, partialObject, tableObject, tableOf } from './table.ts';

/** How a client wants to see objects: whole, as rows of a table, or their metadata alone. */
export class Shown {
  readonly #kind: Kind;
  readonly #form: Form;
  readonly #included: IncludedObject;
  readonly #now: () => number;

  constructor(kind: Kind, form: Form, included: IncludedObject, now: () => number) {
    this.#kind = kind;
    this.#form = form;
    this.#included = included;
    this.#now = now;
  }

  /** JSON of one object. */
  object(object: TypedObject): string {
    return JSON.stringify(this.#shape(object, tableOf(this.#kind).columns));
  }

  /** JSON of an object of a list. */
  item(stored: StoredObject): string {
    if (this.#form === 'whole') return this.#text(stored);
    const object = this.#object(stored);
    if (this.#form !== 'Table') return JSON.stringify(partialObject(object));
    return JSON.stringify(tableOf(this.#kind).row(object, this.#included, this.#now()));
  }

  /** What stands around the items of a list. */
  list(metadata: object): readonly [before: string, after: string] {
    const opened = (head: object, items: string): readonly [string, string] => [
      `${JSON.stringify(head).slice(0, -1)},"${items}":[`,
      ']}\n',
    ];
    const { columns } = tableOf(this.#kind);
    if (this.#form === 'Table') {
      const head = { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions: columns };
      return opened(head, 'rows');
    }
    const [kind, apiVersion] =
      this.#form === 'whole'
        ? [this.#kind.listKind, apiVersionOf(this.#kind)]
        : ['PartialObjectMetadataList', 'meta.k8s.io/v1'];
    return opened({ kind, apiVersion, metadata }, 'items');
  }

  /** JSON of the object of an event. Columns are told in the first event only. */
  event(stored: StoredObject, isFirst: boolean): string {
    if (this.#form === 'whole') return this.#text(stored);
    return JSON.stringify(this.#shape(this.#object(stored), isFirst ? tableOf(this.#kind).columns : null));
  }

  /** JSON of what tells how far a watch has come. */
  bookmark(version: number, annotations: Readonly<Record<string, string>> | undefined, isFirst: boolean): string {
    const metadata = { resourceVersion: String(version), ...(annotations && { annotations }) };
    const object = { kind: this.#kind.kind, apiVersion: apiVersionOf(this.#kind), metadata };
    return JSON.stringify(this.#shape(object, isFirst ? tableOf(this.#kind).columns : null));
  }

  #text(stored: StoredObject): string {
    return this.#kind.storedAs === undefined ? stored.text : JSON.stringify(this.#object(stored));
  }

  #object(stored: StoredObject): TypedObject {
    return shownForm(this.#kind, objectOf(stored));
  }

  #shape(object: TypedObject, columns: readonly object[] | null): object {
    if (this.#form === 'whole') return object;
    if (this.#form !== 'Table') return partialObject(object);
    const row = tableOf(this.#kind).row(object, this.#included, this.#now());
    const { resourceVersion } = object.metadata;
    return tableObject(columns, [row], resourceVersion === undefined ? {} : { resourceVersion });
  }
}

/** Reads what a client would take. Throws a 406 when we have nothing of that. */
export function readShown(request: Request, kind: Kind, of: 'object' | 'list' | 'watch', now: () => number): Shown {
  const form = wantedForm(request.headers.accept);
  if (form === undefined) throw notAcceptable();
  if (of === 'list' && form === 'PartialObjectMetadata') {
    throw notAcceptable('you requested PartialObjectMetadata, but the requested object is a list');
  }
  if (of !== 'list' && form === 'PartialObjectMetadataList') {
    throw notAcceptable('you requested PartialObjectMetadataList, but the requested object is not a list');
  }
  return new Shown(kind, form, form === 'Table' ? readIncluded(request.query) : 'Metadata', now);
}

function readIncluded(query: URLSearchParams): IncludedObject {
  const asked = query.get('includeObject') ?? '';
  if (asked === '') return 'Metadata';
  if (asked === 'None' || asked === 'Metadata' || asked === 'Object') return asked;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(asked)}: ` +
      "must be 'Metadata', 'Object', 'None', or empty",
  );
}
