import type { TypedObject } from '../api/meta.ts';
import type { Status } from '../api/status.ts';
import type { Kind } from './kinds.ts';

/** A refusal, as the API server answers it: `status.code` is the HTTP status. */
export class ApiFault extends Error {
  override readonly name = 'ApiFault';
  readonly status: Status;

  constructor(status: Status) {
    super(status.message ?? 'unknown');
    this.status = status;
  }
}

/** Which object: a kind, a namespace ("" for none or all), a name. */
export interface Target {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource?: 'status';
}

export interface WriteOptions {
  /** Everything is checked and computed; nothing is stored. */
  readonly dryRun: boolean;
  /** What becomes of fields that the schema does not know: refused (400), told in `warnings`, or dropped in silence. */
  readonly fieldValidation: 'Strict' | 'Warn' | 'Ignore';
}

export interface Written {
  readonly object: TypedObject;
  /** Whether it was not there before. */
  readonly created: boolean;
  /** Texts for `Warning` headers, without code and quotes. */
  readonly warnings: readonly string[];
}

export type Patch =
  | { readonly type: 'json'; readonly operations: unknown }
  | { readonly type: 'merge' | 'strategic' | 'apply'; readonly body: unknown };

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
}

/** Either it is gone, and this is its last state, or finalizers hold it, and this is what is stored. */
export interface Deleted {
  readonly gone: boolean;
  readonly object: TypedObject;
}

/**
 * What writes mean in a kube-style API: names, uids, generations, optimistic locks, defaults, schemas, finalizers,
 * owners, namespaces. Every method throws `ApiFault`.
 */
export interface Objects {
  /** 404 when it is not there. */
  get(target: Target): Promise<TypedObject>;
  /** `target.name` is "": the body names it, or says how to (`generateName`). */
  create(target: Target, body: unknown, options: WriteOptions): Promise<Written>;
  update(target: Target, body: unknown, options: WriteOptions): Promise<Written>;
  /** An apply creates what is not there. */
  patch(target: Target, patch: Patch, options: WriteOptions): Promise<Written>;
  delete(target: Target, options: DeleteOptions): Promise<Deleted>;
}
