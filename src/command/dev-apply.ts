import type { ImageStream } from '../api/image-stream.ts';
import type { TypedObject } from '../api/meta.ts';
import { createOnce } from '../standalone/first-objects.ts';
import { KINDS } from '../standalone/kind-table.ts';
import { apiVersionOf } from '../standalone/kinds.ts';
import { ApiFault, type Objects, type Target } from '../standalone/objects.ts';
import type { SampleRegistry } from '../standalone/sample-registry.ts';
import { followed, sampleObjects } from './dev-sample.ts';
import { CommandFault } from './fault.ts';
import type { FileObject } from './object-files.ts';

/** As kubectl asks for it. */
const OPTIONS = { dryRun: false, fieldValidation: 'Strict' } as const;

/** Creates what there is to look at; what an earlier run left stays as its user has it. */
export async function applySample(objects: Objects, registry: SampleRegistry): Promise<void> {
  const [namespace, stream] = sampleObjects(registry);
  await createOnce(objects, targetOf(namespace), namespace);
  const target = targetOf(stream);
  await createOnce(objects, target, stream);
  const moved = followed((await objects.get(target)) as ImageStream, registry);
  if (moved !== undefined) await objects.update(target, moved, OPTIONS);
}

/** Applies objects in order; one whose name is to be made is created. Throws `CommandFault` with all that were refused. */
export async function applyAll(objects: Objects, found: readonly FileObject[]): Promise<void> {
  const faults: string[] = [];
  for (const { object, place } of found) {
    try {
      await apply(objects, object);
    } catch (error) {
      if (!(error instanceof ApiFault) && !(error instanceof CommandFault)) throw error;
      faults.push(`${place}: ${error.message}`);
    }
  }
  if (faults.length > 0) throw new CommandFault(faults);
}

async function apply(objects: Objects, object: FileObject['object']): Promise<void> {
  const target = targetOf(object);
  if (target.name === '') await objects.create(target, object, OPTIONS);
  else await objects.patch(target, { type: 'apply', body: object }, OPTIONS);
}

/** Throws `CommandFault` for a kind that is not served. */
function targetOf({ apiVersion, kind: name, metadata }: TypedObject): Target {
  const kind = KINDS.find(one => one.kind === name && apiVersionOf(one) === apiVersion);
  if (kind === undefined) throw new CommandFault([`no kind "${name}" in version "${apiVersion}"`]);
  const namespace = kind.namespaced ? (metadata.namespace ?? 'default') : '';
  return { kind, namespace, name: metadata.name ?? '' };
}
