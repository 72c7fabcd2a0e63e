/**
 * An image reference taken apart as OpenShift does (import-semantics 1.2). Nothing is defaulted; an absent part is "".
 */
export interface Reference {
  /** `host[:port]` as written, or the whole text for a bare registry. */
  readonly registry: string;
  /** First path element after the registry, when more follow. */
  readonly namespace: string;
  /** The rest of the path; may contain `/`. */
  readonly name: string;
  readonly tag: string;
  /** A digest such as `sha256:…`. */
  readonly id: string;
}

/** A text that is no image reference. `message` is OpenShift's (import-semantics 1.1). */
export class InvalidReference extends Error {
  override readonly name = 'InvalidReference';
}
