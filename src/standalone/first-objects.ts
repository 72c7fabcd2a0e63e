import type { TypedObject } from '../api/meta.ts';
import { CUSTOM_DEFINITIONS } from './kind-table.ts';
import type { Kind } from './kinds.ts';
import { FIRST_NAMESPACES, newNamespace } from './namespaces.ts';
import { ApiFault, type Objects, type Target, type WriteOptions } from './objects.ts';

const OPTIONS: WriteOptions = { dryRun: false, fieldValidation: 'Strict' };

/** Creates what an API server has before anybody asks it for anything, unless it is there. */
export async function createFirstObjects(objects: Objects, kinds: readonly Kind[]): Promise<void> {
  for (const object of [...FIRST_NAMESPACES.map(newNamespace), ...CUSTOM_DEFINITIONS]) {
    const kind = kinds.find(one => one.kind === object.kind);
    if (kind !== undefined) await createOnce(objects, { kind, namespace: '', name: '' }, object);
  }
}

/** Creates an object; one of its name that is there stays as it is. */
export async function createOnce(objects: Objects, target: Target, object: TypedObject): Promise<void> {
  try {
    await objects.create(target, object, OPTIONS);
  } catch (error) {
    if (!(error instanceof ApiFault) || error.status.reason !== 'AlreadyExists') throw error;
  }
}
