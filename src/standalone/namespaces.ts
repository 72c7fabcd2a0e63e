import type { TypedObject } from '../api/meta.ts';

/** They are there from the start. */
export const FIRST_NAMESPACES = ['default', 'kube-public', 'kube-system'];

/** What the API server adds to a namespace. Its phase is the server's to say. */
export function completeNamespace(object: TypedObject, before: TypedObject | undefined): TypedObject {
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name ?? '' };
  const kept = before as (TypedObject & { readonly spec?: unknown; readonly status?: unknown }) | undefined;
  return {
    ...object,
    metadata: { ...metadata, labels },
    spec: kept?.spec ?? { finalizers: ['kubernetes'] },
    status: kept?.status ?? { phase: 'Active' },
  } as TypedObject;
}

/** A namespace to create. */
export function newNamespace(name: string): TypedObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}
