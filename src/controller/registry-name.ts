import { defaultedRegistry, InvalidReference, parseReference, type Reference } from '../reference/reference.ts';

/** The reference that a pull spec is; undefined for a text that is none. */
export function tryReference(pullSpec: string): Reference | undefined {
  try {
    return parseReference(pullSpec);
  } catch (error) {
    if (error instanceof InvalidReference) return undefined;
    throw error;
  }
}

/** Registry host of a pull spec after defaults, as metrics name it (controllers 3); "" for a text that names none. */
export function registryOf(pullSpec: string): string {
  const reference = tryReference(pullSpec);
  return reference === undefined ? '' : defaultedRegistry(reference);
}
