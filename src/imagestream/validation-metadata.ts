import { type FieldError, invalidField, requiredField } from '../api/errors.ts';
import type { ObjectMeta } from '../api/meta.ts';

/** A path component of a repository: a stream's name is part of the pull specs through an integrated registry. */
const STREAM_NAME = '[a-z0-9]+(?:[._-][a-z0-9]+)*';
/** The longest name of a repository. */
const MAX_REPOSITORY = 255;

/** Faults of the name and namespace of a stream, or of a request, which names its stream (api-types 2.2). */
export function streamMetadataErrors(metadata: ObjectMeta): FieldError[] {
  const { name = '', generateName = '', namespace = '' } = metadata;
  const errors: FieldError[] = [];
  if (name === '' && generateName === '') {
    errors.push(requiredField('metadata.name', 'name or generateName is required'));
  }
  if (name !== '') errors.push(...streamNameFaults(name).map(fault => invalidField('metadata.name', name, fault)));
  if (namespace === '') errors.push(requiredField('metadata.namespace'));
  if (`${namespace}/${name}`.length > MAX_REPOSITORY) {
    const detail = `'namespace/name' cannot be longer than ${MAX_REPOSITORY} characters`;
    errors.push(invalidField('metadata.name', name, detail));
  }
  return errors;
}

/** What keeps a name from being a segment of a URL path. */
export function pathSegmentFaults(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter(char => name.includes(char)).map(char => `may not contain '${char}'`);
}

function streamNameFaults(name: string): string[] {
  const faults = pathSegmentFaults(name);
  if (faults.length > 0) return faults;
  return new RegExp(`^${STREAM_NAME}$`).test(name) ? [] : [`must match "${STREAM_NAME}"`];
}
