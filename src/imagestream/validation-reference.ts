import { type FieldError, forbiddenField, invalidField } from '../api/errors.ts';
import { canonicalRepository, InvalidReference, parseReference, type Reference } from '../reference/reference.ts';
import type { AllowList, Transport } from './allow-list.ts';

/** The reference a text says, or the words in which OpenShift refuses it. */
export function tryReference(text: string): { readonly reference: Reference } | { readonly refusal: string } {
  try {
    return { reference: parseReference(text) };
  } catch (error) {
    if (error instanceof InvalidReference) return { refusal: error.message };
    throw error;
  }
}

/** Decides whether a reference of a stream may be imported from; undefined when it may. */
export type RegistryCheck = (path: string, reference: Reference, insecure: boolean) => FieldError | undefined;

/**
 * Checks references of a stream against a list, if there is one. Repositories in `known` (canonical form) were there
 * before: a list that got shorter must not make existing streams impossible to change.
 */
export function registryCheck(allowList: AllowList | undefined, known: ReadonlySet<string>): RegistryCheck {
  return (path, reference, insecure) => {
    if (allowList === undefined) return undefined;
    const repository = repositoryOf(reference);
    if (repository !== undefined && known.has(repository)) return undefined;
    const transport: Transport = insecure ? 'any' : 'secure';
    const refusal = allowList.check(reference, transport);
    return refusal === undefined ? undefined : forbiddenField(path, refusal);
  };
}

/** Faults of a pull spec that is not empty: the parser's, else the list's. */
export function pullSpecErrors(path: string, pullSpec: string, insecure: boolean, check: RegistryCheck): FieldError[] {
  const parsed = tryReference(pullSpec);
  if ('refusal' in parsed) return [invalidField(path, pullSpec, parsed.refusal)];
  const forbidden = check(path, parsed.reference, insecure);
  return forbidden === undefined ? [] : [forbidden];
}

/** Canonical repository of a pull spec, or undefined when no request can be made of it. */
export function repositoryOf(reference: Reference | string): string | undefined {
  try {
    return canonicalRepository(typeof reference === 'string' ? parseReference(reference) : reference);
  } catch (error) {
    if (error instanceof InvalidReference) return undefined;
    throw error;
  }
}
