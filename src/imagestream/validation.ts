import { type FieldError, invalidField, requiredField } from '../api/errors.ts';
import type { ImageStream, SpecTag, TagHistory } from '../api/image-stream.ts';
import { INSECURE_REPOSITORY_ANNOTATION } from '../api/names.ts';
import type { AllowList } from './allow-list.ts';
import { streamMetadataErrors } from './validation-metadata.ts';
import { importModeErrors, referencePolicyErrors } from './validation-policies.ts';
import {
  pullSpecErrors,
  type RegistryCheck,
  registryCheck,
  repositoryOf,
  tryReference,
} from './validation-reference.ts';

export { validateImage } from './validation-image.ts';
export { validateImageStreamImport } from './validation-import.ts';

export interface StreamValidation {
  /** Registries that may be imported from; absent allows all. */
  readonly allowList?: AllowList;
  /** The stream before this change: repositories that it names already stay allowed. */
  readonly previous?: ImageStream;
}

/**
 * Faults of a stream (api-types 2.2), empty when there are none. The stream is one that `withStreamDefaults` went over:
 * an absent reference policy is a fault. Other streams and who may read them are not looked at.
 */
export function validateImageStream(stream: ImageStream, options: StreamValidation = {}): FieldError[] {
  const check = registryCheck(options.allowList, repositoriesOf(options.previous));
  const insecure = stream.metadata.annotations?.[INSECURE_REPOSITORY_ANNOTATION] === 'true';
  const specTags = stream.spec?.tags ?? [];
  const insecureTags = new Set(specTags.filter(tag => tag.importPolicy?.insecure).map(({ name }) => name));
  return [
    ...streamMetadataErrors(stream.metadata),
    ...repositoryErrors(stream.spec?.dockerImageRepository ?? '', insecure, check),
    ...specTags.flatMap(tag => specTagErrors(tag, insecure, check)),
    ...(stream.status?.tags ?? []).flatMap(history =>
      historyErrors(history, insecure || insecureTags.has(history.tag), check),
    ),
  ];
}

function repositoryErrors(text: string, insecure: boolean, check: RegistryCheck): FieldError[] {
  const path = 'spec.dockerImageRepository';
  if (text === '') return [];
  const parsed = tryReference(text);
  if ('refusal' in parsed) return [invalidField(path, text, parsed.refusal)];
  const { tag, id } = parsed.reference;
  const errors: FieldError[] = [];
  if (tag !== '') errors.push(invalidField(path, text, 'the repository name may not contain a tag'));
  if (id !== '') errors.push(invalidField(path, text, 'the repository name may not contain an ID'));
  if (errors.length > 0) return errors;
  const forbidden = check(path, parsed.reference, insecure);
  return forbidden === undefined ? [] : [forbidden];
}

function specTagErrors(tag: SpecTag, streamInsecure: boolean, check: RegistryCheck): FieldError[] {
  const path = `spec.tags[${tag.name}]`;
  return [
    ...fromErrors(path, tag, streamInsecure, check),
    ...referencePolicyErrors(`${path}.referencePolicy`, tag.referencePolicy),
    ...importModeErrors(`${path}.importPolicy`, tag.importPolicy),
  ];
}

function fromErrors(path: string, tag: SpecTag, streamInsecure: boolean, check: RegistryCheck): FieldError[] {
  if (tag.from === undefined) return [];
  const { kind = '', name = '' } = tag.from;
  const { insecure = false, scheduled = false } = tag.importPolicy ?? {};
  const errors: FieldError[] = name === '' ? [requiredField(`${path}.from.name`)] : [];
  if (kind === 'DockerImage') {
    if (name !== '') errors.push(...pullSpecErrors(`${path}.from.name`, name, streamInsecure || insecure, check));
  } else if (kind === 'ImageStreamTag' || kind === 'ImageStreamImage') {
    if (scheduled) {
      const detail = 'only tags pointing to Docker repositories may be scheduled for background import';
      errors.push(invalidField(`${path}.importPolicy.scheduled`, true, detail));
    }
  } else {
    const detail = "valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'";
    errors.push(requiredField(`${path}.from.kind`, detail));
  }
  return errors;
}

function historyErrors({ tag, items }: TagHistory, insecure: boolean, check: RegistryCheck): FieldError[] {
  return (items ?? []).flatMap(({ dockerImageReference: pullSpec }, index) => {
    const path = `status.tags[${tag}].items[${index}].dockerImageReference`;
    return pullSpec === '' ? [requiredField(path)] : pullSpecErrors(path, pullSpec, insecure, check);
  });
}

/** Canonical form of every repository that a stream names, in its spec or its history. */
function repositoriesOf(stream: ImageStream | undefined): ReadonlySet<string> {
  const pullSpecs = [
    stream?.spec?.dockerImageRepository ?? '',
    ...(stream?.spec?.tags ?? []).map(({ from }) => (from?.kind === 'DockerImage' ? (from.name ?? '') : '')),
    ...(stream?.status?.tags ?? []).flatMap(({ items }) => (items ?? []).map(item => item.dockerImageReference)),
  ];
  return new Set(pullSpecs.map(repositoryOf).filter(repository => repository !== undefined));
}
