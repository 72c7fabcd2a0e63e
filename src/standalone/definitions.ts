import type { CustomResourceDefinition } from '../api/crd.ts';
import type { TypedObject } from '../api/meta.ts';

type Definition = CustomResourceDefinition & TypedObject & { readonly status?: { readonly conditions?: unknown } };

/** What the API server says of a CustomResourceDefinition: its names are taken, and it is established. */
export function completeDefinition(object: TypedObject): TypedObject {
  const { spec, status } = object as Definition;
  if (status?.conditions !== undefined || spec?.names === undefined) return object;
  const lastTransitionTime = object.metadata.creationTimestamp;
  const condition = (type: string, reason: string, message: string) => {
    return { type, status: 'True', lastTransitionTime, reason, message };
  };
  return {
    ...object,
    status: {
      acceptedNames: spec.names,
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
      storedVersions: (spec.versions ?? []).filter(({ storage }) => storage).map(({ name }) => name),
    },
  } as TypedObject;
}
