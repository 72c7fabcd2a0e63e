import type { ImportPolicy, ReferencePolicy } from '../api/common.ts';
import type { TagResult } from './result.ts';

/** What came of an image that a user's import asked for: the registry was always asked (registry-client R0.10). */
export type ImportResult = Exclude<TagResult, { readonly outcome: 'unchanged' }>;

/**
 * One image of an ImageStreamImport that is to be recorded under a tag. They come in the order of import-semantics 8.2:
 * the images of `spec.repository`, then those of `spec.images` that have a `to`.
 */
export interface ImportedEntry {
  /** What came of it, with the tag of the stream that it goes to. */
  readonly result: ImportResult;
  /** `from.name` for the spec tag: as typed, for a tag of a repository `<repository as typed>:<tag>`. */
  readonly from: string;
  readonly importPolicy: ImportPolicy;
  readonly referencePolicy: ReferencePolicy;
  /** Whether a failure creates the spec tag: true for `spec.images`, false for tags of a repository. */
  readonly ensureSpecTagOnFailure: boolean;
}
