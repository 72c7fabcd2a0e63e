/** Which document a fault is in. */
export type DocumentName = 'manifest' | 'config';

export interface InvalidContentInit {
  readonly what: DocumentName;
  readonly detail: string;
  readonly openshift?: string;
  /** Default: a manifest's faults are, a config's are not. */
  readonly prefixed?: boolean;
}

/** Content that is not what its type says. Asking again brings the same. */
export class InvalidContent extends Error {
  override readonly name = 'InvalidContent';
  readonly what: DocumentName;
  /** What was expected and where: `config.Env: expected an array of strings`. Never a value or a piece of the body. */
  readonly detail: string;
  /** OpenShift's text for the same fault, where import-semantics 4 and 5 give one; to be shown instead of `detail`. */
  readonly openshift: string | undefined;
  /**
   * Whether the message carries the reference: `Internal error occurred: <ref>: <text>`. OpenShift puts it before what
   * went wrong while fetching, that is decoding a manifest and choosing from a list, and leaves it out where an Image
   * is made of what was fetched: a config, a foreign `schemaVersion`, a history, a nested list (import-semantics 5).
   */
  readonly prefixed: boolean;

  constructor(init: InvalidContentInit) {
    super(init.openshift ?? init.detail);
    this.what = init.what;
    this.detail = init.detail;
    this.openshift = init.openshift;
    this.prefixed = init.prefixed ?? init.what === 'manifest';
  }
}

/** A list that was to give one platform's image has no entry (import-semantics 5.2). */
export function emptyIndex(): InvalidContent {
  const openshift = 'no manifests in manifest list';
  return new InvalidContent({ what: 'manifest', detail: 'manifests: expected at least one entry', openshift });
}

/** The entry chosen from a list is a list itself (import-semantics 5.2). */
export function nestedIndex(): InvalidContent {
  return new InvalidContent({
    what: 'manifest',
    detail: 'manifest: expected an image, not a list inside a list',
    openshift: 'unsupported image manifest type: *manifestlist.DeserializedManifestList',
    prefixed: false,
  });
}

/** A schema 1 manifest without history, which would be its only config (import-semantics 4). */
export function emptyHistory(): InvalidContent {
  return new InvalidContent({
    what: 'manifest',
    detail: 'history: expected at least one entry',
    openshift: 'image has no v1Compatibility history and cannot be used',
    prefixed: false,
  });
}
