import type { TypedObject } from '../api/meta.ts';
import { CUSTOM_DEFINITIONS } from './kind-table.ts';
import type { Kind } from './kinds.ts';
import { FIRST_NAMESPACES, newNamespace } from './namespaces.ts';
import { ApiFault, type Objects, type WriteOptions } from './objects.ts';

const OPTIONS: WriteOptions = { dryRun: false, fieldValidation: 'Strict' };

/** Creates what an API server has before anybody asks it for anything, unless it is there. */
export async function createFirstObjects(objects: Objects, kinds: readonly Kind[]): Promise<void> {
  for (const name of FIRST_NAMESPACES) await createOnce(objects, kinds, newNamespace(name));
  for (const definition of CUSTOM_DEFINITIONS) await createOnce(objects, kinds, definition);
}

async function createOnce(objects: Objects, kinds: readonly Kind[], object: TypedObject): Promise<void> {
  const kind = kinds.find(one => one.kind === object.kind);
  if (kind === undefined) return;
  try {
    await objects.create({ kind, namespace: '', name: '' }, object, OPTIONS);
  } catch (error) {
    if (!(error instanceof ApiFault) || error.status.reason !== 'AlreadyExists') throw error;
  }
}
