import type { Kind } from '../kinds.ts';

/* What objects look like, in OpenAPI's words. */

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

const text = (description: string) => ({ type: 'string', description });
const time = (description: string) => ({ type: 'string', format: 'date-time', description });
const count = (description: string) => ({ type: 'integer', format: 'int64', description });
const textMap = (description: string) => ({ type: 'object', description, additionalProperties: { type: 'string' } });

/** Of the metadata that all kinds have. */
export const METADATA_SCHEMAS: Readonly<Record<string, object>> = {
  [`${META}.ObjectMeta`]: {
    type: 'object',
    description: 'What every object has, whatever its kind.',
    properties: {
      name: text('Name of the object, the only one of its kind in its namespace. It never changes.'),
      generateName: text('Beginning of a name that the server completes, when none is given.'),
      namespace: text('Namespace that the object is in. It never changes.'),
      labels: textMap('Keys and values by which objects are selected.'),
      annotations: textMap('Keys and values for programs and people. Nothing is selected by them.'),
      uid: text('Made by the server. Another object of the same name has another one.'),
      resourceVersion: text('Changes with each write. An update that carries another one is refused.'),
      generation: count('Counts the changes of what is wanted. Set by the server.'),
      creationTimestamp: time('When the object was created. Set by the server.'),
      deletionTimestamp: time('When its deletion was asked for, while finalizers hold it. Set by the server.'),
      deletionGracePeriodSeconds: count('Seconds that the deletion may take. Set by the server.'),
      finalizers: {
        type: 'array',
        description: 'Who still has something to do before a deleted object goes.',
        items: { type: 'string' },
      },
      ownerReferences: {
        type: 'array',
        description: 'Objects that this one belongs to. It is deleted when all of them are gone.',
        items: { $ref: `#/components/schemas/${META}.OwnerReference` },
      },
      managedFields: {
        type: 'array',
        description: 'Which program set which field.',
        items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
      selfLink: text('No longer set.'),
    },
  },
  [`${META}.OwnerReference`]: {
    type: 'object',
    description: 'Names an owner in the same namespace, or one without a namespace.',
    properties: {
      apiVersion: text('Group and version of the owner.'),
      kind: text('Kind of the owner.'),
      name: text('Name of the owner.'),
      uid: text('uid of the owner.'),
      controller: { type: 'boolean', description: 'Whether the owner manages the object.' },
      blockOwnerDeletion: { type: 'boolean', description: 'Whether the owner waits for this object to go first.' },
    },
    required: ['apiVersion', 'kind', 'name', 'uid'],
  },
};

/** `io.openshift.image.v1.ImageStream`; kinds of Kubernetes itself have a prefix in place of their group. */
export function schemaName({ group, version, kind }: Pick<Kind, 'group' | 'version' | 'kind'>): string {
  if (group === '') return `io.k8s.api.core.${version}.${kind}`;
  const place = group.includes('.') ? group.split('.').reverse().join('.') : `io.k8s.api.${group}`;
  return `${place}.${version}.${kind}`;
}

/** Of a whole object. Kinds without a schema take any field. */
export function kindSchema({ group, version, kind, schema }: Kind): object {
  const { properties, ...rest } = schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const own = Object.entries(properties ?? {}).filter(([name]) => name !== 'metadata');
  return {
    ...rest,
    properties: {
      apiVersion: text('Group and version of the API that this object is written in.'),
      kind: text('Kind of this object.'),
      metadata: {
        description: 'Name, labels, annotations and what the server keeps about the object.',
        allOf: [{ $ref: `#/components/schemas/${META}.ObjectMeta` }],
      },
      ...Object.fromEntries(own),
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
}
