import type { Infer, Schema } from './schema.ts';

const textMap = { type: 'object', additionalProperties: { type: 'string' } } as const satisfies Schema;

/** `metav1.ObjectMeta`: what a file of a user may say in `metadata`. A CRD says no more than `type: object` there. */
export const objectMeta = {
  type: 'object',
  description: 'Standard metadata of the object.',
  properties: {
    name: { type: 'string' },
    generateName: { type: 'string' },
    namespace: { type: 'string' },
    selfLink: { type: 'string' },
    uid: { type: 'string' },
    resourceVersion: { type: 'string' },
    generation: { type: 'integer', format: 'int64' },
    creationTimestamp: { type: 'string', format: 'date-time', nullable: true },
    deletionTimestamp: { type: 'string', format: 'date-time' },
    deletionGracePeriodSeconds: { type: 'integer', format: 'int64' },
    labels: textMap,
    annotations: textMap,
    ownerReferences: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    finalizers: { type: 'array', items: { type: 'string' } },
    managedFields: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  },
} as const satisfies Schema;

/** `metav1.ObjectMeta`. Times are RFC 3339 texts. */
export type ObjectMeta = Infer<typeof objectMeta> & { readonly [other: string]: unknown };

/** What every API object carries besides its own fields. */
export interface TypedObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** The schema of a whole object: its own fields and those that every object has. */
export function objectSchema(
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema & { readonly properties: Readonly<Record<string, Schema>> } {
  return {
    type: 'object',
    description,
    properties: {
      apiVersion: { type: 'string', description: 'Group and version of the API that this object is written in.' },
      kind: { type: 'string', description: 'Kind of this object.' },
      metadata: objectMeta,
      ...properties,
    },
    ...(required.length > 0 && { required }),
  };
}
