import type { ImportPolicy, ReferencePolicy } from '../api/common.ts';
import { type FieldError, invalidField } from '../api/errors.ts';

const IMPORT_MODES: readonly string[] = ['', 'Legacy', 'PreserveOriginal'];
const REFERENCE_POLICIES: readonly string[] = ['Source', 'Local'];

export function importModeErrors(path: string, policy: ImportPolicy | undefined): FieldError[] {
  const mode = policy?.importMode ?? '';
  if (IMPORT_MODES.includes(mode)) return [];
  const detail = "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'";
  return [invalidField(`${path}.importMode`, mode, detail)];
}

/** To be asked after defaulting: an absent policy is a fault. */
export function referencePolicyErrors(path: string, policy: ReferencePolicy | undefined): FieldError[] {
  const type = policy?.type ?? '';
  if (REFERENCE_POLICIES.includes(type)) return [];
  return [invalidField(`${path}.type`, type, 'valid values are "Source", "Local"')];
}
