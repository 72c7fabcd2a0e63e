import { type FieldError, forbiddenField, invalidField, quote, requiredField } from '../api/errors.ts';
import type { ImageImport, ImageStreamImport, RepositoryImport } from '../api/image-stream-import.ts';
import { registryHostPort } from '../reference/reference.ts';
import type { AllowList } from './allow-list.ts';
import { streamMetadataErrors } from './validation-metadata.ts';
import { importModeErrors } from './validation-policies.ts';
import { tryReference } from './validation-reference.ts';

/** Very old clients send this name for "all tags"; validation lets it through and the import refuses it. */
const ALL = '*';

/**
 * Faults of an import request (api-types 3.2), empty when there are none. `allowList` is given when the person who asks
 * is bound by it.
 */
export function validateImageStreamImport(
  request: ImageStreamImport,
  options: { readonly allowList?: AllowList } = {},
): FieldError[] {
  const { images = [], repository } = request.spec;
  const errors = images.flatMap((image, index) => imageErrors(`spec.images[${index}]`, image));
  if (repository) errors.push(...repositoryErrors('spec.repository', repository));
  if (images.length === 0 && !repository) {
    const detail = 'you must specify at least one image or a repository import';
    errors.push(invalidField('spec.images', null, detail));
  }
  errors.push(...streamMetadataErrors(request.metadata));
  // The list is asked only for what can be imported at all.
  return errors.length > 0 || options.allowList === undefined ? errors : forbidden(request, options.allowList);
}

function imageErrors(path: string, { from, to, importPolicy }: ImageImport): FieldError[] {
  const { kind = '', name = '' } = from;
  const mode = importModeErrors(`${path}.importPolicy`, importPolicy);
  if (kind !== 'DockerImage') return [wrongKind(path, kind), ...mode];
  const errors: FieldError[] = [];
  if (to && (to.name ?? '') === '') {
    errors.push(invalidField(`${path}.to.name`, '', 'the name of the target tag must be specified'));
  }
  if (name === ALL) return errors;
  if (name === '') errors.push(requiredField(`${path}.from.name`));
  else errors.push(...unparsable(path, name));
  return [...errors, ...mode];
}

function repositoryErrors(path: string, { from, importPolicy }: RepositoryImport): FieldError[] {
  const { kind = '', name = '' } = from;
  const mode = importModeErrors(`${path}.importPolicy`, importPolicy);
  if (kind !== 'DockerImage') return [wrongKind(path, kind), ...mode];
  if (name === '') return [requiredField(`${path}.from.name`, 'container image references require a name'), ...mode];
  const parsed = tryReference(name);
  if ('refusal' in parsed) return [invalidField(`${path}.from.name`, name, parsed.refusal), ...mode];
  if (parsed.reference.tag === '' && parsed.reference.id === '') return mode;
  return [invalidField(`${path}.from.name`, name, 'you must specify an image repository, not a tag or ID'), ...mode];
}

function wrongKind(path: string, kind: string): FieldError {
  return invalidField(`${path}.from.kind`, kind, 'only DockerImage is supported');
}

function unparsable(path: string, name: string): FieldError[] {
  const parsed = tryReference(name);
  return 'refusal' in parsed ? [invalidField(`${path}.from.name`, name, parsed.refusal)] : [];
}

/** Refusals of registries. A request is always judged as if it were secure (api-types 8). */
function forbidden(request: ImageStreamImport, allowList: AllowList): FieldError[] {
  const { images = [], repository } = request.spec;
  const named = [
    ...(repository ? [{ path: 'spec.repository.from.name', name: repository.from.name ?? '' }] : []),
    ...images.map((image, index) => ({ path: `spec.images[${index}].from.name`, name: image.from.name ?? '' })),
  ];
  return named.flatMap(({ path, name }) => {
    const parsed = tryReference(name);
    // `*` names no registry: the import itself refuses it.
    if ('refusal' in parsed) return [];
    const refusal = allowList.check(parsed.reference, 'secure');
    if (refusal === undefined) return [];
    const host = quote(registryHostPort(parsed.reference, false));
    return [forbiddenField(path, `importing images from registry ${host} is forbidden: ${refusal}`)];
  });
}
